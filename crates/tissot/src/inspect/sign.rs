//! What a layer can say about its own health.

use serde::Serialize;

/// What [`Bijection::examine`](crate::Bijection::examine) finds at some inputs: measures, not verdicts.
///
/// Slopes are `dz/dx` of one element in the layer's own direction; their logarithms are in nats.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Sign {
    /// Elements that a spline lets through unchanged, because they are outside its box.
    Outside {
        /// How many.
        outside: usize,
        /// Of how many.
        elements: usize,
        /// The box is `[-bound, bound]`.
        bound: f64,
    },
    /// Elements whose scale is so near the end of its law that its parameter hardly learns; see
    /// [`LogScale::learns_within`](crate::univariate::LogScale::learns_within).
    Saturated {
        /// How many.
        saturated: usize,
        /// Of how many.
        elements: usize,
    },
    /// The logarithms of the scales of all elements.
    LogScale {
        /// The least, in nats.
        least: f64,
        /// The greatest, in nats.
        greatest: f64,
    },
    /// Limits of a spline's slopes in all its bins, with data in them or without.
    Bins {
        /// No bin is flatter than this, in nats: the least of `log min(d, d', s^2 / max(d, d'))`.
        least: f64,
        /// No bin is steeper than this, in nats: the greatest of `log max(d, d', 2 s)`.
        greatest: f64,
    },
    /// The sizes of the diagonal entries of a triangular factor.
    Diagonal {
        /// The least.
        least: f64,
        /// The greatest.
        greatest: f64,
        /// Which entry is the least.
        entry: usize,
    },
    /// An order of the features that is no permutation.
    Order {
        /// What is wrong with it.
        fault: String,
    },
}

/// The least and the greatest; a NaN is both infinities.
pub(crate) fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), v| {
        if v.is_nan() { (f64::NEG_INFINITY, f64::INFINITY) } else { (least.min(v), greatest.max(v)) }
    })
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn no_number_is_every_number() {
        assert_eq!(range([2.0, -1.0, 5.0].into_iter()), (-1.0, 5.0));
        assert_eq!(range([2.0, f64::NAN, 5.0].into_iter()), (f64::NEG_INFINITY, f64::INFINITY));
    }
}
