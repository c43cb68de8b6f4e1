//! From a model and rows to a survey.

use super::error::SurveyError;
use super::frame::{self, Frame};
use super::marginal::Over;
use super::plane::Plane;
use super::subject::Subject;
use super::{About, Metric, Survey, layers, metric, round, rows, training};
use burn::module::ModuleDisplay;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use tissot::columns::Columns;
use tissot::inspect::{self, Inputs};
use tissot::{Bijection, Context, Model};

/// What a survey is made of.
#[derive(Debug, Clone, Default)]
pub struct SurveyOptions<'a> {
    /// How lengths are measured on the data's side.
    pub metric: Metric,
    /// The two columns of the map; the first two by default.
    pub columns: Option<[String; 2]>,
    /// Whether the map is of the first two principal components of the rows instead.
    pub principal: bool,
    /// Whether what is off the map is averaged over rows instead of held.
    pub marginal: bool,
    /// Rows in the user's units, row-major.
    pub rows: &'a [f64],
    /// Their context: one row each.
    pub context: &'a [f64],
    /// Where the rows come from, in words.
    pub rows_from: String,
    /// The row, from 0, at whose values the other columns (and the context) are held; the one nearest to the medians by
    /// default.
    pub at: Option<usize>,
    /// The model at steps of its training, the earliest first.
    pub snapshots: &'a [(u64, Model)],
    /// A title for the report.
    pub title: String,
}

/// Rows of which a survey cannot be made with fewer.
const FEWEST: usize = 2;
/// Lines of the grid that the density is integrated over.
const LINES: usize = 301;
/// Rows on a map.
const POINTS: usize = 2_000;
/// Rows that a map is averaged over.
const AVERAGED: usize = 128;

/// Everything about a model, in numbers.
///
/// # Errors
/// [`SurveyError`] for rows, columns or a metric that do not fit the model.
///
/// # Panics
/// Where the lengths of rows and context do not fit the model.
///
/// # Cost
/// With two columns most of it is 90,601 densities for the integral, a map of up to 22,500 cells, the digits of up to 5,184
/// places.
///
/// # Examples
/// ```
/// use burn::tensor::Device;
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
/// use tissot::columns::{Column, Columns, Domain};
/// use tissot::{Model, Provenance, presets};
/// use tissot_atlas::survey::{SurveyOptions, survey};
/// use tissot_atlas::{Figure, draw, report};
///
/// let column = |name: &str| Column { name: name.into(), domain: Domain::Real, cut: 0.0, mean: 0.0, std: 1.0 };
/// let config = presets::real_nvp(&presets::Size::new(2));
/// let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0))?;
/// let columns = Columns(vec![column("a"), column("b")]);
/// let model = Model { flow, config, columns, context: Columns::default(), provenance: Provenance::default() };
/// let rows: Vec<f64> = (0..60).map(|k| f64::from(k % 7) - 3.0).collect();
/// let survey = survey(&model, &SurveyOptions { rows: &rows, ..SurveyOptions::default() })?;
/// assert_eq!(survey.rows[0].log_det, 0.0); // not trained: volumes stay
/// assert!(report(&survey)?.starts_with("<!DOCTYPE html>"));
/// assert!(draw(&survey, Figure::Stretch, 120.0)?.to_print(120.0)?.contains("120mm"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn survey(model: &Model, options: &SurveyOptions<'_>) -> Result<Survey, SurveyError> {
    let subject = Subject::of_model(model);
    let known = &model.provenance;
    let about = About {
        title: options.title.clone(),
        source: known.source.clone(),
        preset: known.preset.clone(),
        parameters: model.num_params(),
        steps: known.steps,
        held_out: known.held_out.map(|(mean, error)| (round::decimals(mean, 4), round::decimals(error, 4))),
        rows: [known.train_rows, known.validation_rows, known.test_rows],
        version: known.version.clone(),
    };
    let exact = model.flow.clone().to_dtype(FloatDType::F64).map(|flow| Model { flow, ..model.clone() });
    let exact = exact.unwrap_or_else(|_| model.clone());
    let mut survey = gather(&subject, &Subject::of_model(&exact), about, &model.context.names(), options)?;
    if let Some(mass) = mass(model, options) {
        survey.books.mass = Some(round::decimals(mass.integral, 4));
        survey.books.mass_error = Some(round::digits(mass.error.abs(), 2));
    }
    if let Some(map) = &survey.map
        && !options.snapshots.is_empty()
    {
        let (at, context) = held(&subject, options)?;
        let held = &options.rows[at * subject.width()..(at + 1) * subject.width()];
        survey.training = training::training(options, model, held, context, map)?;
    }
    Ok(survey)
}

/// The same of a bijection without a base, such as a projection of the globe; on rows in the user's units.
///
/// # Errors
/// As [`survey`].
///
/// # Panics
/// Where the lengths do not fit.
pub fn survey_bijection<T: Bijection<2> + ModuleDisplay>(
    bijection: &T,
    columns: &Columns,
    options: &SurveyOptions<'_>,
    device: &Device,
) -> Result<Survey, SurveyError> {
    let none = Columns::default();
    let subject = Subject::of_bijection(bijection, columns, &none, device.clone());
    let about = About { title: options.title.clone(), ..About::default() };
    gather(&subject, &subject, about, &[], options)
}

