//! The kernel: a tile of rows goes through the features, one after the other.
//!
//! At step `k` the units of degree `k` are complete: layer by layer each gets its activation and is added to the sums of all
//! units after it. Then the parameters of the feature at place `k` are complete, it is found, and added to the sums in turn.
//! A sum belongs to one unit (thread) of the cube throughout, so that only what is fresh in a step goes through shared memory.

use super::{Finish, Map, Plan};
use crate::activation::cube::apply as activate;
use crate::cube::UNROLLED;
use crate::univariate::cube::apply_to;
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// The first number from `start` on that unit `unit` of `units` owns.
#[cube]
fn owned_from(start: usize, unit: usize, #[comptime] units: usize) -> usize {
    start + (unit + units - start % units) % units
}

/// The column of the last layer's `u`-th parameter in the order of need; of hidden layers it is the unit's own.
#[cube]
fn column(tables: &[i32], u: usize, #[comptime] is_last: bool, #[comptime] num_params: usize) -> usize {
    if comptime!(is_last) { tables[u / num_params] as usize * num_params + u % num_params } else { u }
}

/// Adds to the sums of a map's units, from `from` on, what the inputs in shared memory from `fresh` on give to them: `count`
/// of them, the rows of the weight from `row` on.
#[cube]
#[allow(clippy::too_many_arguments)] // of a kernel
fn push(
    net: &[f32],
    tables: &[i32],
    sums: &mut [f32],
    shared: &Shared<[f32]>,
    fresh: usize,
    row: usize,
    count: usize,
    from: usize,
    first_row: usize,
    #[comptime] map: Map,
    #[comptime] is_last: bool,
    #[comptime] plan: Plan,
) {
    let tile = comptime!(plan.tile);
    let mut j = owned_from(from, UNIT_POS as usize, plan.units);
    while j < map.units {
        let weights = row * map.units + column(tables, j, is_last, plan.num_params) + map.weight;
        let mut found = Array::<f32>::new(tile);
        #[unroll]
        for r in 0..tile {
            found[r] = sums[(first_row + r) * plan.sums + map.sums + j];
        }
        for i in 0..count {
            let weight = net[weights + i * map.units];
            #[unroll]
            for r in 0..tile {
                found[r] += weight * shared[fresh + i * tile + r];
            }
        }
        #[unroll]
        for r in 0..tile {
            sums[(first_row + r) * plan.sums + map.sums + j] = found[r];
        }
        j += plan.units;
    }
}

/// The complete sum of unit `j` in row `r` of the tile.
#[cube]
#[allow(clippy::too_many_arguments)] // of a kernel
fn complete(
    net: &[f32],
    sums: &mut [f32],
    row: usize,
    rows: usize,
    j: usize,
    column: usize,
    #[comptime] map: Map,
    #[comptime] plan: Plan,
) -> f32 {
    let mut sum = sums[row * plan.sums + map.sums + j];
    if comptime!(map.bias.is_some()) {
        sum += net[column + comptime!(map.bias.unwrap())];
    }
    if comptime!(map.added.is_some()) {
        let offset = comptime!(plan.added[0] + map.added.unwrap());
        sum += net[offset + min(row, rows - 1) * plan.added[1] + column];
    }
    sum
}

