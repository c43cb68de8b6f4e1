//! Images in NPY and NPZ files.

use std::io::{Cursor, Read};

use npyz::{NpyHeader, Order};

use tissot::printable;

use super::classes::classes;
use super::records::{self, Part, Record, sides};
use super::view::View;
use super::{ImageError, ImageOptions, Images};
use crate::table::error::list;
use crate::table::header;
use crate::table::layout::Layout;
use crate::table::npz::Archive;
use crate::table::source::{Format, Origin, Source};

/// The names of images among several arrays, the first that is there.
const NAMES: [&str; 8] = ["images", "x", "x_train", "train_images", "train_x", "data", "train", "arr_0"];

/// The images of an NPY file, without labels.
pub(super) fn npy(source: Source, options: &ImageOptions) -> Result<Images, ImageError> {
    let Source { origin, bytes, path, .. } = source;
    let mut bytes = Counted { bytes, count: 0 };
    let header = header::read(&origin, &mut bytes)?;
    let (count, record) = layout(&origin, &header)?;
    let Counted { bytes, count: offset } = bytes;
    let part = Part { origin, bytes, path, offset, count };
    let unpack = "unpack it with gunzip, or out of its archive";
    let store = records::gather(vec![part], record, options, unpack, |_, _, _| Ok(()))?;
    let view = View::of(options);
    Ok(Images::new(count as usize, view.shape(record.shape), view.levels, store))
}

/// The images of an archive, with its labels where they can be told.
pub(super) fn npz(source: Source, options: &ImageOptions) -> Result<Images, ImageError> {
    let (mut archive, asked) = Archive::open(source)?;
    let name = match asked {
        Some(name) => name,
        None => choose(&mut archive)?,
    };
    let header = archive.header(&name)?;
    let file = format!("{}:{}", archive.origin.file, printable(&name));
    let (count, record) = layout(&Origin::named(&file), &header)?;
    let size = record.bytes(count).unwrap_or(u64::MAX);
    if size > options.memory {
        let (size, limit) = (size >> 20, options.memory >> 20);
        let hint = "save its images by numpy.save as an NPY file";
        return Err(ImageError::TooLarge { file, size, limit, hint });
    }
    // One byte more than there should be, so that what goes on too long is noticed.
    let (origin, data) = archive.read(&name, header::MOST + size + 1)?;
    let source = Source::from_bytes(origin, Box::new(Cursor::new(data)))?;
    let mut images = npy(source, options)?;
    if let Some(numbers) = labels(&mut archive, &name, count)? {
        let (labels, names) = classes(&numbers);
        (images.labels, images.classes) = (Some(labels), names);
    }
    Ok(images)
}

