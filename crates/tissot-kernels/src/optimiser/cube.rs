//! The passes over weights on GPUs. Results go to fresh memory: then nothing has to be copied where something else holds
//! the inputs, and memory is pooled.

use super::op::OptimiserOps;
use super::{AdamRates, AdamStep};
use crate::cube::{Target, buffer, enter, leave, like};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

type Float = FloatTensor<Target>;

/// The constants of a step.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
struct Rates {
    beta_1: f32,
    rest_1: f32,
    beta_2: f32,
    rest_2: f32,
    rate: f32,
    epsilon: f32,
    keep: f32,
}

#[cube(launch)]
#[allow(clippy::too_many_arguments)] // of a kernel
fn adam(
    weight: &[f32],
    gradient: &[f32],
    m: &[f32],
    v: &[f32],
    new_weight: &mut [f32],
    new_m: &mut [f32],
    new_v: &mut [f32],
    count: usize,
    rates: Rates,
) {
    let i = ABSOLUTE_POS;
    if i < count {
        let g = gradient[i];
        let mean = rates.beta_1 * m[i] + rates.rest_1 * g;
        let square = rates.beta_2 * v[i] + rates.rest_2 * g * g;
        new_m[i] = mean;
        new_v[i] = square;
        new_weight[i] = weight[i] * rates.keep - rates.rate * mean / (square.sqrt() + rates.epsilon);
    }
}

#[cube(launch)]
fn towards(from: &[f32], to: &[f32], moved: &mut [f32], count: usize, share: f32) {
    let i = ABSOLUTE_POS;
    if i < count {
        moved[i] = from[i] + (to[i] - from[i]) * share;
    }
}

impl OptimiserOps for Target {
    fn adam(weight: Float, gradient: Float, m: Float, v: Float, step: AdamStep) -> (Float, Float, Float) {
        let (weight, gradient, m, v) = (enter(weight), enter(gradient), enter(m), enter(v));
        let (new_weight, new_m, new_v) = (like(&weight), like(&weight), like(&weight));
        let AdamRates { rate, epsilon, keep } = step.rates();
        let (beta_1, beta_2) = (step.beta_1, step.beta_2);
        let rates = [beta_1, 1.0 - beta_1, beta_2, 1.0 - beta_2, rate, epsilon, keep].map(|c| c as f32);
        let [beta_1, rest_1, beta_2, rest_2, rate, epsilon, keep] = rates;
        let count = weight.meta.num_elements();
        let units = CubeDim::new(&weight.client, count);
        adam::launch(
            &weight.client,
            calculate_cube_count_elemwise(&weight.client, count, units),
            units,
            buffer(&weight),
            buffer(&gradient),
            buffer(&m),
            buffer(&v),
            buffer(&new_weight),
            buffer(&new_m),
            buffer(&new_v),
            count,
            RatesLaunch::new(beta_1, rest_1, beta_2, rest_2, rate, epsilon, keep),
        );
        (leave(new_weight), leave(new_m), leave(new_v))
    }

    fn towards(from: Float, to: Float, share: f64) -> Float {
        let (from, to) = (enter(from), enter(to));
        let moved = like(&from);
        let count = from.meta.num_elements();
        let units = CubeDim::new(&from.client, count);
        towards::launch(
            &from.client,
            calculate_cube_count_elemwise(&from.client, count, units),
            units,
            buffer(&from),
            buffer(&to),
            buffer(&moved),
            count,
            share as f32,
        );
        leave(moved)
    }

    fn sum_of_squares(of: Float) -> Float {
        Self::float_sum(Self::float_mul(of.clone(), of))
    }
}
