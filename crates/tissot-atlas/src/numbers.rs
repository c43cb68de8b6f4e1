//! Numbers as text.

/// A whole number with commas between the thousands.
pub fn grouped(n: usize) -> String {
    group(&n.to_string())
}

/// Puts commas between the thousands of a row of digits.
fn group(digits: &str) -> String {
    let mut out = String::new();
    for (k, digit) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A power of ten with its exponent as superscript.
pub fn power_of_ten(exponent: i32) -> String {
    let raised = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '0'..='9' => char::from_u32(0x2070 + c as u32 - '0' as u32).unwrap_or(c),
        other => other,
    };
    std::iter::once("10".to_owned()).chain([exponent.to_string().chars().map(raised).collect()]).collect()
}

/// The largest whole exponent whose power of ten is not above a step, which has one significant digit.
fn exponent(step: f64) -> i32 {
    (step.log10() + 1e-9).floor() as i32
}

/// Labels for the multiples of a step: plain where short, with a power of ten where very large or very small.
pub fn plain(values: &[f64], step: f64) -> Vec<String> {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let digits_after = exponent(step);
    let top = exponent(largest.max(step));
    let significant = top - digits_after;
    let scientific = !(-4..6).contains(&top) && significant <= 3;
    values
        .iter()
        .map(|&value| {
            if value.abs() < 0.5 * step {
                "0".to_owned()
            } else if scientific {
                let mantissa = fixed(value / 10f64.powi(top), significant.max(0) as usize);
                format!("{mantissa}×{}", power_of_ten(top))
            } else {
                fixed(value, (-digits_after).max(0) as usize)
            }
        })
        .collect()
}

/// So many digits behind the point, a true minus sign, and commas from 10,000 on.
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let whole = if whole.len() > 4 { group(whole) } else { whole.to_owned() };
    let minus = if value < 0.0 { "−" } else { "" };
    format!("{minus}{whole}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1707, "1,707"), (259_200, "259,200"), (1_000_000, "1,000,000")];
        for (n, text) in cases {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn exponents_are_raised() {
        let cases = [(-8, "10⁻⁸"), (0, "10⁰"), (12, "10¹²"), (-130, "10⁻¹³⁰"), (4567, "10⁴⁵⁶⁷"), (9, "10⁹")];
        for (exponent, text) in cases {
            assert_eq!(power_of_ten(exponent), text);
        }
    }

    #[test]
    fn plain_labels_show_the_step_and_no_more() {
        assert_eq!(plain(&[-1.0, -0.5, 1e-17, 0.5], 0.5), ["−1.0", "−0.5", "0", "0.5"]);
        assert_eq!(plain(&[-20.0, 0.0, 1000.0], 20.0), ["−20", "0", "1000"]);
        assert_eq!(plain(&[10_000.0, 20_000.0], 10_000.0), ["10,000", "20,000"]);
        assert_eq!(plain(&[2e-7, 4e-7], 2e-7), ["2×10⁻⁷", "4×10⁻⁷"]);
        assert_eq!(plain(&[0.0, 1.5e9], 5e8), ["0", "1.5×10⁹"]);
        assert_eq!(plain(&[1_517_968_100.0, 1_517_968_200.0], 100.0), ["1,517,968,100", "1,517,968,200"]);
        assert_eq!(plain(&[0.3, 0.4], 0.1), ["0.3", "0.4"]);
    }
}
