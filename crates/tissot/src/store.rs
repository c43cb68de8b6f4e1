//! The model file: one file that needs nothing else.
//!
//! ```text
//! magic    8 bytes   "TISSOT\r\n"
//! version  u32       1, little-endian like all numbers here
//! lengths  2 x u64   of the description and of the weights
//! hashes   2 x 32    BLAKE3 of the description and of the weights
//! hash     32        BLAKE3 of everything above
//! description        JSON: the flow's configuration, the columns, the provenance
//! weights            burnpack
//! ```

use crate::columns::Columns;
use crate::config::FlowConfig;
use crate::error::Error;
use crate::model::{Model, Provenance};
use atomic_write_file::AtomicWriteFile;
use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device};
use rand::SeedableRng;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::Path;

const MAGIC: &[u8; 8] = b"TISSOT\r\n";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 2 * 8 + 3 * 32;

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

pub(crate) fn save(model: &Model, path: &Path) -> Result<(), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    let description = Description {
        flow: model.config.clone(),
        columns: model.columns.clone(),
        context: model.context.clone(),
        provenance: model.provenance.clone(),
    };
    let description = serde_json::to_vec_pretty(&description)
        .map_err(|error| Error::config("model", error, "numbers that JSON can hold"))?;
    let weights = model.flow.clone().into_record().into_bytes().map_err(|error| io(std::io::Error::other(error)))?;
    let mut file = AtomicWriteFile::open(path).map_err(io)?;
    file.write_all(&header(&description, &weights)).map_err(io)?;
    file.write_all(&description).map_err(io)?;
    file.write_all(&weights).map_err(io)?;
    file.commit().map_err(io)
}

fn header(description: &[u8], weights: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend((description.len() as u64).to_le_bytes());
    header.extend((weights.len() as u64).to_le_bytes());
    header.extend(blake3::hash(description).as_bytes());
    header.extend(blake3::hash(weights).as_bytes());
    let hash = blake3::hash(&header);
    header.extend(hash.as_bytes());
    header
}

pub(crate) fn load(path: &Path, device: &Device) -> Result<Model, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let wrong = |what: String| Error::ModelFile { path: path.to_owned(), what };
    let (description, weights) = parts(&bytes).map_err(wrong)?;
    let description: Description = serde_json::from_slice(description)
        .map_err(|error| wrong(format!("its description cannot be read ({error})")))?;
    // The weights that are drawn here are all replaced by those of the file.
    let flow = description.flow.init(device, &mut rand_chacha::ChaCha8Rng::seed_from_u64(0))?;
    let flow = ModuleRecord::from_bytes(Bytes::from_bytes_vec(weights.to_vec()))
        .and_then(|mut record| { let mut flow = flow; flow.try_load_record(record).map(|()| flow) })
        .map_err(|error| wrong(format!("its weights do not fit its description ({error})")))?;
    let Description { flow: config, columns, context, provenance } = description;
    Ok(Model { flow, config, columns, context, provenance })
}

/// The description and the weights of a file whose every byte was checked; else what is wrong with it.
fn parts(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    if !bytes.starts_with(MAGIC) {
        return Err("this is no tissot model (it does not begin as one)".into());
    }
    if bytes.len() < HEADER {
        return Err(format!("it ends after {} bytes, within its header; it was cut off", bytes.len()));
    }
    let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
    let version = u32::from_le_bytes(bytes[8..12].try_into().unwrap_or_default());
    let (hashed, rest) = bytes.split_at(HEADER - 32);
    if blake3::hash(hashed).as_bytes() != &rest[..32] {
        return Err("its header was altered (the checksum does not fit)".into());
    }
    if version != VERSION {
        return Err(format!("it has version {version} of the format, this program reads version {VERSION}"));
    }
    let (body, expected) = (&rest[32..], u128::from(number(12)) + u128::from(number(20)));
    if body.len() as u128 != expected {
        return Err(format!("it has {} bytes after its header, expected {expected}; it was cut off or added to", body.len()));
    }
    let (description, weights) = body.split_at(number(12) as usize);
    for (name, part, at) in [("description", description, 28), ("weights", weights, 60)] {
        if blake3::hash(part).as_bytes() != &bytes[at..at + 32] {
            return Err(format!("its {name} were altered (the checksum does not fit)"));
        }
    }
    Ok((description, weights))
}
