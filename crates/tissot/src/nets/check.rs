//! Checks that the configurations of all networks share.

use super::{Activation, Inputs};
use crate::error::Error;

/// The most channels of a convolution: more would be no network but an attack on the memory.
const MOST_CHANNELS: usize = 1 << 13;

/// Refuses layers without units.
pub(crate) fn widths(hidden: &[usize]) -> Result<(), Error> {
    match hidden.iter().position(|&units| units == 0) {
        Some(i) => Err(Error::config(format!("hidden[{i}]"), "0 units", "at least 1")),
        None => Ok(()),
    }
}

/// Refuses a dropout or an activation that is none, and a network without outputs.
pub(crate) fn common(activation: Activation, dropout: f64, outputs: usize) -> Result<(), Error> {
    activation.validate()?;
    if !(0.0..1.0).contains(&dropout) {
        return Err(Error::config("dropout", dropout, "a probability of at least 0 and below 1"));
    }
    if outputs == 0 {
        return Err(Error::config("outputs", 0, "at least 1; does the univariate have parameters?"));
    }
    Ok(())
}

/// Refuses a convolutional network that sees nothing, or has no hidden channels.
pub(crate) fn channels(inputs: Inputs, hidden: usize) -> Result<(), Error> {
    if inputs.all() == 0 {
        return Err(Error::config("inputs", 0, "at least 1 channel"));
    }
    if !(1..=MOST_CHANNELS).contains(&hidden) {
        return Err(Error::config("hidden", format!("{hidden} channels"), format!("1 to {MOST_CHANNELS}")));
    }
    if inputs.all() > MOST_CHANNELS {
        return Err(Error::config("inputs", inputs.all(), format!("at most {MOST_CHANNELS} channels")));
    }
    Ok(())
}
