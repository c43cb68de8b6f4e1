//! Coupling layers: some features are kept and decide how the others move.

mod config;

pub use config::CouplingConfig;

use crate::bijection::{
    AtPositions, Bijection, Context, PositionSink, expanded, over_features, positions, zero_log_det,
};
use crate::few;
use crate::inspect::Sign;
use crate::layers::{indices, tangent};
use crate::nets::Conditioner;
use crate::univariate::Univariate;
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use std::sync::Arc;
use tissot_kernels::conv::channels_last;
use tissot_kernels::few::{Layer, Rows};
use tissot_kernels::univariate::{self as fused, Direction};

/// Keeps some features and moves the others by a univariate whose parameters a network makes of the kept ones.
///
/// With `x = (a, b)`, `a` kept:
/// * `forward`: `z = (v(a), u(b; net(a, context)))`, `log_det = sum log u' (+ sum log v')`;
/// * `inverse`: `a = v^-1(z_a)`, `b = u^-1(z_b; net(a, context))`, `log_det` its negative.
///
/// `v` is the identity, or a learned univariate of each kept feature (Durkan et al. 2019, section 3.1). On images
/// features are channels and every position has its own parameters.
///
/// Dinh et al., "Density estimation using Real NVP", 2017, eq. 4-8.
///
/// # Shapes
/// `[batch, features, ..]`. The network maps `[batch, kept, ..]` to `[batch, moved * num_params, ..]`.
#[derive(Module, Debug)]
pub struct Coupling<N, U> {
    /// The conditioner.
    pub net: N,
    /// The parameters of the kept features' univariate, `[1, kept, num_params]`.
    pub kept_params: Option<Param<Tensor<3>>>,
    #[module(skip)]
    univariate: U,
    #[module(skip)]
    kept_univariate: Option<U>,
    kept: Tensor<1, Int>,
    moved: Tensor<1, Int>,
    merge: Tensor<1, Int>,
    #[module(skip)]
    seen: Arc<[usize]>,
    #[module(skip)]
    columns: Arc<[usize]>,
}

impl<N: Module, U: Univariate> Coupling<N, U> {
    /// A coupling that keeps the features marked in `kept`.
    pub fn new(net: N, univariate: U, kept: &[bool], device: &Device) -> Self {
        let which = |side: bool| (0..kept.len()).filter(|&i| kept[i] == side).collect::<Vec<_>>();
        let (kept, moved) = (which(true), which(false));
        let mut merge = vec![0; kept.len() + moved.len()];
        for (place, &feature) in kept.iter().chain(&moved).enumerate() {
            merge[feature] = place;
        }
        Self {
            net,
            kept_params: None,
            univariate,
            kept_univariate: None,
            kept: indices(&kept, device),
            moved: indices(&moved, device),
            merge: indices(&merge, device),
            seen: kept.into(),
            columns: moved.into(),
        }
    }

    /// Gives the kept features a learned univariate of their own, the identity at its start.
    #[must_use]
    pub fn with_kept_univariate(self, univariate: U, device: &Device) -> Self {
        let kept = self.kept.dims()[0];
        let start = TensorData::new(univariate.start().repeat(kept), [1, kept, univariate.num_params()]);
        Self {
            kept_params: Some(Param::from_tensor(Tensor::from_data(start, device))),
            kept_univariate: Some(univariate),
            ..self
        }
    }

    /// The univariate of the moved features.
    pub fn univariate(&self) -> &U {
        &self.univariate
    }

    /// `[batch, elements * p, positions..]` as `[batch, elements * positions, p]`.
    fn params<const D: usize>(&self, raw: Tensor<D>) -> Tensor<3> {
        let dims = raw.dims();
        let (p, s) = (self.univariate.num_params(), positions(&dims));
        let shape = [dims[0], dims[1] / p * s, p];
        if s == 1 {
            return raw.reshape(shape);
        }
        channels_last(raw.reshape([dims[0] * dims[1] / p, p, 1, s])).reshape(shape)
    }

    /// Moves `x` by `map` under `params`, whatever its rank.
    fn elements<const D: usize>(
        x: Tensor<D>,
        map: impl FnOnce(Tensor<2>) -> (Tensor<2>, Tensor<1>),
    ) -> (Tensor<D>, Tensor<1>) {
        let dims = x.dims();
        let (y, log_det) = map(x.reshape([dims[0], dims[1] * positions(&dims)]));
        (y.reshape(dims), log_det)
    }

    /// `x` under `params` in one operation that lets the kept elements through, where there is one.
    fn fused<const D: usize>(
        &self,
        x: &Tensor<D>,
        params: &Tensor<3>,
        direction: Direction,
    ) -> Option<(Tensor<D>, Tensor<1>)> {
        if self.kept_univariate.is_some() {
            return None;
        }
        let (dims, fused) = (x.dims(), self.univariate.fused()?);
        let s = positions(&dims);
        let rows = x.clone().reshape([dims[0], dims[1] * s]);
        let columns = match s {
            1 => self.columns.clone(),
            _ => self.columns.iter().flat_map(|&c| c * s..(c + 1) * s).collect(),
        };
        let (y, log_det) = fused::apply_to_columns(&rows, params, fused, direction, columns)?;
        Some((y.reshape(dims), log_det))
    }

