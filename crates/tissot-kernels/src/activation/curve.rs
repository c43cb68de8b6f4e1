//! The functions themselves, in the form that loops can be made of.

use super::Activation;
use crate::real::{Real, select};

/// An activation of one unit.
pub(crate) trait Curve<T: Real>: Copy + Send + Sync {
    /// Whether the slope has to be kept, because it does not follow from the value.
    const KEEPS_SLOPE: bool = false;

    /// `act(u)`.
    fn value(self, u: T) -> T;

    /// `act(u)` and what its gradient needs: `act(u)` again, or `act'(u)`.
    #[inline(always)]
    fn value_and_kept(self, u: T) -> (T, T) {
        let y = self.value(u);
        (y, y)
    }

    /// `g act'(u)` from what was kept.
    fn pull(self, g: T, kept: T) -> T;
}

/// What can be done with any [`Curve`].
pub(crate) trait Visitor {
    type Number: Real;
    type Output;

    /// Does it with this one.
    fn visit<C: Curve<Self::Number>>(self, curve: C) -> Self::Output;
}

/// A leaky ReLU with a slope below it may turn a small negative number into 0, which hides on which side it was.
const LEAST_SLOPE: f64 = 1e-6;

/// As in PyTorch and burn, softplus is the identity above.
const SOFTPLUS_END: f64 = 20.0;

/// Lets `visitor` see the curve of an activation; the identity, where there is none.
#[inline(always)]
pub(crate) fn show<V: Visitor>(activation: Option<Activation>, visitor: V) -> V::Output {
    let Some(activation) = activation else { return visitor.visit(Identity) };
    let number = V::Number::of;
    match activation {
        Activation::Relu => visitor.visit(Relu),
        Activation::LeakyRelu { slope } if slope >= LEAST_SLOPE => visitor.visit(Leaky(number(slope))),
        Activation::LeakyRelu { slope } => visitor.visit(AnyLeaky(number(slope))),
        Activation::Elu { alpha, scale } => {
            visitor.visit(Elu { below: number(alpha * scale), scale: number(scale) })
        }
        Activation::Silu => visitor.visit(Silu),
        Activation::Gelu => visitor.visit(Gelu),
        Activation::Mish => visitor.visit(Mish),
        Activation::Tanh => visitor.visit(Tanh),
        Activation::Sigmoid => visitor.visit(Sigmoid),
        Activation::Softplus => visitor.visit(Softplus),
    }
}

#[derive(Clone, Copy)]
struct Identity;

impl<T: Real> Curve<T> for Identity {
    #[inline(always)]
    fn value(self, u: T) -> T {
        u
    }

    #[inline(always)]
    fn pull(self, g: T, _: T) -> T {
        g
    }
}

#[derive(Clone, Copy)]
struct Relu;

impl<T: Real> Curve<T> for Relu {
    #[inline(always)]
    fn value(self, u: T) -> T {
        u.zero_where(u <= T::ZERO)
    }

    /// The sum with 0 keeps the compiler from seeing that where `y > 0` nothing needs to be written.
    #[inline(always)]
    fn pull(self, g: T, y: T) -> T {
        g.zero_where(y <= T::ZERO) + T::ZERO
    }
}

/// With a slope from [`LEAST_SLOPE`] on.
#[derive(Clone, Copy)]
struct Leaky<T>(T);

impl<T: Real> Curve<T> for Leaky<T> {
    #[inline(always)]
    fn value(self, u: T) -> T {
        u * select(u < T::ZERO, self.0, T::ONE)
    }

    #[inline(always)]
    fn pull(self, g: T, y: T) -> T {
        g * select(y < T::ZERO, self.0, T::ONE)
    }
}

/// With any slope.
#[derive(Clone, Copy)]
struct AnyLeaky<T>(T);

impl<T: Real> Curve<T> for AnyLeaky<T> {
    const KEEPS_SLOPE: bool = true;

    #[inline(always)]
    fn value(self, u: T) -> T {
        self.value_and_kept(u).0
    }

    #[inline(always)]
    fn value_and_kept(self, u: T) -> (T, T) {
        let slope = select(u < T::ZERO, self.0, T::ONE);
        (u * slope, slope)
    }

    #[inline(always)]
    fn pull(self, g: T, slope: T) -> T {
        g * slope
    }
}

#[derive(Clone, Copy)]
struct Elu<T> {
    /// `scale alpha`.
    below: T,
    scale: T,
}

impl<T: Real> Curve<T> for Elu<T> {
    #[inline(always)]
    fn value(self, u: T) -> T {
        select(u > T::ZERO, self.scale * u, self.below * u.exp_m1())
    }

