//! The model file: a [`container`] of a description (JSON: the flow's configuration, the columns, the provenance) and
//! the weights (burnpack).

mod number_types;

use crate::columns::Columns;
use crate::config::{AnyFlow, FlowConfig};
use crate::container;
use crate::error::Error;
use crate::image::{ImageModel, Pixels};
use crate::layer;
use crate::model::Model;
use crate::provenance::Provenance;
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::store::ModuleRecord;
use burn::tensor::{Bool, Bytes, Device, FloatDType, Int, Tensor};
use rand::SeedableRng;
use serde::{Deserialize, Serialize};
use std::path::Path;

const KIND: &[u8; 8] = b"TISSOT\r\n";
/// The bytes of the shortest float.
const LEAST: usize = 2;

/// The part of a model that is not weights.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    flow: FlowConfig,
    columns: Columns,
    #[serde(default)]
    context: Columns,
    #[serde(default)]
    provenance: Provenance,
}

/// The same of a model of images.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageDescription {
    flow: FlowConfig,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dequantiser: Option<FlowConfig>,
    pixels: Pixels,
    #[serde(default)]
    classes: Vec<String>,
    #[serde(default)]
    provenance: Provenance,
}

/// A model of either kind, as a file holds it.
#[allow(clippy::large_enum_variant)] // One at a time.
#[derive(Clone, Debug)]
pub enum AnyModel {
    /// Of the rows of a table.
    Table(Model),
    /// Of images.
    Image(ImageModel),
}

impl AnyModel {
    /// Reads a model of either kind onto `device`.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        let path = path.as_ref();
        let (description, weights) = parts(path)?;
        if description.get("pixels").is_some() {
            image(description, weights, path, device).map(Self::Image)
        } else {
            table(description, weights, path, device).map(Self::Table)
        }
    }

    /// The same model in another number type.
    ///
    /// # Errors
    /// [`Error::Config`] for f64 on a device that has none.
    pub fn to_dtype(self, dtype: FloatDType) -> Result<Self, Error> {
        Ok(match self {
            Self::Table(model) => Self::Table(model.to_dtype(dtype)?),
            Self::Image(model) => Self::Image(model.to_dtype(dtype)?),
        })
    }

    /// What its file says of it besides weights, as JSON.
    ///
    /// # Errors
    /// [`Error::Config`] where JSON cannot hold it.
    pub(crate) fn description(&self) -> Result<String, Error> {
        match self {
            Self::Table(model) => json(&Description::of(model)),
            Self::Image(model) => json(&ImageDescription::of(model)),
        }
    }
}

impl Description {
    fn of(model: &Model) -> Self {
        Self {
            flow: model.config.clone(),
            columns: model.columns.clone(),
            context: model.context.clone(),
            provenance: model.provenance.clone(),
        }
    }
}

impl ImageDescription {
    fn of(model: &ImageModel) -> Self {
        Self {
            flow: model.config.clone(),
            dequantiser: model.dequantiser.clone(),
            pixels: model.pixels.clone(),
            classes: model.classes.clone(),
            provenance: model.provenance.clone(),
        }
    }
}

pub(crate) fn save(model: &Model, path: &Path) -> Result<(), Error> {
    write(&Description::of(model), &model.flow, path)
}

pub(crate) fn save_image(model: &ImageModel, path: &Path) -> Result<(), Error> {
    write(&ImageDescription::of(model), &model.flow, path)
}

fn json(description: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string_pretty(description)
        .map_err(|error| Error::config("model", error, "numbers that JSON can hold"))
}

fn write<M: Module>(description: &impl Serialize, flow: &M, path: &Path) -> Result<(), Error> {
    let description = json(description)?;
    // Ids are a matter of one process: counted from 1 in the file, so that equal models are equal files.
    let mut next = 0;
    let flow = renamed(flow.valid(), || {
        next += 1;
        ParamId::from(next)
    });
    container::write(path, KIND, &[description.as_bytes(), &weights(flow, path)?])
}

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
/// [`Error::ModelFile`] where they do not fit the module.
pub fn with_weights<M: Module>(module: M, bytes: Vec<u8>, path: &Path) -> Result<M, Error> {
    let unfit = |error: String| wrong(path, format!("its weights do not fit its description ({error})"));
    // Shared, not copied.
    let bytes = Bytes::from_bytes_vec(bytes).shared();
    number_types::check(&module, bytes.clone()).map_err(unfit)?;
    let record = ModuleRecord::from_bytes(bytes).map_err(|error| unfit(error.to_string()))?;
    module.try_load_record(record).map_err(|error| unfit(error.to_string()))
}

