//! A convolution's weight `[outputs, inputs, size, size]` as a matrix, and the gradient of the matrix as the weight's.
//!
//! The matrix is a copy. The operations keep the weight for the gradient and lay it out again.

use crate::flex::{contiguous, numbers, tensor};
use crate::real::Real;
use burn::backend::flex::FlexTensor;

/// Outputs that are moved together: a run of numbers of the matrix.
const BLOCK: usize = 32;

/// Where the numbers of a weight stand in its matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Order {
    /// What patches are multiplied by: `[(ky, kx, inputs), outputs]`.
    Patches,
    /// What gives patches to be added, turned by 180 degrees: `[inputs, (ky, kx, outputs)]`.
    Turned,
}

/// The matrix of a weight, each output times its factor where there are factors.
pub(super) fn laid<T: Real>(weight: FlexTensor, factors: Option<FlexTensor>, order: Order) -> FlexTensor {
    let (weight, factors) = (contiguous(weight), factors.map(contiguous));
    let places = Places::of(&weight, order);
    let (from, factors): (&[T], Option<&[T]>) = (numbers(&weight), factors.as_ref().map(numbers));
    let mut to = vec![T::ZERO; from.len()];
    places.each(|k, start, outputs| {
        let from = from[outputs.start * places.stride() + k..].iter().step_by(places.stride());
        let to = to[start + outputs.start..start + outputs.end].iter_mut().zip(from);
        match factors {
            None => to.for_each(|(to, from)| *to = *from),
            Some(factors) => to.zip(&factors[outputs]).for_each(|((to, from), factor)| *to = *from * *factor),
        }
    });
    tensor(to, &places.matrix())
}

/// The gradient of the weight, and of the factors where there are some, from that of the matrix.
pub(super) fn unlaid<T: Real>(
    gradient: FlexTensor,
    weight: FlexTensor,
    factors: Option<FlexTensor>,
    order: Order,
) -> (FlexTensor, Option<FlexTensor>) {
    let [gradient, weight] = [gradient, weight].map(contiguous);
    let factors = factors.map(contiguous);
    let places = Places::of(&weight, order);
    let (from, values): (&[T], &[T]) = (numbers(&gradient), numbers(&weight));
    let factors: Option<&[T]> = factors.as_ref().map(numbers);
    let mut sums = vec![0.0; if factors.is_some() { places.outputs } else { 0 }];
    let mut to = vec![T::ZERO; from.len()];
    places.each(|k, start, outputs| {
        let begin = outputs.start * places.stride() + k;
        let from = &from[start + outputs.start..start + outputs.end];
        let to = to[begin..].iter_mut().step_by(places.stride()).zip(from);
        let Some(factors) = factors else { return to.for_each(|(to, from)| *to = *from) };
        let values = values[begin..].iter().step_by(places.stride());
        let others = factors[outputs.clone()].iter().zip(&mut sums[outputs]);
        for (((to, from), value), (factor, sum)) in to.zip(values).zip(others) {
            *to = *from * *factor;
            *sum += (*from * *value).to_f64();
        }
    });
    let of_factors =
        factors.map(|_| tensor(sums.into_iter().map(T::of).collect::<Vec<T>>(), &[places.outputs]));
    (tensor(to, &places.weight()), of_factors)
}

#[derive(Clone, Copy)]
struct Places {
    outputs: usize,
    inputs: usize,
    size: usize,
    order: Order,
}

impl Places {
    fn of(weight: &FlexTensor, order: Order) -> Self {
        let [outputs, inputs, size] = [0, 1, 2].map(|axis| weight.layout().shape()[axis]);
        Self { outputs, inputs, size, order }
    }

    fn weight(&self) -> [usize; 4] {
        [self.outputs, self.inputs, self.size, self.size]
    }

    fn matrix(&self) -> [usize; 2] {
        let area = self.size * self.size;
        match self.order {
            Order::Patches => [area * self.inputs, self.outputs],
            Order::Turned => [self.inputs, area * self.outputs],
        }
    }

    /// Numbers of the weight from one output to the next.
    fn stride(&self) -> usize {
        self.inputs * self.size * self.size
    }

    /// Calls `visit(k, start, outputs)` for every number `k` of an output's weight and blocks of outputs: `start + o` is the place of
    /// output `o`'s in the matrix.
    fn each(&self, mut visit: impl FnMut(usize, usize, std::ops::Range<usize>)) {
        let area = self.size * self.size;
        for begin in (0..self.outputs).step_by(BLOCK) {
            let outputs = begin..self.outputs.min(begin + BLOCK);
            for input in 0..self.inputs {
                for at in 0..area {
                    let row = match self.order {
                        Order::Patches => at * self.inputs + input,
                        Order::Turned => input * area + area - 1 - at,
                    };
                    visit(input * area + at, row * self.outputs, outputs.clone());
                }
            }
        }
    }
}
