//! Reads the golden numbers in `tests/golden`.

use burn::tensor::{DType, Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// One file of golden numbers.
pub struct Golden {
    name: String,
    bytes: Vec<u8>,
}

impl Golden {
    /// The file `tests/golden/NAME.safetensors`.
    pub fn open(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { name: name.to_owned(), bytes }
    }

    /// The numbers under `key`, row by row, and their shape.
    pub fn read(&self, key: &str) -> (Vec<f64>, Vec<usize>) {
        let file =
            SafeTensors::deserialize(&self.bytes).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let view = file.tensor(key).unwrap_or_else(|error| panic!("{}: {key}: {error}", self.name));
        let data = view.data();
        let values = match view.dtype() {
            Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            Dtype::F32 => data.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            Dtype::I64 => data.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b) as f64).collect(),
            Dtype::U8 | Dtype::BOOL => data.iter().map(|&b| f64::from(b)).collect(),
            other => panic!("{}: {key} is of type {other:?}", self.name),
        };
        (values, view.shape().to_vec())
    }

    /// The numbers under `key` as an f64 tensor.
    pub fn tensor<const D: usize>(&self, key: &str, device: &Device) -> Tensor<D> {
        let (values, shape) = self.read(key);
        Tensor::from_data(TensorData::new(values, shape), (device, DType::F64))
    }
}
