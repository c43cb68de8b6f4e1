//! Discrete images: pixels, dequantisation, bits per dimension, and the model that a file holds.
//!
//! A flow is a density of continuous numbers, an image holds whole ones. With noise `u` in `[0, 1)` on each, which is drawn
//! from `q(u | v)`,
//!
//! ```text
//! log P(v) = log int p(v + u) du  >=  E_q [ log p(v + u) - log q(u | v) ]
//! ```
//!
//! so what a model says of an image is a bound: of its log-probability from below, of its bits from above. `q` is uniform
//! (Theis et al. 2016, "A note on the evaluation of generative models", section 3.1), or a flow of its own (Ho et al. 2019,
//! "Flow++", eq. 8-12), and K draws give a tighter bound (Burda et al. 2016, "Importance Weighted Autoencoders", eq. 8).
//!
//! On the host images are bytes, `[n, height, width, channels]`, as PNG files have them.

mod account;
mod flow;
mod model;
mod pixels;

pub use account::PixelAccount;
pub use flow::ImageFlow;
pub use model::{ImageModel, one_hot};
pub use pixels::{Pixels, Squash};

/// The mean of some numbers and its standard error; that of a single number is 0, of none both are `NaN`.
///
/// ```
/// let (mean, error) = tissot::image::mean_and_error(&[1.0, 2.0, 3.0]);
/// assert_eq!((mean, error), (2.0, (1.0_f64 / 3.0).sqrt()));
/// ```
pub fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0).max(1.0) / n).sqrt())
}
