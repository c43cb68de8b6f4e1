//! Orders of features.

use crate::error::Error;
use serde::{Deserialize, Serialize};

/// The order in which features depend on one another: each on those before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// 0, 1, 2, ..
    #[default]
    Ascending,
    /// .., 2, 1, 0.
    Descending,
    /// These features, first to last; a permutation of all of them.
    Given(Vec<usize>),
}

impl Order {
    /// The features, first to last.
    ///
    /// # Errors
    /// [`Error::Config`] where a given order is no permutation of `0..features`.
    pub fn features(&self, features: usize) -> Result<Vec<usize>, Error> {
        match self {
            Self::Ascending => Ok((0..features).collect()),
            Self::Descending => Ok((0..features).rev().collect()),
            Self::Given(order) => {
                let mut sorted = order.clone();
                sorted.sort_unstable();
                if sorted.into_iter().eq(0..features) {
                    return Ok(order.clone());
                }
                let expected = format!("each of the {features} features, counted from 0, once");
                Err(Error::config("order", format!("{order:?}"), expected))
            }
        }
    }
}