    #[inline(always)]
    fn pull(self, g: T, y: T) -> T {
        g * select(y > T::ZERO, self.scale, y + self.below)
    }
}

#[derive(Clone, Copy)]
struct Silu;

impl<T: Real> Curve<T> for Silu {
    const KEEPS_SLOPE: bool = true;

    #[inline(always)]
    fn value(self, u: T) -> T {
        self.value_and_kept(u).0
    }

    #[inline(always)]
    fn value_and_kept(self, u: T) -> (T, T) {
        let (right, left) = sigmoid(u);
        let y = u * right;
        (y, right + y * left)
    }

    #[inline(always)]
    fn pull(self, g: T, slope: T) -> T {
        g * slope
    }
}

#[derive(Clone, Copy)]
struct Gelu;

impl<T: Real> Curve<T> for Gelu {
    const KEEPS_SLOPE: bool = true;

    #[inline(always)]
    fn value(self, u: T) -> T {
        u * cumulative(u)
    }

    #[inline(always)]
    fn value_and_kept(self, u: T) -> (T, T) {
        let (half, height) = (T::of(0.5), T::of(std::f64::consts::FRAC_2_SQRT_PI / 8f64.sqrt()));
        let (below, density) = (cumulative(u), height * falling(-(half * u * u)));
        (u * below, below + u * density)
    }

    #[inline(always)]
    fn pull(self, g: T, slope: T) -> T {
        g * slope
    }
}

/// `Phi(u)`.
#[inline(always)]
fn cumulative<T: Real>(u: T) -> T {
    let half = T::of(0.5);
    half + half * (u * T::of(std::f64::consts::FRAC_1_SQRT_2)).erf()
}

/// With `w = e^u`: `tanh(softplus(u)) = n / (n + 2)`, `n = w (w + 2)`, and its derivative `4 w (w + 1) / (n + 2)^2`.
#[derive(Clone, Copy)]
struct Mish;

impl<T: Real> Curve<T> for Mish {
    const KEEPS_SLOPE: bool = true;

    #[inline(always)]
    fn value(self, u: T) -> T {
        self.value_and_kept(u).0
    }

    #[inline(always)]
    fn value_and_kept(self, u: T) -> (T, T) {
        // There the tanh is 1 to the last digit.
        let end = T::of(20.0);
        let v = select(u > end, end, u);
        let w = falling(v);
        let n = w * (w + T::of(2.0));
        let over = T::ONE / (n + T::of(2.0));
        let th = n * over;
        (u * th, th + v * (T::of(4.0) * w * over) * ((w + T::ONE) * over))
    }

    #[inline(always)]
    fn pull(self, g: T, slope: T) -> T {
        g * slope
    }
}

#[derive(Clone, Copy)]
struct Tanh;

impl<T: Real> Curve<T> for Tanh {
    #[inline(always)]
    fn value(self, u: T) -> T {
        u.tanh()
    }

    #[inline(always)]
    fn pull(self, g: T, y: T) -> T {
        g * (T::ONE - y * y)
    }
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl<T: Real> Curve<T> for Sigmoid {
    #[inline(always)]
    fn value(self, u: T) -> T {
        sigmoid(u).0
    }

    #[inline(always)]
    fn pull(self, g: T, y: T) -> T {
        g * (y * (T::ONE - y))
    }
}

#[derive(Clone, Copy)]
struct Softplus;

impl<T: Real> Curve<T> for Softplus {
    #[inline(always)]
    fn value(self, u: T) -> T {
        let above = select(u > T::ZERO, u, T::ZERO);
        let y = above + falling(-u.abs()).ln_1p();
        select(u > T::of(SOFTPLUS_END), u, y)
    }

    /// `1 - e^-y`, which is 1 where `y = u`.
    #[inline(always)]
    fn pull(self, g: T, y: T) -> T {
        g * select(y > T::of(SOFTPLUS_END), T::ONE, -(-y).exp_m1())
    }
}

/// `sigmoid(u)` and `sigmoid(-u)`, without overflow.
#[inline(always)]
fn sigmoid<T: Real>(u: T) -> (T, T) {
    let e = falling(-u.abs());
    let over = T::ONE / (T::ONE + e);
    (select(u < T::ZERO, e, T::ONE) * over, select(u < T::ZERO, T::ONE, e) * over)
}

/// `e^u`, 0 where f32 would stop to fall: the factor of it may be large.
#[inline(always)]
fn falling<T: Real>(u: T) -> T {
    u.exp().zero_where(u < T::LEAST_EXPONENT)
}
