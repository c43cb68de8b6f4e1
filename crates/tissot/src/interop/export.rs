//! A model as safetensors: for PyTorch and whatever else reads named tensors.

use crate::circles;
use crate::container;
use crate::error::Error;
use crate::store::AnyModel;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Int, Tensor, TensorData};
use std::path::Path;

/// The version of the names and of the metadata.
const VERSION: &str = "1";
/// The header of the format ends at a multiple of it.
const ALIGNMENT: usize = 8;

/// Writes the weights of a model under the names of their fields and its description to a safetensors file, beside it and
/// renamed, so that it is never half-written.
///
/// Every float and integer parameter is there in the model's own number type, under its path of fields, such as
/// `bijection.layers.0.net.hidden.1.weight`; in a model of images behind `flow.` or `dequantiser.`. Which layer, network or
/// base stands at a place is no part of the name: the description says it. The metadata are `format`, which is `tissot`,
/// `version`, which is `1`, and `model`, the description as JSON: that of the model file, with the flow's configuration, the
/// columns or pixels, and the provenance. Equal models are equal files.
///
/// # Errors
/// [`Error::Write`] where it cannot be written, [`Error::Config`] for weights of a type that the format does not have, and
/// for a flow with circular features, which the readers for PyTorch do not know.
///
/// # Examples
/// ```no_run
/// use burn::tensor::Device;
/// use tissot::{AnyModel, interop};
///
/// let model = AnyModel::load("quakes.tissot", &Device::flex())?;
/// interop::export(&model, "quakes.safetensors")?;
/// # Ok::<(), tissot::Error>(())
/// ```
pub fn export(model: &AnyModel, path: impl AsRef<Path>) -> Result<(), Error> {
    let tensors = match model {
        AnyModel::Table(model) if circles::any(&model.config) => {
            let expected =
                "a flow on lines (maf, realnvp, ..): what reads the file in PyTorch knows no circles";
            return Err(Error::config("flow", "circular features", expected));
        }
        AnyModel::Table(model) => named(&model.flow.valid()),
        AnyModel::Image(model) => named(&model.flow.valid()),
    };
    let header = header(&tensors, &model.description()?)?;
    let length = (header.len() as u64).to_le_bytes();
    let data = tensors.iter().map(|(_, data)| data.as_bytes());
    container::replace(path.as_ref(), [&length[..], &header].into_iter().chain(data))
}

/// The format's header: JSON, filled with spaces.
fn header(tensors: &[(String, TensorData)], description: &str) -> Result<Vec<u8>, Error> {
    let metadata = serde_json::json!({"format": "tissot", "version": VERSION, "model": description});
    let mut all = serde_json::Map::from_iter([("__metadata__".to_owned(), metadata)]);
    let mut end = 0;
    for (name, data) in tensors {
        let (start, shape) = (end, data.shape().iter().collect::<Vec<_>>());
        end += data.as_bytes().len();
        let entry =
            serde_json::json!({"dtype": dtype(name, data)?, "shape": shape, "data_offsets": [start, end]});
        all.insert(name.clone(), entry);
    }
    let mut header = serde_json::Value::Object(all).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    Ok(header)
}

/// The format's name of a number type.
fn dtype(name: &str, data: &TensorData) -> Result<&'static str, Error> {
    Ok(match data.dtype() {
        DType::F64 => "F64",
        DType::F32 => "F32",
        DType::F16 => "F16",
        DType::BF16 => "BF16",
        DType::I64 => "I64",
        DType::I32 => "I32",
        other => return Err(Error::config(name, format!("{other:?}"), "floats, I64 or I32")),
    })
}

/// The parameters of a module under their paths: wide types first, so that every tensor is aligned.
fn named<M: Module>(module: &M) -> Vec<(String, TensorData)> {
    #[derive(Default)]
    struct Named {
        path: Vec<String>,
        found: Vec<(String, TensorData)>,
    }
    impl ModuleVisitor for Named {
        fn enter_module(&mut self, name: &str, container: &str) {
            if !is_variant(container) {
                self.path.push(name.to_owned());
            }
        }
        fn exit_module(&mut self, _: &str, container: &str) {
            if !is_variant(container) {
                self.path.pop();
            }
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.found.push((self.path.join("."), param.val().into_data()));
        }
        fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
            self.found.push((self.path.join("."), param.val().into_data()));
        }
    }
    let mut named = Named::default();
    module.visit(&mut named);
    let mut found = named.found;
    found.sort_by(|(a, x), (b, y)| y.dtype().size().cmp(&x.dtype().size()).then_with(|| a.cmp(b)));
    found
}

/// Whether it is a variant of an enum that is entered, and no field: no part of a name.
fn is_variant(container: &str) -> bool {
    container.starts_with("Enum:")
}