/// The integral of the density, under the context that the maps are drawn for.
fn mass(model: &Model, options: &SurveyOptions<'_>) -> Option<inspect::Mass> {
    if model.columns.len() > 2 {
        return None;
    }
    let (at, context) = held(&Subject::of_model(model), options).ok()?;
    let (d, c) = (model.columns.len(), context.len());
    let (rows, _) = some(options.rows, options.context, d, POINTS);
    let inputs = Inputs::of(model, &rows, &context.repeat(rows.len() / d));
    debug_assert_eq!(context, &options.context[at * c..(at + 1) * c]);
    inspect::mass(
        &model.flow,
        &inputs.x,
        Context { features: model_context(model, context).as_ref(), maps: None },
        LINES,
    )
}

/// One row of context in the model's units, before its embedding.
fn model_context(model: &Model, context: &[f64]) -> Option<Tensor<2>> {
    (!context.is_empty()).then(|| {
        let standard = |(column, &x): (&tissot::columns::Column, &f64)| {
            column.unbounded(x, || 0.5).map_or(0.0, |(y, _)| (y - column.mean) / column.std)
        };
        let values: Vec<f64> = model.context.0.iter().zip(context).map(standard).collect();
        let n = values.len();
        Tensor::from_data(TensorData::new(values, [1, n]), (&model.flow.device(), model.flow.dtype()))
    })
}

fn gather<T: Bijection<2> + ModuleDisplay>(
    subject: &Subject<'_, T>,
    exact: &Subject<'_, T>,
    model: About,
    context_names: &[String],
    options: &SurveyOptions<'_>,
) -> Result<Survey, SurveyError> {
    let (d, names) = (subject.width(), subject.columns().names());
    let found = subject.enter(options.rows).inside.iter().filter(|inside| **inside).count();
    if found < FEWEST {
        return Err(SurveyError::Rows { found, expected: FEWEST });
    }
    let (at, given) = held(subject, options)?;
    let frame = Frame::of(subject, options)?;
    let held = &options.rows[at * d..(at + 1) * d];
    let (points, contexts) = some(options.rows, options.context, d, POINTS);
    let mut survey = Survey {
        model,
        metric: options.metric,
        metric_words: metric::words(options.metric).into(),
        given: match options.marginal {
            true => Vec::new(),
            false => context_names.iter().cloned().zip(given.iter().copied()).collect(),
        },
        rows_from: options.rows_from.clone(),
        map: None,
        layers: Vec::new(),
        rows: Vec::new(),
        ribbon: Default::default(),
        ledger: Vec::new(),
        books: Default::default(),
        training: Vec::new(),
        audit: None,
        images: None,
        columns: names.clone(),
    };
    if let Some(span) = frame.span() {
        let [x, y] = frame::axes(subject, options, &span);
        let plane = Plane { subject, metric: options.metric, span, x, y, held, context: given };
        let (rows, context) = some(options.rows, options.context, d, AVERAGED);
        let over = options.marginal.then_some(Over { rows: &rows, context: &context });
        survey.map = Some(plane.map(&points, &contexts, &names, over.as_ref()));
        if plane.is_whole() {
            survey.layers = layers::layers(&plane, subject, &points, &contexts);
        }
    }
    rows::rows(subject, exact, options, &mut survey);
    Ok(survey)
}

/// The row at whose values columns and context are held: its number, and its context.
fn held<'a, T: Bijection<2> + ModuleDisplay>(
    subject: &Subject<'_, T>,
    options: &SurveyOptions<'a>,
) -> Result<(usize, &'a [f64]), SurveyError> {
    let d = subject.width();
    let rows = options.rows.len() / d;
    let at = match options.at {
        Some(at) if at < rows => at,
        Some(at) => return Err(SurveyError::Row { row: at + 1, rows }),
        None => {
            let entered = subject.enter(options.rows);
            let medians: Vec<f64> = (0..d)
                .map(|k| round::quantiles(entered.y.iter().skip(k).step_by(d).copied(), &[0.5])[0])
                .collect();
            let far = |row: &[f64]| row.iter().zip(&medians).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            let inside = entered.y.chunks(d).enumerate().filter(|(n, _)| entered.inside[*n]);
            inside.min_by(|a, b| far(a.1).total_cmp(&far(b.1))).map_or(0, |(n, _)| n)
        }
    };
    let c = options.context.len() / rows.max(1);
    Ok((at, &options.context[at * c..(at + 1) * c]))
}

/// At most so many rows, evenly spaced, with their context.
pub(crate) fn some(rows: &[f64], context: &[f64], d: usize, most: usize) -> (Vec<f64>, Vec<f64>) {
    let n = rows.len() / d;
    let c = context.len() / n.max(1);
    let picked = (0..n.min(most)).map(|k| k * n / n.min(most));
    let rows = picked.clone().flat_map(|k| rows[k * d..(k + 1) * d].iter().copied());
    (rows.collect(), picked.flat_map(|k| context[k * c..(k + 1) * c].iter().copied()).collect())
}
