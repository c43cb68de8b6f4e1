//! What the layers' own rules for tangents share.

use crate::bijection::{Context, expanded};
use crate::nets::Conditioner;
use crate::univariate::Univariate;
use burn::tensor::{Int, Tensor, TensorData};

/// Each of the tangents `[batch, directions, n]` as a sample of shape `dims[1..]`, through `map`.
pub(super) fn each<const D: usize>(
    tangents: Tensor<3>,
    dims: [usize; D],
    map: impl FnOnce(Tensor<D>) -> Tensor<D>,
) -> Tensor<3> {
    let [batch, directions, _] = tangents.dims();
    let mut as_samples = dims;
    as_samples[0] = batch * directions;
    let moved = map(tangents.reshape(as_samples));
    let n = moved.dims()[1..].iter().product();
    moved.reshape([batch, directions, n])
}

/// Some features of the tangents, `[batch, directions, n]`: as a matrix, for which burn copies rows at a time.
pub(super) fn select(tangents: Tensor<3>, features: Tensor<1, Int>) -> Tensor<3> {
    let ([batch, directions, n], [selected]) = (tangents.dims(), features.dims());
    tangents.reshape([batch * directions, n]).select(1, features).reshape([batch, directions, selected])
}

/// A univariate at some points: its values and its derivatives.
pub(super) struct Slopes {
    /// `y = u(x; params)`, `[batch, elements]`.
    pub y: Tensor<2>,
    /// `dy/dx`, `[batch, elements]`.
    pub by_x: Tensor<2>,
    /// `dy/dparams`, `[batch, elements, num_params]`.
    pub by_params: Tensor<3>,
}

impl Slopes {
    /// By automatic differentiation of the univariate alone: elements do not touch each other, so one backward does.
    pub fn of<U: Univariate>(univariate: &U, x: Tensor<2>, params: Tensor<3>) -> Self {
        let x = x.detach().without_autodiff().autodiff().require_grad();
        let params = params.detach().without_autodiff().autodiff().require_grad();
        let (y, _) = univariate.forward(x.clone(), params.clone());
        let grads = y.clone().sum().backward();
        let plain = |y: Tensor<2>| y.detach().without_autodiff();
        Self {
            by_x: x.grad(&grads).unwrap_or_else(|| plain(x.zeros_like())),
            by_params: params.grad(&grads).unwrap_or_else(|| params.zeros_like().detach().without_autodiff()),
            y: plain(y),
        }
    }
}

/// Moves `moved` by a univariate whose parameters `net` makes of `kept`, with tangents of both; `None` where the network
/// has no rule.
///
/// ```text
/// dz = u'(x) dx + (du/dparams . dparams/dkept) dkept
/// ```
///
/// The bracket is made for the tangents at hand or, where they are more than the kept features, for those of the
/// features themselves.
pub(super) fn conditioned<const D: usize, N: Conditioner<D>, U: Univariate>(
    net: &N,
    univariate: &U,
    (kept, kept_tangents): (Tensor<D>, Tensor<3>),
    (moved, moved_tangents): (Tensor<2>, Tensor<3>),
    context: Context<'_>,
) -> Option<(Tensor<2>, Tensor<3>)> {
    let [batch, directions, inputs] = kept_tangents.dims();
    let [_, elements] = moved.dims();
    let own = directions >= inputs;
    let seen = if own { unit_tangents(1, inputs, &kept) } else { kept_tangents.clone() };
    let seen = net.push(kept, seen, context)?;
    let params = seen.outputs().reshape([batch, elements, univariate.num_params()]);
    let at = Slopes::of(univariate, moved, params);
    let by_kept = seen.contract(at.by_params);
    let from_kept = if own { kept_tangents.matmul(by_kept) } else { by_kept };
    Some((at.y, moved_tangents * at.by_x.unsqueeze_dim(1) + from_kept))
}

/// The unit vectors as tangents, `[batch, n, n]`, on the device and in the type of `like`.
pub(crate) fn unit_tangents<const D: usize>(batch: usize, n: usize, like: &Tensor<D>) -> Tensor<3> {
    let eye: Vec<f64> = (0..n * n).map(|i| f64::from(u8::from(i / n == i % n))).collect();
    let site = (&like.device().without_autodiff(), like.dtype());
    expanded(Tensor::<3>::from_data(TensorData::new(eye, [1, n, n]), site), [batch, n, n])
}