    /// The kept features of `x`.
    fn keep<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match (self.seen.first(), self.seen.last()) {
            // Of images a run of channels is a run of memory.
            (Some(&first), Some(&last)) if D > 2 && last - first + 1 == self.seen.len() => {
                x.narrow(1, first, self.seen.len())
            }
            _ => x.select(1, self.kept.clone()),
        }
    }

    /// Moves the kept features by their own univariate, where they have one.
    fn move_kept<const D: usize>(
        &self,
        x: Tensor<D>,
        map: impl FnOnce(&U, Tensor<2>, Tensor<3>) -> (Tensor<2>, Tensor<1>),
    ) -> (Tensor<D>, Tensor<1>) {
        let (Some(univariate), Some(params)) = (&self.kept_univariate, &self.kept_params) else {
            let zero = zero_log_det(&x);
            return (x, zero);
        };
        let [_, kept, p] = params.val().dims();
        let s = positions(&x.dims());
        let params = params.val().reshape([1, kept, 1, p]).repeat_dim(2, s).reshape([1, kept * s, p]);
        Self::elements(x, |x| map(univariate, x, params))
    }
}

impl<const D: usize, N: Conditioner<D>, U: Univariate> Bijection<D> for Coupling<N, U> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        if let Some(done) = few::alone(self, &x, context, Direction::Forward) {
            return done;
        }
        let kept = self.keep(x.clone());
        let params = self.params(self.net.forward(kept.clone(), context));
        if let Some(done) = self.fused(&x, &params, Direction::Forward) {
            return done;
        }
        let moved = x.select(1, self.moved.clone());
        let (moved, log_det) = Self::elements(moved, |x| self.univariate.forward(x, params));
        let (kept, own) = self.move_kept(kept, U::forward);
        (Tensor::cat(vec![kept, moved], 1).select(1, self.merge.clone()), log_det + own)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        if let Some(done) = few::alone(self, &z, context, Direction::Inverse) {
            return done;
        }
        let (kept, own) = self.move_kept(self.keep(z.clone()), U::inverse);
        let params = self.params(self.net.forward(kept.clone(), context));
        if let Some(done) = self.fused(&z, &params, Direction::Inverse) {
            return done;
        }
        let moved = z.select(1, self.moved.clone());
        let (moved, log_det) = Self::elements(moved, |z| self.univariate.inverse(z, params));
        (Tensor::cat(vec![kept, moved], 1).select(1, self.merge.clone()), log_det + own)
    }

    fn walk_positions(
        &self,
        x: Tensor<D>,
        context: Context<'_>,
        sink: &mut PositionSink<'_, D>,
    ) -> Tensor<D> {
        let dims = x.dims();
        let kept = self.keep(x.clone());
        let params = self.params(self.net.forward(kept.clone(), context));
        let moved = x.select(1, self.moved.clone());
        let shape = moved.dims();
        let (moved, slopes) = self.univariate.elementwise(moved.reshape([dims[0], params.dims()[1]]), params);
        let mut log_det = over_features(slopes, &dims);
        let (kept, _) = self.move_kept(kept, |univariate, x, params| {
            let (y, slopes) = univariate.elementwise(x, params);
            log_det = log_det.clone() + over_features(slopes, &dims);
            let none = zero_log_det(&y);
            (y, none)
        });
        sink(AtPositions { name: "Coupling", squeezes: 0, log_det });
        Tensor::cat(vec![kept, moved.reshape(shape)], 1).select(1, self.merge.clone())
    }

    fn pass(&self, rows: &mut Rows, context: Context<'_>, direction: Direction) -> Option<()> {
        if self.kept_univariate.is_some() {
            return None;
        }
        let univariate = self.univariate.fused()?;
        let layer = Layer { seen: Some(&self.seen), moved: Some(&self.columns), univariate, direction };
        rows.layer(|units| self.net.pass(units, context), layer)
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let kept = x.clone().select(1, self.kept.clone());
        let params = self.params(self.net.forward(kept.clone(), context));
        let moved = x.clone().select(1, self.moved.clone());
        let flat = [x.dims()[0], self.columns.len() * positions(&x.dims())];
        self.univariate.examine(&moved.reshape(flat), &params, note);
        let _ = self.move_kept(kept, |univariate, x, params| {
            univariate.examine(&x, &params, note);
            univariate.forward(x, params)
        });
    }

    /// On tables, for networks with a rule of their own.
    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        if D != 2 {
            return None;
        }
        let dims = x.dims();
        let kept = x.clone().select(1, self.kept.clone());
        let moved = x.select(1, self.moved.clone()).reshape([dims[0], self.columns.len()]);
        let kept_tangents = tangent::select(tangents.clone(), self.kept.clone());
        let moved_tangents = tangent::select(tangents, self.moved.clone());
        let (moved, moved_tangents) = tangent::conditioned(
            &self.net,
            &self.univariate,
            (kept.clone(), kept_tangents.clone()),
            (moved, moved_tangents),
            context,
        )?;
        let kept = kept.reshape([dims[0], dims[1] - self.columns.len()]);
        let (kept, kept_tangents) = match (&self.kept_univariate, &self.kept_params) {
            (Some(univariate), Some(params)) => {
                let [_, n, p] = params.val().dims();
                let at = tangent::Slopes::of(univariate, kept, expanded(params.val(), [dims[0], n, p]));
                (at.y, kept_tangents * at.by_x.unsqueeze_dim(1))
            }
            _ => (kept, kept_tangents),
        };
        let z = Tensor::cat(vec![kept, moved], 1).select(1, self.merge.clone());
        let tangents =
            tangent::select(Tensor::cat(vec![kept_tangents, moved_tangents], 2), self.merge.clone());
        Some((z.reshape(dims), tangents))
    }
}
