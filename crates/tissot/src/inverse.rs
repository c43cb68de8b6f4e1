//! A bijection turned round.

use crate::bijection::{Bijection, Context};
use crate::error::Error;
use crate::inspect::{Sign, solve};
use crate::layers::unit_tangents;
use burn::module::Module;
use burn::tensor::Tensor;
use tissot_kernels::few::Rows;
use tissot_kernels::univariate::Direction;

/// A bijection turned round: its `forward` is the inside's `inverse`, its `inverse` the inside's `forward`.
///
/// An inverse autoregressive flow (Kingma et al. 2016) is `Inverse<Autoregressive<..>>`: sampling takes one pass,
/// a density of a given `x` takes one a feature where there is no kernel.
#[derive(Module, Debug)]
pub struct Inverse<T> {
    inner: T,
}

impl<T> Inverse<T> {
    /// Turns `inner` round.
    ///
    /// # Errors
    /// [`Error::Config`] where `inner` sets parameters from data (ActNorm): it would see the wrong side of them.
    pub fn new<const D: usize>(inner: T) -> Result<Self, Error>
    where
        T: Bijection<D>,
    {
        if inner.depends_on_data() {
            return Err(Error::config(
                "Inverse",
                "a layer inside that is initialised from data (ActNorm)",
                "layers that need no data; put ActNorm outside",
            ));
        }
        Ok(Self { inner })
    }

    /// The bijection inside.
    pub fn inner(&self) -> &T {
        &self.inner
    }
}

impl<const D: usize, T: Bijection<D>> Bijection<D> for Inverse<T> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.inner.inverse(x, context)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.inner.forward(z, context)
    }

    fn pass(&self, rows: &mut Rows, context: Context<'_>, direction: Direction) -> Option<()> {
        let turned = match direction {
            Direction::Forward => Direction::Inverse,
            Direction::Inverse => Direction::Forward,
        };
        self.inner.pass(rows, context, turned)
    }

    /// The inside's, at what it makes of `x`.
    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        // Orders first: the inverse would stumble over them.
        let mut possible = true;
        self.inner.examine(x, context, &mut |sign| {
            if matches!(sign, Sign::Order { .. }) {
                possible = false;
                note(sign);
            }
        });
        if possible {
            let z = self.inner.inverse(x.clone(), context).0;
            self.inner.examine(&z, context, note);
        }
    }

    /// Solves with the Jacobian of the inside, `J t' = t`, made at the point that it is turned round to.
    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let [batch, _, n] = tangents.dims();
        let (z, _) = self.inner.inverse(x, context);
        let (_, columns) = self.inner.push(z.clone(), unit_tangents(batch, n, &z), context)?;
        Some((z, solve(&columns, &tangents)))
    }
}
