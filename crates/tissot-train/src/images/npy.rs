//! Images as an array for other programs.

use super::ImageError;
use crate::table::TableError;
use crate::table::output::{Output, Target};
use npyz::WriterBuilder;
use std::io::{Error, Write};
use std::path::Path;

/// Writes the images `[n, height, width, channels]` as an NPY file of bytes of that shape, beside it and renamed.
///
/// # Errors
/// [`ImageError::File`] where it cannot be written.
///
/// # Panics
/// Where the bytes are no whole number of images, or none.
pub fn save_npy(path: impl AsRef<Path>, images: &[u8], shape: [usize; 3]) -> Result<(), ImageError> {
    let path = path.as_ref();
    let image: usize = shape.iter().product();
    assert!(image > 0 && !images.is_empty() && images.len().is_multiple_of(image), "no whole images");
    let [height, width, channels] = shape.map(|side| side as u64);
    let shape = [(images.len() / image) as u64, height, width, channels];
    let bytes = || -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut writer =
            npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
        writer.extend(images.iter().copied())?;
        writer.finish()?;
        Ok(bytes)
    };
    let mut output = Output::new(Target::open(path)?, false);
    let written = bytes().and_then(|bytes| output.write_all(&bytes)).and_then(|()| output.finish());
    Ok(written.map_err(|reason| TableError::Write { file: path.display().to_string(), reason })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::{ImageOptions, Images};

    #[test]
    fn an_array_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("images.npy");
        let bytes: Vec<u8> = (0..2 * 3 * 4 * 3).collect();
        save_npy(&path, &bytes, [3, 4, 3]).unwrap();
        let images = Images::open(&path, &ImageOptions::default()).unwrap();
        assert_eq!((images.len(), images.shape()), (2, [3, 4, 3]));
        let mut found = Vec::new();
        images.read(&[0, 1], &mut found).unwrap();
        assert_eq!(found, bytes);
        assert!(save_npy(folder.path().join("none/images.npy"), &bytes, [3, 4, 3]).is_err());
    }
}
