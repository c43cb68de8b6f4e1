//! Two convolutions as one operation against burn's own, one after the other.

use super::{close, layer, plain, waves};
use burn::tensor::{DType, Device, Tensor, TensorData};
use tissot_kernels::activation::Activation;
use tissot_kernels::conv::Maps;

/// What goes into two convolutions: the image, weight and bias of the one, weight and bias of the other. Of those whose bit `tracked`
/// has, the gradient is wanted.
struct Pair {
    x: Tensor<4>,
    weights: [Tensor<4>; 2],
    biases: [Tensor<1>; 2],
}

impl Pair {
    fn new(
        [batch, height, width]: [usize; 3],
        [inputs, hidden, outputs]: [usize; 3],
        sizes: [usize; 2],
        dtype: DType,
        tracked: usize,
    ) -> Self {
        fn leaf<const D: usize>(x: Tensor<D>, tracked: usize, bit: usize) -> Tensor<D> {
            if tracked >> bit & 1 == 1 { x.require_grad() } else { x }
        }
        let device = Device::flex().autodiff();
        let [first, second] = sizes;
        Self {
            x: leaf(waves([batch, inputs, height, width], 0.1, &device, dtype), tracked, 0),
            weights: [
                leaf(waves([hidden, inputs, first, first], 0.7, &device, dtype), tracked, 1),
                leaf(waves([outputs, hidden, second, second], 0.2, &device, dtype), tracked, 3),
            ],
            biases: [
                leaf(waves([hidden], 0.3, &device, dtype), tracked, 2),
                leaf(waves([outputs], 0.4, &device, dtype), tracked, 4),
            ],
        }
    }

    /// The values of `y` and the gradients.
    fn backward(&self, y: Tensor<4>) -> (Tensor<4>, [Option<Vec<f64>>; 5]) {
        let factors = waves(y.dims(), 0.9, &y.device(), y.dtype());
        let grads = (y.clone() * factors).sum().backward();
        let numbers = |data: TensorData| data.iter().collect();
        let [first, second] = &self.weights;
        let gradients = [
            self.x.grad(&grads).map(|g| numbers(g.into_data())),
            first.grad(&grads).map(|g| numbers(g.into_data())),
            self.biases[0].grad(&grads).map(|g| numbers(g.into_data())),
            second.grad(&grads).map(|g| numbers(g.into_data())),
            self.biases[1].grad(&grads).map(|g| numbers(g.into_data())),
        ];
        (y.inner(), gradients)
    }

    #[track_caller]
    fn check(&self, what: &str, biased: [bool; 2], activations: [Option<Activation>; 2], most: f64) {
        let bias = |k: usize| biased[k].then_some(&self.biases[k]);
        let layers = [0, 1].map(|k| layer(&self.weights[k], bias(k), activations[k]));
        let expected = layers.iter().fold(self.x.clone(), |x, layer| {
            plain(x, layer.weight.clone(), layer.bias.clone(), layer.activation)
        });
        let found = self.backward(Maps::new(self.x.clone()).convolve_twice(layers).into_image());
        let expected = self.backward(expected);
        close(what, found.0, expected.0, most);
        for (k, (found, expected)) in found.1.into_iter().zip(expected.1).enumerate() {
            let (Some(found), Some(expected)) = (&found, &expected) else {
                assert_eq!(found.is_some(), expected.is_some(), "{what}: gradient {k}");
                continue;
            };
            let largest = expected.iter().fold(1.0, |most: f64, v| most.max(v.abs()));
            let gap = found.iter().zip(expected).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs()));
            assert!(gap <= most * largest, "{what}: gradient {k} apart by {gap:e}");
        }
    }
}

#[test]
fn two_convolutions_are_the_one_and_then_the_other() {
    let all = 0b11111;
    for (dtype, most) in [(DType::F64, 1e-12), (DType::F32, 2e-5)] {
        // The fused form, more outputs than hidden channels, one position's patch; then what is not fused.
        for (widths, sizes) in [
            ([2, 6, 4], [3, 1]),
            ([1, 3, 9], [5, 1]),
            ([2, 3, 4], [1, 1]),
            ([6, 3, 4], [3, 1]),
            ([2, 4, 5], [3, 3]),
        ] {
            for activations in [
                [Some(Activation::Relu), Some(Activation::Tanh)],
                [Some(Activation::Silu), None],
                [None, Some(Activation::Silu)],
            ] {
                for biased in [[true, true], [false, true], [true, false]] {
                    let what = format!("{widths:?} {sizes:?} {activations:?} {biased:?} {dtype:?}");
                    Pair::new([3, 4, 5], widths, sizes, dtype, all).check(&what, biased, activations, most);
                }
            }
        }
    }
}

#[test]
fn two_convolutions_give_the_gradients_that_are_wanted_and_no_others() {
    for tracked in 1..1 << 5 {
        let pair = Pair::new([3, 4, 5], [2, 6, 4], [3, 1], DType::F64, tracked);
        let activations = [Some(Activation::Silu), Some(Activation::Tanh)];
        pair.check(&format!("tracked {tracked:05b}"), [true, true], activations, 1e-12);
    }
}

/// So many images that they are computed by blocks, of which the last one is smaller.
#[test]
fn blocks_of_images_are_the_whole() {
    for (dtype, most) in [(DType::F64, 1e-12), (DType::F32, 5e-5)] {
        for activations in [[Some(Activation::Relu), Some(Activation::Relu)], [None, Some(Activation::Silu)]]
        {
            let pair = Pair::new([17, 11, 12], [2, 6, 5], [3, 1], dtype, 0b11111);
            pair.check(&format!("{activations:?} {dtype:?}"), [true, true], activations, most);
        }
    }
}
