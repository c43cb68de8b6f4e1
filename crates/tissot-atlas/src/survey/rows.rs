//! Rows of data one by one, the least likely first; and over all of them the ribbon, the ledger and the books.

use super::gather::{SurveyOptions, some};
use super::metric::log_lengths;
use super::subject::{Entered, Subject, Walked};
use super::{Ribbon, Row, Stretched, Survey, Term, round};
use burn::module::ModuleDisplay;
use tissot::Bijection;
use tissot::inspect::jacobian::Jacobian;
use tissot::inspect::{self, Gap, Kind, Ledger, LocalGeometry, SEPARATED};

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

    let most = (NUMBERS / (d * d)).clamp(20, ROWS);
    let (rows, contexts) = some(options.rows, options.context, d, most);
    let n = rows.len() / d;
    let entered = exact.enter(&rows);
    let walked = exact.walk(&entered.y, &contexts, false);
    let base = exact.log_base(&walked.z, &contexts);
    let jacobians = exact.jacobians(&entered.y, &contexts);
    let digits = exact.digits_left(&entered.y, &contexts);
    let lengths = log_lengths(survey.metric, &rows, &entered, d);
    let at = Places { d, rows: &rows, entered: &entered, walked: &walked, lengths: &lengths };
    let inside: Vec<usize> = (0..n).filter(|&k| entered.inside[k]).collect();
    let total = options.rows.len() / d;
    let mut found: Vec<Row> = inside
        .iter()
        .map(|&k| Row {
            row: k * total / n + 1,
            ..at.row(k, &jacobians[k], [&base, &digits].map(|of| of.as_ref().map_or(f64::NAN, |of| of[k])))
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
    let term = |term: inspect::Term| Term {
        // Rounding of f32 is no difference between rows.
        constant: term.quantiles[6] - term.quantiles[0] <= 1e-5 * term.mean.abs().max(1.0),
        name: if term.kind == Kind::Preprocessing { "columns".into() } else { term.name },
        mean: round::decimals(term.mean, 4),
        quantiles: term.quantiles[1..6].iter().map(|&v| round::decimals(v, 4)).collect(),
        share: round::decimals(term.share, 5),
    };
    account.summary().terms.into_iter().map(term).collect()
}

struct Places<'a> {
    d: usize,
    rows: &'a [f64],
    entered: &'a Entered,
    walked: &'a Walked,
    lengths: &'a [f64],
}

impl Places<'_> {
    fn row(&self, k: usize, jacobian: &Jacobian, [base, digits]: [f64; 2]) -> Row {
        let d = self.d;
        let span = k * d..(k + 1) * d;
        let scale: Vec<f64> =
            span.clone().map(|i| (self.entered.slopes[i] - self.lengths[i]).exp()).collect();
        let values = (0..d * d).map(|i| jacobian.values()[i] * scale[i % d]).collect();
        let measured = LocalGeometry::of(&Jacobian::new(d, d, values));
        let columns: f64 = self.entered.slopes[span.clone()].iter().sum();
        let inside = self.walked.log_det(k) + columns;
        let log_det = inside - self.lengths[span.clone()].iter().sum::<f64>();
        let log_prob = if base.is_nan() { f64::NAN } else { base + inside };
        let nats = |v: f64| round::decimals(v, 4);
        Row {
            row: 0,
            values: self.rows[span.clone()].iter().map(|&v| round::digits(v, 6)).collect(),
            log_prob: nats(log_prob),
            base: nats(base),
            columns: nats(columns),
            layers: self.walked.log_dets.iter().map(|layer| nats(layer[k])).collect(),
            log_det: nats(log_det),
            most: most(&measured.singular_values, &measured.right),
            stretches: measured.singular_values.iter().map(|&s| round::digits(s, 5)).collect(),
            digits: round::decimals(digits, 2),
        }
    }
}

/// The direction that is stretched most, or the space of those that are nearly equal.
fn most(s: &[f64], right: &[Vec<f64>]) -> Stretched {
    let together = s.windows(2).take_while(|w| w[0] <= SEPARATED * w[1]).count();
    let dimensions = (together + 1).min(s.len());
    let d = right.first().map_or(0, Vec::len);
    let mut columns: Vec<f64> = if dimensions == 1 {
        right[0].clone()
    } else {
        let length = |j: usize| right[..dimensions].iter().map(|v| v[j] * v[j]).sum::<f64>().sqrt();
        (0..d).map(length).collect()
    };
    // A direction has no sign: its largest part is made positive.
    let largest = columns.iter().copied().fold(0.0, |m: f64, v| if v.abs() > m.abs() { v } else { m });
    columns.iter_mut().for_each(|v| *v = round::decimals(*v * largest.signum(), 3));
    Stretched { dimensions, columns }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_equal_stretches_give_a_space() {
        let right = vec![vec![0.6, -0.8, 0.0], vec![0.8, 0.6, 0.0], vec![0.0, 0.0, 1.0]];
        let one = most(&[3.0, 1.0, 0.9], &right);
        assert_eq!((one.dimensions, one.columns), (1, vec![-0.6, 0.8, -0.0]));
        let two = most(&[3.0, 2.9, 0.9], &right);
        assert_eq!((two.dimensions, two.columns), (2, vec![1.0, 1.0, 0.0]));
        assert_eq!(most(&[1.0, 1.0, 1.0], &right).dimensions, 3);
    }
}
