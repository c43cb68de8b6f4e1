//! What a user types as one word: lists of NAME=VALUE, sizes, maps.

use std::str::FromStr;
use tissot::columns::Domain;
use tissot::image::Squash;
use tissot::inspect::audit::Thresholds;

/// `price=positive,depth=bounded(0,700)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Domains(pub Vec<(String, Domain)>);

impl FromStr for Domains {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let domain = |(name, value): (&str, &str)| {
            let domain = value.parse().map_err(|error: tissot::Error| format!("{name}: {error}"))?;
            Ok((name.to_owned(), domain))
        };
        pairs(text)?.into_iter().map(domain).collect::<Result<_, String>>().map(Self)
    }
}

/// `d=1.5,e=2`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given(pub Vec<(String, f64)>);

impl FromStr for Given {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |(name, value): (&str, &str)| match value.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok((name.to_owned(), number)),
            _ => Err(format!("{name}: found '{value}', expected a number")),
        };
        pairs(text)?.into_iter().map(number).collect::<Result<_, String>>().map(Self)
    }
}

/// `round_trip=1e-3,log_det=1e-6`: the thresholds of an audit, some of them set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits(pub Thresholds);

impl FromStr for Limits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut limits = Thresholds::default();
        for (name, value) in text.parse::<Given>()?.0 {
            let known = limits.list().map(|(name, _)| name).join(", ");
            let Some(limit) = limits.get_mut(&name.replace('-', "_")) else {
                return Err(format!("found '{name}', expected one of {known}"));
            };
            if value < 0.0 {
                return Err(format!("{name}: found {value}, expected 0 or more"));
            }
            *limit = value;
        }
        Ok(Self(limits))
    }
}

/// `28,28` or `28x28`: height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub [usize; 2]);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |text: &str| text.trim().parse().ok().filter(|side| (1..=4096).contains(side));
        let (height, width) = text.split_once([',', 'x']).ok_or("expected HEIGHT,WIDTH, such as 32,32")?;
        match (side(height), side(width)) {
            (Some(height), Some(width)) => Ok(Self([height, width])),
            _ => Err("expected HEIGHT,WIDTH of 1 to 4096 pixels, such as 32,32".into()),
        }
    }
}

/// `centred`, `logit:0.05` or `logit-both:0.05`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SquashArg(pub Squash);

impl FromStr for SquashArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || String::from("expected centred, logit:ALPHA or logit-both:LAMBDA, such as logit:0.05");
        let (name, number) = text.split_once(':').unwrap_or((text, ""));
        let number = number.parse::<f64>();
        match (name, number) {
            ("centred", Err(_)) if text == name => Ok(Self(Squash::Centred)),
            ("logit", Ok(alpha)) => Ok(Self(Squash::Logit { alpha })),
            ("logit-both", Ok(lambda)) => Ok(Self(Squash::LogitBoth { lambda })),
            _ => Err(wrong()),
        }
    }
}

/// A temperature.
///
/// # Errors
/// For what is no number above 0.
pub fn temperature(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|t: &f64| *t > 0.0 && t.is_finite())
        .ok_or("expected a number above 0, such as 0.7".into())
}

/// A share of rows.
///
/// # Errors
/// For what is no number from 0 to below 1.
pub fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..1.0).contains(share))
        .ok_or("expected a number from 0 to below 1".into())
}

/// `a=1,b=f(2,3)` in pairs; commas within parentheses do not divide.
fn pairs(text: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut depth = 0_i32;
    let parts = text.split(|c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        c == ',' && depth == 0
    });
    parts
        .filter(|part| !part.trim().is_empty())
        .map(|part| match part.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => Ok((name.trim(), value.trim())),
            _ => Err(format!("found '{part}', expected NAME=VALUE")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart() {
        let found: Domains = "price=positive, depth=bounded(0,700)".parse().unwrap();
        let expected = [("price", Domain::Positive), ("depth", Domain::Bounded(0.0, 700.0))];
        assert_eq!(found.0, expected.map(|(name, domain)| (name.to_owned(), domain)));
        assert_eq!("depth".parse::<Domains>().unwrap_err(), "found 'depth', expected NAME=VALUE");
        assert_eq!("".parse::<Limits>().unwrap().0, Thresholds::default());
        assert_eq!("log-det=1e-6".parse::<Limits>().unwrap().0.log_det, 1e-6);
        assert_eq!("mass=-1".parse::<Limits>().unwrap_err(), "mass: found -1, expected 0 or more");
        assert_eq!("32x28".parse::<Size>().unwrap(), Size([32, 28]));
        assert!("32".parse::<Size>().is_err() && "0,3".parse::<Size>().is_err());
        assert_eq!("logit:0.1".parse::<SquashArg>().unwrap().0, Squash::Logit { alpha: 0.1 });
        assert_eq!("centred".parse::<SquashArg>().unwrap().0, Squash::Centred);
        assert!("logit".parse::<SquashArg>().is_err() && "centred:1".parse::<SquashArg>().is_err());
        assert!(temperature("0.7").is_ok() && temperature("0").is_err() && temperature("x").is_err());
        assert_eq!("d=x".parse::<Given>().unwrap_err(), "d: found 'x', expected a number");
    }
}
