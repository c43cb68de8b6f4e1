//! One Gaussian beside a fitted flow: the least that a flow must be better than.

use crate::baseline::{Baseline, BaselineError, Gaussian};
use crate::rows::Rows;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tissot::columns::{Columns, Domain};

/// Dequantisation draws a row where a column holds whole numbers, as for the flow.
const DRAWS: usize = 16;

/// How likely rows that did not train are under a flow and under one Gaussian of the training rows.
///
/// Means are in nats a row, in the user's units. Under a context the Gaussian is that of columns and context together,
/// conditioned: a linear regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BesideGaussian {
    /// Whether they are the test rows; the validation rows where there are none.
    pub held_out: bool,
    /// The mean log-density under the flow.
    pub flow: f64,
    /// The mean log-density under the Gaussian.
    pub gaussian: f64,
    /// The standard error of the mean of the rows' differences.
    pub error: f64,
}

impl BesideGaussian {
    /// Whether the flow is the worse one.
    pub fn is_worse(&self) -> bool {
        self.flow < self.gaussian
    }

    /// Compares the flow's log-densities `flow` of `rows` with those under a Gaussian of the rows in `train`; `None` without
    /// rows, and where they have no Gaussian (too few, or in a plane).
    pub(crate) fn new(
        held_out: bool,
        flow: &[f64],
        rows: &Rows,
        train: &Rows,
        columns: &Columns,
    ) -> Option<Self> {
        if rows.n == 0 {
            return None;
        }
        let gaussian = log_densities(rows, train, columns).ok()?;
        let n = flow.len() as f64;
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / n;
        let differences: Vec<f64> = flow.iter().zip(&gaussian).map(|(a, b)| a - b).collect();
        let difference = mean(&mut differences.iter().copied());
        let squares: f64 = differences.iter().map(|d| (d - difference).powi(2)).sum();
        Some(Self {
            held_out,
            flow: mean(&mut flow.iter().copied()),
            gaussian: mean(&mut gaussian.iter().copied()),
            error: (squares / (n - 1.0).max(1.0) / n).sqrt(),
        })
    }
}

/// The log-density of each row under the Gaussian of `train`, given its context: `log N(x, c) - log N(c)`.
fn log_densities(rows: &Rows, train: &Rows, columns: &Columns) -> Result<Vec<f64>, BaselineError> {
    let d = columns.len();
    let c = train.context.len() / train.n.max(1);
    let rng = &mut ChaCha8Rng::seed_from_u64(0);
    let context = (c > 0).then(|| Gaussian::fit(&train.context, c)).and_then(Result::ok);
    let joint =
        context.as_ref().and_then(|_| Gaussian::fit(&side_by_side(train, columns, true, rng), d + c).ok());
    let alone = match joint {
        None => Some(Gaussian::fit(&side_by_side(train, columns, false, rng), d)?),
        Some(_) => None,
    };
    let draws = if columns.any_integer() { DRAWS } else { 1 };
    let mut total = vec![f64::NEG_INFINITY; rows.n];
    for _ in 0..draws {
        let drawn = side_by_side(rows, columns, alone.is_none(), rng);
        for (i, (total, row)) in total.iter_mut().zip(drawn.chunks(drawn.len() / rows.n)).enumerate() {
            let log_density = match (&alone, &joint, &context) {
                (Some(alone), ..) => alone.log_density(row),
                (_, Some(joint), Some(context)) => {
                    joint.log_density(row) - context.log_density(&rows.context[i * c..(i + 1) * c])
                }
                _ => f64::NAN,
            };
            let (high, low) =
                if *total > log_density { (*total, log_density) } else { (log_density, *total) };
            *total = if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() };
        }
    }
    Ok(total.iter().map(|total| total - (draws as f64).ln()).collect())
}

