//! Which plane a map is of.

use super::axes::{of_column, shown};
use super::error::SurveyError;
use super::gather::SurveyOptions;
use super::plane::Span;
use super::subject::Subject;
use super::{AxisKind, MapAxis, Metric, Principal};
use burn::module::ModuleDisplay;
use tissot::Bijection;
use tissot::columns::Columns;

/// The plane that was asked for.
pub(crate) enum Frame {
    /// A single column has none.
    None,
    Columns([usize; 2]),
    Principal(Principal),
}

impl Frame {
    /// What the options ask for, where the model has it.
    pub fn of<T: Bijection<2> + ModuleDisplay>(
        subject: &Subject<'_, T>,
        options: &SurveyOptions<'_>,
    ) -> Result<Self, SurveyError> {
        if matches!(options.metric, Metric::Sphere { .. }) {
            check_sphere(subject.columns(), options.rows)?;
        }
        if options.marginal && subject.width() < 3 {
            let message = "--marginal: the map shows all columns, there is nothing to average over";
            return Err(SurveyError::Plane(message.into()));
        }
        if options.principal {
            return Ok(Self::Principal(principal(subject, options)?));
        }
        let pair = pair(&subject.columns().names(), options.columns.as_ref())?;
        Ok(pair.map_or(Self::None, Self::Columns))
    }

    pub fn span(&self) -> Option<Span<'_>> {
        match self {
            Self::None => None,
            Self::Columns(pair) => Some(Span::Columns(*pair)),
            Self::Principal(principal) => Some(Span::Principal(principal)),
        }
    }
}

/// The first two principal components of the rows.
fn principal<T: Bijection<2> + ModuleDisplay>(
    subject: &Subject<'_, T>,
    options: &SurveyOptions<'_>,
) -> Result<Principal, SurveyError> {
    let d = subject.width();
    let wrong = |what: String| Err(SurveyError::Plane(format!("--principal: {what}")));
    if d < 3 {
        return wrong(format!("found {d} columns, expected at least 3; the map shows all of fewer"));
    }
    if options.metric != Metric::Standardised {
        return wrong("its lengths are standard deviations; leave --metric out".into());
    }
    let entered = subject.enter(options.rows);
    let inside = entered.y.chunks(d).zip(&entered.inside).filter(|(_, inside)| **inside);
    Ok(Principal::of(&inside.flat_map(|(row, _)| row.iter().copied()).collect::<Vec<f64>>(), d))
}

/// What of the plane's axes is shown.
pub(crate) fn axes<T: Bijection<2> + ModuleDisplay>(
    subject: &Subject<'_, T>,
    options: &SurveyOptions<'_>,
    span: &Span<'_>,
) -> [MapAxis; 2] {
    match span {
        Span::Columns([i, j]) => {
            let kinds = match options.metric {
                Metric::Sphere { .. } => [AxisKind::Longitude, AxisKind::Latitude],
                _ => [AxisKind::Plain; 2],
            };
            [(*i, kinds[0]), (*j, kinds[1])]
                .map(|(k, kind)| of_column(subject.columns(), options.rows, k, kind))
        }
        Span::Principal(principal) => {
            let entered = subject.enter(options.rows);
            let places: Vec<[f64; 2]> =
                entered.y.chunks(subject.width()).map(|row| principal.place(row)).collect();
            [0, 1].map(|k| {
                let [from, to] = shown(places.iter().map(|place| place[k]), None);
                MapAxis {
                    name: format!("component {}", k + 1),
                    column: None,
                    from,
                    to,
                    kind: AxisKind::Plain,
                }
            })
        }
    }
}

fn pair(names: &[String], wanted: Option<&[String; 2]>) -> Result<Option<[usize; 2]>, SurveyError> {
    let Some(wanted) = wanted else { return Ok((names.len() >= 2).then_some([0, 1])) };
    let places = wanted.each_ref().map(|wanted| names.iter().position(|name| name == wanted));
    match places {
        [Some(i), Some(j)] if i != j => Ok(Some([i, j])),
        _ => Err(SurveyError::Columns { found: wanted.join(", "), names: names.to_vec() }),
    }
}

fn check_sphere(columns: &Columns, rows: &[f64]) -> Result<(), SurveyError> {
    if columns.len() != 2 {
        return Err(SurveyError::Sphere(format!("the model has {} columns", columns.len())));
    }
    let outside = |row: &&[f64]| !((-180.0..=360.0).contains(&row[0]) && (-90.0..=90.0).contains(&row[1]));
    match rows.chunks(2).find(outside) {
        None => Ok(()),
        Some(row) => {
            let [x, y] = [&columns.0[0].name, &columns.0[1].name];
            Err(SurveyError::Sphere(format!("found a row with {x} = {} and {y} = {}", row[0], row[1])))
        }
    }
}
