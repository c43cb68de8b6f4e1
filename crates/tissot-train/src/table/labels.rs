//! The column that is read as it stands, because its text tells which rows belong together or came first.

use std::collections::HashSet;
use std::sync::Arc;

use super::number::{self, Field};

/// The texts of one column; equal ones are kept once.
#[derive(Debug)]
pub(super) struct Labels {
    /// The column's place in the file.
    pub place: usize,
    known: HashSet<Arc<str>>,
    /// The label of the row that was read last.
    pub last: Arc<str>,
}

impl Labels {
    pub(super) fn new(place: usize) -> Self {
        Self { place, known: HashSet::new(), last: "".into() }
    }

    /// Reads a field of a text; what keeps it from being a label is given back. Numbers that are equal (`1`, `1.0`) are
    /// one label.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), Field> {
        match number::parse(bytes) {
            Field::Number(value) => self.set(&number_label(value)),
            Field::Text | Field::Infinite => {
                let text = std::str::from_utf8(bytes).unwrap_or_default().trim_ascii();
                self.set(text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text));
            }
            wrong @ (Field::Missing | Field::NotUtf8(_)) => return Err(wrong),
        }
        Ok(())
    }

    /// Takes a number of an array.
    pub(super) fn number(&mut self, value: f64) {
        self.set(&number_label(value));
    }

    fn set(&mut self, text: &str) {
        if *self.last == *text {
            return;
        }
        self.last = match self.known.get(text) {
            Some(known) => known.clone(),
            None => {
                let label: Arc<str> = text.into();
                self.known.insert(label.clone());
                label
            }
        };
    }
}

/// A number as a label: one text for equal numbers, and zero without a sign.
fn number_label(value: f64) -> String {
    (value + 0.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_labels_are_one_and_gaps_are_none() {
        let mut labels = Labels::new(0);
        let mut read = |text: &str| labels.read(text.as_bytes()).map(|()| labels.last.to_string());
        for (text, label) in [
            (" a b ", "a b"),
            ("\"a b\"", "a b"),
            ("1.0", "1"),
            ("1", "1"),
            ("-0", "0"),
            ("inf", "inf"),
            ("é", "é"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(label), "{text:?}");
        }
        assert_eq!(read("NA"), Err(Field::Missing));
        assert_eq!(labels.read(b"a\xFF"), Err(Field::NotUtf8(1)));
        labels.number(1.0);
        assert_eq!((&*labels.last, labels.known.len()), ("1", 5));
    }
}