/// Whether an array, or one of an archive, has more than two dimensions.
pub(super) fn more_than_a_table(mut source: Source) -> Result<bool, ImageError> {
    if source.format == Format::Npy {
        return Ok(header::read(&source.origin, &mut source.bytes)?.shape().len() > 2);
    }
    let (mut archive, asked) = Archive::open(source)?;
    for name in asked.map_or_else(|| archive.names.clone(), |name| vec![name]) {
        if archive.header(&name)?.shape().len() > 2 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many images there are and how they are stored.
fn layout(origin: &Origin, header: &NpyHeader) -> Result<(u64, Record), ImageError> {
    let (file, shape) = (origin.file.clone(), header::shape(header));
    let Some((count, sides, planar)) = sides(header.shape()) else {
        return Err(ImageError::ArrayShape { file, shape });
    };
    let [height, width, _] = sides;
    if count == 0 || height == 0 || width == 0 {
        return Err(ImageError::Nothing { file, count, height, width });
    }
    let Some(layout) = Layout::of(&header.dtype()) else {
        return Err(ImageError::ArrayType { file, dtype: header.dtype().descr() });
    };
    if header.order() == Order::Fortran {
        return Err(ImageError::Fortran { file });
    }
    Record::new(0, sides, planar, layout)
        .filter(|record| record.bytes(count).is_some())
        .map(|record| (count, record))
        .ok_or(ImageError::ArrayShape { file, shape })
}

/// The array of images: the only one of such a shape, or else the one with the first of the known names.
fn choose(archive: &mut Archive) -> Result<String, ImageError> {
    let (mut images, mut described) = (Vec::new(), Vec::new());
    for name in archive.names.clone() {
        let header = archive.header(&name)?;
        described.push(format!("{name} {}", header::shape(&header)));
        if sides(header.shape()).is_some() {
            images.push(name);
        }
    }
    if let [name] = &images[..] {
        return Ok(name.clone());
    }
    let known = |known: &&str| images.iter().find(|name| name.eq_ignore_ascii_case(known));
    NAMES.iter().find_map(known).cloned().ok_or_else(|| ImageError::WhichArray {
        file: archive.origin.file.clone(),
        existing: list(described),
    })
}

/// The labels: the array whose name goes with that of the images (`y_test` with `x_test`, `labels` with `images`), or else the
/// only array of whole numbers, one for each image.
fn labels(archive: &mut Archive, images: &str, count: u64) -> Result<Option<Vec<i64>>, ImageError> {
    let partner = partner(images);
    let mut fitting = Vec::new();
    for name in archive.names.clone() {
        if name.eq_ignore_ascii_case(&partner) && name != images {
            return read_labels(archive, &name, images, count).map(Some);
        }
        let header = archive.header(&name)?;
        let whole = Layout::of(&header.dtype()).is_some_and(Layout::is_whole);
        if whole && matches!(*header.shape(), [n] | [n, 1] if n == count) {
            fitting.push(name);
        }
    }
    match &fitting[..] {
        [name] => read_labels(archive, name, images, count).map(Some),
        _ => Ok(None),
    }
}

/// The name of the labels that goes with a name of images.
fn partner(images: &str) -> String {
    let word = |word: &str| {
        match word {
            "x" => "y",
            "images" | "data" => "labels",
            "image" => "label",
            "train" | "test" => "labels",
            other => other,
        }
        .to_owned()
    };
    let name = images.to_ascii_lowercase();
    match name.split('_').collect::<Vec<_>>()[..] {
        // "train" and "test" alone are images; beside another word they say of which part.
        [only] => word(only),
        ref words => {
            let part = |w: &&str| if matches!(*w, "train" | "test") { (*w).to_owned() } else { word(w) };
            words.iter().map(part).collect::<Vec<_>>().join("_")
        }
    }
}

fn read_labels(
    archive: &mut Archive,
    name: &str,
    images: &str,
    expected: u64,
) -> Result<Vec<i64>, ImageError> {
    let images = format!("{}:{}", archive.origin.file, printable(images));
    // The longest numbers take 8 bytes.
    let (origin, data) = archive.read(name, header::MOST.saturating_add(expected.saturating_mul(8)))?;
    let file = origin.file.clone();
    let mut data = &data[..];
    let header = header::read(&origin, &mut data)?;
    let Some(layout) = Layout::of(&header.dtype()) else {
        return Err(ImageError::LabelType { file, dtype: header.dtype().descr() });
    };
    match *header.shape() {
        [found] | [found, 1] if found == expected => {}
        ref shape => {
            let found = shape.iter().product();
            return Err(ImageError::Labels { file, found, expected, images });
        }
    }
    let labels: Vec<i64> = data
        .chunks_exact(layout.size)
        .zip(1..=expected)
        .map(|(bytes, index)| match layout.value(bytes) {
            value if value.fract() == 0.0 && value.abs() < (1_u64 << 53) as f64 => Ok(value as i64),
            value => Err(ImageError::Label { file: file.clone(), index, value }),
        })
        .collect::<Result<_, _>>()?;
    match labels.len() as u64 {
        found if found == expected => Ok(labels),
        found => Err(ImageError::Labels { file, found, expected, images }),
    }
}

/// A reader that counts.
struct Counted<R> {
    bytes: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_go_with_images_by_name() {
        for (images, labels) in [
            ("x", "y"),
            ("X_test", "y_test"),
            ("train_images", "train_labels"),
            ("images", "labels"),
            ("data", "labels"),
            ("train", "labels"),
            ("faces", "faces"),
        ] {
            assert_eq!(partner(images), labels);
        }
    }
}