/// `x` with `z = f(x)`, and `log |det dx/dz|` of each row.
///
/// Shapes: `z`, `x`: `[rows, features]`; `log_dets`: `[rows]`; `sums`: room for `[tiles * tile, plan.sums]`; `net` and
/// `tables`: as [`Plan`] says.
#[cube(launch)]
#[allow(clippy::too_many_arguments)] // of a kernel
pub(super) fn made_inverse(
    z: &[f32],
    net: &[f32],
    tables: &[i32],
    sums: &mut [f32],
    x: &mut [f32],
    log_dets: &mut [f32],
    rows: usize,
    #[comptime] plan: Plan,
) {
    let tile = comptime!(plan.tile);
    let (features, p) = comptime!((plan.features, plan.num_params));
    let last = comptime!(plan.maps.len() - 1);
    let unit = UNIT_POS as usize;
    let first_row = CUBE_POS * tile;
    let mut shared = Shared::<[f32]>::new_slice(plan.shared);
    let mut log_det = f32::new(0.0);
    #[unroll]
    for l in 0..last + 1 {
        let map = comptime!(plan.maps[l]);
        let mut j = unit;
        while j < map.units {
            #[unroll]
            for r in 0..tile {
                sums[(first_row + r) * plan.sums + map.sums + j] = 0.0;
            }
            j += plan.units;
        }
    }
    for step in 0..features {
        if step > 0 {
            // the feature before this one
            let row = tables[step - 1] as usize;
            let map = comptime!(plan.maps[0]);
            let from = if comptime!(last == 0) { step * p } else { tables[features + step] as usize };
            push(
                net,
                tables,
                sums,
                &shared,
                plan.found,
                row,
                1,
                from,
                first_row,
                map,
                comptime!(last == 0),
                plan.clone(),
            );
        }
        #[unroll]
        for l in 0..last {
            let map = comptime!(plan.maps[l]);
            let ready = comptime!(features + l * (features + 1));
            let start = tables[ready + step] as usize;
            let end = tables[ready + step + 1] as usize;
            let mut j = owned_from(start, unit, plan.units);
            while j < end {
                #[unroll]
                for r in 0..tile {
                    let sum = complete(net, sums, first_row + r, rows, j, j, map, plan.clone());
                    let stream = (first_row + r) * plan.sums + plan.stream + j;
                    let value = finish(sum, sums, stream, map, plan.clone());
                    shared[map.fresh + (j - start) * tile + r] = value;
                }
                j += plan.units;
            }
            sync_cube();
            let next = comptime!(plan.maps[l + 1]);
            let is_last = comptime!(l + 1 == last);
            let from =
                if comptime!(is_last) { step * p } else { tables[ready + features + 1 + step] as usize };
            push(
                net,
                tables,
                sums,
                &shared,
                map.fresh,
                start,
                end - start,
                from,
                first_row,
                next,
                is_last,
                plan.clone(),
            );
        }
        let map = comptime!(plan.maps[last]);
        let mut u = owned_from(step * p, unit, plan.units);
        while u < step * p + p {
            let column = column(tables, u, true, p);
            #[unroll]
            for r in 0..tile {
                let sum = complete(net, sums, first_row + r, rows, u, column, map, plan.clone());
                shared[plan.params + (u - step * p) * tile + r] = sum;
            }
            u += plan.units;
        }
        sync_cube();
        if unit < tile {
            let mut params = Array::<f32>::new(p);
            #[unroll(p <= 3 * UNROLLED)]
            for q in 0..p {
                params[q] = shared[plan.params + q * tile + unit];
            }
            let row = first_row + unit;
            let place = min(row, rows - 1) * features + tables[step] as usize;
            let (found, log_slope) = apply_to(z[place], params, plan.univariate, false);
            log_det += log_slope;
            shared[plan.found + unit] = found;
            if row < rows {
                x[place] = found;
            }
        }
        sync_cube();
    }
    if unit < tile && first_row + unit < rows {
        log_dets[first_row + unit] = log_det;
    }
}

/// What a hidden unit is, once its sum is complete; its place in the stream of the residual blocks is `stream`.
#[cube]
fn finish(sum: f32, sums: &mut [f32], stream: usize, #[comptime] map: Map, #[comptime] plan: Plan) -> f32 {
    if comptime!(map.finish == Finish::Activate) {
        activate(sum, plan.activation)
    } else if comptime!(map.finish == Finish::Keep) {
        sum
    } else if comptime!(map.finish == Finish::Start) {
        sums[stream] = sum;
        activate(sum, plan.activation)
    } else {
        let joined = sums[stream] + sum;
        sums[stream] = joined;
        if comptime!(map.finish == Finish::Join) { activate(joined, plan.activation) } else { joined }
    }
}
