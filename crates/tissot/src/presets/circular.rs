//! Spline flows of features of which some lie on circles.

use super::Size;
use crate::base::BaseConfig;
use crate::circles::Circles;
use crate::config::FlowConfig;
use crate::layer::LayerConfig;
use crate::layers::{CircularAutoregressiveConfig, CircularCouplingConfig, Mask, RotationConfig};
use crate::nets::{ConditionerConfig, MadeConfig, MlpConfig, Order};
use crate::univariate::RationalQuadratic;

/// NSF with couplings on a product of lines and circles: the features `circular` are angles in radians, moved by circular
/// splines behind rotations, the others by the splines of [`nsf_coupling`](super::nsf_coupling), and the base is uniform on
/// the circles (Rezende, Papamakarios, Racaniere et al. 2020, "Normalizing Flows on Tori and Spheres"). Needs two features.
///
/// In place of linear maps, which tear circles, the masks alternate. The rotations start evenly spread over one whole turn and
/// end where they began: the flow starts as the identity. See [`Circles`] for angles beyond one turn.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rand::SeedableRng;
/// use tissot::{Context, presets};
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let flow = presets::nsf_circular_coupling(&presets::Size::new(2), &[0]).init(&Device::flex(), &mut rng)?;
/// let turn = std::f32::consts::TAU;
/// let x = Tensor::<2>::from_floats([[1.0, 0.5], [1.0 + turn, 0.5]], &Device::flex());
/// let log_p: Vec<f32> = flow.log_prob(x, Context::NONE).into_data().iter().collect();
/// assert!((log_p[0] - log_p[1]).abs() < 1e-5);
/// # Ok::<(), tissot::Error>(())
/// ```
pub fn nsf_circular_coupling(size: &Size, circular: &[usize]) -> FlowConfig {
    flow(size, circular, |k| {
        LayerConfig::CircularCoupling(CircularCouplingConfig {
            circular: circular.to_vec(),
            mask: if k.is_multiple_of(2) { Mask::Even } else { Mask::Odd },
            univariate: size.spline(),
            spline: spline(size),
            conditioner: ConditionerConfig::Mlp(MlpConfig {
                hidden: size.hidden.clone(),
                ..MlpConfig::default()
            }),
        })
    })
}

/// NSF, autoregressive, on a product of lines and circles: as [`nsf_circular_coupling`], with autoregressive layers whose
/// order is turned round from one to the next. Takes one feature, too.
///
/// A density takes one pass a transform, a sample one a feature and transform.
pub fn nsf_circular_autoregressive(size: &Size, circular: &[usize]) -> FlowConfig {
    flow(size, circular, |k| {
        let order = if k.is_multiple_of(2) { Order::Ascending } else { Order::Descending };
        LayerConfig::CircularAutoregressive(CircularAutoregressiveConfig {
            circular: circular.to_vec(),
            univariate: size.spline(),
            spline: spline(size),
            made: MadeConfig { hidden: size.hidden.clone(), order, ..MadeConfig::default() },
        })
    })
}

/// Each layer behind a rotation: before it the circles stand turned by `1 / T, 2 / T, .., 1` of a turn, not beyond half a turn to
/// either side.
fn flow(size: &Size, circular: &[usize], layer: impl Fn(usize) -> LayerConfig) -> FlowConfig {
    let circles = Circles::new(circular);
    let turned = |k: usize| {
        let share = k as f64 / size.transforms as f64;
        2.0 * circles.bound * (share - share.round())
    };
    let layers = size.repeat(|k| {
        let phase = turned(k + 1) - turned(k);
        let rotation = RotationConfig { circular: circular.to_vec(), phase, ..RotationConfig::default() };
        vec![LayerConfig::Rotation(rotation), layer(k)]
    });
    FlowConfig { base: BaseConfig::Torus(circles), ..size.flow(layers) }
}

fn spline(size: &Size) -> RationalQuadratic {
    RationalQuadratic { bins: size.bins, ..RationalQuadratic::circular() }
}
