//! Gauss-Legendre quadrature in panels, and sums of exponentials.

/// Positive nodes and weights of the eight-point rule on `[-1, 1]` (Abramowitz and Stegun, 1964, table 25.4).
const NODES: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_48),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_26),
];

/// Nodes and weights on `[low, high]`: eight in each of `panels` equal panels; the weights add up to `high - low`.
pub(super) fn gauss_legendre(low: f64, high: f64, panels: usize) -> impl Iterator<Item = (f64, f64)> {
    let half = (high - low) / (2 * panels) as f64;
    (0..panels).flat_map(move |panel| {
        let middle = low + (2 * panel + 1) as f64 * half;
        NODES.into_iter().flat_map(move |(node, weight)| {
            [(middle - half * node, half * weight), (middle + half * node, half * weight)]
        })
    })
}

/// `ln sum_i exp(a_i)`, accumulated in one pass without overflow.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogSum {
    largest: f64,
    sum: f64,
}

impl LogSum {
    pub(super) const EMPTY: Self = Self { largest: f64::NEG_INFINITY, sum: 0.0 };

    pub(super) fn add(&mut self, term: f64) {
        if term > self.largest {
            self.sum = self.sum * (self.largest - term).exp() + 1.0;
            self.largest = term;
        } else if term > self.largest - 40.0 {
            self.sum += (term - self.largest).exp();
        }
    }

    pub(super) fn value(self) -> f64 {
        self.largest + self.sum.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_of_degree_15_are_integrated_exactly() {
        let integral: f64 = gauss_legendre(0.0, 2.0, 1).map(|(x, w)| w * x.powi(15)).sum();
        assert!((integral / 4096.0 - 1.0).abs() < 1e-13, "{integral}");
        let integral: f64 = gauss_legendre(-1.0, 3.0, 5).map(|(x, w)| w * x.exp()).sum();
        assert!((integral - (3f64.exp() - (-1f64).exp())).abs() < 1e-12, "{integral}");
    }

    #[test]
    fn sums_of_exponentials_do_not_overflow() {
        let mut sum = LogSum::EMPTY;
        assert_eq!(sum.value(), f64::NEG_INFINITY);
        for term in [-1e4, 1000.0, 1000.0 + 3f64.ln()] {
            sum.add(term);
        }
        assert!((sum.value() - (1000.0 + 4f64.ln())).abs() < 1e-12);
    }
}
