//! The operations for burn's backends.

use super::{AdamStep, Moments};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

#[backend_extension(
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "cube"),
    Fusion: cfg(all(feature = "cube", feature = "fusion"))
)]
pub(super) trait OptimiserOps: Backend {
    /// See [`super::adam`].
    #[fusion(meta = |weight, _, _, _, _| (weight.clone(), weight.clone(), weight.clone()))]
    fn adam(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// See [`super::towards`].
    #[fusion(dtype = from, shape = from)]
    fn towards(from: FloatTensor<Self>, to: FloatTensor<Self>, share: f64) -> FloatTensor<Self>;

    /// See [`super::sum_of_squares`].
    #[fusion(dtype = of, shape = burn::tensor::Shape::from(vec![1]))]
    fn sum_of_squares(of: FloatTensor<Self>) -> FloatTensor<Self>;
}

pub(super) fn adam<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    [m, v]: Moments<D>,
    step: AdamStep,
) -> (Tensor<D>, Moments<D>) {
    let (m, v) = (m.into_dispatch(), v.into_dispatch());
    let (weight, gradient) = (weight.into_dispatch(), gradient.into_dispatch());
    let (weight, m, v) = <Dispatch as OptimiserOps>::adam(weight, gradient, m, v, step);
    (Tensor::from_dispatch(weight), [Tensor::from_dispatch(m), Tensor::from_dispatch(v)])
}

pub(super) fn towards<const D: usize>(from: Tensor<D>, to: &Tensor<D>, share: f64) -> Tensor<D> {
    let (from, to) = (from.into_dispatch(), to.clone().into_dispatch());
    Tensor::from_dispatch(<Dispatch as OptimiserOps>::towards(from, to, share))
}

pub(super) fn sum_of_squares<const D: usize>(of: &Tensor<D>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as OptimiserOps>::sum_of_squares(of.clone().into_dispatch()))
}
