//! The colours of stretch against squeeze: blue below 0, orange above, the same for all who see colours differently.

use crate::colour::{Rgb, distance, srgb};
use std::sync::LazyLock;

/// Which paper a picture lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// Guide colours in Oklch of the upper half, from 0 to 1, and of the lower half: lightness, chroma, hue in degrees.
type Guides = [[f64; 3]; 4];
const LIGHT: [Guides; 2] = [
    [[0.975, 0.004, 80.0], [0.820, 0.110, 68.0], [0.620, 0.150, 52.0], [0.400, 0.110, 42.0]],
    [[0.975, 0.004, 80.0], [0.820, 0.080, 240.0], [0.600, 0.125, 250.0], [0.390, 0.125, 262.0]],
];
const DARK: [Guides; 2] = [
    [[0.220, 0.012, 280.0], [0.430, 0.095, 50.0], [0.660, 0.145, 60.0], [0.900, 0.110, 82.0]],
    [[0.220, 0.012, 280.0], [0.410, 0.100, 258.0], [0.630, 0.125, 248.0], [0.880, 0.075, 225.0]],
];
const STEPS: usize = 128;

static PALETTES: LazyLock<[[Vec<Rgb>; 2]; 2]> =
    LazyLock::new(|| [LIGHT.map(|half| palette(&half)), DARK.map(|half| palette(&half))]);

/// The colour of `t`, -1 to 1: blue for squeeze, the paper's colour at 0, orange for stretch.
pub fn diverging(t: f64, theme: Theme) -> Rgb {
    let halves = &PALETTES[usize::from(theme == Theme::Dark)];
    halves[usize::from(t < 0.0)][(t.abs().min(1.0) * (STEPS - 1) as f64).round() as usize]
}

/// Steps of equal length in Oklab along the guides.
fn palette(guides: &Guides) -> Vec<Rgb> {
    const FINE: usize = 1024;
    let lab = guides.map(|[l, c, h]| [l, c * h.to_radians().cos(), c * h.to_radians().sin()]);
    let at = |t: f64| {
        let k = ((t * 3.0) as usize).min(2);
        let s = t * 3.0 - k as f64;
        std::array::from_fn(|i| lab[k][i] + s * (lab[k + 1][i] - lab[k][i]))
    };
    let curve: Vec<[f64; 3]> = (0..=FINE).map(|k| at(k as f64 / FINE as f64)).collect();
    let mut length = vec![0.0; curve.len()];
    for k in 1..curve.len() {
        length[k] = length[k - 1] + distance(curve[k - 1], curve[k]);
    }
    let step = |step: usize| {
        let wanted = length[FINE] * step as f64 / (STEPS - 1) as f64;
        srgb(curve[length.partition_point(|&l| l < wanted).min(FINE)])
    };
    (0..STEPS).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Linear sRGB as those see it who lack one kind of cones (Machado, Oliveira and Fernandes 2009, severity 1).
    const BLINDNESS: [[[f64; 3]; 3]; 3] = [
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ];

    fn linear(rgb: Rgb) -> [f64; 3] {
        rgb.map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Linear sRGB to Oklab (Ottosson 2020).
    fn oklab([r, g, b]: [f64; 3]) -> [f64; 3] {
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        [
            0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        ]
    }

    #[test]
    fn everybody_tells_stretch_from_squeeze() {
        for theme in [Theme::Light, Theme::Dark] {
            for t in [0.15, 0.3, 0.5, 0.75, 1.0] {
                let pair = [linear(diverging(t, theme)), linear(diverging(-t, theme))];
                let seen = |m: &[[f64; 3]; 3], c: [f64; 3]| {
                    oklab(m.map(|row| row.iter().zip(c).map(|(a, b)| a * b).sum::<f64>().max(0.0)))
                };
                for m in &BLINDNESS {
                    let apart = distance(seen(m, pair[0]), seen(m, pair[1]));
                    // Two colours are just told apart at about 0.02.
                    assert!(apart > 0.05 + 0.06 * (t - 0.15), "{theme:?} {t}: {apart}");
                }
            }
        }
    }

    #[test]
    fn equal_amounts_look_equally_strong_and_more_looks_stronger() {
        for theme in [Theme::Light, Theme::Dark] {
            let lightness = |t: f64| oklab(linear(diverging(t, theme)))[0];
            for k in 0..=20 {
                let t = f64::from(k) / 20.0;
                assert!((lightness(t) - lightness(-t)).abs() < 0.05, "{theme:?} {t}");
                let away = |t: f64| (lightness(t) - lightness(0.0)).abs();
                assert!(k == 0 || away(t) > away(t - 0.05), "{theme:?} {t}");
            }
        }
        assert_eq!(diverging(0.0, Theme::Light), diverging(-0.0, Theme::Light));
        assert_eq!(diverging(7.0, Theme::Dark), diverging(1.0, Theme::Dark));
    }
}
