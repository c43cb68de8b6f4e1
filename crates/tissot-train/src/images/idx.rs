//! IDX, the format of MNIST (LeCun, Cortes, Burges 1998): a magic word, the sides, the numbers; all big-endian.

use std::cmp::Ordering;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::classes::classes;
use super::open::source;
use super::records::{self, Part, Record, sides};
use super::view::View;
use super::{ImageError, ImageOptions, Images};
use crate::table::layout::Layout;
use crate::table::source::Source;

/// The code of bytes.
const BYTES: u8 = 8;

/// Whether a file begins as an IDX file does: two zeros, a code of a type, a number of sides.
pub(super) fn begins(sample: &[u8]) -> bool {
    matches!(sample, [0, 0, 0x08 | 0x09 | 0x0B..=0x0E, 1..=4, ..])
}

/// Opens a file of images, and its labels where they are beside it.
pub(super) fn open(source: Source, path: &Path, options: &ImageOptions) -> Result<Images, ImageError> {
    let Source { origin, mut bytes, path: seekable, .. } = source;
    let file = origin.file.clone();
    let wrong = |reason: String| ImageError::Idx { file: file.clone(), reason };
    let shape = header(&file, &mut bytes)?;
    let (count, [height, width, channels], planar) = match &shape[..] {
        [_] => Err(wrong("it holds labels (1 dimension); give the file with the images".to_owned())),
        shape => sides(shape).ok_or_else(|| {
            wrong(format!(
                "its sides are {shape:?}, expected [n, height, width], perhaps with 1 or 3 channels"
            ))
        }),
    }?;
    if count == 0 || height == 0 || width == 0 {
        return Err(ImageError::Nothing { file, count, height, width });
    }
    let record = Record::new(0, [height, width, channels], planar, Layout::BYTE)
        .filter(|record| record.bytes(count).is_some())
        .ok_or_else(|| wrong(format!("its sides {shape:?} are too large to be true")))?;
    let offset = 4 + 4 * shape.len() as u64;
    let part = Part { origin, bytes, path: seekable, offset, count };
    let store = records::gather(vec![part], record, options, "unpack it with gunzip", |_, _, _| Ok(()))?;
    let view = View::of(options);
    let mut images = Images::new(count as usize, view.shape(record.shape), view.levels, store);
    if let Some(path) = labels_beside(path) {
        let (labels, names) = classes(&labels(&path, count, &file)?);
        (images.labels, images.classes) = (Some(labels), names);
    }
    Ok(images)
}

/// The sides.
fn header(file: &str, bytes: &mut impl Read) -> Result<Vec<u64>, ImageError> {
    let wrong = |reason: String| ImageError::Idx { file: file.to_owned(), reason };
    let mut word = [0; 4];
    let mut next = || match bytes.read_exact(&mut word) {
        Ok(()) => Ok(word),
        Err(_) => Err(wrong("its header is cut short".to_owned())),
    };
    let start = next()?;
    if !begins(&start) {
        return Err(wrong(format!("it begins with {start:02X?}, expected [00, 00, 08, number of sides]")));
    }
    if start[2] != BYTES {
        return Err(wrong(format!("its numbers are of type 0x{:02X}, expected bytes (0x08)", start[2])));
    }
    (0..start[3]).map(|_| next().map(|word| u32::from_be_bytes(word).into())).collect()
}

/// The file of labels that by its name belongs to a file of images, where there is one.
fn labels_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let mut beside = name.replace("images", "labels");
    if beside == name {
        return None;
    }
    for sides in ["idx3", "idx4"] {
        beside = beside.replace(sides, "idx1");
    }
    let packed = match beside.strip_suffix(".gz") {
        Some(plain) => plain.to_owned(),
        None => format!("{beside}.gz"),
    };
    [beside, packed].into_iter().map(|name| path.with_file_name(name)).find(|path| fs::metadata(path).is_ok())
}

/// The labels in a file; `images` is the file of their images.
fn labels(path: &Path, expected: u64, images: &str) -> Result<Vec<i64>, ImageError> {
    let Source { origin, mut bytes, .. } = source(path)?;
    let file = origin.file.clone();
    let found = match header(&file, &mut bytes)?[..] {
        [found] => found,
        ref sides => {
            let reason = format!("it has {} dimensions, expected labels (1 dimension)", sides.len());
            return Err(ImageError::Idx { file, reason });
        }
    };
    if found != expected {
        return Err(ImageError::Labels { file, found, expected, images: images.to_owned() });
    }
    let mut labels = Vec::new();
    // One byte more than there should be, if there is one.
    let read = bytes.take(expected + 1).read_to_end(&mut labels).map_err(|error| origin.fault(error))?;
    let (found, expected, what) = (8 + read as u64, 8 + expected, format!("{expected} labels"));
    match found.cmp(&expected) {
        Ordering::Less => Err(ImageError::Length { file, found, expected, what }),
        Ordering::Greater => Err(ImageError::TooLong { file, expected, what }),
        Ordering::Equal => Ok(labels.into_iter().map(i64::from).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_magic_word() {
        assert!(begins(&[0, 0, 8, 3, 0]));
        assert!(begins(&[0, 0, 0x0D, 1, 0]), "a type that is refused with a word");
        assert!(!begins(&[0, 0, 8]));
        assert!(!begins(&[0, 0, 8, 5, 0]));
        assert!(!begins(&[0, 0, 0x0A, 3, 0]));
    }
}
