//! Activations on GPUs.

use super::Activation;
use crate::cube::Fixed;
use crate::cube::math::{log_1_plus, tanh};
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// The constants of an activation, in the order in which it names them.
fn constants(activation: Activation) -> [f32; 2] {
    match activation {
        Activation::LeakyRelu { slope } => [slope as f32, 0.0],
        Activation::Elu { alpha, scale } => [alpha as f32, scale as f32],
        _ => [0.0; 2],
    }
}

/// `1 / (1 + exp(-u))` without overflow.
#[cube]
fn sigmoid(u: f32) -> f32 {
    let e = (-u.abs()).exp();
    select(u >= 0.0, 1.0, e) / (1.0 + e)
}

/// `log(1 + exp(u))` without overflow.
#[cube]
fn softplus(u: f32) -> f32 {
    max(u, 0.0) + log_1_plus((-u.abs()).exp())
}

/// The activation at `u`.
#[cube]
pub(crate) fn apply(u: f32, #[comptime] activation: Fixed<Activation>) -> f32 {
    let c = comptime!(constants(activation.0));
    if comptime!(activation.0 == Activation::Relu) {
        max(u, 0.0)
    } else if comptime!(matches!(activation.0, Activation::LeakyRelu { .. })) {
        select(u >= 0.0, u, u * f32::new(c[0]))
    } else if comptime!(matches!(activation.0, Activation::Elu { .. })) {
        let below = (min(u, 0.0).exp() - 1.0) * f32::new(comptime!(c[0] * c[1]));
        select(u > 0.0, u * f32::new(c[1]), below)
    } else if comptime!(activation.0 == Activation::Silu) {
        u * sigmoid(u)
    } else if comptime!(activation.0 == Activation::Gelu) {
        0.5 * u * (1.0 + Erf::erf(u * f32::new(std::f32::consts::FRAC_1_SQRT_2)))
    } else if comptime!(activation.0 == Activation::Mish) {
        u * tanh(softplus(u))
    } else if comptime!(activation.0 == Activation::Tanh) {
        tanh(u)
    } else if comptime!(activation.0 == Activation::Sigmoid) {
        sigmoid(u)
    } else {
        softplus(u)
    }
}

/// Whether [`pull_back`] knows the activation: where its derivative follows from its value.
pub(crate) fn follows_from_value(activation: Activation) -> bool {
    match activation {
        Activation::Relu | Activation::Elu { .. } | Activation::Tanh => true,
        Activation::Sigmoid | Activation::Softplus => true,
        // A smaller slope may turn a negative number into 0, which hides on which side it was.
        Activation::LeakyRelu { slope } => slope >= 1e-6,
        Activation::Silu | Activation::Gelu | Activation::Mish => false,
    }
}

/// `g act'(u)` for the value `y = act(u)`.
#[cube]
pub(crate) fn pull_back(g: f32, y: f32, #[comptime] activation: Fixed<Activation>) -> f32 {
    let c = comptime!(constants(activation.0));
    if comptime!(activation.0 == Activation::Relu) {
        select(y <= 0.0, 0.0, g)
    } else if comptime!(matches!(activation.0, Activation::LeakyRelu { .. })) {
        select(y < 0.0, g * f32::new(c[0]), g)
    } else if comptime!(matches!(activation.0, Activation::Elu { .. })) {
        g * select(y > 0.0, f32::new(c[1]), y + f32::new(comptime!(c[0] * c[1])))
    } else if comptime!(activation.0 == Activation::Tanh) {
        g * (1.0 - y * y)
    } else if comptime!(activation.0 == Activation::Sigmoid) {
        g * (y * (1.0 - y))
    } else {
        g * (1.0 - (-y).exp())
    }
}
