//! The array that is meant in an NPZ archive, which is read whole.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};

use npyz::npz::{NpzArchive, file_name_from_array_name};

use super::error::list;
use super::header;
use super::npy::NpyRows;
use super::source::{Origin, Source};
use super::{ReadOptions, TableError};

/// Reads the array that the path names, or else the only one of two dimensions, or else the only one.
pub(super) fn open(source: Source, options: &ReadOptions) -> Result<NpyRows, TableError> {
    let Source { origin, mut bytes, path, array, .. } = source;
    match path {
        Some(path) => {
            let file = File::open(path).map_err(|error| origin.fault(error))?;
            read(origin, BufReader::new(file), array, options)
        }
        None => {
            let mut whole = Vec::new();
            bytes.read_to_end(&mut whole).map_err(|error| origin.fault(error))?;
            read(origin, Cursor::new(whole), array, options)
        }
    }
}

fn read(
    mut origin: Origin,
    bytes: impl Read + Seek,
    array: Option<String>,
    options: &ReadOptions,
) -> Result<NpyRows, TableError> {
    let file = origin.file.clone();
    let corrupt = |reason: String| TableError::Npz { file: file.clone(), reason };
    let mut archive = NpzArchive::new(bytes).map_err(|error| corrupt(error.to_string()))?;
    let mut names: Vec<String> = archive.array_names().map(str::to_owned).collect();
    names.sort();
    let name = match (array, &names[..]) {
        (_, []) => return Err(corrupt("it holds no arrays".to_owned())),
        (Some(array), _) if names.contains(&array) => array,
        (Some(array), _) => return Err(TableError::UnknownArray { file, array, existing: list(names) }),
        (None, [name]) => name.clone(),
        (None, _) => only_table(&origin, &mut archive, &names)?,
    };
    origin.file = format!("{file}:{name}");
    let mut data = Vec::new();
    let entry = archive.zip_archive().by_name(&file_name_from_array_name(&name));
    let mut entry = entry.map_err(|error| corrupt(error.to_string()))?;
    entry.read_to_end(&mut data).map_err(|error| corrupt(error.to_string()))?;
    NpyRows::open(origin, Box::new(Cursor::new(data)), options)
}

/// The only array of two dimensions.
fn only_table<R: Read + Seek>(
    origin: &Origin,
    archive: &mut NpzArchive<R>,
    names: &[String],
) -> Result<String, TableError> {
    let (mut tables, mut described) = (Vec::new(), Vec::new());
    for name in names {
        let corrupt = |reason: String| TableError::Npz { file: origin.file.clone(), reason };
        let entry = archive.zip_archive().by_name(&file_name_from_array_name(name));
        let header = header::read(origin, &mut entry.map_err(|error| corrupt(error.to_string()))?)?;
        if header.shape().len() == 2 {
            tables.push(name);
        }
        described.push(format!("{name} {}", header::shape(&header)));
    }
    match tables[..] {
        [name] => Ok(name.clone()),
        _ => Err(TableError::WhichArray { file: origin.file.clone(), existing: list(described) }),
    }
}
