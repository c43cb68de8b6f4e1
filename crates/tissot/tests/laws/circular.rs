//! Rows of the layers that know circles.

use super::{Row, mlp, wide_affine};
use tissot::LayerConfig;
use tissot::laws::{Allowed, Laws};
use tissot::layers::*;
use tissot::nets::*;
use tissot::univariate::*;

/// A circle of 5 bins, as long as the lines' splines.
fn spline() -> RationalQuadratic {
    RationalQuadratic { bins: 5, bound: 3.0, parameters: SplineParams::circular() }
}

fn knowing(laws: Laws) -> Laws {
    laws.knots(&[-3.0, 0.0, 3.0]).spread(2.4)
}

pub fn rotations() -> Vec<Row> {
    let config = |circular: &[usize], learned| {
        LayerConfig::Rotation(RotationConfig { circular: circular.to_vec(), phase: 2.0, learned })
    };
    vec![
        Row::new("Rotation [2]", config(&[1], true), &[2]).with(Laws::volume_preserving),
        Row::new("Rotation, fixed", config(&[3, 0], false), &[4]).with(Laws::volume_preserving),
        Row::new("Rotation of channels", config(&[0, 2], true), &[3, 2, 2]).with(Laws::volume_preserving),
    ]
}

pub fn couplings() -> Vec<Row> {
    let line = RationalQuadratic { bins: 4, bound: 3.0, ..RationalQuadratic::default() };
    let row = |name: &str, circular: &[usize], mask: Mask, univariate: AnyUnivariate, n: usize| {
        let kept = mask.kept(n).unwrap_or_default();
        let allowed = Allowed::from_fn(n, n, |i, j| i == j || (!kept[i] && kept[j]));
        let config = CircularCouplingConfig {
            circular: circular.to_vec(),
            mask,
            univariate,
            spline: spline(),
            conditioner: mlp(),
        };
        Row::new(&format!("CircularCoupling, {name}"), LayerConfig::CircularCoupling(config), &[n])
            .with(|laws| knowing(laws).allowed(allowed))
    };
    let kept = |features: &[usize]| Mask::Kept(features.to_vec());
    vec![
        row("circles move circles", &[0, 1, 2], kept(&[1]), line.into(), 3),
        row("lines move circles", &[1, 2], kept(&[0]), line.into(), 3),
        row("circles move lines", &[0], kept(&[0]), wide_affine(), 3),
        row("both move both", &[4, 0, 2], kept(&[0, 3]), line.into(), 5),
        row("under context", &[0, 1], kept(&[0, 2]), wide_affine(), 4).under(2, |i, _| i == 1 || i == 3),
    ]
}

pub fn autoregressive() -> Vec<Row> {
    let row = |name: &str, circular: &[usize], univariate: AnyUnivariate, made: MadeConfig, n: usize| {
        let made = MadeConfig { activation: Activation::Tanh, ..made };
        let places = made.order.features(n).unwrap_or_default();
        let place = move |i: usize| places.iter().position(|&feature| feature == i);
        let config =
            CircularAutoregressiveConfig { circular: circular.to_vec(), univariate, spline: spline(), made };
        let config = LayerConfig::CircularAutoregressive(config);
        Row::new(&format!("CircularAutoregressive, {name}"), config, &[n])
            .with(|laws| knowing(laws).allowed(Allowed::from_fn(n, n, |i, j| place(j) <= place(i))))
    };
    let plain = || MadeConfig { hidden: vec![24, 24], ..MadeConfig::default() };
    let order = Order::Given(vec![2, 0, 3, 1]);
    let residual = MadeConfig { hidden: vec![24], blocks: 1, order, ..MadeConfig::default() };
    let nflows = MadeConfig { context_rule: ContextRule::Nflows, ..plain() };
    let line = RationalQuadratic { bins: 4, bound: 3.0, ..RationalQuadratic::default() };
    vec![
        row("circles", &[0, 1, 2], line.into(), plain(), 3),
        row("lines and circles", &[3, 0], line.into(), plain(), 4),
        row("given order", &[1, 2], wide_affine(), residual, 4),
        row("one circle", &[0], line.into(), plain(), 1).with(|laws| laws.spread(4.0)),
        row("under context", &[1], line.into(), plain(), 2).under(2, |_, _| true),
        row("under context as nflows", &[1], line.into(), nflows, 3).under(2, |i, _| i > 0),
    ]
}
