//! The values of a context that a user gave.

use crate::failure::Failure;
use crate::parse::Given;
use tissot::Model;

/// The given value of each context column, in the model's order.
///
/// # Errors
/// Wrong use, for a column that is missing or unknown.
pub fn context(model: &Model, given: &Given) -> Result<Vec<f64>, Failure> {
    let names = model.context.names();
    if let Some((unknown, _)) = given.0.iter().find(|(name, _)| !names.contains(name)) {
        let known = match names.is_empty() {
            true => "no context columns".into(),
            false => format!("the context columns {}", names.join(", ")),
        };
        return Err(Failure::Usage(format!("--given {unknown}: the model has {known}")));
    }
    let value = |name: &String| {
        let found = given.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| *value).ok_or_else(|| {
            Failure::Usage(format!(
                "the model is conditioned on {}: give it with --given {name}=..",
                names.join(", ")
            ))
        })
    };
    names.iter().map(value).collect()
}
