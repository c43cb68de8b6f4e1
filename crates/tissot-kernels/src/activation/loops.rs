//! What is done with activations: loops that the compiler vectorises for the processor found at run time.

use super::Activation;
use super::curve::{Curve, Visitor, show};
use crate::real::Real;
use pulp::NullaryFnOnce;
use std::marker::PhantomData;

/// A visitor to be compiled for each kind of processor.
pub(crate) struct Show<V>(pub Option<Activation>, pub V);

impl<V: Visitor> NullaryFnOnce for Show<V> {
    type Output = V::Output;

    #[inline(always)]
    fn call(self) -> V::Output {
        show(self.0, self.1)
    }
}

/// `u` becomes `act(u)`.
pub(crate) struct Values<'a, T>(pub &'a mut [T]);

impl<T: Real> Visitor for Values<'_, T> {
    type Number = T;
    type Output = ();

    #[inline(always)]
    fn visit<C: Curve<T>>(self, curve: C) {
        self.0.iter_mut().for_each(|u| *u = curve.value(*u));
    }
}

/// `u` becomes `act(u)`; what its gradient needs goes to the second list.
pub(crate) struct ValuesAndKept<'a, T>(pub &'a mut [T], pub &'a mut [T]);

impl<T: Real> Visitor for ValuesAndKept<'_, T> {
    type Number = T;
    type Output = ();

    #[inline(always)]
    fn visit<C: Curve<T>>(self, curve: C) {
        for (u, kept) in self.0.iter_mut().zip(self.1) {
            (*u, *kept) = curve.value_and_kept(*u);
        }
    }
}

/// `u` becomes `act(u)`; `act'(u)` goes to the second list.
pub(crate) struct ValuesAndSlopes<'a, T>(pub &'a mut [T], pub &'a mut [T]);

impl<T: Real> Visitor for ValuesAndSlopes<'_, T> {
    type Number = T;
    type Output = ();

    #[inline(always)]
    fn visit<C: Curve<T>>(self, curve: C) {
        for (u, slope) in self.0.iter_mut().zip(self.1) {
            let (y, kept) = curve.value_and_kept(*u);
            (*u, *slope) = (y, curve.pull(T::ONE, kept));
        }
    }
}

/// `g` becomes `g act'(u)`, by what was kept.
pub(crate) struct Pull<'a, T>(pub &'a mut [T], pub &'a [T]);

impl<T: Real> Visitor for Pull<'_, T> {
    type Number = T;
    type Output = ();

    #[inline(always)]
    fn visit<C: Curve<T>>(self, curve: C) {
        for (g, kept) in self.0.iter_mut().zip(self.1) {
            *g = curve.pull(*g, *kept);
        }
    }
}

/// Whether the slopes have to be kept beside the values.
pub(crate) fn keeps_slope(activation: Option<Activation>) -> bool {
    show(activation, KeepsSlope(PhantomData::<f32>))
}

struct KeepsSlope<T>(PhantomData<T>);

impl<T: Real> Visitor for KeepsSlope<T> {
    type Number = T;
    type Output = bool;

    #[inline(always)]
    fn visit<C: Curve<T>>(self, _: C) -> bool {
        C::KEEPS_SLOPE
    }
}
