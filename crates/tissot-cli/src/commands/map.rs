//! `tissot map`.

mod images;

use crate::args::{MapArgs, MetricArg};
use crate::device;
use crate::failure::{Failure, Outcome};
use crate::given;
use crate::output;
use crate::picture;
use crate::prepare::ModelRows;
use crate::snapshots;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::{Path, PathBuf};
use tissot::inspect::Angle;
use tissot::{AnyModel, Model};
use tissot_atlas::survey::{Metric, Survey, SurveyError, SurveyOptions, survey};
use tissot_atlas::{Figure, draw, report, write_file};

/// Rows that are drawn where no data are given, and read of them where they are.
const DRAWN: usize = 2_000;
const READ: usize = 50_000;

impl From<MetricArg> for Metric {
    fn from(arg: MetricArg) -> Self {
        match arg {
            MetricArg::Standardised => Self::Standardised,
            MetricArg::Units => Self::Units,
            MetricArg::Sphere => Self::Sphere { longitude: 0, latitude: 1, angle: Angle::Degrees },
        }
    }
}

/// Rows to look at, and where they come from.
struct Looked {
    rows: Vec<f64>,
    context: Vec<f64>,
    from: String,
    /// Whether they are the model's own.
    drawn: bool,
}

/// Surveys a model and writes what was asked for.
pub fn run(args: &MapArgs, json: bool) -> Outcome {
    let figure = args.figure.as_deref().map(figure).transpose()?;
    let columns = args.columns.as_deref().map(two).transpose()?;
    if args.at == Some(0) {
        return Err(Failure::Usage("--at: found 0, expected a row from 1".into()));
    }
    if !(60.0..=600.0).contains(&args.width) {
        return Err(Failure::Usage(format!("--width: found {}, expected 60 to 600 millimetres", args.width)));
    }
    if !(50.0..=1200.0).contains(&args.dpi) {
        return Err(Failure::Usage(format!("--dpi: found {}, expected 50 to 1200", args.dpi)));
    }
    let report = page(args, json);
    let inputs: Vec<&Path> =
        [Some(args.model.as_path()), args.data.as_deref().map(Path::new)].into_iter().flatten().collect();
    for (flag, out) in [("--out", &report), ("--png", &args.png), ("--svg", &args.svg)] {
        if let Some(out) = out {
            output::keep(&inputs, Some(out))?;
            check_out(flag, out)?;
        }
    }
    let name = args.model.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let survey = match device::load(&args.model, &args.compute)? {
        AnyModel::Image(model) => images::survey(args, &model, name)?,
        AnyModel::Table(model) => {
            let model = device::vectors(&args.model, model)?;
            of_table(args, &model, columns, name, report.is_some() || json)?
        }
    };
    write(args, &survey, figure, report.as_deref(), json)
}

/// Surveys a model of a table, and where it is asked for audits it.
fn of_table(
    args: &MapArgs,
    model: &Model,
    columns: Option<[String; 2]>,
    title: String,
    audited: bool,
) -> Result<Survey, Failure> {
    if args.resize {
        return Err(Failure::Usage("--resize: is for images, and the model is of a table".into()));
    }
    let device = model.flow.device();
    let snapshots = match &args.snapshots {
        Some(folder) => snapshots::load(folder, &device)?,
        None => snapshots::beside(&args.model, &device)?,
    };
    let looked = rows(args, model)?;
    let options = SurveyOptions {
        metric: args.metric.into(),
        columns,
        principal: args.principal,
        marginal: args.marginal,
        rows: &looked.rows,
        context: &looked.context,
        rows_from: looked.from,
        at: args.at.map(|row| row - 1),
        snapshots: &snapshots,
        title,
    };
    let survey = survey(model, &options).map_err(misused)?;
    if !audited {
        return Ok(survey);
    }
    let (rows, context) =
        if looked.drawn { (&[][..], &[][..]) } else { (&looked.rows[..], &looked.context[..]) };
    Ok(survey.with_audit(&picture::audited(model, rows, context)))
}

/// Where the report goes: the model's name with .html where nothing else is asked for.
fn page(args: &MapArgs, json: bool) -> Option<PathBuf> {
    let other = args.png.is_some() || args.svg.is_some() || json;
    args.out.clone().or_else(|| (!other).then(|| args.model.with_extension("html")))
}

