//! Folders of PNG and JPEG files.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::open::entries;
use super::picture::{self, Head};
use super::set::Store;
use super::view::View;
use super::{ImageError, ImageOptions, Images};

/// How many pictures are read at a time.
const BLOCK: usize = 256;

/// How deep folders are searched below those of the classes.
const DEPTH: usize = 16;

/// Pictures on disk.
pub(super) struct Pictures {
    paths: Vec<PathBuf>,
    colour: bool,
    view: View,
}

/// The set in a folder. Where it has folders with pictures, they are the classes, in the order of their names.
pub(super) fn open(folder: &Path, options: &ImageOptions) -> Result<Images, ImageError> {
    let (files, folders) = entries(folder)?;
    let (mut paths, mut labels, mut classes) = (pictures(&files)?, Vec::new(), Vec::new());
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for class in folders {
        let inside = below(&class, DEPTH)?;
        if let (Some(own), Some(_), true) = (paths.first(), inside.first(), classes.is_empty()) {
            let (folder, file) = (folder.display().to_string(), name(own));
            return Err(ImageError::MixedFolder { folder, file, class: name(&class) });
        }
        if !inside.is_empty() {
            labels.extend(std::iter::repeat_n(classes.len(), inside.len()));
            classes.push(name(&class));
            paths.extend(inside);
        }
    }
    if paths.is_empty() {
        let hint = files.first().map(|file| format!("; it has {}, give that if it holds images", name(file)));
        let (folder, hint) = (folder.display().to_string(), hint.unwrap_or_default());
        return Err(ImageError::NoPictures { folder, hint });
    }
    let mut images = set(paths, options)?;
    if !classes.is_empty() {
        (images.labels, images.classes) = (Some(labels), classes);
    }
    Ok(images)
}

/// The set of one picture.
pub(super) fn one(path: &Path, options: &ImageOptions) -> Result<Images, ImageError> {
    set(vec![path.to_owned()], options)
}

/// The pictures among files.
fn pictures(files: &[PathBuf]) -> Result<Vec<PathBuf>, ImageError> {
    let mut pictures = Vec::new();
    for file in files {
        if picture::named(file)? {
            pictures.push(file.clone());
        }
    }
    Ok(pictures)
}

/// All pictures in a folder and the folders in it. Links to folders are not followed here, as they can lead in circles.
fn below(folder: &Path, depth: usize) -> Result<Vec<PathBuf>, ImageError> {
    if depth == 0 {
        return Err(ImageError::Deep { folder: folder.display().to_string() });
    }
    let (files, folders) = entries(folder)?;
    let mut found = pictures(&files)?;
    for inner in folders.iter().filter(|inner| !inner.is_symlink()) {
        found.extend(below(inner, depth - 1)?);
    }
    Ok(found)
}

/// Looks at all pictures, and reads them where there is room.
fn set(paths: Vec<PathBuf>, options: &ImageOptions) -> Result<Images, ImageError> {
    let view = View::of(options);
    let mut heads = Vec::with_capacity(paths.len());
    for block in paths.chunks(BLOCK) {
        for head in block.par_iter().map(|path| picture::head(path)).collect::<Vec<_>>() {
            heads.push(head?);
        }
    }
    let first = heads[0];
    if options.resize.is_none() {
        let size = |head: &Head| format!("{} x {}", head.height, head.width);
        let other = heads.iter().position(|head| (head.height, head.width) != (first.height, first.width));
        if let Some(i) = other {
            let (file, found) = (paths[i].display().to_string(), size(&heads[i]));
            let (first, expected) = (paths[0].display().to_string(), size(&first));
            return Err(ImageError::Sizes { file, found, first, expected });
        }
    }
    let colour = !options.gray && heads.iter().any(|head| head.colour);
    let shape = view.shape([first.height, first.width, if colour { 3 } else { 1 }]);
    let count = paths.len();
    let pictures = Pictures { paths, colour, view };
    let seen = shape.iter().fold(count as u64, |bytes, &side| bytes.saturating_mul(side as u64));
    let store = if seen <= options.memory {
        let mut pixels = Vec::new();
        for block in pictures.paths.chunks(BLOCK) {
            pictures.decode(block.iter().zip(1..).collect(), &mut pixels)?;
        }
        Store::Memory(pixels)
    } else {
        Store::Pictures(pictures)
    };
    Ok(Images::new(count, shape, view.levels, store))
}

impl Pictures {
    /// Appends the images of these indices, which exist.
    pub fn read(&self, indices: &[usize], out: &mut Vec<u8>) -> Result<(), ImageError> {
        self.decode(indices.iter().map(|&index| (&self.paths[index], index as u64 + 1)).collect(), out)
    }

    fn decode(&self, paths: Vec<(&PathBuf, u64)>, out: &mut Vec<u8>) -> Result<(), ImageError> {
        let decode = |(path, index): &(&PathBuf, u64)| {
            let (pixels, shape) = picture::pixels(path, self.colour)?;
            let (mut image, levels) = (Vec::new(), self.view.levels);
            let level =
                |value| ImageError::Level { file: path.display().to_string(), index: *index, value, levels };
            self.view.append(&pixels, shape, &mut image).map_err(level)?;
            Ok(image)
        };
        for image in paths.par_iter().map(decode).collect::<Vec<Result<_, ImageError>>>() {
            out.extend(image?);
        }
        Ok(())
    }
}
