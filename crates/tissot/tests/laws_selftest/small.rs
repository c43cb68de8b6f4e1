//! A small bijection, right or with one fault.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor};
use tissot::{Bijection, Context, Sink};

/// What is wrong with the bijection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    Nothing,
    /// Both log-dets have the wrong sign, so that they cancel.
    SignFlipped,
    /// The inverse's log-det has the forward's sign.
    InverseSign,
    /// The context's part of the log-det is forgotten.
    DroppedTerm,
    /// The log-det counts one position.
    OnePosition,
    /// The inverse is off by this factor.
    InverseOff(f64),
    /// A shift by the batch's mean, which even the inverse undoes.
    MixesBatch,
    /// A sum over the batch times 0: harmless until a NaN.
    SpreadsNan,
    /// `walk` names half of the log-det.
    HalfWalk,
    /// `walk` hands its steps another z.
    OtherStep,
    /// The rule for tangents forgets what the first feature does to the others.
    TangentsForget,
    /// The rule for tangents hands on x.
    TangentsHandOnX,
    /// A parameter that is used detached.
    Detached,
    /// A root with a slope of infinity at 1, times 0.
    NanAtOne,
    /// An exponential that overflows.
    Overflows,
    /// `initialize` hands on x.
    HandsOnX,
    /// `initialize` sets a parameter and does not say so.
    SetsSilently,
    /// `initialize` leaves a parameter inside the graph, where no optimizer finds it.
    NoLeaf,
    /// `initialize` gives a parameter another id.
    OtherId,
    /// The log-det is in f32 always.
    WrongType,
    /// Values are not finite.
    Infinite,
}
use Fault::*;

/// `z_0 = x_0 e^(s_0 + g)`, `z_k = x_k e^(s_k + g) + t x_0` for every position, `g = 0.4 tanh(c_0) + 0.3 tanh(c_1)`.
#[derive(Module, Debug)]
pub struct Small {
    pub s: Param<Tensor<1>>,
    pub t: Param<Tensor<1>>,
    frozen: Param<Tensor<1>>,
    #[module(skip)]
    fault: Fault,
}

impl Small {
    pub fn new(fault: Fault) -> Self {
        let device = Device::flex();
        Self {
            s: Param::from_tensor(Tensor::from_floats([0.6, 0.9, 0.7], &device)),
            t: Param::from_tensor(Tensor::from_floats([0.5], &device)),
            frozen: Param::from_tensor(Tensor::from_floats([1.0], &device)).set_require_grad(false),
            fault,
        }
    }

    /// The log-scales `[batch, 3, 1, ..]` of one position, and the part of them that is the context's.
    fn log_scales<const D: usize>(&self, x: &Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<2>) {
        let batch = x.dims()[0];
        let g = match context.features {
            None => Tensor::zeros([batch, 1], (&x.device(), x.dtype())),
            Some(c) => c.clone().narrow(1, 0, 1).tanh() * 0.4 + c.clone().narrow(1, 1, 1).tanh() * 0.3,
        };
        let mut shape = [1; D];
        [shape[0], shape[1]] = [batch, 3];
        let s = if self.fault == Detached { self.s.val().detach() } else { self.s.val() };
        ((s.unsqueeze::<2>() + g.clone()).reshape(shape), g)
    }

    fn shift<const D: usize>(&self, first: Tensor<D>) -> Tensor<D> {
        let mut shift = first.clone() * self.t.val().reshape([1; D]) * self.frozen.val().reshape([1; D]);
        if self.fault == MixesBatch {
            shift = shift + first.mean_dim(0);
        }
        Tensor::cat(vec![shift.zeros_like(), shift.clone(), shift], 1)
    }

    fn log_det<const D: usize>(&self, x: &Tensor<D>, context: Context<'_>) -> Tensor<1> {
        let (scales, g) = self.log_scales(x, context);
        let batch = x.dims()[0];
        let positions: usize = x.dims()[2..].iter().product();
        let mut sum = scales.reshape([batch, 3]).sum_dim(1);
        if self.fault == DroppedTerm {
            sum = sum - g * 3.0;
        }
        let log_det =
            sum.squeeze_dim::<1>(1) * if self.fault == OnePosition { 1.0 } else { positions as f64 };
        match self.fault {
            SignFlipped => log_det.neg(),
            WrongType => log_det.cast(DType::F32),
            _ => log_det,
        }
    }
}

impl<const D: usize> Bijection<D> for Small {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let log_det = self.log_det(&x, context);
        let (scales, _) = self.log_scales(&x, context);
        let first = x.clone().narrow(1, 0, 1);
        let mut z = x.clone() * scales.exp() + self.shift(first);
        z = match self.fault {
            SpreadsNan => z + x.mean_dim(0) * 0.0,
            NanAtOne => z + (x - 1.0).square().sqrt() * 0.0,
            Overflows => z + (x.abs() - 50.0).clamp_min(0.0).exp() - 1.0,
            Infinite => z / 0.0,
            _ => z,
        };
        (z, log_det)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let log_det = self.log_det(&z, context);
        let (scales, _) = self.log_scales(&z, context);
        let scales = scales.neg().exp();
        let first = z.clone().narrow(1, 0, 1) * scales.clone().narrow(1, 0, 1);
        let x = (z - self.shift(first)) * scales;
        match self.fault {
            InverseOff(factor) => (x * factor, log_det.neg()),
            InverseSign => (x, log_det),
            _ => (x, log_det.neg()),
        }
    }

    fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
        let mut this = self;
        this.t = match this.fault {
            SetsSilently => this.t.map(|t| {
                let require_grad = t.is_require_grad();
                (t.detach() + 1.0).detach().set_require_grad(require_grad)
            }),
            NoLeaf => this.t.map(|t| t * 1.0),
            OtherId => Param::from_tensor(this.t.val().detach()),
            _ => this.t,
        };
        let (z, _) = this.forward(x.clone(), context);
        let z = if this.fault == HandsOnX { x } else { z };
        (this, z.detach())
    }

    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let (z, _) = self.forward(x.clone(), context);
        let (scales, _) = self.log_scales(&x, context);
        let scales = (x.zeros_like() + scales.exp()).reshape([x.dims()[0] as i32, 1, -1]);
        match self.fault {
            TangentsForget => Some((z, tangents * scales)),
            TangentsHandOnX => Some((x, tangents * scales)),
            _ => None,
        }
    }

    fn walk(&self, x: Tensor<D>, context: Context<'_>, sink: &mut Sink<'_, D>) -> Tensor<D> {
        let (z, log_det) = self.forward(x.clone(), context);
        match self.fault {
            HalfWalk => sink("Small", &z, &(log_det * 0.5)),
            OtherStep => sink("Small", &x, &log_det),
            _ => sink("Small", &z, &log_det),
        }
        z
    }
}
