//! What keeps a run from going on with the checkpoint of another.

use crate::error::FitError;
use serde_json::Value;
use std::path::PathBuf;

/// More letters of a value than these tell nobody more.
const MOST: usize = 60;

/// The first place at which two runs differ.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    place: String,
    found: String,
    expected: String,
}

impl Difference {
    /// Settings first, as they explain the rest; rows last, as columns are fitted to them.
    pub fn between(found: &Value, expected: &Value) -> Option<Self> {
        if found == expected {
            return None;
        }
        let parts = ["settings", "flow", "images", "columns", "context", "classes", "rows"];
        // A checkpoint of an earlier version knows no parts.
        let of_parts = parts.iter().filter(|_| expected.is_object());
        let first = of_parts.filter_map(|part| first(part, &found[part], &expected[part])).next();
        Some(first.unwrap_or_else(|| Self::of(String::new(), found, expected)))
    }

    fn of(place: String, found: &Value, expected: &Value) -> Self {
        Self { place, found: clip(found), expected: clip(expected) }
    }

    /// As an error about the checkpoint at `path`.
    pub fn error(self, path: PathBuf) -> FitError {
        let Self { place, found, expected } = self;
        if place == "rows" || place.is_empty() {
            let what = match place.is_empty() {
                true => "it is of another version of this program; start anew without --resume",
                false => "it is of a run on other rows; give that run's data, or start anew without --resume",
            };
            return FitError::Checkpoint { path, what: what.into() };
        }
        let name = place.strip_prefix("settings.").unwrap_or(&place).to_owned();
        FitError::OtherRun { path, name, found, expected }
    }
}

/// The first place below `place` at which two values differ.
fn first(place: &str, found: &Value, expected: &Value) -> Option<Difference> {
    match (found, expected) {
        _ if found == expected => None,
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().find_map(|(key, value)| match key.starts_with(char::is_uppercase) {
                // A kind of layer is no place of its own.
                true => first(place, value, &b[key]),
                false => first(&format!("{place}.{key}"), value, &b[key]),
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| first(&format!("{place}[{i}]"), a, b))
        }
        _ => Some(Difference::of(place.to_owned(), found, expected)),
    }
}

/// A value as JSON, shortened.
fn clip(value: &Value) -> String {
    let text = match value {
        Value::Null => "nothing".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_told_by_its_place() {
        let run = json!({
            "settings": {"batch": 32, "minutes": null}, "flow": {"layers": [{"Kind": {"bins": 8}}, {"Kind": {"bins": 8}}]},
            "columns": ["x=real", "y=real"], "rows": "12ab",
        });
        assert_eq!(Difference::between(&run, &run), None);
        let told = |place: &str, value: Value| {
            let mut other = run.clone();
            *other.pointer_mut(place).unwrap() = value;
            other["rows"] = json!("34cd");
            Difference::between(&other, &run).unwrap().error("run/checkpoint".into()).to_string()
        };
        let end = "; repeat that run's, or start anew without --resume";
        let start = "run/checkpoint: it is of a run with other settings: ";
        let batch = told("/settings/batch", json!(64));
        assert_eq!(batch, format!("{start}batch: found 64, expected 32{end}"));
        let minutes = told("/settings/minutes", json!(0.5));
        assert_eq!(minutes, format!("{start}minutes: found 0.5, expected nothing{end}"));
        let bins = told("/flow/layers/1/Kind/bins", json!(4));
        assert_eq!(bins, format!("{start}flow.layers[1].bins: found 4, expected 8{end}"));
        let columns = told("/columns", json!(["y=real"]));
        assert_eq!(
            columns,
            format!("{start}columns: found [\"y=real\"], expected [\"x=real\",\"y=real\"]{end}")
        );
        let rows = told("/rows", json!("56ef"));
        assert!(rows.contains("it is of a run on other rows; "), "{rows}");
        let old = Difference::between(&run, &json!("a hash")).unwrap().error("c".into()).to_string();
        assert_eq!(old, "c: it is of another version of this program; start anew without --resume");
    }
}