fn write(
    args: &MapArgs,
    survey: &Survey,
    figure: Option<Figure>,
    page: Option<&Path>,
    json: bool,
) -> Outcome {
    let mut written: Vec<String> = Vec::new();
    let mut keep = |out: &Path, bytes: &[u8]| -> Outcome {
        written.push(out.display().to_string());
        Ok(write_file(out, bytes)?)
    };
    // First what can be refused: nothing is written then.
    let wanted = args.png.is_some() || args.svg.is_some();
    let figure = if wanted { Some(chosen(survey, figure)?) } else { None };
    let picture = figure.map(|figure| draw(survey, figure, args.width)).transpose()?;
    if let Some(out) = page {
        keep(out, report(survey)?.as_bytes())?;
    }
    if let Some((out, picture)) = args.png.as_ref().zip(picture.as_ref()) {
        keep(out, &picture.to_png_at(args.width, args.dpi)?)?;
    }
    if let Some((out, picture)) = args.svg.as_ref().zip(picture.as_ref()) {
        keep(out, picture.to_print(args.width)?.as_bytes())?;
    }
    let value = if json { serde_json::to_value(survey)? } else { serde_json::Value::Null };
    Ok(output::print(json, &value, || format!("wrote {}", written.join(", ")))?)
}

/// The figure that was asked for, or the first that the model has.
fn chosen(survey: &Survey, figure: Option<Figure>) -> Result<Figure, Failure> {
    let known = Figure::of(survey);
    match figure.or(known.first().copied()) {
        Some(figure) if known.contains(&figure) => Ok(figure),
        figure => {
            let names: Vec<&str> = known.iter().map(|figure| figure.name()).collect();
            let wanted = figure.map_or("", Figure::name);
            Err(Failure::Usage(format!("--figure {wanted}: this model has {}", names.join(", "))))
        }
    }
}

/// The rows to look at: of the table, or drawn from the model.
fn rows(args: &MapArgs, model: &Model) -> Result<Looked, Failure> {
    let Some(data) = &args.data else {
        let given = given::context(model, &args.given)?;
        let context = given.repeat(DRAWN);
        let rows = model.sample(DRAWN, &context, &mut ChaCha8Rng::seed_from_u64(0));
        return Ok(Looked { rows, context, from: format!("{DRAWN} rows drawn from the model"), drawn: true });
    };
    if !args.given.0.is_empty() {
        let message = "--given: the context is that of DATA's rows; choose one of them with --at";
        return Err(Failure::Usage(message.into()));
    }
    let mut reader = ModelRows::open(data, &model.columns.names(), &model.context.names(), args.missing)?;
    let (mut rows, mut context) = (Vec::new(), Vec::new());
    let mut n = 0;
    while n < READ
        && let Some(block) = reader.next()?
    {
        rows.extend(block.values);
        context.extend(block.context);
        n += block.n;
    }
    let name = Path::new(data).file_name().map_or("standard input".into(), |name| name.to_string_lossy());
    let from = format!("{}{n} rows of {name}", if n >= READ { "the first " } else { "" });
    Ok(Looked { rows, context, from, drawn: false })
}

fn figure(name: &str) -> Result<Figure, Failure> {
    let names = || Figure::ALL.map(Figure::name).join(", ");
    let found = Figure::ALL.into_iter().find(|figure| figure.name() == name);
    found.ok_or_else(|| Failure::Usage(format!("--figure: found '{name}', expected one of {}", names())))
}

fn two(names: &[String]) -> Result<[String; 2], Failure> {
    <[String; 2]>::try_from(names.to_vec())
        .map_err(|names| Failure::Usage(format!("--columns: found {} names, expected two: a,b", names.len())))
}

/// Refuses an output that cannot be written, before the work.
fn check_out(flag: &str, out: &Path) -> Outcome {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wrong = |what: &str| Err(anyhow::anyhow!("{flag} {}: {what}", out.display()).into());
    match (folder.is_dir(), out.is_dir()) {
        (false, _) => wrong("its folder does not exist; make it first"),
        (_, true) => wrong("is a folder; name a file"),
        _ => Ok(()),
    }
}

/// What the flags ask for and the model has not is no fault of the world.
fn misused(error: SurveyError) -> Failure {
    match error {
        SurveyError::Columns { .. } => Failure::Usage(format!("--columns: {error}")),
        SurveyError::Sphere(_) => Failure::Usage(format!("--{error}")),
        SurveyError::Plane(_) => Failure::Usage(error.to_string()),
        SurveyError::Row { .. } => Failure::Usage(format!("--at: {error}")),
        other => other.into(),
    }
}
