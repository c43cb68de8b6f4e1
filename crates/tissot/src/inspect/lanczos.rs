//! Golub-Kahan-Lanczos bidiagonalisation of several matrices at once.

use super::leading::Leading;
use nalgebra::{DMatrix, SVD};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Products with square matrices, one for each sample, that nobody has to make.
pub(super) trait Products {
    /// The number of samples and that of dimensions.
    fn shape(&self) -> [usize; 2];
    /// `J v` for each sample, `[samples * n]` both.
    fn along(&self, v: &[f64]) -> Vec<f64>;
    /// `J^T u` for each sample.
    fn back(&self, u: &[f64]) -> Vec<f64>;
}

/// `J V = U B`, `B` upper bidiagonal.
#[derive(Default)]
struct Basis {
    v: Vec<Vec<f64>>,
    u: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    above: Vec<f64>,
}

/// The `count` largest singular values after `steps` steps, for each sample.
///
/// # Panics
/// Where `count` or `steps` is 0.
pub(super) fn lanczos(products: &impl Products, count: usize, steps: usize) -> Vec<Leading> {
    let [samples, n] = products.shape();
    assert!(count > 0 && steps > 0, "{count} singular values in {steps} steps: at least 1 of both");
    let steps = steps.min(n);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut bases: Vec<Basis> = (0..samples).map(|_| Basis::default()).collect();
    let gather = |bases: &[Basis], side: fn(&Basis) -> &Vec<f64>| -> Vec<f64> {
        bases.iter().flat_map(|basis| side(basis).iter().copied()).collect()
    };
    let last_v: fn(&Basis) -> &Vec<f64> = |basis| &basis.v[basis.v.len() - 1];
    let last_u: fn(&Basis) -> &Vec<f64> = |basis| &basis.u[basis.u.len() - 1];
    for basis in &mut bases {
        let start = (0..n).map(|_| StandardNormal.sample(&mut rng)).collect();
        push_orthogonal(&mut basis.v, start, &mut rng);
    }
    for step in 0..steps {
        let moved = products.along(&gather(&bases, last_v));
        for (basis, w) in bases.iter_mut().zip(moved.chunks(n)) {
            let length = push_orthogonal(&mut basis.u, w.to_vec(), &mut rng);
            basis.diagonal.push(length);
        }
        if step + 1 < steps {
            let moved = products.back(&gather(&bases, last_u));
            for (basis, w) in bases.iter_mut().zip(moved.chunks(n)) {
                let length = push_orthogonal(&mut basis.v, w.to_vec(), &mut rng);
                basis.above.push(length);
            }
        }
    }
    let mut found: Vec<Leading> = bases.iter().map(|basis| basis.decompose(count)).collect();
    for k in 0..count.min(steps) {
        let v: Vec<f64> = found.iter().flat_map(|f| f.right[k].iter().copied()).collect();
        let u: Vec<f64> = found.iter().flat_map(|f| f.left[k].iter().copied()).collect();
        let (moved, back) = (products.along(&v), products.back(&u));
        for (sample, found) in found.iter_mut().enumerate() {
            let (s, place) = (found.singular_values[k], sample * n..(sample + 1) * n);
            let residual =
                |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - s * b).powi(2)).sum::<f64>();
            let squares = residual(&moved[place.clone()], &u[place.clone()])
                + residual(&back[place.clone()], &v[place]);
            found.errors.push((squares / 2.0).sqrt());
        }
    }
    found
}

impl Basis {
    /// The singular values of `B`, and its bases in those of `J`.
    fn decompose(&self, count: usize) -> Leading {
        let m = self.diagonal.len();
        let b = DMatrix::from_fn(m, m, |i, j| match j.wrapping_sub(i) {
            0 => self.diagonal[i],
            1 => self.above[i],
            _ => 0.0,
        });
        let nan = || vec![vec![f64::NAN; self.v[0].len()]; count.min(m)];
        let finite = b.iter().all(|v| v.is_finite());
        let svd = if finite { SVD::try_new(b, true, true, 5.0 * f64::EPSILON, 100_000) } else { None };
        let Some(SVD { u: Some(p), v_t: Some(q_t), singular_values }) = svd else {
            let singular_values = vec![f64::NAN; count.min(m)];
            return Leading { singular_values, errors: Vec::new(), left: nan(), right: nan() };
        };
        let combine = |basis: &[Vec<f64>], weights: &[f64]| {
            let mut out = vec![0.0; basis[0].len()];
            for (vector, weight) in basis.iter().zip(weights) {
                out.iter_mut().zip(vector).for_each(|(out, v)| *out += weight * v);
            }
            out
        };
        let kept = 0..count.min(m);
        let column = |k: usize| p.column(k).iter().copied().collect::<Vec<f64>>();
        let row = |k: usize| q_t.row(k).iter().copied().collect::<Vec<f64>>();
        Leading {
            singular_values: singular_values.iter().copied().take(count).collect(),
            errors: Vec::new(),
            left: kept.clone().map(|k| combine(&self.u, &column(k))).collect(),
            right: kept.map(|k| combine(&self.v, &row(k))).collect(),
        }
    }
}

/// Takes off `w` what lies along the vectors of `basis`, twice against rounding, and appends what is left at length 1; its
/// length is returned. Where nothing is left, a random direction is appended and the length is 0.
fn push_orthogonal(basis: &mut Vec<Vec<f64>>, w: Vec<f64>, rng: &mut ChaCha8Rng) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let before = dot(&w, &w).sqrt();
    let mut w = w;
    let mut length = before;
    for attempt in 0..4 {
        for _ in 0..2 {
            for vector in basis.iter() {
                let along = dot(&w, vector);
                w.iter_mut().zip(vector).for_each(|(w, v)| *w -= along * v);
            }
        }
        length = dot(&w, &w).sqrt();
        let floor = if attempt == 0 { before * 1e-14 } else { 1e-8 };
        // NaN goes on, and shows in the result.
        if length > floor || length.is_nan() {
            w.iter_mut().for_each(|w| *w /= length);
            basis.push(w);
            return if attempt == 0 { length } else { 0.0 };
        }
        w = (0..w.len()).map(|_| StandardNormal.sample(rng)).collect();
    }
    basis.push(w);
    length
}
