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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnyFlow, FlowConfig};
    use burn::tensor::{Device, FloatDType, Shape, TensorData};
    use burn_pack::{Reader, Tensor as Packed, Writer};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn flow() -> AnyFlow {
        let json = r#"{"features": 3, "layers": [{"ActNorm": {}}, {"Permutation": {"Given": [2, 0, 1]}}]}"#;
        let config = FlowConfig::from_json(json).unwrap();
        config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap()
    }

    /// The flow from its own weights after `change`.
    fn after(flow: AnyFlow, change: impl Fn(&str, &mut TensorData)) -> Result<AnyFlow, String> {
        let path = Path::new("model");
        let bytes = Bytes::from_bytes_vec(weights(flow, path).unwrap());
        let tensors = Reader::from_bytes(bytes).unwrap().into_tensors().unwrap();
        let changed = |tensor: Packed| {
            let (name, dtype, shape, id, bytes) = tensor.into_parts().unwrap();
            let mut data = TensorData::from_bytes(bytes, shape, dtype);
            change(&name, &mut data);
            let (bytes, shape, dtype) = data.into_parts();
            Packed::new(name, dtype, shape, id, bytes)
        };
        let bytes = Writer::new(tensors.into_iter().map(changed).collect()).into_bytes().unwrap();
        with_weights(self::flow(), bytes.to_vec(), path).map_err(|error| error.to_string())
    }

    fn refused(change: impl Fn(&str, &mut TensorData), expected: &str) {
        let error = after(flow(), change).expect_err(expected);
        assert!(error.starts_with("model: its weights do not fit") && error.contains(expected), "{error}");
    }

    #[test]
    fn weights_of_either_type_come_back() {
        assert!(after(flow(), |_, _| {}).is_ok());
        let double = after(flow().to_dtype(FloatDType::F64).unwrap(), |_, _| {}).unwrap();
        assert_eq!(double.dtype(), DType::F64);
    }

    /// Each would end the program where the flow is used, if not before.
    #[test]
    fn weights_that_are_none_are_refused() {
        let on = |field: &'static str, data: TensorData| {
            move |name: &str, old: &mut TensorData| {
                if name.ends_with(field) {
                    *old = data.clone();
                }
            }
        };
        refused(on("shift", TensorData::from([0_i64, 1, 2])), "found I64, expected F32 or F64");
        refused(on("shift", TensorData::from([true, true, false])), "expected F32 or F64");
        refused(on("shift", TensorData::from([0.0_f64, 1.0, 2.0])), "as before it");
        refused(on("shift", TensorData::from([0.0_f32, 1.0])), "shape mismatch");
        refused(on("indices", TensorData::from([2.0_f32, 0.0, 1.0])), "found F32, expected I64 or I32");
        for order in [[2_i64, 0, 3], [2, 0, -1], [2, 0, 0], [0, 1, 2], [i64::MAX, i64::MIN, 1]] {
            refused(on("indices", TensorData::from(order)), "no order and its inverse");
            refused(on("inverse", TensorData::from(order)), "no order and its inverse");
        }
    }

    #[test]
    fn other_names_are_refused() {
        let path = Path::new("model");
        let tensor = |name: &str| {
            let bytes = Bytes::from_bytes_vec(vec![0; 4]);
            Packed::new(name.to_owned(), DType::F32, Shape::from([1]), None, bytes)
        };
        for bytes in [Writer::new(vec![tensor("a")]), Writer::new(Vec::new())] {
            let bytes = bytes.into_bytes().unwrap().to_vec();
            assert!(with_weights(flow(), bytes, path).is_err());
        }
        assert!(with_weights(flow(), Vec::new(), path).is_err());
    }
}
