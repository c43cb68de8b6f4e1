//! Laws that make the logarithm of a scale of a free number.

use crate::real::{Real, select};

/// Below it, `log softplus(u)` is `u` to the last digit of f64.
pub(super) const SOFTPLUS_TAIL: f64 = -40.0;

/// `|log s|` of laws without a bound of their own is cut off here.
pub(super) const LIMIT: f64 = 60.0;

/// How a free parameter `u` becomes `log s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LogScale {
    /// `log s = u`, within 60.
    Exp,
    /// `log s = u / (1 + |u / ln(floor)|)`.
    SoftClip {
        /// The least scale.
        floor: f64,
    },
    /// `s = sigmoid(u + offset) + epsilon`, at least `e^-60`.
    Sigmoid {
        /// What is added to `u`.
        offset: f64,
        /// The least scale; may be 0.
        epsilon: f64,
    },
    /// `s = softplus(u) + epsilon`, at least `e^-60`.
    Softplus {
        /// The least scale; may be 0.
        epsilon: f64,
    },
    /// `log s = bound tanh(u / bound)`.
    Tanh {
        /// The largest `|log s|`.
        bound: f64,
    },
}

impl LogScale {
    /// `log s` and its derivative at each `u`, in its place.
    #[inline(always)]
    pub(super) fn apply<T: Real>(&self, u: &mut [T], derivative: &mut [T]) {
        let each = u.iter_mut().zip(derivative);
        match *self {
            Self::Exp => each.for_each(
                #[inline(always)]
                |(u, d)| (*u, *d) = cut(*u, T::ONE),
            ),
            Self::SoftClip { floor } => {
                let over = T::of(-1.0 / floor.ln());
                each.for_each(
                    #[inline(always)]
                    |(u, d)| {
                        let damping = T::ONE / (T::ONE + (*u * over).abs());
                        *u = *u * damping;
                        *d = damping * damping;
                    },
                );
            }
            Self::Sigmoid { offset, epsilon } => {
                let (offset, epsilon) = (T::of(offset), T::of(epsilon));
                each.for_each(
                    #[inline(always)]
                    |(u, d)| {
                        let v = *u + offset;
                        let e = (-v.abs()).exp();
                        let log_s = select(v < T::ZERO, v, T::ZERO) - e.ln_1p();
                        let over = T::ONE / (T::ONE + e);
                        let (right, left) =
                            (select(v < T::ZERO, e, T::ONE) * over, select(v < T::ZERO, T::ONE, e) * over);
                        (*u, *d) = if epsilon > T::ZERO {
                            let s = right + epsilon;
                            (s.ln(), right * left / s)
                        } else {
                            cut(log_s, left)
                        };
                    },
                );
            }
            Self::Softplus { epsilon } => {
                let (epsilon, tail) = (T::of(epsilon), T::of(SOFTPLUS_TAIL));
                each.for_each(
                    #[inline(always)]
                    |(u, d)| {
                        let e = (-u.abs()).exp();
                        let s = select(*u > T::ZERO, *u, T::ZERO) + e.ln_1p() + epsilon;
                        let slope = select(*u > T::ZERO, T::ONE, e) / ((T::ONE + e) * s);
                        let far = (*u < tail) & (epsilon == T::ZERO);
                        let (log_s, slope) = (select(far, *u, s.ln()), select(far, T::ONE, slope));
                        (*u, *d) = cut(log_s, slope);
                    },
                );
            }
            Self::Tanh { bound } => {
                let (bound, over) = (T::of(bound), T::of(1.0 / bound));
                each.for_each(
                    #[inline(always)]
                    |(u, d)| {
                        let th = (*u * over).tanh();
                        *u = bound * th;
                        *d = T::ONE - th * th;
                    },
                );
            }
        }
    }
}

/// `log s` within the limits, and its derivative, 0 beyond them.
#[inline(always)]
fn cut<T: Real>(log_s: T, derivative: T) -> (T, T) {
    let limit = T::of(LIMIT);
    let low = select(log_s < -limit, -limit, log_s);
    (select(low > limit, limit, low), select(log_s.abs() > limit, T::ZERO, derivative))
}
