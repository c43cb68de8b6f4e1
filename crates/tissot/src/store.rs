//! The model file: a [`container`] of a description (JSON: the flow's configuration, the columns, the provenance) and
//! the weights (burnpack).

mod weights;

pub use weights::{weights, with_weights};

use crate::columns::Columns;
use crate::config::{AnyFlow, FlowConfig};
use crate::container;
use crate::count::{self, Count};
use crate::error::Error;
use crate::image::{ImageModel, Pixels};
use crate::model::Model;
use crate::provenance::Provenance;
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{Bool, Device, FloatDType, Int, Tensor};
use rand::SeedableRng;
use serde::{Deserialize, Serialize};
use std::path::Path;

const KIND: &[u8; 8] = b"TISSOT\r\n";
/// The fewest bytes that a recorded number takes.
const LEAST_BYTES: usize = 2;
/// The most places of features and pixels that the layers of a file may hold, which no file records.
const MOST_PLACES: u64 = 1 << 26;

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
        let what =
            format!("flow: found a flow of {event:?}, expected {expected} numbers, one for each column");
        return Err(unfit(what));
    }
    if config.context != context.len() {
        let (found, expected) = (config.context, context.len());
        return Err(unfit(format!("flow: found {found} context features, expected {expected}")));
    }
    columns.validate().map_err(|error| unfit(error.to_string()))?;
    context.validate().map_err(|error| unfit(format!("context {error}")))?;
    affordable(&[Some(&config)], weights.len()).map_err(unfit)?;
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
    let unfit = |what: String| wrong(path, format!("its description fits no model ({what})"));
    affordable(&[Some(&flow), dequantiser.as_ref()], weights.len()).map_err(unfit)?;
    let rng = &mut rand_chacha::ChaCha8Rng::seed_from_u64(0);
    let model = ImageModel::new(flow, dequantiser, pixels, classes, device, rng)
        .map_err(|error| unfit(error.to_string()))?;
    let flow = renamed(with_weights(model.flow, weights, path)?, ParamId::new);
    Ok(ImageModel { flow, provenance, ..model })
}

/// Refuses flows that ask for more weights than `bytes` of them can hold, before any is made: a description of a few bytes
/// could ask for any amount of memory.
fn affordable(flows: &[Option<&FlowConfig>], bytes: usize) -> Result<(), String> {
    let counts = flows.iter().flatten().map(|config| count::flow(config));
    let Count { weights, places } = counts.fold(Count::default(), Count::and);
    if weights > (bytes / LEAST_BYTES) as u64 {
        return Err(format!("flow: found {weights} weights, expected no more than {bytes} bytes can hold"));
    }
    if places > MOST_PLACES {
        return Err(format!(
            "flow: found {places} places of features and pixels, expected at most {MOST_PLACES}"
        ));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_no_file_records_are_held_to_a_number() {
        let flow = |side: usize| {
            let layers = r#"[{"Checkerboard": {"conditioner": {"Conv": {"hidden": 1}}}}]"#;
            let json = format!(r#"{{"features": 1024, "positions": [{side}, 64], "layers": {layers}}}"#);
            FlowConfig::from_json(&json).unwrap()
        };
        assert_eq!(affordable(&[Some(&flow(256)), None], usize::MAX), Ok(()));
        for flows in [[Some(&flow(1024)), None], [Some(&flow(512)), Some(&flow(512))]] {
            let error = affordable(&flows, usize::MAX).unwrap_err();
            assert!(error.contains("places of features and pixels, expected at most 67108864"), "{error}");
        }
    }
}
