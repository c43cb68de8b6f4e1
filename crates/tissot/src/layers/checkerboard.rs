//! Couplings whose mask is a checkerboard of pixels.

use crate::bijection::{AtPositions, Bijection, Context, PositionSink, over_features, same_rank};
use crate::error::Error;
use crate::inspect::Sign;
use crate::layer::Place;
use crate::layers::indices;
use crate::nets::{AnyConditioner, Conditioner, ConditionerConfig};
use crate::univariate::{AnyUnivariate, Univariate};
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::conv::channels_last;

/// How to make a [`Checkerboard`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckerboardConfig {
    /// Whether the pixels with an odd row plus column are kept, instead of the even ones.
    pub odd: bool,
    /// What moves the others.
    pub univariate: AnyUnivariate,
    /// The network that makes its parameters from the kept ones.
    pub conditioner: ConditionerConfig,
}

impl Default for CheckerboardConfig {
    fn default() -> Self {
        let conditioner = crate::nets::ConvNetConfig::default().into();
        Self { odd: false, univariate: AnyUnivariate::default(), conditioner }
    }
}

impl CheckerboardConfig {
    /// A coupling of pixels, at its start the identity.
    ///
    /// # Errors
    /// [`Error::Config`] for tables, for images of one pixel, and where a part describes nothing that works.
    pub fn init(
        &self,
        place: &Place<'_>,
        rng: &mut dyn Rng,
    ) -> Result<Checkerboard<AnyConditioner, AnyUnivariate>, Error> {
        let &[height, width] = place.positions else {
            return Err(Error::config(
                "Checkerboard",
                "a table",
                "images: FlowConfig::positions with height and width",
            ));
        };
        if height * width < 2 {
            return Err(Error::config(
                "Checkerboard",
                "images of one pixel",
                "at least one kept and one moved",
            ));
        }
        self.univariate.validate()?;
        let bias = self.univariate.start().repeat(place.features);
        let net = self.conditioner.init_at(place, place.features, &bias, rng)?;
        let shape = [place.features, height, width];
        Ok(Checkerboard::new(net, self.univariate, shape, self.odd, place.device))
    }
}

/// Keeps every other pixel and moves the others by a univariate whose parameters a network makes of the kept ones.
///
/// With the mask `b`, 1 where row plus column is even (odd where that is asked for): `forward` moves the elements with
/// `b = 0` of `x` by `u(.; net(b x, context))`, `log_det = sum log u'` over them; `inverse` undoes it with the same parameters,
/// which see kept pixels only.
///
/// Dinh et al., "Density estimation using Real NVP", 2017, section 3.4, eq. 9 and figure 3.
///
/// # Shapes
/// `[batch, channels, height, width]` of the size that it was made for. The network maps it to
/// `[batch, channels * num_params, height, width]`.
///
/// # Panics
/// On tensors of another rank than 4.
#[derive(Module, Debug)]
pub struct Checkerboard<N, U> {
    /// The conditioner.
    pub net: N,
    #[module(skip)]
    univariate: U,
    /// 1 for each kept pixel, 0 for the others, `[1, 1, height, width]`; recorded, not trained.
    kept: Param<Tensor<4>>,
    moved: Tensor<1, Int>,
    merge: Tensor<1, Int>,
}

impl<N, U: Univariate> Checkerboard<N, U> {
    /// A coupling of images `[channels, height, width]` that keeps the even pixels, or the odd ones.
    pub fn new(
        net: N,
        univariate: U,
        [channels, height, width]: [usize; 3],
        odd: bool,
        device: &Device,
    ) -> Self {
        let positions = height * width;
        let keeps = |position: usize| ((position / width + position % width) % 2 == 1) == odd;
        let mask: Vec<f64> = (0..positions).map(|p| f64::from(u8::from(keeps(p)))).collect();
        let mask = Tensor::from_data(TensorData::new(mask, [1, 1, height, width]), device);
        let n = channels * positions;
        let moved: Vec<usize> = (0..n).filter(|e| !keeps(e % positions)).collect();
        // An element's place in [all of x, the moved ones].
        let mut merge: Vec<usize> = (0..n).collect();
        moved.iter().enumerate().for_each(|(k, &element)| merge[element] = n + k);
        Self {
            net,
            univariate,
            kept: Param::initialized(ParamId::new(), mask.set_require_grad(false)),
            moved: indices(&moved, device),
            merge: indices(&merge, device),
        }
    }

    /// The kept pixels, the moved elements and their parameters.
    fn parts(&self, x: Tensor<4>, context: Context<'_>) -> (Tensor<2>, Tensor<2>, Tensor<3>)
    where
        N: Conditioner<4>,
    {
        let [batch, channels, height, width] = x.dims();
        let (n, p) = (channels * height * width, self.univariate.num_params());
        let raw = self.net.forward(x.clone() * self.kept.val(), context);
        let params = channels_last(raw.reshape([batch * channels, p, height, width])).reshape([batch, n, p]);
        let flat = x.reshape([batch, n]);
        (flat.clone(), flat.select(1, self.moved.clone()), params.select(1, self.moved.clone()))
    }

    fn apply<const D: usize>(
        &self,
        x: Tensor<D>,
        context: Context<'_>,
        map: impl FnOnce(&U, Tensor<2>, Tensor<3>) -> (Tensor<2>, Tensor<1>),
    ) -> (Tensor<D>, Tensor<1>)
    where
        N: Conditioner<4>,
    {
        assert_eq!(D, 4, "a checkerboard is for images, rank 4; found rank {D}");
        let dims = x.dims();
        let (all, moved, params) = self.parts(same_rank(x), context);
        let (moved, log_det) = map(&self.univariate, moved, params);
        (Tensor::cat(vec![all, moved], 1).select(1, self.merge.clone()).reshape(dims), log_det)
    }
}

impl<const D: usize, N: Conditioner<4>, U: Univariate> Bijection<D> for Checkerboard<N, U> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.apply(x, context, U::forward)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.apply(z, context, U::inverse)
    }

    fn walk_positions(
        &self,
        x: Tensor<D>,
        context: Context<'_>,
        sink: &mut PositionSink<'_, D>,
    ) -> Tensor<D> {
        let dims = x.dims();
        let (all, moved, params) = self.parts(same_rank(x), context);
        let (moved, slopes) = self.univariate.elementwise(moved, params);
        let merged = |all, moved| Tensor::cat(vec![all, moved], 1).select(1, self.merge.clone());
        let slopes = merged(all.zeros_like(), slopes);
        sink(AtPositions { name: "Checkerboard", squeezes: 0, log_det: over_features(slopes, &dims) });
        merged(all, moved).reshape(dims)
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let (_, moved, params) = self.parts(same_rank(x.clone()), context);
        self.univariate.examine(&moved, &params, note);
    }
}
