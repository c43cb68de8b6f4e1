//! Numbers, sums and flags in messages.

use super::Table;

/// A number with at most `digits` significant digits and no trailing zeros.
pub(super) fn number(value: f64, digits: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-5..15).contains(&exponent) {
        let text = format!("{value:.*e}", (digits - 1) as usize);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mantissa = if mantissa.contains('.') {
            mantissa.trim_end_matches('0').trim_end_matches('.')
        } else {
            mantissa
        };
        return format!("{mantissa}e{exponent}");
    }
    let text = format!("{value:.*}", (digits - 1 - exponent).max(0) as usize);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// ``2 * `a` - `b` + 3``; a constant of zero is left out.
pub(super) fn sum(members: &[(&str, f64)], constant: f64) -> String {
    let terms = members.iter().map(|(name, coefficient)| {
        let size = number(coefficient.abs(), 6);
        let term = if size == "1" { format!("`{name}`") } else { format!("{size} * `{name}`") };
        (*coefficient < 0.0, term)
    });
    let constant = (constant != 0.0).then(|| (constant < 0.0, number(constant.abs(), 6)));
    let mut text = String::new();
    for (negative, term) in terms.chain(constant) {
        text.push_str(match (text.is_empty(), negative) {
            (true, false) => "",
            (true, true) => "-",
            (false, false) => " + ",
            (false, true) => " - ",
        });
        text.push_str(&term);
    }
    text
}

/// A word of a command line, quoted where a shell would split or read it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.,=/+:".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// The flag that declares the domain of a column.
pub(super) fn domain(name: &str, domain: &str) -> String {
    format!("`--domain {}`", quoted(&format!("{name}={domain}")))
}

/// What leaves out some of the columns: the flag with the names of the others.
pub(super) fn leave_out(table: &Table, left_out: impl Fn(usize) -> bool) -> String {
    let count = table.names.len();
    let kept: Vec<&str> = (0..count).filter(|&i| !left_out(i)).map(|i| table.names[i].as_str()).collect();
    let object = if count - kept.len() == 1 { "it" } else { "such columns" };
    if kept.is_empty() {
        "no column would be left without it: take another table".to_owned()
    } else {
        format!("leave {object} out with `--columns {}`", quoted(&kept.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.1 + 0.2, "0.3"),
            (-1.0, "-1"),
            (1234567.8, "1234568"),
            (100.0, "100"),
            (2.5e-9, "2.5e-9"),
            (-1e20, "-1e20"),
            (1.0 / 3.0, "0.333333"),
            (0.999_999_99, "1"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value, 6), text);
        }
    }

    #[test]
    fn sums_read_as_formulas() {
        assert_eq!(sum(&[("a", 1.0), ("b", -2.5)], 0.0), "`a` - 2.5 * `b`");
        assert_eq!(sum(&[("a", -1.0)], -3.0), "-`a` - 3");
        assert_eq!(sum(&[("a", 1e-3)], 4.0), "0.001 * `a` + 4");
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them() {
        assert_eq!(domain("n", "integer"), "`--domain n=integer`");
        assert_eq!(domain("p", "bounded(0,1)"), "`--domain 'p=bounded(0,1)'`");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
