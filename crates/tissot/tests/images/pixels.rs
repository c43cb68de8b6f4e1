//! Pixels: their map, its log-det, and the way back.

use burn::tensor::{DType, Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot::image::{Pixels, Squash};

const SQUASHES: [Squash; 4] = [
    Squash::Centred,
    Squash::Logit { alpha: 0.05 },
    Squash::LogitBoth { lambda: 0.05 },
    Squash::LogitBoth { lambda: 1e-6 },
];

fn tensor(values: Vec<f64>, shape: [usize; 4], dtype: DType) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, shape), (&Device::flex(), dtype))
}

fn noise(shape: [usize; 4], dtype: DType) -> Tensor<4> {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    tensor((0..shape.iter().product()).map(|_| rng.random_range(0.001..0.999)).collect(), shape, dtype)
}

#[test]
fn log_dets_are_those_of_the_jacobian() {
    for squash in SQUASHES {
        let pixels = Pixels::new([2, 3, 2]).with_squash(squash);
        let bytes: Vec<u8> = (0..24).map(|i| (i * 11) as u8).collect();
        let values = pixels.values(&bytes, &Device::flex(), DType::F64).unwrap();
        let u = noise([2, 2, 3, 2], DType::F64).autodiff().require_grad();
        let (y, log_det) = pixels.forward(values.autodiff(), u.clone());
        // Each number of y is a function of its own u alone: the Jacobian is diagonal.
        let slopes = u.grad(&y.sum().backward()).unwrap();
        let exact: Vec<f64> = slopes.log().reshape([2, 12]).sum_dim(1).into_data().iter().collect();
        for (found, exact) in log_det.inner().into_data().iter::<f64>().zip(exact) {
            assert!((found - exact).abs() < 1e-9, "{squash:?}: {found}, exact {exact}");
        }
    }
}

/// A density that is 1 on the unit cube says `log2 levels` bits of every image; behind a logit that is the logistic one, and
/// the part of it that no pixel reaches is paid for.
#[test]
fn nothing_learned_is_eight_bits() {
    for squash in SQUASHES {
        let pixels = Pixels::new([3, 4, 4]).with_squash(squash);
        let bytes: Vec<u8> = (0..96).map(|i| (i * 37 % 256) as u8).collect();
        let values = pixels.values(&bytes, &Device::flex(), DType::F64).unwrap();
        let (y, log_det) = pixels.forward(values, noise([2, 3, 4, 4], DType::F64));
        let (base, reached) = match squash {
            Squash::Centred => (Tensor::zeros_like(&y), 1.0),
            Squash::Logit { alpha } => (logistic(y), 1.0 - alpha),
            Squash::LogitBoth { lambda } => (logistic(y), 1.0 - 2.0 * lambda),
        };
        let total = base.reshape([2, 48]).sum_dim(1).squeeze_dim::<1>(1) + log_det;
        for bound in total.into_data().iter::<f64>() {
            let found = pixels.bits_per_dim(bound);
            let expected = 8.0 - f64::log2(reached);
            assert!((found - expected).abs() < 1e-9, "{squash:?}: {found} bits, expected {expected}");
        }
    }
}

/// The logarithm of the logistic density.
fn logistic(y: Tensor<4>) -> Tensor<4> {
    use burn::tensor::activation::log_sigmoid;
    log_sigmoid(y.clone()) + log_sigmoid(y.neg())
}

#[test]
fn every_value_comes_back() {
    for squash in SQUASHES {
        for levels in [2, 17, 256] {
            for dtype in [DType::F32, DType::F64] {
                let pixels = Pixels::new([1, 1, levels]).with_source_levels(levels).with_squash(squash);
                let bytes: Vec<u8> = (0..levels).map(|v| v as u8).collect();
                let values = pixels.values(&bytes, &Device::flex(), dtype).unwrap();
                let (y, _) = pixels.forward(values, noise([1, 1, 1, levels], dtype));
                assert_eq!(pixels.inverse(y), bytes, "{squash:?}, {levels} levels, {dtype:?}");
            }
        }
    }
}

#[test]
fn channels_stand_last_on_the_host_and_first_in_the_flow() {
    let pixels = Pixels::new([3, 1, 2]);
    let values = pixels.values(&[1, 2, 3, 4, 5, 6], &Device::flex(), DType::F32).unwrap();
    assert_eq!(values.to_data().iter::<f32>().collect::<Vec<_>>(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    let (y, _) = pixels.forward(values, noise([1, 3, 1, 2], DType::F32));
    assert_eq!(pixels.inverse(y), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn fewer_bits_are_fewer_levels_from_black_to_white() {
    let pixels = Pixels::new([1, 1, 4]).with_bits(2);
    let values = pixels.values(&[0, 63, 64, 255], &Device::flex(), DType::F32).unwrap();
    assert_eq!(values.to_data().iter::<f32>().collect::<Vec<_>>(), [0.0, 0.0, 1.0, 3.0]);
    let (y, _) = pixels.forward(values, noise([1, 1, 1, 4], DType::F32));
    assert_eq!(pixels.inverse(y), [0, 0, 85, 255]);
    let outside = Tensor::from_floats([[[[-9.0, 9.0, 0.0, 0.49]]]], &Device::flex());
    assert_eq!(pixels.inverse(outside), [0, 255, 170, 255]);
}

#[test]
fn wrong_pixels_are_one_clear_line() {
    let refusal = |pixels: Pixels| pixels.validate().unwrap_err().to_string();
    let one = || Pixels::new([1, 2, 2]);
    for alpha in [0.0, 1.0, f64::NAN] {
        let found = refusal(one().with_squash(Squash::Logit { alpha }));
        assert!(found.ends_with("expected a number between 0 and 1, such as 0.05"), "{found}");
    }
    let found = refusal(one().with_squash(Squash::LogitBoth { lambda: 0.5 }));
    assert!(found.contains("lambda: found 0.5"), "{found}");
    assert!(refusal(Pixels::new([0, 2, 2])).contains("0 x 2 x 2"));
    assert!(
        refusal(Pixels::new([3, 5_000, 5_000])).ends_with("at most 16777216 numbers an image; resize them")
    );
    assert!(refusal(Pixels::new([usize::MAX, 2, 2])).contains("at most"));
    assert!(refusal(one().with_source_levels(1)).contains("source_levels: found 1, expected 2 to 256"));
    assert!(refusal(one().with_source_levels(4).with_bits(3)).contains("levels: found 8, expected 2 to 4"));
    let grey = one().with_source_levels(17);
    let found = grey.values(&[0, 16, 17, 3], &Device::flex(), DType::F32).unwrap_err().to_string();
    assert_eq!(found, "pixels: found the value 17 in image 0, expected 0 to 16");
}

/// The whitest pixel with the most noise, of every number of levels, in f32.
#[test]
fn no_level_is_infinite() {
    for squash in SQUASHES {
        for levels in 2..=256 {
            let pixels = Pixels::new([1, 1, 2]).with_source_levels(levels).with_squash(squash);
            let values = pixels.values(&[0, (levels - 1) as u8], &Device::flex(), DType::F32).unwrap();
            let ends = 2.0_f64.powi(-16);
            let (y, log_det) =
                pixels.forward(values, tensor(vec![ends, 1.0 - ends], [1, 1, 1, 2], DType::F32));
            let numbers: Vec<f64> = y.into_data().iter().chain(log_det.into_data().iter()).collect();
            assert!(numbers.iter().all(|v: &f64| v.is_finite()), "{squash:?}, {levels} levels: {numbers:?}");
        }
    }
}
