//! The laws of a map and its inverse: the premise, 1, 2, 3 and 14.

use super::case::{Case, place};
use super::violation::{Law, Violation};
use crate::bijection::Bijection;
use crate::inspect::jacobian::host;
use burn::tensor::Tensor;

/// The least mean of `|log det J|` (or of `|z - x|` where volume is preserved) per dimension that proves anything.
const FAR: f64 = 0.3;

/// The premise: the mean of `|log det J|` per dimension exceeds 0.3, and a third of the points have a coordinate beyond
/// the knot nearest to 0 on its side (where `knots` are given).
///
/// A bijection that preserves volume must have a log-det of 0 instead, and a mean `|z - x|` above 0.3.
///
/// # Errors
/// A [`Violation`] of [`Law::Strength`]; of [`Law::LogDet`] where volume should be preserved and is not.
pub fn strong_enough<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    volume_preserving: bool,
    knots: &[f64],
) -> Result<(), Violation> {
    let (z, log_det) = case.forward();
    let x = host(case.x.clone());
    let (far, what) = if volume_preserving {
        case.agree(Law::LogDet, "the log_det that should be 0", &log_det, &vec![0.0; log_det.len()])?;
        (mean(z.iter().zip(&x).map(|(z, x)| (z - x).abs())), "|z - x|")
    } else {
        // The exact one: a wrong log_det is for law 4 to find.
        let exact = case.derivatives.iter().map(|at| at.by_x.log_abs_det().abs());
        (mean(exact) / case.dimensions().max(1) as f64, "|log det J| per dimension")
    };
    if far.is_nan() || far <= FAR {
        return Err(case.broken(
            Law::Strength,
            format!("a mean {what} of {far:.3}, too near the identity to prove anything"),
            format!("more than {FAR} (take laws::randomize with a larger scale or another seed)"),
        ));
    }
    let above = knots.iter().copied().filter(|&k| k > 0.0).fold(f64::INFINITY, f64::min);
    let below = knots.iter().copied().filter(|&k| k < 0.0).fold(f64::NEG_INFINITY, f64::max);
    let crossing =
        x.chunks(case.dimensions().max(1)).filter(|row| row.iter().any(|&v| v > above || v < below));
    let crossing = crossing.count();
    if !knots.is_empty() && 3 * crossing < case.batch() {
        return Err(case.broken(
            Law::Strength,
            format!("{crossing} of {} points beyond a knot", case.batch()),
            "at least a third (take a larger spread)",
        ));
    }
    Ok(())
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len().max(1) as f64;
    values.sum::<f64>() / n
}

/// Law 1: both directions keep shape and number type, give one log-det a sample, and finite values.
///
/// # Errors
/// A [`Violation`] of [`Law::Shapes`].
pub fn keeps_shapes<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let (z, forward) = case.bijection.forward(case.x.clone(), case.context());
    shapes(case, "z", &z, &forward)?;
    let (x, inverse) = case.bijection.inverse(z, case.context());
    shapes(case, "x of inverse", &x, &inverse)
}

fn shapes<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    name: &str,
    value: &Tensor<D>,
    log_det: &Tensor<1>,
) -> Result<(), Violation> {
    let wrong = |found: String, expected: String| Err(case.broken(Law::Shapes, found, expected));
    let (found, expected) = (value.dims(), case.x.dims());
    if found != expected {
        return wrong(format!("{name} of shape {found:?}"), format!("{expected:?}"));
    }
    if log_det.dims() != [case.batch()] {
        return wrong(
            format!("log_det of shape {:?} beside {name}", log_det.dims()),
            format!("[{}]", case.batch()),
        );
    }
    for dtype in [value.dtype(), log_det.dtype()] {
        if dtype != case.x.dtype() {
            return wrong(format!("{dtype:?} beside {name}"), format!("{:?}", case.x.dtype()));
        }
    }
    finite(case, name, &host(value.clone()), case.dimensions())?;
    finite(case, &format!("log_det beside {name}"), &host(log_det.clone()), 1)
}

