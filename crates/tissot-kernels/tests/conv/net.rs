//! Three convolutions as one operation against burn's own, one after the other.

use super::{close, plain, waves};
use burn::tensor::{DType, Device, Tensor};
use tissot_kernels::activation::Activation;
use tissot_kernels::conv::{Layer, network};

/// Batch, height and width.
const FEW: [usize; 3] = [3, 4, 5];

/// So many images that they are computed by blocks, of which the last one is smaller.
const MANY: [usize; 3] = [17, 11, 12];

/// Channels and sizes that make one operation.
const FUSED: ([usize; 4], [usize; 3]) = ([2, 6, 4, 3], [3, 1, 3]);

/// An image and three layers: weights, factors and biases.
struct Net {
    x: Tensor<4>,
    layers: [Layer; 3],
}

impl Net {
    /// Of the image, each layer's weight and bias, and the last one's factors the gradient is wanted where `tracked` has the bit.
    fn new(
        [batch, height, width]: [usize; 3],
        (channels, sizes): ([usize; 4], [usize; 3]),
        activations: [Option<Activation>; 3],
        (dtype, tracked): (DType, usize),
    ) -> Self {
        let device = Device::flex().autodiff();
        let on = |bit: usize| tracked >> bit & 1 == 1;
        let layers = [0, 1, 2].map(|k| {
            let (shape, phase) = ([channels[k + 1], channels[k], sizes[k], sizes[k]], 0.7 - 0.2 * k as f64);
            let bias = waves([channels[k + 1]], 0.3 + 0.1 * k as f64, &device, dtype);
            let factors = waves([channels[k + 1]], 1.1, &device, dtype).set_require_grad(on(7));
            Layer {
                weight: waves(shape, phase, &device, dtype).set_require_grad(on(1 + k)),
                factors: (k == 2).then_some(factors),
                bias: Some(bias.set_require_grad(on(4 + k))),
                activation: activations[k],
            }
        });
        Self {
            x: waves([batch, channels[0], height, width], 0.1, &device, dtype).set_require_grad(on(0)),
            layers,
        }
    }

    /// Values and gradients against those of burn's own operations.
    #[track_caller]
    fn check(self, what: &str, most: f64) {
        let expected = self.layers.iter().fold(self.x.clone(), |x, layer| {
            let factors = layer.factors.clone().map(|f| f.clone().reshape([f.dims()[0], 1, 1, 1]));
            let weight = factors.into_iter().fold(layer.weight.clone(), |weight, f| weight * f);
            plain(x, weight, layer.bias.clone(), layer.activation)
        });
        let found = network(self.x.clone(), self.layers.clone());
        let factors = waves(found.dims(), 0.9, &found.device(), found.dtype());
        let [found_grads, expected_grads] =
            [&found, &expected].map(|y| (y.clone() * factors.clone()).sum().backward());
        close(what, found.inner(), expected.inner(), most);
        let weights = self.layers.iter().map(|layer| layer.weight.clone()).chain([self.x]);
        for (k, tensor) in weights.enumerate() {
            let pair = (tensor.grad(&found_grads), tensor.grad(&expected_grads));
            assert!(pair.0.is_some() == pair.1.is_some(), "{what}: gradient {k}");
            if let (Some(found), Some(expected)) = pair {
                close(&format!("{what}: gradient {k}"), found, expected, most);
            }
        }
        let small = self.layers.iter().flat_map(|layer| [&layer.bias, &layer.factors]).flatten();
        for (k, tensor) in small.enumerate() {
            let pair = (tensor.grad(&found_grads), tensor.grad(&expected_grads));
            assert!(pair.0.is_some() == pair.1.is_some(), "{what}: small gradient {k}");
            if let (Some(found), Some(expected)) = pair {
                close(&format!("{what}: small gradient {k}"), found, expected, most);
            }
        }
    }
}

#[test]
fn three_convolutions_are_one_after_the_other() {
    let (relu, tanh, silu) = (Some(Activation::Relu), Some(Activation::Tanh), Some(Activation::Silu));
    for (dtype, most) in [(DType::F64, 1e-12), (DType::F32, 5e-5)] {
        for (images, shape) in [
            (FEW, FUSED),
            (MANY, FUSED),
            ([1, 1, 1], FUSED),
            ([5, 2, 2], ([1, 3, 9, 2], [5, 1, 5])),
            // Not one operation: too many inputs, too many outputs, other sizes.
            (FEW, ([6, 3, 4, 2], [3, 1, 3])),
            (FEW, ([2, 6, 3, 5], [3, 1, 3])),
            (FEW, ([2, 3, 4, 3], [1, 1, 3])),
            (FEW, ([2, 6, 4, 3], [3, 3, 3])),
            (FEW, ([2, 6, 4, 3], [3, 1, 5])),
        ] {
            for activations in [[relu, tanh, None], [silu, None, tanh], [None, silu, None]] {
                let what = format!("{images:?} {shape:?} {activations:?} {dtype:?}");
                Net::new(images, shape, activations, (dtype, 0xff)).check(&what, most);
            }
        }
    }
}

#[test]
fn gradients_come_where_they_are_wanted_and_nowhere_else() {
    for tracked in 1..1 << 8 {
        let activations = [Some(Activation::Silu), Some(Activation::Tanh), None];
        let net = Net::new(FEW, FUSED, activations, (DType::F64, tracked));
        net.check(&format!("tracked {tracked:08b}"), 1e-12);
    }
}

#[test]
fn no_bit_depends_on_the_number_of_threads() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let activations = [Some(Activation::Relu), Some(Activation::Relu), None];
            let net = Net::new([20, 16, 16], ([3, 32, 32, 6], [3, 1, 3]), activations, (DType::F32, 0xff));
            let y = network(net.x.clone(), net.layers.clone());
            let grads = y.clone().powi_scalar(2).sum().backward();
            let gradients =
                net.layers.map(|layer| layer.weight.grad(&grads).expect("a gradient").into_data());
            (y.into_data(), net.x.grad(&grads).expect("a gradient").into_data(), gradients)
        })
    };
    let one = run(1);
    for threads in [2, 3, 5] {
        assert!(run(threads) == one, "other bits with {threads} threads");
    }
}

#[test]
fn no_images_give_no_images_and_gradients_of_zero() {
    let net = Net::new([0, 4, 5], FUSED, [Some(Activation::Relu), None, None], (DType::F32, 0xff));
    let y = network(net.x, net.layers.clone());
    assert_eq!(y.dims(), [0, 3, 4, 5]);
    let grads = y.sum().backward();
    for layer in net.layers {
        let grad = layer.weight.grad(&grads).expect("a gradient");
        assert!(grad.dims() == layer.weight.dims() && grad.into_data().iter::<f32>().all(|g| g == 0.0));
    }
}
