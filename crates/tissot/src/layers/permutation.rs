//! A fixed order of the features.

use crate::bijection::{Bijection, Context, zero_log_det};
use crate::error::Error;
use crate::inspect::Sign;
use crate::layers::tangent;
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::few::Rows;
use tissot_kernels::univariate::Direction;

/// How to make a [`Permutation`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum PermutationConfig {
    /// Last to first.
    #[default]
    Reverse,
    /// Drawn at random, each order as likely as another.
    Random {
        /// The seed; without one the order is drawn from the generator that makes the layer. Either way it is
        /// recorded with the weights.
        #[serde(default)]
        seed: Option<u64>,
    },
    /// This order: output `i` is input `given[i]`.
    Given(Vec<usize>),
}

impl PermutationConfig {
    /// The permutation of `features`.
    ///
    /// # Errors
    /// [`Error::Config`] for no features, or a given order that is none of them.
    pub fn init(&self, features: usize, device: &Device, rng: &mut dyn Rng) -> Result<Permutation, Error> {
        if features == 0 {
            return Err(Error::config("features", features, "at least 1"));
        }
        let mut order: Vec<usize> = (0..features).collect();
        match self {
            Self::Reverse => order.reverse(),
            Self::Random { seed: Some(seed) } => order.shuffle(&mut ChaCha8Rng::seed_from_u64(*seed)),
            Self::Random { seed: None } => order.shuffle(rng),
            Self::Given(given) => {
                check(given, features)?;
                order.clone_from(given);
            }
        }
        Ok(Permutation::of(&order, device))
    }
}

/// Refuses an order that does not name each of `features` once.
fn check(given: &[usize], features: usize) -> Result<(), Error> {
    let wrong = |found: String, expected: String| Err(Error::config("order", found, expected));
    let mut place = vec![None; features];
    for (i, &index) in given.iter().enumerate() {
        let Some(seen) = place.get_mut(index) else {
            return wrong(
                format!("index {index} at place {i}"),
                format!("indices from 0 to {}", features - 1),
            );
        };
        if let Some(first) = seen.replace(i) {
            return wrong(format!("index {index} at places {first} and {i}"), "each index once".to_owned());
        }
    }
    match place.iter().position(Option::is_none) {
        Some(missing) => wrong(
            format!("{} indices without {missing}", given.len()),
            format!("each index from 0 to {} once", features - 1),
        ),
        None => Ok(()),
    }
}

/// Puts the features in another, fixed order.
///
/// With the order `p`:
/// * `forward`: `z[:, i] = x[:, p[i]]`;
/// * `inverse`: `x[:, p[i]] = z[:, i]`.
///
/// `log_det` is 0: no volume changes. The order and its inverse are recorded with the weights.
///
/// # Shapes
/// `[batch, features, ..]`.
#[derive(Module, Debug)]
pub struct Permutation {
    indices: Param<Tensor<1, Int>>,
    inverse: Param<Tensor<1, Int>>,
}

impl Permutation {
    /// The permutation with output `i` being input `order[i]`.
    ///
    /// # Errors
    /// [`Error::Config`] naming the first index that is repeated, missing or too large.
    pub fn new(order: &[usize], device: &Device) -> Result<Self, Error> {
        check(order, order.len())?;
        Ok(Self::of(order, device))
    }

    /// The same for an order that is known to be one.
    pub(super) fn of(order: &[usize], device: &Device) -> Self {
        let mut inverse = vec![0; order.len()];
        for (i, &index) in order.iter().enumerate() {
            inverse[index] = i;
        }
        let param = |v: &[usize]| {
            let data = TensorData::new(v.iter().map(|&i| i as i64).collect(), [v.len()]);
            Param::initialized(ParamId::new(), Tensor::from_data(data, device))
        };
        Self { indices: param(order), inverse: param(&inverse) }
    }

    /// The permutation that undoes this one.
    #[must_use]
    pub fn inverted(self) -> Self {
        Self { indices: self.inverse, inverse: self.indices }
    }

    /// What is wrong with the recorded order or its inverse for `features`; `None` where nothing is.
    pub(super) fn fault(&self, features: usize) -> Option<String> {
        let read = |order: Tensor<1, Int>| order.into_data().iter::<i64>().collect::<Vec<_>>();
        let (order, inverse) = (read(self.indices()), read(self.inverse_indices()));
        let places: Vec<usize> = order.iter().map(|&i| usize::try_from(i).unwrap_or(usize::MAX)).collect();
        if let Err(error) = check(&places, features) {
            return Some(error.to_string());
        }
        let at = |i: usize| inverse.get(places[i]).copied();
        (0..features).find(|&i| at(i) != Some(i as i64)).map(|i| {
            let (found, index) = (at(i).map_or_else(|| "none".into(), |at| at.to_string()), places[i]);
            format!("inverse: found place {found} for index {index}, expected {i}")
        })
    }

    /// The order, `[features]`: output `i` is input `indices[i]`.
    pub fn indices(&self) -> Tensor<1, Int> {
        self.indices.val()
    }

    /// The order of the inverse, `[features]`: input `i` is output `inverse_indices[i]`.
    pub fn inverse_indices(&self) -> Tensor<1, Int> {
        self.inverse.val()
    }
}

impl<const D: usize> Bijection<D> for Permutation {
    fn forward(&self, x: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let log_det = zero_log_det(&x);
        (x.select(1, self.indices()), log_det)
    }

    fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let log_det = zero_log_det(&z);
        (z.select(1, self.inverse_indices()), log_det)
    }

    fn pass(&self, rows: &mut Rows, _: Context<'_>, direction: Direction) -> Option<()> {
        rows.permute(match direction {
            Direction::Forward => self.indices(),
            Direction::Inverse => self.inverse_indices(),
        })
    }

    fn examine(&self, x: &Tensor<D>, _: Context<'_>, note: &mut dyn FnMut(Sign)) {
        if let Some(fault) = self.fault(x.dims()[1]) {
            note(Sign::Order { fault });
        }
    }

    fn push(&self, x: Tensor<D>, tangents: Tensor<3>, _: Context<'_>) -> Option<(Tensor<D>, Tensor<3>)> {
        let moved = tangent::each(tangents, x.dims(), |t| t.select(1, self.indices()));
        Some((x.select(1, self.indices()), moved))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(given: &[usize]) -> String {
        check(given, 3).unwrap_err().to_string()
    }

    #[test]
    fn an_order_that_is_none_is_refused_by_name() {
        assert!(check(&[2, 0, 1], 3).is_ok());
        assert_eq!(refused(&[0, 2, 0]), "order: found index 0 at places 0 and 2, expected each index once");
        assert_eq!(refused(&[0, 3, 1]), "order: found index 3 at place 1, expected indices from 0 to 2");
        assert_eq!(
            refused(&[2, 0]),
            "order: found 2 indices without 1, expected each index from 0 to 2 once"
        );
    }

    #[test]
    fn a_seed_is_an_order() {
        let device = Device::flex();
        let order = |seed, rng: &mut ChaCha8Rng| {
            let made = PermutationConfig::Random { seed }.init(50, &device, rng).unwrap();
            made.indices().into_data()
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        assert_eq!(order(Some(7), &mut rng), order(Some(7), &mut rng));
        assert_ne!(order(Some(7), &mut rng), order(Some(8), &mut rng));
        assert_ne!(order(None, &mut rng), order(None, &mut rng));
    }
}
