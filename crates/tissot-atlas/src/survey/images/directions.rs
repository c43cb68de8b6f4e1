//! The directions in which an image is stretched most and least.

use super::{Direction, Directions};
use crate::survey::round;
use burn::tensor::Tensor;
use tissot::inspect::{Leading, largest_singular_values, smallest_singular_values};
use tissot::{AnyFlow, Context};

/// Directions of each kind, and the steps that look for them.
const MOST: usize = 3;
const LEAST: usize = 2;
const STEPS: usize = 24;

/// The directions of images as the flow sees them, `x`, which are `numbers` of the set and look like `pixels`.
pub(super) fn directions(
    flow: &AnyFlow,
    x: &Tensor<4>,
    context: Context<'_>,
    numbers: &[usize],
    pixels: &[Vec<f64>],
) -> Vec<Directions> {
    let features = flow.embed(context);
    let context = Context { features: features.as_ref(), ..context };
    let most = largest_singular_values(&flow.bijection, x, context, MOST, STEPS);
    let least = smallest_singular_values(&flow.bijection, x, context, LEAST, STEPS);
    let [_, channels, height, width] = x.dims();
    let found = |at: &Leading| {
        at.right.iter().enumerate().map(|(k, v)| direction(at, k, v, channels, height * width)).collect()
    };
    (0..numbers.len())
        .map(|k| Directions {
            image: numbers[k],
            pixels: pixels[k].clone(),
            most: found(&most[k]),
            least: found(&least[k]),
        })
        .collect()
}

/// A direction with its channels last, its largest part positive.
fn direction(at: &Leading, k: usize, v: &[f64], channels: usize, area: usize) -> Direction {
    let largest = v.iter().copied().fold(0.0, |m: f64, v| if v.abs() > m.abs() { v } else { m });
    let place = |n: usize| v[n % channels * area + n / channels] * largest.signum();
    Direction {
        stretch: round::digits(at.singular_values[k], 4),
        error: round::digits(at.errors[k], 2),
        pixels: (0..v.len()).map(|n| round::decimals(place(n), 4)).collect(),
    }
}
