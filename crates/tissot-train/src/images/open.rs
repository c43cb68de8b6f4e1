//! Finds out what a path holds.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ImageError, ImageOptions, Images, array, cifar, folder, idx, picture};
use crate::table::TableError;
use crate::table::source::{Format, Source};

/// The kinds of files with images, told by the content.
enum Kind {
    Idx,
    Cifar,
    Npy,
    Npz,
    Picture,
    Tar,
    Unknown,
}

impl Kind {
    fn of(source: &Source, path: &Path) -> Self {
        let sample = &source.sample[..];
        match source.format {
            Format::Npy => Self::Npy,
            Format::Npz => Self::Npz,
            Format::Text if idx::begins(sample) => Self::Idx,
            Format::Text if picture::begins(sample) => Self::Picture,
            Format::Text if sample.get(257..262) == Some(b"ustar") => Self::Tar,
            Format::Text if cifar::could_be(source, path) => Self::Cifar,
            Format::Text | Format::Parquet => Self::Unknown,
        }
    }
}

/// See [`Images::open`].
pub(super) fn open(path: &Path, options: &ImageOptions) -> Result<Images, ImageError> {
    if is_folder(path) {
        return match cifar::batches(path)? {
            batches if batches.is_empty() => folder::open(path, options),
            batches => cifar::folder(&batches, options),
        };
    }
    let source = source(path)?;
    let file = || path.display().to_string();
    match Kind::of(&source, path) {
        Kind::Idx => idx::open(source, path, options),
        Kind::Cifar => cifar::file(source, path, options),
        Kind::Npy => array::npy(source, options),
        Kind::Npz => array::npz(source, options),
        Kind::Picture => folder::one(path, options),
        Kind::Tar => Err(ImageError::Archive { file: file() }),
        Kind::Unknown => Err(ImageError::UnknownFormat { file: file() }),
    }
}

/// Whether a path holds images, and no table: a folder, a file in a format of images, an array of more than two
/// dimensions. Standard input is taken for a table, as it can be read once only.
///
/// # Errors
/// [`ImageError::File`] where the path cannot be read.
pub fn recognises(path: impl AsRef<Path>) -> Result<bool, ImageError> {
    let path = path.as_ref();
    if path.as_os_str() == "-" || is_folder(path) {
        return Ok(path.as_os_str() != "-");
    }
    let source = source(path)?;
    match Kind::of(&source, path) {
        Kind::Idx | Kind::Cifar | Kind::Picture => Ok(true),
        Kind::Npy | Kind::Npz => array::more_than_a_table(source),
        Kind::Tar | Kind::Unknown => Ok(false),
    }
}

fn is_folder(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Opens a file with images.
pub(super) fn source(path: &Path) -> Result<Source, ImageError> {
    Source::open(path).map_err(|error| match error {
        TableError::Empty { file } => ImageError::Empty { file },
        TableError::Utf16 { file } => ImageError::UnknownFormat { file },
        other => other.into(),
    })
}

/// The files and folders in a folder, each in the order of their names, without hidden ones.
pub(super) fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), ImageError> {
    let fault = |reason| TableError::Read { file: folder.display().to_string(), reason };
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        match is_folder(&entry.path()) {
            true => folders.push(entry.path()),
            false => files.push(entry.path()),
        }
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}
