//! The number types of recorded weights, looked at before burn takes them: it takes whatever a record holds, and panics where
//! that is no number of the parameter's kind.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Bytes, DType, Int, Tensor};
use burn_pack::Reader;
use std::collections::HashMap;

/// Whether a parameter holds integers, by its path.
#[derive(Default)]
struct Kinds {
    path: Vec<String>,
    integers: HashMap<String, bool>,
}

impl ModuleVisitor for Kinds {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        self.integers.insert(self.path.join("."), false);
    }
    fn visit_int<const D: usize>(&mut self, _: &Param<Tensor<D, Int>>) {
        self.integers.insert(self.path.join("."), true);
    }
}

/// Refuses burnpack bytes whose floats are not all f32 or all f64, or whose integers are not i32 or i64.
pub(super) fn check<M: Module>(module: &M, bytes: Bytes) -> Result<(), String> {
    let mut kinds = Kinds::default();
    module.visit(&mut kinds);
    let tensors =
        Reader::from_bytes(bytes).and_then(Reader::into_tensors).map_err(|error| error.to_string())?;
    let mut float = None;
    for tensor in tensors {
        let (name, found) = (&tensor.name, tensor.dtype);
        let expected = match kinds.integers.get(name) {
            Some(true) if !matches!(found, DType::I32 | DType::I64) => "I32 or I64".to_owned(),
            Some(false) if !matches!(found, DType::F32 | DType::F64) => "F32 or F64".to_owned(),
            Some(false) => match *float.get_or_insert(found) {
                first if first == found => continue,
                first => format!("{first:?} as before it"),
            },
            // What no parameter has is named when it is left over.
            _ => continue,
        };
        return Err(format!("{name}: found {found:?}, expected {expected}"));
    }
    Ok(())
}
