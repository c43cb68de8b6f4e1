//! What one field of a text table holds.

use std::str;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Field {
    Number(f64),
    Missing,
    Infinite,
    Text,
    /// The place, from 0, of the first byte that is not UTF-8.
    NotUtf8(usize),
}

/// Reads one field; spaces around it and quotes left by the parser (`1, "2"`) do not count.
pub(super) fn parse(bytes: &[u8]) -> Field {
    let text = match str::from_utf8(bytes) {
        Ok(text) => text.trim_ascii(),
        Err(error) => return Field::NotUtf8(error.valid_up_to()),
    };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Field::Number(value),
        Ok(value) if value.is_nan() => Field::Missing,
        Ok(_) => Field::Infinite,
        Err(_) => match text {
            "" | "NA" | "?" | "null" | "-" | "." => Field::Missing,
            _ => match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(inner) => parse(inner.as_bytes()),
                None => Field::Text,
            },
        },
    }
}

/// Whether a first row is data rather than a header: numbers, perhaps with gaps.
pub(super) fn is_data<'a>(fields: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut numbers = 0;
    for field in fields {
        match parse(field) {
            Field::Number(_) => numbers += 1,
            Field::Missing | Field::Infinite => {}
            Field::Text | Field::NotUtf8(_) => return false,
        }
    }
    numbers > 0
}

/// `1,5` as `1.5`, where a comma is all that keeps a field from being a number.
pub(super) fn with_point(bytes: &[u8]) -> Option<String> {
    let text = str::from_utf8(bytes).ok()?.trim_ascii();
    let candidate = text.replacen(',', ".", 1);
    (text.contains(',') && matches!(parse(candidate.as_bytes()), Field::Number(_))).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_apart() {
        for (text, value) in
            [("1", 1.0), (" -2.5e-3\t", -2.5e-3), ("+.5", 0.5), ("5.", 5.0), (" \"7\" ", 7.0)]
        {
            assert_eq!(parse(text.as_bytes()), Field::Number(value), "{text:?}");
        }
        for text in ["", "  ", "NA", "NaN", "nan", "?", "null", "-", ".", "\"\""] {
            assert_eq!(parse(text.as_bytes()), Field::Missing, "{text:?}");
        }
        for text in ["inf", "-inf", "Infinity", "1e999"] {
            assert_eq!(parse(text.as_bytes()), Field::Infinite, "{text:?}");
        }
        for text in ["abc", "1,5", "1_000", "0x10", "--", "\"", "1 2"] {
            assert_eq!(parse(text.as_bytes()), Field::Text, "{text:?}");
        }
        assert_eq!(parse(b"ab\xE9"), Field::NotUtf8(2));
    }

    #[test]
    fn a_row_of_numbers_is_data() {
        let row = |text: &'static str| is_data(text.split(',').map(str::as_bytes));
        assert!(row("1,2") && row("1,NA,") && row("inf,2"));
        assert!(!row("a,2") && !row("NA,?") && !row(""));
    }

    #[test]
    fn a_decimal_comma_is_noticed() {
        assert_eq!(with_point(b" 1,5"), Some("1.5".to_owned()));
        assert_eq!(with_point(b"1.5"), None);
        assert_eq!(with_point(b"1,5,2"), None);
        assert_eq!(with_point(b"a,b"), None);
    }
}
