//! Whole flows of nflows and zuko, made by configurations of this crate with those libraries' weights, give what those
//! libraries gave; `tests/golden/README.md` says where the numbers are from.

#[path = "common/golden.rs"]
mod common;
#[path = "common/peer.rs"]
mod peer;

use burn::tensor::{DType, Device, Tensor};
use common::Golden;
use peer::FEATURES;
use tissot::dtype::Precision;
use tissot::{AnyFlow, Bijection, Context};

/// The largest difference in f64, relative to `max(1, |v|)`.
const EXACT: f64 = 1e-9;

/// The same in f32, where the row itself allows it; see [`Peer::stretch`].
const SINGLE: f64 = 1e-4;

/// A golden file and its flow.
struct Peer {
    name: &'static str,
    golden: Golden,
    flow: AnyFlow,
    device: Device,
    dtype: DType,
}

impl Peer {
    fn new(name: &'static str, dtype: Precision) -> Self {
        let (golden, device) = (Golden::open(name), Device::flex());
        let flow = peer::flow(name, dtype);
        Self { name, golden, flow, device, dtype: dtype.into() }
    }

    /// Numbers of the file in the type of the flow.
    fn tensor(&self, key: &str) -> Tensor<2> {
        self.golden.tensor::<2>(key, &self.device).cast(self.dtype)
    }

    /// The context under `key`, where the model has one.
    fn context(&self, key: &str) -> Option<Tensor<2>> {
        let conditional = self.name.ends_with("_context") || self.name.starts_with("zuko_");
        conditional.then(|| self.tensor(key))
    }

    /// Compares what was found with the file, element by element; `most` is how far a row may be off.
    fn check<const D: usize>(&self, found: Tensor<D>, key: &str, most: impl Fn(usize) -> f64) {
        let (expected, shape) = self.golden.read(key);
        assert_eq!(found.dims()[..], shape[..], "{}: {key}", self.name);
        assert_eq!(found.dtype(), self.dtype, "{}: {key}", self.name);
        let columns = shape.get(1).copied().unwrap_or(1);
        for (i, (found, expected)) in found.into_data().iter::<f64>().zip(expected).enumerate() {
            let gap = (found - expected).abs() / expected.abs().max(1.0);
            let (row, column) = (i / columns, i % columns);
            assert!(
                gap <= most(row),
                "{}: {key} at row {row}, column {column}: found {found}, expected {expected}, apart by {gap:.1e}",
                self.name
            );
        }
    }

    fn forward(&self, most: f64) {
        let (x, c) = (self.tensor("io.x"), self.context("io.context"));
        let context = Context { features: c.as_ref(), maps: None };
        let (z, log_det) = self.flow.bijection.forward(x.clone(), context);
        self.check(z, "io.z", |_| most);
        self.check(log_det, "io.ladj", |_| most);
        self.check(self.flow.log_prob(x, context), "io.log_prob", |_| most);
    }

    fn inverse(&self, most: f64, most_x: impl Fn(usize) -> f64) {
        let (z, c) = (self.tensor("io.z"), self.context("io.context"));
        let (x, log_det) = self.flow.bijection.inverse(z, Context { features: c.as_ref(), maps: None });
        self.check(x, "io.x_inv", most_x);
        self.check(log_det, "io.ladj_inv", |_| most);
    }

    /// How much the inverse stretches at each row: the largest `|dx_j / dz_i|`, as a difference quotient.
    ///
    /// A rounding of `z` is this many roundings of `x`, in any program. It is below 210, so that [`SINGLE`] is the larger
    /// bound, in all rows but three: `nflows_rqs_autoregressive_context` has one of 770, where nflows' own f32 inverse is
    /// off by 1.4e-4.
    fn stretch(&self) -> Vec<f64> {
        const STEP: f64 = 1e-6;
        let (z, c) = (self.tensor("io.z"), self.context("io.context"));
        let context = Context { features: c.as_ref(), maps: None };
        let x = self.flow.bijection.inverse(z.clone(), context).0;
        let along = |i: usize| {
            let mut step = [[0.0; FEATURES]];
            step[0][i] = STEP;
            let moved = z.clone() + Tensor::from_data(step, (&self.device, self.dtype));
            (self.flow.bijection.inverse(moved, context).0 - x.clone()).abs().max_dim(1) / STEP
        };
        Tensor::cat((0..FEATURES).map(along).collect(), 1).max_dim(1).into_data().iter().collect()
    }

    fn layers(&self) {
        let (x, c) = (self.tensor("io.x"), self.context("io.context"));
        let mut k = 0;
        let z = self.flow.bijection.walk(
            x,
            Context { features: c.as_ref(), maps: None },
            &mut |_, z, log_det| {
                self.check(z.clone(), &format!("io.layer_out.{k}"), |_| EXACT);
                self.check(log_det.clone(), &format!("io.layer_ladj.{k}"), |_| EXACT);
                k += 1;
            },
        );
        assert_eq!(k, self.flow.bijection.layers.len());
        self.check(z, "io.z", |_| EXACT);
    }

    fn far_out(&self) {
        for scale in [1, 10, 100, 10_000] {
            let key = |what: &str| format!("io.heavy_{scale}.{what}");
            let (x, c) = (self.tensor(&key("x")), self.context(&key("context")));
            assert!(x.dims()[0] > 0 && x.dims()[1] == FEATURES);
            let context = Context { features: c.as_ref(), maps: None };
            self.check(self.flow.bijection.forward(x.clone(), context).0, &key("z"), |_| EXACT);
            self.check(self.flow.log_prob(x, context), &key("log_prob"), |_| EXACT);
        }
    }
}

/// The tests of each golden file.
macro_rules! golden {
    ($($name:ident)+) => {$(
        mod $name {
            use super::*;

            fn peer(dtype: Precision) -> Peer {
                Peer::new(stringify!($name), dtype)
            }

            #[test]
            fn forward() {
                peer(Precision::F64).forward(EXACT);
            }

            #[test]
            fn inverse() {
                peer(Precision::F64).inverse(EXACT, |_| EXACT);
            }

            #[test]
            fn each_layer() {
                peer(Precision::F64).layers();
            }

            #[test]
            fn far_out() {
                peer(Precision::F64).far_out();
            }

            #[test]
            fn in_f32() {
                let peer = peer(Precision::F32);
                peer.forward(SINGLE);
                let stretch = self::peer(Precision::F64).stretch();
                peer.inverse(SINGLE, |row| SINGLE.max(4.0 * f64::from(f32::EPSILON) * stretch[row]));
            }
        }
    )+};
}

golden! {
    nflows_rqs_coupling
    nflows_rqs_coupling_context
    nflows_affine_coupling
    nflows_rqs_autoregressive
    nflows_rqs_autoregressive_context
    nflows_maf
    nflows_maf_context
    zuko_maf
    zuko_nsf
    zuko_nsf_coupling
    zuko_realnvp
    zuko_nice
}
