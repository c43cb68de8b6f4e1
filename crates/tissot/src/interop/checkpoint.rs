//! Files of named arrays.

use crate::error::Error;
use burn::tensor::{DType, FloatDType, TensorData};
use pytorch_reader::{DType as TorchType, PytorchReader};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One array: its shape and its numbers, row by row.
#[derive(Clone, Debug)]
pub struct Array(TensorData);

impl Array {
    /// Of these numbers.
    ///
    /// # Panics
    /// Where they are not as many as the shape has.
    pub fn new(values: Vec<f64>, shape: impl Into<Vec<usize>>) -> Self {
        Self(TensorData::new(values, shape.into()))
    }

    /// The length of each axis; none for a single number.
    pub fn shape(&self) -> &[usize] {
        self.0.shape()
    }

    /// The numbers.
    pub fn values(&self) -> Vec<f64> {
        self.0.iter().collect()
    }
}

/// The arrays of a file, by their names.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    path: PathBuf,
    arrays: BTreeMap<String, Array>,
}

impl Checkpoint {
    /// Reads a safetensors file, or what `torch.save` wrote of a `state_dict` (also within a dictionary, such as `{"model":
    /// state_dict, ..}`; see [`Checkpoint::under`]). No code of the file is run.
    ///
    /// # Errors
    /// [`Error::Read`] where it cannot be read, [`Error::ModelFile`] where it is neither, or damaged, [`Error::Checkpoint`] for
    /// an array of numbers that are none.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let arrays = if is_safetensors(path)? { safetensors(path)? } else { torch(path)? };
        if arrays.is_empty() {
            return Err(wrong(path, "it holds no arrays"));
        }
        Ok(Self { path: path.to_owned(), arrays })
    }

    /// Of arrays that are at hand; `path` is for messages.
    pub fn from_arrays(path: impl Into<PathBuf>, arrays: impl IntoIterator<Item = (String, Array)>) -> Self {
        Self { path: path.into(), arrays: arrays.into_iter().collect() }
    }

    /// The arrays whose names begin with `prefix`, without it.
    ///
    /// # Errors
    /// [`Error::ModelFile`] where there are none.
    pub fn under(&self, prefix: &str) -> Result<Self, Error> {
        let under =
            |(name, array): (&String, &Array)| Some((name.strip_prefix(prefix)?.to_owned(), array.clone()));
        let arrays: BTreeMap<_, _> = self.arrays.iter().filter_map(under).collect();
        if arrays.is_empty() {
            let names: Vec<&str> = self.arrays.keys().take(3).map(String::as_str).collect();
            return Err(wrong(
                &self.path,
                format!("no array begins with {prefix:?}; there are {}, ..", names.join(", ")),
            ));
        }
        Ok(Self { path: self.path.clone(), arrays })
    }

    /// The arrays by name.
    pub fn arrays(&self) -> &BTreeMap<String, Array> {
        &self.arrays
    }

    /// Where they come from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the file, without its folder.
    pub(super) fn name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// f64 where an array is of it, else f32.
    pub(super) fn float_type(&self) -> FloatDType {
        let double = self.arrays.values().any(|array| array.0.dtype() == DType::F64);
        if double { FloatDType::F64 } else { FloatDType::F32 }
    }
}

fn wrong(path: &Path, what: impl Into<String>) -> Error {
    Error::ModelFile { path: path.to_owned(), what: what.into() }
}

/// Whether a file begins as safetensors do: the length of a header, and its opening brace.
fn is_safetensors(path: &Path) -> Result<bool, Error> {
    use std::io::Read;
    let fault = |source| Error::Read { path: path.to_owned(), source };
    let mut head = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(9).read_to_end(&mut head)).map_err(fault)?;
    Ok(head.get(8) == Some(&b'{') && !head.starts_with(b"PK"))
}

fn safetensors(path: &Path) -> Result<BTreeMap<String, Array>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| wrong(path, format!("it is no whole safetensors file ({error})")))?;
    let mut arrays = BTreeMap::new();
    for (name, view) in file.tensors() {
        let dtype = match view.dtype() {
            Dtype::F64 => DType::F64,
            Dtype::F32 => DType::F32,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            Dtype::I64 => DType::I64,
            Dtype::I32 => DType::I32,
            Dtype::I16 => DType::I16,
            Dtype::I8 => DType::I8,
            Dtype::U64 => DType::U64,
            Dtype::U32 => DType::U32,
            Dtype::U16 => DType::U16,
            Dtype::U8 | Dtype::BOOL => DType::U8,
            other => {
                let what =
                    format!("found numbers of type {other:?}, expected floating point or whole numbers");
                return Err(Error::checkpoint(path, name, what));
            }
        };
        let data = TensorData::from_bytes_vec(view.data().to_vec(), view.shape().to_vec(), dtype);
        arrays.insert(name, Array(data));
    }
    Ok(arrays)
}

fn torch(path: &Path) -> Result<BTreeMap<String, Array>, Error> {
    let unreadable = |error: &dyn std::fmt::Display| {
        wrong(
            path,
            format!("it is neither a safetensors file nor one of torch.save that can be read ({error})"),
        )
    };
    let tensors = PytorchReader::new(path).map_err(|error| unreadable(&error))?.into_tensors();
    let array = |(name, tensor): (String, pytorch_reader::Tensor)| {
        let dtype = match tensor.dtype() {
            TorchType::F64 => DType::F64,
            TorchType::F32 => DType::F32,
            TorchType::F16 => DType::F16,
            TorchType::BF16 => DType::BF16,
            TorchType::I64 => DType::I64,
            TorchType::I32 => DType::I32,
            TorchType::I16 => DType::I16,
            TorchType::I8 => DType::I8,
            TorchType::U64 => DType::U64,
            TorchType::U32 => DType::U32,
            TorchType::U16 => DType::U16,
            TorchType::U8 | TorchType::Bool => DType::U8,
        };
        let bytes = tensor.read().map_err(|error| Error::checkpoint(path, &name, error.to_string()))?;
        Ok((name, Array(TensorData::from_bytes_vec(bytes, tensor.shape().to_vec(), dtype))))
    };
    tensors.into_iter().map(array).collect()
}