/// The values of each row, whole numbers dequantised, and the row's context after them where it is wanted.
fn side_by_side(rows: &Rows, columns: &Columns, context: bool, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (d, c) = (columns.len(), rows.context.len() / rows.n.max(1));
    let mut all = Vec::with_capacity(rows.n * (d + c));
    for i in 0..rows.n {
        let values = rows.values[i * d..(i + 1) * d].iter().zip(&columns.0);
        all.extend(values.map(|(x, column)| match column.domain {
            Domain::Integer => x + rng.random::<f64>(),
            _ => *x,
        }));
        if context {
            all.extend(&rows.context[i * c..(i + 1) * c]);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit_columns;
    use rand_distr::{Distribution, StandardNormal};

    const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

    fn normals(n: usize, seed: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
    }

    fn columns(domain: Domain, values: &[f64]) -> Columns {
        fit_columns(&["x".into()], &[domain], values).unwrap()
    }

    #[test]
    fn a_gaussian_of_gaussian_rows_is_their_density() {
        let rows = |n, seed| Rows { values: normals(n, seed), context: Vec::new(), n };
        let (train, test) = (rows(20_000, 1), rows(5_000, 2));
        let columns = columns(Domain::Real, &train.values);
        let flow: Vec<f64> = test.values.iter().map(|x| -0.5 * x * x - HALF_LOG_TWO_PI).collect();
        let beside = BesideGaussian::new(true, &flow, &test, &train, &columns).unwrap();
        assert!((beside.gaussian - beside.flow).abs() < 1e-3, "{beside:?}");
        let worse: Vec<f64> = flow.iter().map(|v| v - 0.1).collect();
        let beside = BesideGaussian::new(true, &worse, &test, &train, &columns).unwrap();
        assert!(beside.is_worse() && beside.error < 1e-3, "{beside:?}");
        let better: Vec<f64> = flow.iter().map(|v| v + 0.1).collect();
        assert!(!BesideGaussian::new(true, &better, &test, &train, &columns).unwrap().is_worse());
    }

    #[test]
    fn under_a_context_it_is_a_regression() {
        // x = 3 c + 0.5 e: given c, the deviation is 0.5.
        let rows = |n: usize, seed| {
            let (context, noise) = (normals(n, seed), normals(n, seed + 1));
            let values = context.iter().zip(noise).map(|(c, e)| 3.0 * c + 0.5 * e).collect();
            Rows { values, context, n }
        };
        let (train, test) = (rows(20_000, 3), rows(20_000, 5));
        let gaussian = log_densities(&test, &train, &columns(Domain::Real, &train.values)).unwrap();
        let mean = gaussian.iter().sum::<f64>() / 20_000.0;
        let entropy = 0.5 + HALF_LOG_TWO_PI + 0.5_f64.ln();
        assert!((mean + entropy).abs() < 0.02, "{mean}, expected {}", -entropy);
        // A context that is a copy of the values leaves a Gaussian without it.
        let copy = |rows: &Rows| Rows { context: rows.values.clone(), ..rows.clone() };
        let gaussian =
            log_densities(&copy(&test), &copy(&train), &columns(Domain::Real, &train.values)).unwrap();
        let mean = gaussian.iter().sum::<f64>() / 20_000.0;
        let entropy = 0.5 + HALF_LOG_TWO_PI + 0.5 * 9.25_f64.ln();
        assert!((mean + entropy).abs() < 0.03, "{mean}, expected {}", -entropy);
    }

    #[test]
    fn whole_numbers_are_dequantised() {
        // A fair coin: no Gaussian of dequantised rows gives more than half of the mass to a side on average.
        let coin = |seed| {
            let values: Vec<f64> = normals(10_000, seed).iter().map(|x| f64::from(*x > 0.0)).collect();
            Rows { values, context: Vec::new(), n: 10_000 }
        };
        let (train, test) = (coin(1), coin(2));
        let gaussian = log_densities(&test, &train, &columns(Domain::Integer, &train.values)).unwrap();
        let mean = gaussian.iter().sum::<f64>() / 10_000.0;
        assert!((-1.0..-0.5_f64.ln().abs()).contains(&mean), "{mean}");
    }

    #[test]
    fn rows_without_a_gaussian_are_compared_with_none() {
        let rows = |values: Vec<f64>| Rows { n: values.len() / 2, values, context: Vec::new() };
        let line = rows((0..40).flat_map(|i| [f64::from(i), 2.0 * f64::from(i)]).collect());
        let columns = fit_columns(&["x".into(), "y".into()], &[Domain::Real; 2], &line.values).unwrap();
        assert_eq!(BesideGaussian::new(true, &[0.0; 40], &line, &line, &columns), None);
        let plane = rows(normals(40, 1));
        assert_eq!(BesideGaussian::new(true, &[], &rows(vec![]), &plane, &columns), None);
    }
}
