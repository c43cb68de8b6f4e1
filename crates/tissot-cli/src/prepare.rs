//! From a table on disk to rows: chosen columns, context, checks.

use crate::args::{FitArgs, MissingArg, SplitArg};
use crate::failure::Failure;
use tissot::columns::{Column, Domain};
use tissot_train::checks::{self, Severity};
use tissot_train::table::{LabelColumn, Missing, ReadOptions, RowReader, Table, TableError};
use tissot_train::{Rows, SplitBy, Splits, groups, memory, times};

/// Rows that are read at a time.
const BLOCK: usize = 8_192;

impl From<MissingArg> for Missing {
    fn from(arg: MissingArg) -> Self {
        match arg {
            MissingArg::Drop => Self::Drop,
            MissingArg::Error => Self::Error,
        }
    }
}

/// The rows of a table for a model, a block at a time.
pub struct ModelRows {
    reader: RowReader,
    columns: usize,
}

impl ModelRows {
    /// Opens `data` with the columns and then the context columns of a model, by name.
    ///
    /// # Errors
    /// Where the table cannot be read, or misses a column.
    pub fn open(
        data: &str,
        columns: &[String],
        context: &[String],
        missing: MissingArg,
    ) -> Result<Self, TableError> {
        let options = ReadOptions {
            columns: Some([columns, context].concat()),
            missing: missing.into(),
            ..ReadOptions::default()
        };
        Ok(Self { reader: RowReader::open(data, &options)?, columns: columns.len() })
    }

    /// The next block; `None` after the last.
    ///
    /// # Errors
    /// Where the table cannot be read.
    pub fn next(&mut self) -> Result<Option<Rows>, TableError> {
        let Some(block) = self.reader.next_block(BLOCK)? else { return Ok(None) };
        let width = block.values.len() / block.rows.max(1);
        Ok(Some(divide(
            &block.values,
            width,
            &(0..self.columns).collect::<Vec<_>>(),
            &(self.columns..width).collect::<Vec<_>>(),
        )))
    }

    /// How many rows were left out because they missed a value.
    pub fn dropped(&self) -> u64 {
        self.reader.dropped()
    }
}

/// Rows of `width` numbers as the columns at `columns` and those at `context`.
fn divide(values: &[f64], width: usize, columns: &[usize], context: &[usize]) -> Rows {
    let pick = |of: &[usize]| {
        let mut picked = Vec::with_capacity(values.len() / width * of.len());
        values.chunks(width).for_each(|row| picked.extend(of.iter().map(|&i| row[i])));
        picked
    };
    Rows { values: pick(columns), context: pick(context), n: values.len() / width }
}

/// A table that is ready to be fitted.
pub struct Prepared {
    /// The names of the columns that the density is over.
    pub columns: Vec<String>,
    /// Their domains.
    pub domains: Vec<Domain>,
    /// The names of the columns that it is conditioned on.
    pub context: Vec<String>,
    /// Their domains.
    pub context_domains: Vec<Domain>,
    /// The rows, apart.
    pub splits: Splits,
    /// What a user should know before trusting the density.
    pub warnings: Vec<String>,
}

