//! How heavy the tails of columns are.

use tissot::columns::Columns;
use tissot::layers::Tails;

/// Fewer rows say nothing about tails.
const ROWS: usize = 500;
/// An index below is no reason to change a flow: moments up to the tenth exist.
const HEAVY: f64 = 0.1;
/// The index of the light side of a feature whose other side is heavy.
const LIGHT: f64 = 0.05;

/// The index of a tail, `P(x > a) ~ a^(-1/index)`; 0 or less where it falls as an exponential or faster.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TailIndex {
    /// The estimate.
    pub index: f64,
    /// Its standard error.
    pub error: f64,
}

impl TailIndex {
    /// Of the upper tail of some numbers above their middle, by the moment estimator on the largest `n^(2/3)`, at most a tenth.
    ///
    /// With `m_j` the mean of `log(x / x_k)^j` over the `k` largest: `m_1 + 1 - 1 / (2 (1 - m_1^2 / m_2))`, and the standard
    /// error `sqrt((1 + index^2) / k)`. `None` for fewer than 500 numbers, and where the largest are all alike.
    ///
    /// Dekkers, Einmahl and de Haan, "A Moment Estimator for the Index of an Extreme-Value Distribution", 1989, eq. 1.7.
    pub fn of(mut excesses: Vec<f64>) -> Option<Self> {
        let n = excesses.len();
        if n < ROWS {
            return None;
        }
        excesses.sort_by(|a, b| b.total_cmp(a));
        let k = (n as f64).powf(2.0 / 3.0).min(n as f64 / 10.0) as usize;
        let least = excesses[k];
        if least <= 0.0 {
            return None;
        }
        let moment =
            |power: i32| excesses[..k].iter().map(|x| (x / least).ln().powi(power)).sum::<f64>() / k as f64;
        let (first, second) = (moment(1), moment(2));
        let index = first + 1.0 - 0.5 / (1.0 - first * first / second);
        let error = ((1.0 + index * index) / k as f64).sqrt();
        index.is_finite().then_some(Self { index, error })
    }

    /// Whether it is a power that matters, beyond doubt (two standard errors).
    pub fn is_heavy(&self) -> bool {
        self.index - 2.0 * self.error > HEAVY
    }
}

/// The tails of each column after its domain's map, where at least one side is heavy.
///
/// Estimates for [`tissot::layers::TailConfig`]: they are where its learning starts.
pub fn heavy_tails(columns: &Columns, values: &[f64]) -> Vec<Option<Tails>> {
    let width = columns.len();
    let column = |(i, column): (usize, &tissot::columns::Column)| {
        let at = values.iter().skip(i).step_by(width.max(1));
        let mut y: Vec<f64> = at.filter_map(|&x| Some(column.unbounded(x, || 0.5)?.0)).collect();
        y.sort_by(f64::total_cmp);
        let middle = *y.get(y.len() / 2)?;
        let side = |sign: f64| {
            let excesses: Vec<f64> = y.iter().map(|y| sign * (y - middle)).filter(|&e| e > 0.0).collect();
            TailIndex::of(excesses).filter(TailIndex::is_heavy)
        };
        match (side(-1.0), side(1.0)) {
            (None, None) => None,
            (lower, upper) => {
                let index = |side: Option<TailIndex>| side.map_or(LIGHT, |side| side.index.min(2.0));
                Some(Tails { lower: index(lower), upper: index(upper) })
            }
        }
    };
    columns.0.iter().enumerate().map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Exp1, StandardNormal, StudentT};
    use tissot::columns::{Column, Domain};

    fn drawn(n: usize, mut draw: impl FnMut(&mut ChaCha8Rng) -> f64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        (0..n).map(|_| draw(&mut rng)).collect()
    }

    #[test]
    fn powers_are_told_from_exponentials() {
        for nu in [1.5, 2.5, 3.0] {
            let t = StudentT::new(nu).unwrap();
            let found = TailIndex::of(drawn(20_000, |rng| t.sample(rng))).unwrap();
            assert!((found.index - 1.0 / nu).abs() < 3.0 * found.error + 0.05, "t({nu}): {found:?}");
            assert!(found.is_heavy(), "t({nu}): {found:?}");
        }
        let normal = TailIndex::of(drawn(20_000, |rng| StandardNormal.sample(rng))).unwrap();
        let exponential = TailIndex::of(drawn(20_000, |rng| Exp1.sample(rng))).unwrap();
        let uniform = TailIndex::of(drawn(20_000, |rng| rng.random())).unwrap();
        assert!(
            ![normal, exponential, uniform].iter().any(TailIndex::is_heavy),
            "{normal:?} {exponential:?} {uniform:?}"
        );
    }

    #[test]
    fn each_side_of_each_column_has_its_own() {
        let t = StudentT::new(2.0).unwrap();
        let mut k = 0;
        let values = drawn(30_000, |rng| {
            k += 1;
            let (normal, heavy): (f64, f64) = (StandardNormal.sample(rng), t.sample(rng));
            match k % 3 {
                0 => normal,
                1 => 7.0 + 3.0 * heavy.abs(),
                _ => heavy.exp(),
            }
        });
        let column = |domain| Column { name: "a".into(), domain, cut: 0.0, mean: 0.0, std: 1.0 };
        let columns = Columns(vec![column(Domain::Real), column(Domain::Positive), column(Domain::Real)]);
        let found = heavy_tails(&columns, &values);
        let skewed = found[0].unwrap();
        assert!(skewed.lower == LIGHT && (skewed.upper - 0.5).abs() < 0.15, "{skewed:?}");
        let logarithm = found[1].unwrap();
        assert!(
            (logarithm.lower - 0.5).abs() < 0.15 && (logarithm.upper - 0.5).abs() < 0.15,
            "{logarithm:?}"
        );
        assert_eq!(found[2], None);
        assert_eq!(TailIndex::of(vec![1.0; 400]), None);
        assert_eq!(TailIndex::of(vec![1.0; 4_000]), None);
    }
}