fn finite<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    what: &str,
    values: &[f64],
    width: usize,
) -> Result<(), Violation> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => {
            let found = format!("{} as {what} {}", values[i], place(i, width));
            Err(case.broken(Law::Shapes, found, "a finite number"))
        }
    }
}

/// Law 2: `inverse(forward(x)) = x`.
///
/// # Errors
/// A [`Violation`] of [`Law::Inverse`].
pub fn inverts<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let (z, _) = case.bijection.forward(case.x.clone(), case.context());
    let (back, _) = case.bijection.inverse(z, case.context());
    case.agree(Law::Inverse, "x after both", &host(back), &host(case.x.clone()))
}

/// Law 3: the log-det of `inverse` at `forward(x)` is minus that of `forward` at `x`.
///
/// # Errors
/// A [`Violation`] of [`Law::LogDetsCancel`].
pub fn log_dets_cancel<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let (z, forward) = case.bijection.forward(case.x.clone(), case.context());
    let (_, inverse) = case.bijection.inverse(z, case.context());
    case.agree(Law::LogDetsCancel, "the inverse's log_det", &host(inverse), &host(forward.neg()))
}

/// Law 14: the steps of `walk` end where `forward` ends, and their log-dets add up to its log-det.
///
/// # Errors
/// A [`Violation`] of [`Law::Walk`].
pub fn walk_adds_up<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let (z, log_det) = case.forward();
    let mut total = vec![0.0; case.batch()];
    let (mut names, mut last) = (Vec::new(), host(case.x.clone()));
    let end = case.bijection.walk(case.x.clone(), case.context(), &mut |name, z, log_det| {
        total.iter_mut().zip(host(log_det.clone())).for_each(|(sum, part)| *sum += part);
        last = host(z.clone());
        names.push(name.to_owned());
    });
    let steps = format!("over [{}]", names.join(", "));
    case.agree(Law::Walk, &format!("walk's log_det {steps}"), &total, &log_det)?;
    case.agree(Law::Walk, &format!("the z that walk returns {steps}"), &host(end), &z)?;
    case.agree(Law::Walk, &format!("the last step's z {steps}"), &last, &z)?;
    let (mut parts, mut x) = (Vec::new(), case.x.clone());
    case.bijection.parts(&mut |name, part| {
        x = part.forward(x.clone(), case.context()).0;
        parts.push(name.to_owned());
    });
    if parts != names {
        let found = format!("parts [{}]", parts.join(", "));
        return Err(case.broken(Law::Walk, found, format!("those of walk, [{}]", names.join(", "))));
    }
    case.agree(Law::Walk, &format!("the z of the last of parts {steps}"), &host(x), &z)?;
    positions_add_up(case, &z)
}

/// The parts that positions have in the layers' log-dets add up to these.
fn positions_add_up<const D: usize, B: Bijection<D>>(case: &Case<D, B>, z: &[f64]) -> Result<(), Violation> {
    let mut layers = Vec::new();
    case.bijection.walk(case.x.clone(), case.context(), &mut |name, _, log_det| {
        layers.push((name.to_owned(), host(log_det.clone())));
    });
    let mut found = Vec::new();
    let end = case.bijection.walk_positions(case.x.clone(), case.context(), &mut |at| {
        let mut shape = case.x.dims();
        shape[1] = 1;
        assert_eq!(at.log_det.dims(), shape, "the log-det of {} by position", at.name);
        let sums = host(at.log_det).chunks(shape[1..].iter().product()).map(|row| row.iter().sum()).collect();
        found.push((at.name.to_owned(), sums));
    });
    case.agree(Law::Walk, "the z that walk_positions returns", &host(end), z)?;
    let names =
        |of: &[(String, Vec<f64>)]| of.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(", ");
    if names(&found) != names(&layers) {
        return Err(case.broken(
            Law::Walk,
            format!("positions of [{}]", names(&found)),
            format!("those of walk, [{}]", names(&layers)),
        ));
    }
    found.iter().zip(&layers).try_for_each(|((name, sums), (_, log_det))| {
        case.agree(Law::Walk, &format!("the positions' log-dets of {name}"), sums, log_det)
    })
}
