//! Weights as bytes, and back: held to what the module is before any of them is believed.

use crate::error::Error;
use burn::module::{Module, ModuleVisitor, Param};
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, DType, Int, Tensor};
use std::collections::HashMap;
use std::path::Path;

/// The weights of a module as burnpack bytes; `path` is for the error.
///
/// # Errors
/// [`Error::Write`] where burn cannot write them.
pub fn weights<M: Module>(module: M, path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = module.into_record().into_bytes();
    let bytes = bytes
        .map_err(|error| Error::Write { path: path.to_owned(), source: std::io::Error::other(error) })?;
    Ok(bytes.to_vec())
}

/// The module with the weights (and their ids) of burnpack bytes; `path` is for the error.
///
/// # Errors
/// [`Error::ModelFile`] where they do not fit the module: other names, shapes or number types, weights of several number
/// types, orders that are none.
pub fn with_weights<M: Module>(module: M, bytes: Vec<u8>, path: &Path) -> Result<M, Error> {
    let wrong = |what: String| Error::ModelFile {
        path: path.to_owned(),
        what: format!("its weights do not fit its description ({what})"),
    };
    let bytes = Bytes::from_bytes_vec(bytes).shared();
    let again = bytes.view(0, bytes.len()).map_err(|error| wrong(format!("{error:?}")))?;
    check_types(&module, again).map_err(wrong)?;
    let record = ModuleRecord::from_bytes(bytes).map_err(|error| wrong(error.to_string()))?;
    let module = module.try_load_record(record).map_err(|error| wrong(error.to_string()))?;
    check_orders(&module).map_err(wrong)?;
    Ok(module)
}

/// The kinds of a module's weights by their paths: whole numbers, or not.
#[derive(Default)]
struct Kinds {
    path: Vec<String>,
    whole: HashMap<String, bool>,
}

impl ModuleVisitor for Kinds {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        self.whole.insert(self.path.join("."), false);
    }

    fn visit_int<const D: usize>(&mut self, _: &Param<Tensor<D, Int>>) {
        self.whole.insert(self.path.join("."), true);
    }
}

/// Refuses number types that a module has not, and more than one: burn takes whatever a record holds, and ends the program
/// where it cannot.
fn check_types(module: &impl Module, bytes: Bytes) -> Result<(), String> {
    let mut kinds = Kinds::default();
    module.visit(&mut kinds);
    let reader = burn_pack::Reader::from_bytes(bytes).map_err(|error| error.to_string())?;
    let tensors = reader.into_tensors().map_err(|error| error.to_string())?;
    let mut float = None;
    for tensor in tensors {
        let (name, found) = (&tensor.name, tensor.dtype);
        match kinds.whole.get(name) {
            Some(true) if matches!(found, DType::I64 | DType::I32) => {}
            Some(true) => return Err(format!("{name}: found {found:?}, expected I64 or I32")),
            Some(false) if !matches!(found, DType::F32 | DType::F64) => {
                return Err(format!("{name}: found {found:?}, expected F32 or F64"));
            }
            Some(false) => match *float.get_or_insert(found) {
                first if first == found => {}
                first => return Err(format!("{name}: found {found:?}, expected {first:?} as before it")),
            },
            None => return Err(format!("{name}: found a weight of this name, expected none")),
        }
    }
    Ok(())
}

/// Refuses recorded orders that are none: the whole numbers of a flow are those of its permutations, each an order and then
/// its inverse.
fn check_orders(module: &impl Module) -> Result<(), String> {
    struct Orders {
        path: Vec<String>,
        first: Option<Vec<i64>>,
        fault: Option<String>,
    }
    impl ModuleVisitor for Orders {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }

        fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
            let found: Vec<i64> = param.val().into_data().iter().collect();
            let Some(order) = self.first.take() else {
                self.first = Some(found);
                return;
            };
            // That each is the inverse of the other says of both that they are orders.
            let place = |i: i64| usize::try_from(i).ok().and_then(|i| found.get(i)).copied();
            if let Some(i) = order.iter().enumerate().position(|(i, &index)| place(index) != Some(i as i64)) {
                let fault = format!("{}: no order and its inverse, first at {i}", self.path.join("."));
                self.fault.get_or_insert(fault);
            }
        }
    }
    let mut orders = Orders { path: Vec::new(), first: None, fault: None };
    module.visit(&mut orders);
    orders.fault.map_or(Ok(()), Err)
}
