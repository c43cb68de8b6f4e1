//! Images of one size, one after the other in files: IDX, CIFAR-10, NPY.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::set::Store;
use super::view::{Shape, View};
use super::{ImageError, ImageOptions};
use crate::table::TableError;
use crate::table::layout::Layout;
use crate::table::source::{Bytes, Origin};

/// One file of a set.
pub(super) struct Part {
    pub origin: Origin,
    /// The file from the first image on.
    pub bytes: Bytes,
    /// The file, where it can be read here and there.
    pub path: Option<PathBuf>,
    /// Where the first image begins.
    pub offset: u64,
    /// The images in this file.
    pub count: u64,
}

/// How an image is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// How many bytes come before its pixels.
    pub skip: usize,
    pub shape: Shape,
    /// Whether one channel comes after the other.
    pub planar: bool,
    pub layout: Layout,
    /// How many bytes it takes.
    size: usize,
}

impl Record {
    /// Images of these sides, unless they are too large to be true.
    pub fn new(skip: usize, sides: [u64; 3], planar: bool, layout: Layout) -> Option<Self> {
        let mut shape = [0; 3];
        let mut size = layout.size;
        for (to, from) in shape.iter_mut().zip(sides) {
            *to = usize::try_from(from).ok().filter(|&side| side < 1 << 16)?;
            size = size.checked_mul(*to)?;
        }
        Some(Self { skip, shape, planar, layout, size: size.checked_add(skip)? })
    }

    /// How many bytes so many images take.
    pub fn bytes(&self, count: u64) -> Option<u64> {
        count.checked_mul(self.size as u64).filter(|&bytes| bytes < 1 << 62)
    }

    /// Puts the pixels of an image into `out`, channels last, or finds the first number that is none.
    fn decode(&self, raw: &[u8], out: &mut Vec<u8>) -> Result<(), f64> {
        let Self { skip, shape: [height, width, channels], planar, layout, .. } = *self;
        let raw = &raw[skip..];
        out.clear();
        if layout.is_byte() && !planar {
            out.extend_from_slice(raw);
            return Ok(());
        }
        let positions = height * width;
        for position in 0..positions {
            for channel in 0..channels {
                let at = if planar { channel * positions + position } else { position * channels + channel };
                let value = layout.value(&raw[at * layout.size..][..layout.size]);
                if !(0.0..=255.0).contains(&value) || value.fract() != 0.0 {
                    return Err(value);
                }
                out.push(value as u8);
            }
        }
        Ok(())
    }

    /// What an image looks like, in `out`; `image` is scratch.
    fn see(
        &self,
        (file, index): (&str, u64),
        raw: &[u8],
        view: &View,
        image: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), ImageError> {
        let file = || file.to_owned();
        self.decode(raw, image).map_err(|value| {
            let hint = match value > 0.0 && value < 1.0 {
                true => "for values in [0, 1], save (255 * x).round().astype(\"u1\")",
                false => "scale and round the array to 0..255 and save it with astype(\"u1\")",
            };
            ImageError::Value { file: file(), index, value, hint }
        })?;
        let levels = view.levels;
        view.append(image, self.shape, out).map_err(|value| ImageError::Level {
            file: file(),
            index,
            value,
            levels,
        })
    }
}

/// The sides of an array as a count, height, width and channels, and whether the channels come before height and width.
pub(super) fn sides(shape: &[u64]) -> Option<(u64, [u64; 3], bool)> {
    match *shape {
        [n, height, width] => Some((n, [height, width, 1], false)),
        [n, height, width, channels @ (1 | 3)] => Some((n, [height, width, channels], false)),
        [n, channels @ (1 | 3), height, width] => Some((n, [height, width, channels], true)),
        _ => None,
    }
}

/// Reads all images, or only makes ready to.
///
/// `head` looks at the bytes before each image; `unpack` says what to do with files that are too large for memory and
/// cannot be read here and there.
pub(super) fn gather(
    mut parts: Vec<Part>,
    record: Record,
    options: &ImageOptions,
    unpack: &'static str,
    mut head: impl FnMut(&str, u64, &[u8]) -> Result<(), ImageError>,
) -> Result<Store, ImageError> {
    let view = View::of(options);
    let count: u64 = parts.iter().map(|part| part.count).sum();
    let seen = count.saturating_mul(view.shape(record.shape).iter().product::<usize>() as u64);
    let whole = seen <= options.memory;
    for part in &parts {
        part.check(&record)?;
        // Where nothing is known of the length, no image may be longer than what is allowed for all.
        let needed = if whole { record.size as u64 } else { seen };
        if part.path.is_none() && needed > options.memory {
            let (file, mebibyte) = (part.origin.file.clone(), 1 << 20);
            let (size, limit) = (needed / mebibyte, options.memory / mebibyte);
            return Err(ImageError::TooLarge { file, size, limit, hint: unpack });
        }
    }
    let mut pixels = Vec::new();
    if whole || record.skip > 0 || !record.layout.is_byte() || view.levels < 256 {
        let mut image = Vec::new();
        for part in &mut parts {
            let file = part.origin.file.clone();
            part.scan(&record, |index, raw| {
                head(&file, index, &raw[..record.skip])?;
                record.see((&file, index), raw, &view, &mut image, &mut pixels)?;
                if !whole {
                    pixels.clear();
                }
                Ok(())
            })?;
        }
    }
    if whole {
        return Ok(Store::Memory(pixels));
    }
    let parts = parts.into_iter().map(Part::keep).collect::<Result<_, _>>()?;
    Ok(Store::Records(Records { parts, record, view }))
}

