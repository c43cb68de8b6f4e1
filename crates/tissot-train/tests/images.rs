//! Images: what is read, and what is said about files that are wrong.

#[path = "images/arrays.rs"]
mod arrays;
#[path = "images/cifar.rs"]
mod cifar;
#[path = "images/damage.rs"]
mod damage;
#[path = "images/folders.rs"]
mod folders;
#[path = "images/idx.rs"]
mod idx;
#[path = "images/pictures.rs"]
mod pictures;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use tissot_train::images::{Grid, ImageOptions, Images, recognises};

/// A directory for the files of one test.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn open(&self, name: &str, options: &ImageOptions) -> Result<Images, String> {
        let directory = self.0.path().display().to_string();
        Images::open(self.path(name), options).map_err(|error| {
            let message = error.to_string();
            assert!(!message.contains('\n'), "more than a line: {message}");
            message.replace(&format!("{directory}/"), "").replace(&directory, ".")
        })
    }

    fn good(&self, name: &str) -> Images {
        self.open(name, &ImageOptions::default()).unwrap()
    }

    #[track_caller]
    fn wrong(&self, name: &str, expected: &str) {
        assert_eq!(self.open(name, &ImageOptions::default()).unwrap_err(), expected);
    }

    /// The error of a file of these bytes.
    #[track_caller]
    fn bytes_wrong(&self, name: &str, bytes: &[u8], expected: &str) {
        self.write(name, bytes);
        self.wrong(name, expected);
    }
}

/// All pixels of a set.
fn all(images: &Images) -> Vec<u8> {
    let mut pixels = Vec::new();
    images.read(&(0..images.len()).collect::<Vec<_>>(), &mut pixels).unwrap();
    pixels
}

/// Options that leave no room in memory.
fn on_disk() -> ImageOptions {
    ImageOptions { memory: 0, ..Default::default() }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn png(pixels: &[u8], shape: [usize; 3]) -> Vec<u8> {
    Grid { shape, pixels: pixels.to_vec() }.to_png()
}

/// Bytes that differ from place to place.
fn noise(count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

#[test]
fn files_that_are_no_images() {
    let files = Files::new();
    files.wrong("missing", "missing: the file does not exist");
    files.bytes_wrong("empty", b"", "empty: the file is empty, expected images");
    let unknown = "no images of a known kind, expected a folder of PNG or JPEG files, or an IDX, CIFAR-10, NPY, NPZ, PNG or JPEG file";
    files.bytes_wrong("table.csv", b"a,b\n1,2\n", &format!("table.csv: {unknown}"));
    files.bytes_wrong("utf16", b"\xFF\xFEa\0", &format!("utf16: {unknown}"));
    let mut tar = vec![b'd'; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let archive = "an archive of files (tar); unpack it and give the folder with the images";
    files.bytes_wrong("cifar.tar", &tar, &format!("cifar.tar: {archive}"));
    files.bytes_wrong("cifar.tar.gz", &gzip(&tar), &format!("cifar.tar.gz: {archive}"));
    for name in ["table.csv", "cifar.tar", "utf16"] {
        assert!(matches!(recognises(files.path(name)), Ok(false) | Err(_)), "{name}");
    }
    assert!(recognises(files.path("missing")).is_err());
    assert!(!recognises("-").unwrap());
    assert!(recognises(files.path("")).unwrap(), "a folder");
}

#[test]
fn labels_go_by_the_names_of_classes() {
    let mut images = Images::from_pixels(vec![0; 3], [1, 1, 1]);
    let others = ["a", "b", "c"].map(str::to_owned);
    let error = images.labels_among(&others).unwrap_err().to_string();
    assert_eq!(error, "the images have no labels, expected one of a, b, c for each");
    images.labels = Some(vec![0, 1, 0]);
    images.classes = vec!["c".to_owned(), "b".to_owned()];
    assert_eq!(images.labels_among(&others).unwrap(), [2, 1, 2]);
    let error = images.labels_among(&others[..2]).unwrap_err().to_string();
    assert_eq!(error, "the images have a class \"c\", expected one of a, b");
}

#[test]
#[should_panic(expected = "image 3 of a set of 3")]
fn an_index_beyond_the_set() {
    Images::from_pixels(vec![0; 3], [1, 1, 1]).read(&[0, 3], &mut Vec::new()).unwrap();
}
