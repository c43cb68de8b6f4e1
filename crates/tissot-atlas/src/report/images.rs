//! The sentences about images.

use super::Item;
use super::words::three;
use crate::numbers::{fixed, grouped};
use crate::survey::{Direction, Directions, Images};

pub const PIXELS: &str = "Each row is an image, those with the fewest bits first; above them the mean over all. Bits: what each pixel costs, an upper bound. It is a sum: the flow's log-det (how much it stretches the neighbourhood of the image, orange: more than elsewhere, density amplified) and the base's log-density of the latent, and what turns whole numbers into what the flow sees. The log-det is split into the levels of the flow, the finest first; what a coarse level does belongs to a block of pixels. Hover, tap, or use the arrow keys to read values.";

pub const DIRECTIONS: &str = "The small changes of an image that the flow stretches most: along these the density falls off fastest, so they are what the model is surest of. And those it stretches least: changes that it takes for harmless. In one channel orange is lighter and blue darker, or the other way round; in colours a direction is drawn around grey. Below each the stretch, a length in the latent over one in the image.";

/// What the colours mean, as HTML.
pub const LEGEND: &str = r#"<span class="up">Orange: stretched, density amplified, more than elsewhere.</span> <span class="down">Blue: less.</span>"#;

pub const SUM: &str = "pixels (from whole numbers to what the flow sees, the noise's density among it), the levels, the finest first, base";

/// What the density is over.
pub fn over(images: &Images) -> String {
    let [height, width, channels] = images.shape;
    let channels = if channels == 1 { "one channel".to_owned() } else { format!("{channels} channels") };
    format!("images of {height} x {width} with {channels}")
}

/// What stands at the head of the page.
pub fn facts(images: &Images) -> Vec<Item> {
    let (bits, error) = images.bits_per_dim;
    let note = format!("± {}, an upper bound, {} images", fixed(error, 3), grouped(images.count));
    let mut facts = vec![Item::new("bits per dimension", fixed(bits, 3), note)];
    let stretches = |of: fn(&Directions) -> &Vec<Direction>| {
        images.directions.iter().flat_map(of).map(|direction| direction.stretch).collect::<Vec<f64>>()
    };
    let most = stretches(|at| &at.most).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let least = stretches(|at| &at.least).into_iter().fold(f64::INFINITY, f64::min);
    if most.is_finite() && least.is_finite() {
        let note = format!("of {} images, their largest and smallest", images.directions.len());
        facts.push(Item::new("stretches", format!("{} to {}", three(least), three(most)), note));
    }
    facts
}

pub fn books(images: &Images) -> String {
    let gap = format!("{:.1e}", images.books_gap).replace('-', "−");
    format!(
        "The books: over {} images the sums of these parts and the model's own bits per dimension differ by at most {gap}.",
        images.count
    )
}
