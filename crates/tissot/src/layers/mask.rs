//! Which features a coupling keeps.

use crate::error::Error;
use serde::{Deserialize, Serialize};

/// Which features a coupling keeps; the others move.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mask {
    /// The first half, rounded up.
    #[default]
    FirstHalf,
    /// The second half, rounded down.
    SecondHalf,
    /// Features 0, 2, 4, ..
    Even,
    /// Features 1, 3, 5, ..
    Odd,
    /// These features.
    Kept(Vec<usize>),
}

impl Mask {
    /// For each of `features` whether it is kept.
    ///
    /// # Errors
    /// [`Error::Config`] where none or all are kept, or a given one does not exist.
    pub fn kept(&self, features: usize) -> Result<Vec<bool>, Error> {
        let half = features.div_ceil(2);
        let kept: Vec<bool> = match self {
            Self::FirstHalf => (0..features).map(|i| i < half).collect(),
            Self::SecondHalf => (0..features).map(|i| i >= half).collect(),
            Self::Even => (0..features).map(|i| i % 2 == 0).collect(),
            Self::Odd => (0..features).map(|i| i % 2 == 1).collect(),
            Self::Kept(given) => {
                if let Some(missing) = given.iter().find(|&&i| i >= features) {
                    return Err(Error::config(
                        "mask",
                        format!("feature {missing}"),
                        format!("0 to {}", features - 1),
                    ));
                }
                let mut kept = vec![false; features];
                given.iter().for_each(|&i| kept[i] = true);
                kept
            }
        };
        let count = kept.iter().filter(|&&k| k).count();
        if count == 0 || count == features {
            return Err(Error::config(
                "mask",
                format!("{count} of {features} features kept"),
                "at least one kept and one moved; for one feature use an autoregressive layer",
            ));
        }
        Ok(kept)
    }
}
