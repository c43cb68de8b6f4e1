//! Shares of a whole, and their gradients.

use super::knots::BinGradient;
use crate::LANES;
use crate::real::{Lanes, Real, select};

/// The gradient of share `k`: bins before the found one move its start, the found one is its size.
#[inline(always)]
pub(super) fn share_gradient<T: Real>(k: usize, index: T, start: T, size: T) -> T {
    let k = T::of(k as f64);
    select(k < index, start, select(k == index, size, T::ZERO))
}

/// `shares = least + (1 - K least) softmax(u)`.
#[inline(always)]
pub(super) fn softmax<T: Real>(u: &[Lanes<T>], shares: &mut [Lanes<T>], least: f64, n: usize) {
    let n = n.min(LANES);
    let mut largest = u[0];
    for u in &u[1..] {
        for l in 0..n {
            largest[l] = select(u[l] > largest[l], u[l], largest[l]);
        }
    }
    let mut sum = [T::ZERO; LANES];
    for (u, share) in u.iter().zip(shares.iter_mut()) {
        for l in 0..n {
            let e = (u[l] - largest[l]).exp();
            share[l] = e;
            sum[l] += e;
        }
    }
    let (least, rest) = (T::of(least), T::of(1.0 - shares.len() as f64 * least));
    for l in 0..n {
        sum[l] = rest / sum[l];
    }
    for share in shares {
        for l in 0..n {
            share[l] = share[l] * sum[l] + least;
        }
    }
}

/// Where the gradients of the shares come from.
#[derive(Clone, Copy)]
pub(super) enum Gradient<'a, T> {
    Width(&'a BinGradient<T>),
    Height(&'a BinGradient<T>),
    Given(&'a [Lanes<T>]),
}

impl<T: Real> Gradient<'_, T> {
    /// Those of share `k`.
    #[inline(always)]
    fn fill(&self, k: usize, n: usize, out: &mut Lanes<T>) {
        match self {
            Self::Width(g) => {
                for l in 0..n {
                    out[l] = share_gradient(k, g.index[l], g.x_0[l], g.width[l]);
                }
            }
            Self::Height(g) => {
                for l in 0..n {
                    out[l] = share_gradient(k, g.index[l], g.y_0[l], g.height[l]);
                }
            }
            Self::Given(lists) => *out = lists[k],
        }
    }
}

/// Multiplies `u` (the logits' derivatives) by the gradient of the logits, for that of the shares:
/// with `shares = least + rest s`, s the softmax, `dL/du_k = (shares_k - least) (g_k - sum_j s_j g_j)`.
#[inline(always)]
pub(super) fn softmax_gradient<T: Real>(
    u: &mut [Lanes<T>],
    shares: &[Lanes<T>],
    least: f64,
    n: usize,
    gradient: Gradient<'_, T>,
) {
    let n = n.min(LANES);
    let (least, rest) = (T::of(least), T::of(1.0 / (1.0 - shares.len() as f64 * least)));
    let (mut mean, mut g) = ([T::ZERO; LANES], [T::ZERO; LANES]);
    for (k, share) in shares.iter().enumerate() {
        gradient.fill(k, n, &mut g);
        for l in 0..n {
            mean[l] += (share[l] - least) * g[l];
        }
    }
    for l in 0..n {
        mean[l] = mean[l] * rest;
    }
    for (k, (u, share)) in u.iter_mut().zip(shares).enumerate() {
        gradient.fill(k, n, &mut g);
        for l in 0..n {
            u[l] = u[l] * (share[l] - least) * (g[l] - mean[l]);
        }
    }
}
