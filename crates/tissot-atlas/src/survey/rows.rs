//! Rows of data one by one, the least likely first; and over all of them the ribbon, the ledger and the books.

use super::direction::{Beside, most};
use super::gather::{SurveyOptions, some};
use super::metric::log_lengths;
use super::places::Places;
use super::subject::Subject;
use super::{Ribbon, Row, Survey, Term, round};
use burn::module::ModuleDisplay;
use tissot::Bijection;
use tissot::inspect::{self, Gap, Kind, Ledger, LocalGeometry};

/// Rows whose Jacobians are taken, and rows of the ledger.
const ROWS: usize = 400;
const LEDGER: usize = 4_000;
/// Numbers of the Jacobians together, at most.
const NUMBERS: usize = 800_000;
const LEVELS: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Fills in rows, ribbon, ledger and books. `exact` is the subject in f64 where the device has it: Jacobians come from it.
pub(crate) fn rows<T: Bijection<2> + ModuleDisplay>(
    subject: &Subject<'_, T>,
    exact: &Subject<'_, T>,
    options: &SurveyOptions<'_>,
    survey: &mut Survey,
) {
    let d = subject.width();
    let (rows, contexts) = some(options.rows, options.context, d, LEDGER);
    survey.ledger = ledger(subject, &rows, &contexts);

    let sampled = (NUMBERS / (d * d)).clamp(20, ROWS);
    let (rows, contexts) = some(options.rows, options.context, d, sampled);
    let n = rows.len() / d;
    let entered = exact.enter(&rows);
    let walked = exact.walk(&entered.y, &contexts, false);
    let base = exact.log_base(&walked.z, &contexts);
    let jacobians = exact.jacobians(&entered.y, &contexts);
    let digits = exact.digits_left(&entered.y, &contexts);
    let lengths = log_lengths(survey.metric, &rows, &entered, d);
    let at = Places { d, rows: &rows, entered: &entered, walked: &walked, lengths: &lengths };
    let measured: Vec<LocalGeometry> = (0..n).map(|k| at.geometry(k, &jacobians[k])).collect();
    let beside = Beside::of(exact, survey.metric, &contexts, &at, &measured);
    let inside: Vec<usize> = (0..n).filter(|&k| entered.inside[k]).collect();
    let total = options.rows.len() / d;
    let mut found: Vec<Row> = inside
        .iter()
        .map(|&k| Row {
            row: k * total / n + 1,
            most: most(&measured[k], &beside.of_row(k)),
            ..at.row(k, &measured[k], [&base, &digits].map(|of| of.as_ref().map_or(f64::NAN, |of| of[k])))
        })
        .collect();
    found.sort_by(|a, b| a.log_prob.total_cmp(&b.log_prob));
    let sums: Vec<f64> = inside.iter().map(|&k| walked.log_det(k)).collect();
    let dets: Vec<f64> = inside.iter().map(|&k| jacobians[k].log_abs_det()).collect();
    let gap = Gap::between(&sums, &dets);
    survey.books.rows = gap.rows;
    survey.books.jacobian_gap = round::digits(gap.largest, 2);
    survey.books.digits = exact.number_type();
    survey.ribbon = ribbon(&found, d);
    survey.rows = found;
}

/// Each term's account over the rows; empty without a base.
fn ledger<T: Bijection<2> + ModuleDisplay>(
    subject: &Subject<'_, T>,
    rows: &[f64],
    contexts: &[f64],
) -> Vec<Term> {
    let entered = subject.enter(rows);
    let walked = subject.walk(&entered.y, contexts, false);
    let Some(base) = subject.log_base(&walked.z, contexts) else { return Vec::new() };
    let n = base.len();
    let inside = |(row, k): (&[f64], usize)| {
        if entered.inside[k] { row.iter().sum() } else { f64::NEG_INFINITY }
    };
    let preprocessing: Vec<f64> = entered.slopes.chunks(subject.width()).zip(0..n).map(inside).collect();
    let total: Vec<f64> = (0..n).map(|k| walked.log_det(k)).collect();
    let log_prob = (0..n).map(|k| preprocessing[k] + total[k] + base[k]).collect();
    let account =
        Ledger { layers: walked.names, log_dets: walked.log_dets, preprocessing, base, total, log_prob };
    terms(&account, "columns")
}

/// The account in numbers for people, with a name for the preprocessing.
pub(crate) fn terms(account: &Ledger, preprocessing: &str) -> Vec<Term> {
    let term = |term: inspect::Term| Term {
        // Rounding of f32 is no difference between rows.
        constant: term.quantiles[6] - term.quantiles[0] <= 1e-5 * term.mean.abs().max(1.0),
        name: if term.kind == Kind::Preprocessing { preprocessing.into() } else { term.name },
        mean: round::decimals(term.mean, 4),
        quantiles: term.quantiles[1..6].iter().map(|&v| round::decimals(v, 4)).collect(),
        share: round::decimals(term.share, 5),
    };
    account.summary().terms.into_iter().map(term).collect()
}

fn ribbon(rows: &[Row], d: usize) -> Ribbon {
    let of = |k: usize| rows.iter().filter_map(move |row| row.stretches.get(k).copied());
    let quantiles: Vec<Vec<f64>> = (0..d)
        .map(|k| round::quantiles(of(k), &LEVELS).into_iter().map(|v| round::digits(v, 5)).collect())
        .collect();
    let steps = quantiles.windows(2).map(|w| w[0][2] / w[1][2]).enumerate();
    let gap = steps.filter(|(_, step)| !step.is_nan()).max_by(|a, b| a.1.total_cmp(&b.1));
    Ribbon {
        levels: LEVELS.to_vec(),
        gap_after: gap.map(|(k, _)| k + 1),
        gap: gap.map_or(1.0, |(_, step)| round::digits(step, 4)),
        quantiles,
        rows: rows.len(),
    }
}
