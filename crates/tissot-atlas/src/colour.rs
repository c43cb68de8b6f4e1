//! The colours: a perceptually uniform sequential scale, and the inks around it.

use std::sync::LazyLock;

/// Red, green and blue, 0 to 255, sRGB.
pub type Rgb = [u8; 3];

/// Paper.
pub const PAPER: Rgb = [255, 255, 255];
/// Titles and axis labels.
pub const INK: Rgb = [0x1c, 0x1b, 0x2b];
/// Subtitles, tick labels and notes.
pub const SOFT_INK: Rgb = [0x5b, 0x5a, 0x6b];
/// Axes and tick marks.
pub const LINE: Rgb = [0xa3, 0xa2, 0xb0];
/// Cells that are not a number.
pub const GAP: Rgb = [0x8c, 0x8c, 0x8c];
/// What lies over a field: ink, or light where a page shows a dark field. Not quite INK, so that a page can tell them.
pub const OVER: Rgb = [0x1d, 0x1b, 0x2b];
/// Two families of lines, told apart by everybody.
pub const FAMILIES: [Rgb; 2] = [[0x1f, 0x6f, 0xb8], [0xc9, 0x6a, 0x1b]];
/// Bars and bands.
pub const BAND: Rgb = [0x4a, 0x6f, 0xa5];
/// The points.
pub const POINT: Rgb = [0x7d, 0xf4, 0xff];

/// Guide colours in Oklch: lightness, chroma, hue in degrees. From a night blue through violet and red to a pale yellow.
const GUIDES: [[f64; 3]; 7] = [
    [0.185, 0.050, 280.0],
    [0.290, 0.125, 290.0],
    [0.420, 0.170, 322.0],
    [0.550, 0.195, 2.0],
    [0.670, 0.185, 33.0],
    [0.810, 0.150, 70.0],
    [0.965, 0.060, 103.0],
];
const STEPS: usize = 256;

/// The curve through the guides, cut into steps of equal length in Oklab: equal steps of the value look equally large.
static SCALE: LazyLock<Vec<[f64; 3]>> = LazyLock::new(|| {
    const FINE: usize = 4096;
    let curve: Vec<[f64; 3]> = (0..=FINE).map(|k| along_guides(k as f64 / FINE as f64)).collect();
    let mut length = vec![0.0; curve.len()];
    for k in 1..curve.len() {
        length[k] = length[k - 1] + distance(curve[k - 1], curve[k]);
    }
    (0..STEPS)
        .map(|step| {
            let wanted = length[FINE] * step as f64 / (STEPS - 1) as f64;
            curve[length.partition_point(|&l| l < wanted).min(FINE)]
        })
        .collect()
});

static PALETTE: LazyLock<Vec<Rgb>> = LazyLock::new(|| SCALE.iter().map(|&lab| srgb(lab)).collect());

/// The colour of `t`: 0 the darkest (also the background), 1 the lightest; outside of that, the nearer end.
pub fn scale(t: f64) -> Rgb {
    PALETTE[(t.clamp(0.0, 1.0) * (STEPS - 1) as f64).round() as usize]
}

pub fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// A Catmull-Rom spline through the guides, in Oklab; the ends go on straight.
fn along_guides(t: f64) -> [f64; 3] {
    let last = GUIDES.len() - 1;
    let lab = |k: usize| {
        let [l, chroma, hue] = GUIDES[k];
        [l, chroma * hue.to_radians().cos(), chroma * hue.to_radians().sin()]
    };
    let segment = ((t * last as f64) as usize).min(last - 1);
    let s = t * last as f64 - segment as f64;
    let (p1, p2) = (lab(segment), lab(segment + 1));
    std::array::from_fn(|i| {
        let p0 = if segment == 0 { 2.0 * p1[i] - p2[i] } else { lab(segment - 1)[i] };
        let p3 = if segment + 2 > last { 2.0 * p2[i] - p1[i] } else { lab(segment + 2)[i] };
        let (slope, bend) = (p2[i] - p0, 2.0 * p0 - 5.0 * p1[i] + 4.0 * p2[i] - p3);
        p1[i] + 0.5 * s * (slope + s * (bend + s * (3.0 * (p1[i] - p2[i]) + p3 - p0)))
    })
}

/// Oklab to linear sRGB (B. Ottosson, "A perceptual color space for image processing", 2020).
fn linear([l, a, b]: [f64; 3]) -> [f64; 3] {
    let long = (l + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (l - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (l - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
}

/// Oklab to sRGB bytes (transfer function of IEC 61966-2-1).
pub fn srgb(lab: [f64; 3]) -> Rgb {
    linear(lab).map(|v| {
        let v = v.clamp(0.0, 1.0);
        let encoded = if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
        (255.0 * encoded).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of sRGB bytes (IEC 61966-2-1).
    fn luminance(rgb: Rgb) -> f64 {
        let [r, g, b] = rgb.map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    #[test]
    fn lightness_rises_all_the_way() {
        let luminances: Vec<f64> = PALETTE.iter().map(|&rgb| luminance(rgb)).collect();
        assert!(luminances.windows(2).all(|w| w[0] <= w[1] + 4e-4), "bytes round, so allow that much");
        assert!(luminances.windows(5).all(|w| w[0] < w[4]));
        assert!(SCALE.windows(2).all(|w| w[0][0] < w[1][0]));
        assert!(luminances[0] < 0.01 && luminances[STEPS - 1] > 0.85, "{luminances:?}");
    }

    #[test]
    fn steps_are_even_and_inside_srgb() {
        let steps: Vec<f64> = SCALE.windows(2).map(|w| distance(w[0], w[1])).collect();
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        assert!(steps.iter().all(|s| (s / mean - 1.0).abs() < 0.1), "mean {mean}: {steps:?}");
        assert!(SCALE.iter().all(|&lab| linear(lab).iter().all(|v| (-1e-3..1.001).contains(v))));
    }

    #[test]
    fn grey_converts_to_grey_and_ends_are_kept() {
        assert_eq!(srgb([1.0, 0.0, 0.0]), [255, 255, 255]);
        assert_eq!(srgb([0.0, 0.0, 0.0]), [0, 0, 0]);
        assert_eq!(srgb([0.627_955, 0.224_863, 0.125_846]), [255, 0, 0], "Ottosson's red");
        assert_eq!((scale(-3.0), scale(7.0)), (scale(0.0), scale(1.0)));
        assert!(scale(0.5) != scale(0.51));
    }
}
