//! Where an axis is labelled, and with what.

use crate::numbers;

/// Multiples of 1, 2 and 5 are read easily.
const DECIMAL: [f64; 3] = [1.0, 2.0, 5.0];
/// What a map of the world is divided by, in degrees; below one degree, decimals.
const DEGREES: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 90.0];

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Axis {
    /// Plain numbers.
    Plain,
    /// Degrees, east positive.
    Longitude,
    /// Degrees, north positive.
    Latitude,
}

/// A labelled place on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// In units of the axis.
    pub at: f64,
    /// What is written there.
    pub label: String,
}

impl Axis {
    /// Labelled places in a range: the finest round step for which all labels `fit`, which is asked with the labels and
    /// the share of the axis between two of them.
    pub fn ticks(self, (from, to): (f64, f64), fit: impl Fn(&[Tick], f64) -> bool) -> Vec<Tick> {
        let mut step = 0.0_f64;
        for _ in 0..64 {
            step = self.next_step(step.max((to - from) / 100.0));
            let ticks = self.at_step(from, to, step);
            if fit(&ticks, step / (to - from)) || ticks.len() < 2 {
                return ticks;
            }
        }
        Vec::new()
    }

    /// The smallest round step above another one.
    fn next_step(self, step: f64) -> f64 {
        if self != Self::Plain && step >= 0.5 {
            let above = DEGREES.into_iter().find(|&d| d > step * (1.0 + 1e-9));
            return above.unwrap_or(2.0 * step);
        }
        let exponent = step.log10().floor() as i32;
        (exponent..=exponent + 1)
            .flat_map(|e| DECIMAL.map(|d| decimal(d, e)))
            .find(|&s| s > step * (1.0 + 1e-9))
            .unwrap_or(10.0 * step)
    }

    fn at_step(self, from: f64, to: f64, step: f64) -> Vec<Tick> {
        let (first, last) = ((from / step - 1e-9).ceil(), (to / step + 1e-9).floor());
        let count = (last - first + 1.0).clamp(0.0, 1000.0) as usize;
        let values: Vec<f64> = (0..count).map(|k| (first + k as f64) * step).collect();
        let labels = match self {
            Self::Plain => numbers::plain(&values, step),
            Self::Longitude => values.iter().map(|&v| degrees(wrapped(v), step, ["W", "E"])).collect(),
            Self::Latitude => values.iter().map(|&v| degrees(v, step, ["S", "N"])).collect(),
        };
        values.into_iter().zip(labels).map(|(at, label)| Tick { at, label }).collect()
    }
}

/// A digit times a power of ten, rounded once: 2 / 10, not 2 * 0.1.
fn decimal(digit: f64, exponent: i32) -> f64 {
    if exponent < 0 { digit / 10f64.powi(-exponent) } else { digit * 10f64.powi(exponent) }
}

/// A longitude from -180 to 180; 180 stays what it is.
fn wrapped(longitude: f64) -> f64 {
    if (-180.0..=180.0).contains(&longitude) {
        longitude
    } else {
        (longitude + 180.0).rem_euclid(360.0) - 180.0
    }
}

fn degrees(value: f64, step: f64, sides: [&str; 2]) -> String {
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    let size = numbers::fixed(value.abs(), decimals);
    let on_the_line =
        value.abs() < 0.5 * step || (sides[1] == "E" && value.abs() > 180.0 - 0.5 * step.min(1.0));
    let side = if on_the_line { "" } else { sides[usize::from(value > 0.0)] };
    format!("{size}°{side}")
}

/// Labelled places and small marks of a logarithmic colour bar.
#[derive(Debug)]
pub struct LogTicks {
    /// Labelled; `at` is a decimal logarithm.
    pub labelled: Vec<Tick>,
    /// Decimal logarithms without a label.
    pub small: Vec<f64>,
}

