//! All laws on one bijection.

use super::*;
use crate::bijection::Bijection;
use crate::dtype;
use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A run of all laws on one bijection: a row of a table of tests.
///
/// Points and contexts are drawn on the host from a fixed seed. The bijection is to be at random parameters (see
/// [`randomize`]); near the identity the run fails, as it would prove nothing.
#[derive(Clone, Debug)]
pub struct Laws {
    name: String,
    event: Vec<usize>,
    context: Option<usize>,
    dtype: Option<FloatDType>,
    device: Option<Device>,
    samples: usize,
    spread: f64,
    seed: u64,
    knots: Vec<f64>,
    by_x: Option<Allowed>,
    by_context: Option<Allowed>,
    volume_preserving: bool,
    stack: bool,
}

impl Laws {
    /// A run over tables of one feature, without context, named for messages.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            event: vec![1],
            context: None,
            dtype: None,
            device: None,
            samples: 24,
            spread: 2.0,
            seed: 0,
            knots: Vec::new(),
            by_x: None,
            by_context: None,
            volume_preserving: false,
            stack: false,
        }
    }

    /// Tables of `n` features: events of shape `[n]`.
    #[must_use]
    pub fn features(self, n: usize) -> Self {
        self.event(&[n])
    }

    /// Events of any shape, such as `[channels, height, width]`; its length is the bijection's rank less one.
    #[must_use]
    pub fn event(self, shape: &[usize]) -> Self {
        Self { event: shape.to_vec(), ..self }
    }

    /// A context of `features` numbers a sample.
    #[must_use]
    pub fn context(self, features: usize) -> Self {
        Self { context: Some(features), ..self }
    }

    /// One number type alone; by default f64, where the device has it, and f32. The bijection is cast.
    #[must_use]
    pub fn dtype(self, dtype: FloatDType) -> Self {
        Self { dtype: Some(dtype), ..self }
    }

    /// The device of the points; by default the one the bijection is on.
    #[must_use]
    pub fn device(self, device: &Device) -> Self {
        Self { device: Some(device.clone().without_autodiff()), ..self }
    }

    /// The number of samples; by default 24.
    ///
    /// # Panics
    /// Below 2: rows could not be told apart.
    #[must_use]
    pub fn samples(self, samples: usize) -> Self {
        assert!(samples >= 2, "the laws need 2 samples at least, not {samples}");
        Self { samples, ..self }
    }

    /// The standard deviation of the points; by default 2.
    #[must_use]
    pub fn spread(self, spread: f64) -> Self {
        Self { spread, ..self }
    }

    /// The seed of points and contexts; by default 0.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Where the bijection has knots or bounds: tested there by law 11, and a third of the points must lie beyond one.
    #[must_use]
    pub fn knots(self, knots: &[f64]) -> Self {
        Self { knots: knots.to_vec(), ..self }
    }

    /// The structure of `dz/dx`, for law 10.
    #[must_use]
    pub fn allowed(self, by_x: Allowed) -> Self {
        Self { by_x: Some(by_x), ..self }
    }

    /// The structure of `dz/dc`, for law 10.
    #[must_use]
    pub fn allowed_context(self, by_context: Allowed) -> Self {
        Self { by_context: Some(by_context), ..self }
    }

    /// The log-det is 0 by construction; that `z` is far from `x` is asked for instead.
    #[must_use]
    pub fn volume_preserving(self) -> Self {
        Self { volume_preserving: true, ..self }
    }

    /// Many layers: law 11 is for single ones, and left out.
    #[must_use]
    pub fn stack(self) -> Self {
        Self { stack: true, ..self }
    }

    /// Runs the premise and laws 1-6, 9, 10 (where a structure is given), 11 (unless a stack), 14, 15 and 16 on
    /// the bijection, in each number type.
    ///
    /// # Errors
    /// The first [`Violation`].
    ///
    /// # Panics
    /// Where the event's shape does not fit the rank `D`, the bijection panics at it, or f64 is asked for on a device
    /// that has none.
    pub fn check<const D: usize, B: Bijection<D>>(&self, bijection: &B) -> Result<(), Violation> {
        let device = self.place(bijection);
        let dtypes = match self.dtype {
            Some(dtype) => vec![dtype],
            None if dtype::has_f64(&device) => vec![FloatDType::F64, FloatDType::F32],
            None => vec![FloatDType::F32],
        };
        dtypes.into_iter().try_for_each(|dtype| self.check_case(&self.case::<D, B>(bijection, dtype)))
    }

    /// The case that [`Laws::check`] checks in a number type: for single laws.
    ///
    /// # Panics
    /// As [`Laws::check`].
    pub fn case<const D: usize, B: Bijection<D>>(&self, bijection: &B, dtype: FloatDType) -> Case<D, B> {
        assert_eq!(self.event.len() + 1, D, "{}: an event of shape {:?} for rank {D}", self.name, self.event);
        let device = self.place(bijection);
        let cast = match dtype::cast(bijection.valid(), dtype) {
            Ok(cast) => cast,
            Err(error) => panic!("{}: {error}", self.name),
        };
        let number = DType::from(dtype);
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let mut draw = |n: usize, scale: f64| -> Vec<f64> {
            (0..n).map(|_| StandardNormal.sample(&mut rng)).map(|g: f64| scale * g).collect()
        };
        let mut shape = [self.samples; D];
        shape[1..].copy_from_slice(&self.event);
        let x = TensorData::new(draw(shape.iter().product(), self.spread), shape);
        let context = self.context.map(|width| {
            let data = TensorData::new(draw(self.samples * width, 1.0), [self.samples, width]);
            Tensor::from_data(data, (&device, number))
        });
        let row = format!("{} ({number:?})", self.name);
        Case::new(row, &cast, Tensor::from_data(x, (&device, number)), context)
    }

    fn check_case<const D: usize, B: Bijection<D>>(&self, case: &Case<D, B>) -> Result<(), Violation> {
        keeps_shapes(case)?;
        // Before the laws that use the Jacobian, which takes it that rows do not touch.
        rows_are_independent(case)?;
        strong_enough(case, self.volume_preserving, &self.knots)?;
        inverts(case)?;
        log_dets_cancel(case)?;
        log_det_is_exact(case)?;
        tangents_are_exact(case)?;
        walk_adds_up(case)?;
        depends_as_allowed(case, self.by_x.as_ref(), self.by_context.as_ref())?;
        parameters_learn(case)?;
        initializes(case)?;
        if !self.stack {
            withstands_extremes(case, &extremes(&self.knots, case.x.dtype()))?;
        }
        flows::bijection_survives_a_file(case)
    }

    fn place<const D: usize, B: Bijection<D>>(&self, bijection: &B) -> Device {
        let own = || bijection.devices().into_iter().next().unwrap_or_default();
        self.device.clone().unwrap_or_else(own).without_autodiff()
    }
}