pub(crate) fn load(path: &Path, device: &Device) -> Result<Model, Error> {
    let (description, weights) = parts(path)?;
    if description.get("pixels").is_some() {
        return Err(wrong(path, "it is a model of images, expected one of a table"));
    }
    table(description, weights, path, device)
}

pub(crate) fn load_image(path: &Path, device: &Device) -> Result<ImageModel, Error> {
    let (description, weights) = parts(path)?;
    if description.get("columns").is_some() {
        return Err(wrong(path, "it is a model of a table, expected one of images"));
    }
    image(description, weights, path, device)
}

fn wrong(path: &Path, what: impl Into<String>) -> Error {
    Error::ModelFile { path: path.to_owned(), what: what.into() }
}

/// The description and the weights of a file.
fn parts(path: &Path) -> Result<(serde_json::Value, Vec<u8>), Error> {
    let parts = container::read(path, KIND, 2)?;
    let [description, weights] = <[Vec<u8>; 2]>::try_from(parts).unwrap_or_default();
    let description = serde_json::from_slice(&description).map_err(|error| unreadable(path, &error))?;
    Ok((description, weights))
}

fn unreadable(path: &Path, error: &serde_json::Error) -> Error {
    wrong(path, format!("its description cannot be read ({error})"))
}

fn table(
    description: serde_json::Value,
    weights: Vec<u8>,
    path: &Path,
    device: &Device,
) -> Result<Model, Error> {
    let description = serde_json::from_value(description).map_err(|error| unreadable(path, &error))?;
    let Description { flow: config, columns, context, provenance } = description;
    let unfit = |what: String| wrong(path, format!("its description fits no model ({what})"));
    let event = config.event();
    if event.iter().try_fold(1_usize, |all, &side| all.checked_mul(side)) != Some(columns.len()) {
        let expected = columns.len();
        let what = format!("flow: found a flow of {event:?}, expected {expected} numbers, one for each column");
        return Err(unfit(what));
    }
    if config.context != context.len() {
        let (found, expected) = (config.context, context.len());
        return Err(unfit(format!("flow: found {found} context features, expected {expected}")));
    }
    affordable(layer::of_flow(&config), &weights, path)?;
    // The weights that are drawn here are all replaced by those of the file.
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let flow = config.init(device, rng).map_err(|error| unfit(error.to_string()))?;
    let flow: AnyFlow = renamed(with_weights(flow, weights, path)?, ParamId::new);
    Ok(Model { flow, config, columns, context, provenance })
}

fn image(
    description: serde_json::Value,
    weights: Vec<u8>,
    path: &Path,
    device: &Device,
) -> Result<ImageModel, Error> {
    let description = serde_json::from_value(description).map_err(|error| unreadable(path, &error))?;
    let ImageDescription { flow, dequantiser, pixels, classes, provenance } = description;
    let noise = dequantiser.as_ref().map_or(0.0, layer::of_flow);
    affordable(layer::of_flow(&flow) + noise, &weights, path)?;
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let model = ImageModel::new(flow, dequantiser, pixels, classes, device, rng)
        .map_err(|error| wrong(path, format!("its description fits no model ({error})")))?;
    let flow = renamed(with_weights(model.flow, weights, path)?, ParamId::new);
    Ok(ImageModel { flow, provenance, ..model })
}

/// Refuses a description that asks for more numbers than its file has room for, before they are made: memory is bounded by
/// the file.
fn affordable(numbers: f64, weights: &[u8], path: &Path) -> Result<(), Error> {
    if numbers * LEAST as f64 <= weights.len() as f64 {
        return Ok(());
    }
    let (room, least) = (weights.len(), numbers * LEAST as f64);
    let what = format!(
        "its weights do not fit its description (found {room} bytes, expected at least {least} for {numbers} numbers)"
    );
    Err(wrong(path, what))
}

/// The module with new ids for its parameters, in its order.
fn renamed<M: Module>(module: M, next: impl FnMut() -> ParamId) -> M {
    struct Rename<F>(F);
    impl<F: FnMut() -> ParamId> ModuleMapper for Rename<F> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (_, value, mapper) = param.consume();
            Param::from_mapped_value((self.0)(), value, mapper)
        }
        fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
            let (_, value, mapper) = param.consume();
            Param::from_mapped_value((self.0)(), value, mapper)
        }
        fn map_bool<const D: usize>(&mut self, param: Param<Tensor<D, Bool>>) -> Param<Tensor<D, Bool>> {
            let (_, value, mapper) = param.consume();
            Param::from_mapped_value((self.0)(), value, mapper)
        }
    }
    module.map(&mut Rename(next))
}
