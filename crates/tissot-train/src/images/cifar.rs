//! CIFAR-10's binary files (Krizhevsky 2009): a label and 3 x 32 x 32 pixels, one channel after the other.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use super::open::{entries, source};
use super::records::{self, Part, Record};
use super::view::View;
use super::{ImageError, ImageOptions, Images};
use crate::table::TableError;
use crate::table::layout::Layout;
use crate::table::source::Source;

/// The bytes of an image.
const SIZE: u64 = 1 + 3 * 32 * 32;

/// The number of classes.
const CLASSES: usize = 10;

/// What to do with compressed files.
const UNPACK: &str = "unpack it with gunzip";

/// Whether a file of an unknown kind could be one: it begins with a label and has the right length, or the right name.
pub(super) fn could_be(source: &Source, path: &Path) -> bool {
    let label = source.sample.first().is_some_and(|&label| usize::from(label) < CLASSES);
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let named = name.strip_suffix(".gz").unwrap_or(&name).ends_with(".bin");
    let length = source.path.as_ref().and_then(|path| fs::metadata(path).ok()).map(|data| data.len());
    label && (named || length.is_some_and(|length| length.is_multiple_of(SIZE)))
}

/// The files `data_batch_*.bin` in a folder, in the order of their numbers.
pub(super) fn batches(folder: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let (mut files, _) = entries(folder)?;
    files.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("data_batch_") && name.ends_with(".bin")
    });
    files.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    Ok(files)
}

/// The set of several files.
pub(super) fn folder(batches: &[PathBuf], options: &ImageOptions) -> Result<Images, ImageError> {
    let parts = batches.iter().map(|path| part(source(path)?, options)).collect::<Result<_, _>>()?;
    gather(parts, &batches[0], options)
}

/// The set of one file.
pub(super) fn file(source: Source, path: &Path, options: &ImageOptions) -> Result<Images, ImageError> {
    gather(vec![part(source, options)?], path, options)
}

fn gather(parts: Vec<Part>, path: &Path, options: &ImageOptions) -> Result<Images, ImageError> {
    let record = Record::new(1, [32, 32, 3], true, Layout::BYTE).unwrap_or_else(|| unreachable!());
    let count: u64 = parts.iter().map(|part| part.count).sum();
    let mut labels = Vec::new();
    let store = records::gather(parts, record, options, UNPACK, |file, index, head| {
        let label = head[0];
        if usize::from(label) >= CLASSES {
            return Err(ImageError::CifarLabel { file: file.to_owned(), index, label });
        }
        labels.push(usize::from(label));
        Ok(())
    })?;
    let view = View::of(options);
    let mut images = Images::new(count as usize, view.shape(record.shape), view.levels, store);
    images.classes = classes(&path.with_file_name("batches.meta.txt"))?;
    images.labels = Some(labels);
    Ok(images)
}

/// One file; a compressed one is read whole, as its length is not known before.
fn part(source: Source, options: &ImageOptions) -> Result<Part, ImageError> {
    let Source { origin, mut bytes, path, .. } = source;
    let file = origin.file.clone();
    let length = match &path {
        Some(path) => fs::metadata(path).map_err(|error| origin.fault(error))?.len(),
        None => {
            let (mut whole, limit) = (Vec::new(), options.memory);
            let mut most = bytes.take(limit.saturating_add(1));
            let length = most.read_to_end(&mut whole).map_err(|error| origin.fault(error))? as u64;
            if length > limit {
                let (size, limit) = (length >> 20, limit >> 20);
                return Err(ImageError::TooLarge { file, size, limit, hint: UNPACK });
            }
            bytes = Box::new(Cursor::new(whole));
            length
        }
    };
    if !length.is_multiple_of(SIZE) {
        return Err(ImageError::CifarLength { file, found: length });
    }
    Ok(Part { origin, bytes, path, offset: 0, count: length / SIZE })
}

/// The names of the classes, each on a line; numbers where there is no such file.
fn classes(path: &Path) -> Result<Vec<String>, ImageError> {
    let file = || path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((0..CLASSES).map(|class| class.to_string()).collect());
        }
        Err(reason) => return Err(TableError::Read { file: file(), reason }.into()),
    };
    let names: Vec<String> =
        text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    match names.len() {
        CLASSES => Ok(names),
        found => Err(ImageError::CifarClasses { file: file(), found }),
    }
}
