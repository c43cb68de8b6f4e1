//! The array that is meant in an NPZ archive, which is read whole.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};

use npyz::npz::NpzArchive;

use super::error::list;
use super::npy::{self, NpyRows};
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
    let corrupt = |error: std::io::Error| TableError::Npz { file: file.clone(), reason: error.to_string() };
    let mut archive = NpzArchive::new(bytes).map_err(corrupt)?;
    let mut names: Vec<String> = archive.array_names().map(str::to_owned).collect();
    names.sort();
    if names.is_empty() {
        return Err(TableError::Npz { file, reason: "it holds no arrays".to_owned() });
    }
    let name = match array {
        Some(array) if names.contains(&array) => array,
        Some(array) => return Err(TableError::UnknownArray { file, array, existing: list(names) }),
        None => only(&file, &mut archive, &names).map_err(corrupt)??,
    };
    origin.file = format!("{file}:{name}");
    let reader = archive.by_name(&name).map_err(|error| npy::header_fault(&origin, error))?;
    let reader = reader.ok_or_else(|| corrupt(std::io::ErrorKind::NotFound.into()))?;
    let header = reader.header().clone();
    let mut data = Vec::new();
    reader.into_inner().read_to_end(&mut data).map_err(corrupt)?;
    NpyRows::with_header(origin, &header, Box::new(Cursor::new(data)), options)
}

/// The only array of two dimensions, or else the only one.
fn only<R: Read + Seek>(
    file: &str,
    archive: &mut NpzArchive<R>,
    names: &[String],
) -> std::io::Result<Result<String, TableError>> {
    if let [name] = names {
        return Ok(Ok(name.clone()));
    }
    let (mut tables, mut described) = (Vec::new(), Vec::new());
    for name in names {
        if let Some(array) = archive.by_name(name)? {
            if array.shape().len() == 2 {
                tables.push(name);
            }
            described.push(format!("{name} {}", npy::shape(array.header())));
        }
    }
    Ok(match tables[..] {
        [name] => Ok(name.clone()),
        _ => Err(TableError::WhichArray { file: file.to_owned(), existing: list(described) }),
    })
}