impl Part {
    /// What should be in the file.
    fn what(&self, record: &Record) -> String {
        let [height, width, channels] = record.shape;
        format!(
            "{} images of {height} x {width} pixels with {channels} channels from byte {} on",
            self.count, self.offset
        )
    }

    fn expected(&self, record: &Record) -> u64 {
        record.bytes(self.count).unwrap_or(u64::MAX).saturating_add(self.offset)
    }

    /// Compares the length of the file with what it should be.
    fn check(&self, record: &Record) -> Result<(), ImageError> {
        let Some(path) = &self.path else { return Ok(()) };
        let found = fs::metadata(path).map_err(|error| self.origin.fault(error))?.len();
        let expected = self.expected(record);
        if found == expected {
            return Ok(());
        }
        let file = self.origin.file.clone();
        Err(ImageError::Length { file, found, expected, what: self.what(record) })
    }

    /// Hands out the bytes of each image, counted from 1. Memory grows with what there is, not with what a header claims.
    fn scan(
        &mut self,
        record: &Record,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), ImageError>,
    ) -> Result<(), ImageError> {
        let (expected, what, file) = (self.expected(record), self.what(record), self.origin.file.clone());
        let mut bytes = BufReader::with_capacity(1 << 16, &mut self.bytes);
        let mut raw = Vec::new();
        let mut found = self.offset;
        for index in 1..=self.count {
            raw.clear();
            let mut part = bytes.by_ref().take(record.size as u64);
            part.read_to_end(&mut raw).map_err(|error| self.origin.fault(error))?;
            found += raw.len() as u64;
            if raw.len() < record.size {
                return Err(ImageError::Length { file, found, expected, what });
            }
            each(index, &raw)?;
        }
        match bytes.read(&mut [0]).map_err(|error| self.origin.fault(error))? {
            0 => Ok(()),
            _ => Err(ImageError::TooLong { file, expected, what }),
        }
    }

    /// Keeps the file open.
    fn keep(self) -> Result<Stored, ImageError> {
        let Self { origin, path, offset, count, .. } = self;
        let path = path.unwrap_or_else(|| unreachable!("sets without a path are read whole"));
        let file = Mutex::new(File::open(path).map_err(|error| origin.fault(error))?);
        Ok(Stored { file, name: origin.file, offset, count })
    }
}

/// A file of which images are read here and there.
struct Stored {
    file: Mutex<File>,
    name: String,
    offset: u64,
    count: u64,
}

/// Images on disk.
pub(super) struct Records {
    parts: Vec<Stored>,
    record: Record,
    view: View,
}

impl Records {
    /// Appends the images of these indices, which exist.
    pub fn read(&self, indices: &[usize], out: &mut Vec<u8>) -> Result<(), ImageError> {
        let (mut raw, mut image) = (vec![0; self.record.size], Vec::new());
        for &index in indices {
            let mut index = index as u64;
            let mut parts = self.parts.iter();
            let part = parts.find(|part| {
                index < part.count || {
                    index -= part.count;
                    false
                }
            });
            let part = part.unwrap_or_else(|| unreachable!("the index was looked at before"));
            part.read(index, &mut raw)
                .map_err(|reason| TableError::Read { file: part.name.clone(), reason })?;
            self.record.see((&part.name, index + 1), &raw, &self.view, &mut image, out)?;
        }
        Ok(())
    }
}

impl Stored {
    fn read(&self, index: u64, raw: &mut [u8]) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.offset + index * raw.len() as u64))?;
        file.read_exact(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart() {
        assert_eq!(sides(&[5, 8, 9]), Some((5, [8, 9, 1], false)));
        assert_eq!(sides(&[5, 8, 9, 3]), Some((5, [8, 9, 3], false)));
        assert_eq!(sides(&[5, 3, 8, 9]), Some((5, [8, 9, 3], true)));
        assert_eq!(sides(&[5, 3, 3, 3]), Some((5, [3, 3, 3], false)), "the last side where both fit");
        assert_eq!(sides(&[5, 2, 8, 9]), None);
        assert_eq!(sides(&[5, 8]), None);
    }

    #[test]
    fn what_is_too_large_is_noticed() {
        assert!(Record::new(0, [1 << 16, 1, 1], false, Layout::BYTE).is_none());
        let record = Record::new(0, [65535, 65535, 3], false, Layout::BYTE).unwrap();
        assert_eq!(record.bytes(1), Some(65535 * 65535 * 3));
        assert_eq!(record.bytes(u64::MAX), None);
    }
}
