//! What tables of laws share: the univariates, and how a row is checked.

use tissot::Bijection;
use tissot::laws::{Law, Laws, randomize};
use tissot::univariate::*;

/// An affine function that can be far from the identity: the default's bound would keep a coupling near it.
pub fn wide_affine() -> AnyUnivariate {
    Affine { scale: LogScale::Tanh { bound: 3.0 }, ..Affine::default() }.into()
}

/// Every univariate, with every law of scale and of splines.
pub fn univariates() -> Vec<(String, AnyUnivariate)> {
    let scales = [
        LogScale::Exp,
        LogScale::ZUKO,
        LogScale::NFLOWS_COUPLING,
        LogScale::NFLOWS_AUTOREGRESSIVE,
        LogScale::GLOW,
        LogScale::Tanh { bound: 3.0 },
        LogScale::Atan { clamp: 2.0 },
    ];
    let free = SplineParams::FreeEnds { min_width: 1e-3, min_derivative: 1e-3 };
    let circular = SplineParams::circular();
    let splines = [SplineParams::default(), SplineParams::nflows(1.0), SplineParams::zuko(), free, circular];
    let mut all: Vec<(String, AnyUnivariate)> = vec![("Shift".into(), Shift.into())];
    all.extend(scales.map(|scale| (format!("{scale:?}"), Affine { scale, ..Affine::default() }.into())));
    let scale = LogScale::Tanh { bound: 3.0 };
    let other = Affine { order: AffineOrder::ShiftThenScale, scale };
    all.push(("shift, then scale".into(), other.into()));
    all.extend(splines.map(|parameters| {
        let spline = RationalQuadratic { bins: 5, bound: 3.0, parameters };
        (format!("{parameters:?}"), spline.into())
    }));
    all
}

/// What the laws must know about a univariate: whether it keeps volume, where its bounds are.
pub fn knowing(laws: Laws, univariate: &AnyUnivariate) -> Laws {
    match univariate {
        AnyUnivariate::Shift(_) => laws.volume_preserving(),
        AnyUnivariate::Affine(_) => laws,
        AnyUnivariate::RationalQuadratic(spline) => {
            laws.knots(&[-spline.bound, 0.0, spline.bound]).spread(2.4)
        }
    }
}

/// Checks all laws at the first random parameters that are far enough from the identity to prove something.
pub fn check<const D: usize, B: Bijection<D>>(laws: &Laws, bijection: B) {
    let mut outcome = Ok(());
    for (seed, scale) in (0..).zip([0.4, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 3.0, 5.0, 8.0]) {
        outcome = laws.check::<D, _>(&randomize(bijection.clone(), seed, scale));
        match &outcome {
            Err(violation) if violation.law == Law::Strength => {}
            _ => break,
        }
    }
    outcome.unwrap_or_else(|violation| panic!("{violation}"));
}
