//! Law 11: extreme inputs.

use super::case::Case;
use super::gradients::parameters;
use super::violation::{Law, Violation};
use crate::bijection::{Bijection, Context};
use crate::inspect::jacobian::host;
use burn::tensor::{DType, Int, Tensor, TensorData};

/// The inputs at which things break: every knot, one unit in the last place (of the number type) to either side of it,
/// well outside it, 0, and both signs of 1e1 to 1e6.
pub fn extremes(knots: &[f64], dtype: DType) -> Vec<f64> {
    let neighbours = |k: f64| match dtype {
        DType::F64 => [k.next_down(), k, k.next_up()],
        _ => [(k as f32).next_down(), k as f32, (k as f32).next_up()].map(f64::from),
    };
    let mut values: Vec<f64> = knots.iter().flat_map(|&k| neighbours(k)).collect();
    values.extend(knots.iter().flat_map(|&k| [1.5 * k, k + k.signum()]));
    values.extend([0.0, -0.0]);
    values.extend((1..=6).flat_map(|power| [10_f64.powi(power), -(10_f64.powi(power))]));
    values
}

/// Law 11: at each of `values`, as all features of a sample and as one of them, both directions give finite values,
/// and finite gradients by the input, the context and the parameters.
///
/// For a single layer: through a stack an input of 1e6 may well overflow.
///
/// # Errors
/// A [`Violation`] of [`Law::Extremes`].
pub fn withstands_extremes<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    values: &[f64],
) -> Result<(), Violation> {
    let trained = case.bijection.clone().train();
    let n = case.dimensions();
    let samples = host(case.x.clone());
    let mut rows = Vec::with_capacity(2 * values.len() * n);
    for (k, &value) in values.iter().enumerate() {
        rows.extend(std::iter::repeat_n(value, n));
        let sample = k % case.batch();
        rows.extend_from_slice(&samples[sample * n..(sample + 1) * n]);
        let last = rows.len() - n;
        rows[last + k % n] = value;
    }
    for inverse in [false, true] {
        let all: Vec<usize> = (0..2 * values.len()).collect();
        let Some(problem) = problem(case, &trained, &rows, &all, inverse) else { continue };
        // Gradients of parameters do not say which row they come from: look for it.
        let (row, problem) = all
            .iter()
            .find_map(|&row| {
                self::problem(case, &trained, &rows, &[row], inverse).map(|problem| (row, problem))
            })
            .unwrap_or((0, problem));
        let direction = if inverse { "inverse" } else { "forward" };
        let place = if row % 2 == 0 { "all features".to_owned() } else { format!("feature {}", row / 2 % n) };
        let found = format!("{problem} from {direction} with {place} at {:e}", values[row / 2]);
        return Err(case.broken(Law::Extremes, found, "a finite number"));
    }
    Ok(())
}

/// The first number that is not finite at the chosen rows, if there is one.
fn problem<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    trained: &B,
    rows: &[f64],
    chosen: &[usize],
    inverse: bool,
) -> Option<String> {
    let n = case.dimensions();
    let mut shape = case.x.dims();
    shape[0] = chosen.len();
    let values: Vec<f64> = chosen.iter().flat_map(|&row| &rows[row * n..(row + 1) * n]).copied().collect();
    let x = Tensor::<D>::from_data(TensorData::new(values, shape), (&case.x.device(), case.x.dtype()));
    let x = x.autodiff().require_grad();
    let context = case.context.clone().map(|context| {
        let of: Vec<i64> = chosen.iter().map(|row| (row / 2 % case.batch()) as i64).collect();
        let of = Tensor::<1, Int>::from_data(TensorData::new(of, [chosen.len()]), &context.device());
        context.select(0, of).autodiff().require_grad()
    });
    let features = context.as_ref().map_or(Context::NONE, Context::of);
    let (y, log_det) =
        if inverse { trained.inverse(x.clone(), features) } else { trained.forward(x.clone(), features) };
    let strange = |what: &str, values: Vec<f64>| {
        values.into_iter().find(|v| !v.is_finite()).map(|v| format!("{v} as {what}"))
    };
    let value = strange("value", host(y.clone())).or_else(|| strange("log_det", host(log_det.clone())));
    if value.is_some() {
        return value;
    }
    let total = y.sum() + log_det.sum();
    if !total.is_tracked() {
        return None;
    }
    let gradients = total.backward();
    let by_x = || x.grad(&gradients).and_then(|g| strange("gradient by the input", host(g)));
    let by_context = || {
        let gradient = context.as_ref().and_then(|context| context.grad(&gradients));
        gradient.and_then(|g| strange("gradient by the context", host(g)))
    };
    let by_parameters = || {
        parameters(trained, Some(&gradients)).into_iter().find_map(|parameter| {
            strange(&format!("gradient by parameter {}", parameter.path), parameter.gradient?)
        })
    };
    by_x().or_else(by_context).or_else(by_parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_hold_the_neighbours_of_a_knot() {
        for (dtype, step) in [(DType::F64, f64::EPSILON), (DType::F32, f64::from(f32::EPSILON))] {
            let found = extremes(&[1.0], dtype);
            for expected in [1.0, 1.0 + step, 1.0 - step / 2.0, 1.5, 1e6, -1e6] {
                assert!(found.contains(&expected), "{expected} in {dtype:?}");
            }
        }
    }
}