/// The powers of ten between two decimal logarithms, at most `most` of them; where there are fewer than two, the
/// multiples by 2 and 5 as well; where even these are too few, evenly spaced values.
pub fn logarithmic(from: f64, to: f64, most: usize) -> LogTicks {
    if from.abs().max(to.abs()) > 1e8 {
        return LogTicks { labelled: Vec::new(), small: Vec::new() }; // no density; and exponents are counted in i32
    }
    let multiples = |step: i32| {
        let step = f64::from(step);
        let (first, last) = ((from / step - 1e-9).ceil() as i32, (to / step + 1e-9).floor() as i32);
        (first..=last).map(move |k| k * step as i32)
    };
    let steps = (0..8).flat_map(|e| [1, 2, 5].map(|d| d * 10i32.pow(e)));
    let step = steps.into_iter().find(|&step| multiples(step).count() <= most.max(2)).unwrap_or(i32::MAX);
    let labelled: Vec<Tick> =
        multiples(step).map(|e| Tick { at: f64::from(e), label: numbers::power_of_ten(e) }).collect();
    let inside = |at: &f64| (from - 1e-9..=to + 1e-9).contains(at);
    let within = |digits: &[f64]| -> Vec<(i32, f64)> {
        let exponents = from.floor() as i32..=to.floor() as i32;
        let all = exponents.flat_map(|e| digits.iter().map(move |&d| (e, d)));
        all.filter(|&(e, d)| inside(&(f64::from(e) + d.log10()))).collect()
    };
    if labelled.len() >= 2 {
        let small = if step == 1 {
            let digits: Vec<f64> = (2..10).map(f64::from).collect();
            within(&digits).into_iter().map(|(e, d)| f64::from(e) + d.log10()).collect()
        } else if step <= 10 {
            multiples(1).filter(|e| e % step != 0).map(f64::from).collect()
        } else {
            Vec::new()
        };
        return LogTicks { labelled, small };
    }
    let few = within(&DECIMAL);
    let name = |(e, d): (i32, f64)| {
        if d == 1.0 { numbers::power_of_ten(e) } else { format!("{d}×{}", numbers::power_of_ten(e)) }
    };
    let mut labelled: Vec<Tick> =
        few.into_iter().map(|(e, d)| Tick { at: f64::from(e) + d.log10(), label: name((e, d)) }).collect();
    if labelled.len() < 2 {
        let base = to.floor() as i32;
        let scaled = |at: f64| 10f64.powf(at - f64::from(base));
        labelled = Axis::Plain
            .ticks((scaled(from), scaled(to)), |ticks, _| ticks.len() <= most.clamp(2, 6))
            .into_iter()
            .filter(|tick| tick.at > 0.0)
            .map(|tick| Tick {
                at: tick.at.log10() + f64::from(base),
                label: format!("{}×{}", tick.label, numbers::power_of_ten(base)),
            })
            .collect();
    }
    LogTicks { labelled, small: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn the_world_is_divided_by_thirty_degrees() {
        let x = Axis::Longitude.ticks((-180.0, 180.0), |ticks, _| ticks.len() <= 13);
        assert_eq!(labels(&x)[..4], ["180°", "150°W", "120°W", "90°W"]);
        assert_eq!(labels(&x)[6..9], ["0°", "30°E", "60°E"]);
        assert_eq!(x[12], Tick { at: 180.0, label: "180°".into() });
        let y = Axis::Latitude.ticks((-90.0, 90.0), |ticks, _| ticks.len() <= 7);
        assert_eq!(labels(&y), ["90°S", "60°S", "30°S", "0°", "30°N", "60°N", "90°N"]);
    }

    #[test]
    fn a_region_gets_decimals_and_the_pacific_its_own_side() {
        let x = Axis::Longitude.ticks((-122.5, -121.4), |ticks, _| ticks.len() <= 6);
        assert_eq!(labels(&x), ["122.4°W", "122.2°W", "122.0°W", "121.8°W", "121.6°W", "121.4°W"]);
        let x = Axis::Longitude.ticks((150.0, 240.0), |ticks, _| ticks.len() <= 4);
        assert_eq!(labels(&x), ["150°E", "180°", "150°W", "120°W"]);
    }

    #[test]
    fn plain_steps_are_round_and_fit() {
        let x = Axis::Plain.ticks((-3.1, 3.1), |ticks, _| ticks.len() <= 7);
        assert_eq!(labels(&x), ["−3", "−2", "−1", "0", "1", "2", "3"]);
        let x = Axis::Plain.ticks((0.0, 0.61), |_, share| share > 0.2);
        assert_eq!(labels(&x), ["0", "0.2", "0.4", "0.6"]);
        assert!(Axis::Plain.ticks((0.0, 1.0), |_, _| false).len() < 2);
        assert!(!Axis::Plain.ticks((1e15, 1e15 + 2.0), |ticks, _| ticks.len() < 5).is_empty());
    }

    #[test]
    fn powers_of_ten_are_thinned_and_never_missing() {
        assert_eq!(labels(&logarithmic(-8.5, -4.2, 12).labelled), ["10⁻⁸", "10⁻⁷", "10⁻⁶", "10⁻⁵"]);
        assert_eq!(logarithmic(-8.0, -7.0, 12).small.len(), 8);
        let thin = logarithmic(-40.0, 0.5, 10);
        assert_eq!(labels(&thin.labelled)[..2], ["10⁻⁴⁰", "10⁻³⁵"]);
        assert_eq!((thin.labelled.len(), thin.small.len()), (9, 32));
        assert_eq!(labels(&logarithmic(-0.4, 0.8, 12).labelled), ["5×10⁻¹", "10⁰", "2×10⁰", "5×10⁰"]);
        let close = logarithmic(2.30, 2.40, 12);
        assert!((2..=6).contains(&close.labelled.len()), "{close:?}");
        assert_eq!(close.labelled[0].label, "2.0×10²");
        assert!(logarithmic(-1e5, 0.0, 12).labelled.len() >= 2);
        assert!(logarithmic(-1e300, -1e300 + 8.0, 12).labelled.is_empty());
    }
}
