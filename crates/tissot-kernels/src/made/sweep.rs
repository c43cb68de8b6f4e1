//! The way back: the gradient of the latent values from that of the data values.
//!
//! With `x = f^-1(z)` and `J = df/dx`, the gradient `g` of `x` gives `s = J^-T g` for `z` (the implicit function theorem).
//! `J` is triangular in the order of the features, so the last feature's `s` comes first, and each `s` makes known what the
//! network carries back from that feature to those before it: again each unit is computed once.

use super::host::{Finish, Host};
use super::number::Number;
use super::plan::Plan;
use super::strip::{Scratch, multiply};
use super::transposed::Transposed;
use super::univariate::{ColumnGradient, Columns};
use pulp::Simd;

/// The products of the way back, one plan for each layer.
pub(super) fn plans<T: Number>(host: &Host<'_, T>) -> Vec<Plan<T>> {
    let before = [None].into_iter().chain(host.layers.iter().map(|layer| Some(layer.map.ready)));
    host.layers
        .iter()
        .zip(before)
        .map(|(layer, before)| Plan::new(&Transposed::new(&layer.map, before)))
        .collect()
}

/// Fills `found`, `[rows, features]`, with the gradient of `z` under that of `x`, once the strip's units are found.
#[inline(always)]
pub(super) fn sweep<T: Number, S: Simd, const N: usize>(
    simd: S,
    host: &Host<'_, T>,
    plans: &[Plan<T>],
    columns: &mut (dyn Columns<T> + '_),
    scratch: &mut Scratch<T>,
    gradient: &[T],
    found: &mut [T],
) {
    let Scratch { units, stream, z, log_slopes, slopes, gradients, params } = scratch;
    let (features, p) = (host.features(), host.num_params());
    let lanes = N * T::lanes::<S>();
    let rows = gradient.len() / features;
    let last = plans.len();
    gradients.iter_mut().for_each(|gradients| gradients.fill(T::ZERO));
    for step in 0..features {
        let place = features - 1 - step;
        let feature = host.order[place];
        let at = place * lanes..(place + 1) * lanes;
        let carried = &gradients[0][step * lanes..(step + 1) * lanes];
        z.fill(T::ZERO);
        for lane in 0..rows {
            let s = (gradient[lane * features + feature] + carried[lane]) * log_slopes[at.start + lane].exp();
            found[lane * features + feature] = s;
            z[lane] = -s;
        }
        let of_feature = place * p * lanes..(place + 1) * p * lanes;
        columns.pull_back(ColumnGradient {
            feature,
            x: &units[0][at],
            z_gradient: z,
            params: &units[last][of_feature],
            params_gradient: params,
        });
        let reversed = gradients[last][step * p * lanes..(step + 1) * p * lanes].chunks_exact_mut(lanes);
        for (gradient, params) in reversed.zip(params.chunks_exact(lanes).rev()) {
            gradient.copy_from_slice(params);
        }
        for (i, plan) in plans.iter().enumerate().rev() {
            let (units, inputs) = gradients.split_at_mut(i + 1);
            let (inputs, units) = (&inputs[0], &mut units[i]);
            multiply::<T, S, N>(simd, plan, step, inputs, units);
            if i > 0 {
                let ready = host.layers[i - 1].map.ready;
                let (slopes, known) = (&slopes[i - 1], ready[place]..ready[place + 1]);
                let end = host.layers[i - 1].units() - 1;
                for unit in known {
                    let back = (end - unit) * lanes..(end - unit + 1) * lanes;
                    let slopes = &slopes[unit * lanes..(unit + 1) * lanes];
                    let stream = if host.blocks { &mut stream[back.clone()] } else { &mut [][..] };
                    finish(host.finish(i - 1), &mut units[back], slopes, stream);
                }
            }
        }
    }
}

/// Makes of the gradient of a unit's value that of its sum.
#[inline(always)]
fn finish<T: Number>(finish: Finish, unit: &mut [T], slopes: &[T], stream: &mut [T]) {
    unit.iter_mut().zip(slopes).for_each(|(unit, &slope)| *unit = *unit * slope);
    match finish {
        Finish::Activate | Finish::Keep => {}
        Finish::JoinLast => stream.copy_from_slice(unit),
        Finish::Join | Finish::Start => {
            for (stream, unit) in stream.iter_mut().zip(unit) {
                *stream += *unit;
                *unit = *stream;
            }
        }
    }
}