/// Reads the table of a fit, checks its columns and divides its rows by `seed`.
///
/// # Errors
/// Where the table cannot be read, a column is not there, or a density over its columns does not exist.
pub fn table(args: &FitArgs, seed: u64) -> Result<Prepared, Failure> {
    let label = match &args.split {
        SplitArg::Group(column) | SplitArg::Time(column) => Some(column),
        SplitArg::Random | SplitArg::Order => None,
    };
    // With chosen columns the others may hold anything, text included.
    let wanted = args.columns.clone().map(|columns| {
        let mut wanted = columns;
        for name in &args.context {
            if !wanted.contains(name) {
                wanted.push(name.clone());
            }
        }
        wanted
    });
    let labels = label.map(|name| LabelColumn { name: name.clone(), is_number: args.context.contains(name) });
    let options =
        ReadOptions { columns: wanted, labels, missing: args.missing.into(), ..ReadOptions::default() };
    let mut table = Table::read(&args.data, &options)?;
    room_to_divide(&table)?;
    let place = |name: &String| {
        table.columns.iter().position(|column| column == name).ok_or_else(|| {
            Failure::Usage(format!("{}: no column {name}; it has {}", args.data, table.columns.join(", ")))
        })
    };
    let context: Vec<usize> = args.context.iter().map(place).collect::<Result<_, _>>()?;
    let columns: Vec<usize> = match &args.columns {
        Some(columns) => columns.iter().map(place).collect::<Result<_, _>>()?,
        None => (0..table.columns.len()).filter(|i| !context.contains(i)).collect(),
    };
    if columns.is_empty() {
        return Err(Failure::Usage("no columns are left for the density".into()));
    }
    if let Some(both) = columns.iter().find(|i| context.contains(i)) {
        let name = &table.columns[*both];
        return Err(Failure::Usage(format!("column {name} is both in --columns and in --context")));
    }
    if let Some((unknown, _)) = args.domain.0.iter().find(|(name, _)| !table.columns.contains(name)) {
        return Err(Failure::Usage(format!(
            "--domain {unknown}: no such column; there are {}",
            table.columns.join(", ")
        )));
    }
    let domain = |&i: &usize| {
        let given = args.domain.0.iter().rev().find(|(name, _)| *name == table.columns[i]);
        given.map(|(_, domain)| *domain).unwrap_or_default()
    };
    if let Some(i) = (1..context.len()).find(|&i| context[..i].contains(&context[i])) {
        let name = &table.columns[context[i]];
        return Err(Failure::Usage(format!("column {name} is twice in --context")));
    }
    let names = |of: &[usize]| of.iter().map(|&i| table.columns[i].clone()).collect::<Vec<_>>();
    let domains: Vec<Domain> = columns.iter().map(domain).collect();
    let rows = divide(&table.values, table.columns.len(), &columns, &context);
    let mut warnings = inspect(&table.name, &names(&columns), &domains, &rows)?;
    for &i in columns.iter().chain(&context) {
        check_domain(&table, i, domain(&i))?;
    }
    if table.dropped > 0 {
        warnings.push(format!("{} rows with missing values were left out", table.dropped));
    }
    let by = match &args.split {
        SplitArg::Random => SplitBy::Random,
        SplitArg::Order => SplitBy::Order,
        SplitArg::Group(_) => SplitBy::Group(groups(&table.labels)),
        SplitArg::Time(column) => {
            SplitBy::Time(times(&table.labels).map_err(|i| no_time(&table, column, i))?)
        }
    };
    table.values = Vec::new();
    let splits = Splits::new(&rows, args.validation, args.test, &by, seed)?;
    Ok(Prepared {
        columns: names(&columns),
        domains,
        context_domains: context.iter().map(domain).collect(),
        context: names(&context),
        splits,
        warnings,
    })
}

/// Refuses a table that has no room beside itself: it is divided into rows that train, validate and test.
fn room_to_divide(table: &Table) -> Result<(), Failure> {
    let takes = 8 * table.values.len() as u64;
    match memory::available() {
        Some(free) if takes > free => Err(Failure::Failed(anyhow::anyhow!(
            "{}: its {} rows take {} MiB of memory and as much again to be divided, and {} MiB are free; give fewer rows or --columns",
            table.name,
            table.rows,
            takes >> 20,
            free >> 20
        ))),
        _ => Ok(()),
    }
}

/// Says which row has no time.
fn no_time(table: &Table, column: &str, i: usize) -> anyhow::Error {
    anyhow::anyhow!(
        "{}: row {}, column {column:?}: found {:?}, expected a time: numbers in all rows, or dates such as 2018-02-28T09:30",
        table.name,
        table.lines[i],
        table.labels[i]
    )
}

/// What makes a density infinite or keeps it from existing: the worst is an error, the rest warnings.
fn inspect(file: &str, names: &[String], domains: &[Domain], rows: &Rows) -> Result<Vec<String>, Failure> {
    let plural = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    if rows.n <= names.len() {
        return Err(Failure::Failed(anyhow::anyhow!(
            "{file}: {} fewer than a density over {} needs (at least {})",
            plural(rows.n, "row is", "rows are"),
            plural(names.len(), "column", "columns"),
            names.len() + 1
        )));
    }
    let bounds: Vec<[Option<f64>; 2]> = domains
        .iter()
        .map(|domain| match *domain {
            Domain::Positive => [Some(0.0), None],
            Domain::Bounded(a, b) => [Some(a), Some(b)],
            _ => [None, None],
        })
        .collect();
    let integer: Vec<bool> = domains.iter().map(|domain| *domain == Domain::Integer).collect();
    let findings = checks::inspect_columns(names, &rows.values, &bounds, &integer);
    if let Some(worst) = findings.iter().find(|finding| finding.severity == Severity::Error) {
        return Err(Failure::Failed(anyhow::anyhow!("{file}: {}", worst.message)));
    }
    Ok(findings.into_iter().map(|finding| finding.message).collect())
}

/// Refuses a column with a value outside its domain, and says where it is in the file.
fn check_domain(table: &Table, i: usize, domain: Domain) -> Result<(), Failure> {
    let column = Column { name: table.columns[i].clone(), domain, cut: 0.0, mean: 0.0, std: 1.0 };
    let values = table.values.iter().skip(i).step_by(table.columns.len());
    match values.zip(&table.lines).find(|(x, _)| column.unbounded(**x, || 0.5).is_none()) {
        None => Ok(()),
        Some((x, line)) => Err(Failure::Failed(anyhow::anyhow!(
            "{}: row {line}, column {:?}: {x} is outside its domain {domain}; give another with --domain",
            table.name,
            column.name
        ))),
    }
}
