//! Univariates of whole rows on GPUs.

mod affine;
mod bin;
mod each;
mod knots;
mod rows;

pub(crate) use each::{FixedUnivariate, apply_to};

use super::op::UnivariateOps;
use super::{Direction, Setting};
use crate::cube::{Fixed, Target, UNITS, buffer, empty, enter, grid, leave, like};
use burn::backend::tensor::FloatTensor;
use burn_cubecl::cubecl::prelude::{CubeCount, CubeDim};
use burn_cubecl::tensor::CubeTensor;
use rows::{Frame, PlaceLaunch, univariate_gradients, univariate_values};

type Float = FloatTensor<Target>;

impl UnivariateOps for Target {
    fn univariate(at: Float, params: Float, setting: Setting) -> (Float, Float) {
        let (at, params) = (enter(at), enter(params));
        let values = like(&at);
        let work = Work::new(&at, &params, &setting);
        let log_dets = empty(&at, &[work.rows]);
        univariate_values::launch(
            &at.client,
            work.grid.clone(),
            work.units,
            buffer(&at),
            buffer(&params),
            buffer(&values),
            buffer(&log_dets),
            work.place(),
            work.frame,
        );
        (leave(values), leave(log_dets))
    }

    fn univariate_backward(
        at: Float,
        params: Float,
        values: Float,
        log_dets: Float,
        setting: Setting,
    ) -> (Float, Float) {
        let (at, params) = (enter(at), enter(params));
        let (values, log_dets) = (enter(values), enter(log_dets));
        let (of_at, of_params) = (like(&at), like(&params));
        let work = Work::new(&at, &params, &setting);
        univariate_gradients::launch(
            &at.client,
            work.grid.clone(),
            work.units,
            buffer(&at),
            buffer(&params),
            buffer(&values),
            buffer(&log_dets),
            buffer(&of_at),
            buffer(&of_params),
            work.place(),
            work.frame,
        );
        (leave(of_at), leave(of_params))
    }
}

/// How rows are shared out among cubes: as many units work on a row as it has moved elements, if there are so many.
struct Work {
    grid: CubeCount,
    units: CubeDim,
    frame: Frame,
    rows: usize,
    features: usize,
    moved: usize,
    first: usize,
    step: usize,
}

impl Work {
    fn new(at: &CubeTensor, params: &CubeTensor, setting: &Setting) -> Self {
        let (rows, features) = (at.meta.shape()[0], at.meta.shape()[1]);
        let moved = params.meta.shape()[1];
        let lanes = moved.next_power_of_two().min(UNITS);
        let (grid, units) = grid(&at.client, rows.div_ceil(UNITS / lanes));
        let columns = setting.columns.as_deref().unwrap_or_default();
        let step = columns.windows(2).next().map_or(1, |pair| pair[1] - pair[0]);
        let forward = setting.direction == Direction::Forward;
        let frame = Frame { lanes, univariate: Fixed(setting.univariate), forward };
        Self { grid, units, frame, rows, features, moved, first: columns.first().map_or(0, |&c| c), step }
    }

    fn place(&self) -> PlaceLaunch {
        PlaceLaunch::new(self.rows, self.features, self.moved, self.first, self.step)
    }
}
