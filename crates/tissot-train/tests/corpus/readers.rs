//! What the fuzz targets and the test of their corpora do with bytes: one function a target.
//!
//! Each gives what the reader said; a panic, a hang or too much memory is what is looked for.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

mod flow;
pub mod json;
mod model;

pub use flow::flow_config;
pub use model::{described, model_file};

use burn::tensor::Device;
use tempfile::TempDir;
use tissot::interop::{Architecture, Checkpoint, import};
use tissot_train::Settings;
use tissot_train::images::{ImageOptions, Images, recognises};
use tissot_train::table::{Header, LabelColumn, Missing, ReadOptions, RowReader, Table};

/// What a reader made of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// They were read.
    Read,
    /// They were refused, in one line.
    Refused,
}

/// The answer of a result.
///
/// # Panics
/// Where the error is not one line.
pub fn answer<T, E: Display>(result: Result<T, E>) -> Answer {
    match result {
        Ok(_) => Answer::Read,
        Err(error) => {
            let text = error.to_string();
            assert!(!text.is_empty() && !text.contains('\n'), "an error that is no line: {text:?}");
            Answer::Refused
        }
    }
}

/// A folder in memory, where there is one.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("a temporary file");
    path
}

/// A text table: all of it, then without a header, with labels and with gaps left out, a few rows at a time.
pub fn table_csv(bytes: &[u8]) -> Answer {
    let folder = folder();
    let path = write(&folder, "table", bytes);
    let read = answer(Table::read(&path, &ReadOptions::default()));
    let labels = Some(LabelColumn { name: "x1".to_owned(), is_number: bytes.len().is_multiple_of(2) });
    let options = ReadOptions { header: Header::No, missing: Missing::Drop, labels, ..Default::default() };
    by_blocks(&path, &options);
    let columns = Some(vec!["y".to_owned(), "x".to_owned()]);
    by_blocks(&path, &ReadOptions { columns, delimiter: bytes.last().copied(), ..Default::default() });
    read
}

/// An array as a table, and the one named `a` in an archive.
pub fn table_npy(bytes: &[u8]) -> Answer {
    let folder = folder();
    let path = write(&folder, "table.npz", bytes);
    let read = answer(Table::read(&path, &ReadOptions::default()));
    let labels = Some(LabelColumn { name: "x2".to_owned(), is_number: false });
    by_blocks(&path, &ReadOptions { missing: Missing::Drop, labels, ..Default::default() });
    by_blocks(&folder.path().join("table.npz:a"), &ReadOptions::default());
    read
}

/// A Parquet file: three columns and labels with gaps left out, then all columns, a few rows at a time.
#[cfg(feature = "parquet")]
pub fn table_parquet(bytes: &[u8]) -> Answer {
    let folder = folder();
    let path = write(&folder, "table", bytes);
    let columns = Some(["gap", "i64", "f64"].map(str::to_owned).to_vec());
    let labels = Some(LabelColumn { name: "name".to_owned(), is_number: false });
    let read = answer(Table::read(
        &path,
        &ReadOptions { columns, labels, missing: Missing::Drop, ..Default::default() },
    ));
    by_blocks(&path, &ReadOptions { missing: Missing::Drop, ..Default::default() });
    read
}

fn by_blocks(path: &Path, options: &ReadOptions) {
    let read = || {
        let mut reader = RowReader::open(path, options)?;
        while let Some(block) = reader.next_block(3)? {
            assert_eq!(block.values.len(), block.rows * reader.columns().len());
        }
        Ok::<(), tissot_train::table::TableError>(())
    };
    answer(read());
}

/// What follows it in an input of [`images`] is what stands beside the images: labels, names of classes.
pub const BESIDE: &[u8] = b"<BESIDE>";

/// A file of images, as it is and as small grey images from disk.
pub fn images(bytes: &[u8]) -> Answer {
    let folder = folder();
    let (bytes, beside) = split(bytes, BESIDE);
    if let Some(beside) = beside {
        write(&folder, "labels.bin", beside);
        write(&folder, "batches.meta.txt", beside);
    }
    // A name that lets every format through: CIFAR-10 is known by it, the others by their contents.
    let path = write(&folder, "images.bin", bytes);
    answer(recognises(&path));
    let whole = ImageOptions { memory: 1 << 24, ..Default::default() };
    let small = ImageOptions { resize: Some([2, 3]), gray: true, levels: 17, memory: 8 };
    let open = |options: &ImageOptions| {
        let images = Images::open(&path, options)?;
        let mut pixels = Vec::new();
        images.read(&[0, images.len() - 1], &mut pixels)?;
        assert_eq!(pixels.len(), 2 * images.shape().iter().product::<usize>());
        if let Some(labels) = &images.labels {
            assert_eq!(labels.len(), images.len());
            assert!(labels.iter().all(|&label| label < images.classes.len()));
        }
        Ok::<(), tissot_train::images::ImageError>(())
    };
    answer(open(&small));
    answer(open(&whole))
}

/// What follows it in an input of [`importers`] is the architecture, as JSON.
pub const ARCHITECTURE: &[u8] = b"<ARCHITECTURE>";

/// A checkpoint of another library: its arrays become a flow, which is used once.
pub fn importers(bytes: &[u8]) -> Answer {
    let folder = folder();
    let (bytes, described) = split(bytes, ARCHITECTURE);
    let Ok(described) = std::str::from_utf8(described.unwrap_or(b"{}")) else { return Answer::Refused };
    let read = || {
        let architecture = Architecture::from_json(described)?;
        let file = Checkpoint::open(write(&folder, "checkpoint", bytes))?;
        import(&file.under("w.").unwrap_or(file), &architecture, &Device::flex())
    };
    let read = read();
    if let Ok(model) = &read {
        let row = |width| vec![0.5; width];
        model.log_prob(&row(model.columns.len()), &row(model.context.len()));
    }
    answer(read)
}

/// The bytes before a mark, and those after it.
fn split<'a>(bytes: &'a [u8], mark: &[u8]) -> (&'a [u8], Option<&'a [u8]>) {
    match bytes.windows(mark.len()).position(|part| part == mark) {
        Some(at) => (&bytes[..at], Some(&bytes[at + mark.len()..])),
        None => (bytes, None),
    }
}

/// Settings of a training run.
pub fn settings(bytes: &[u8]) -> Answer {
    let Ok(settings) = serde_json::from_slice::<Settings>(bytes) else { return Answer::Refused };
    let text = serde_json::to_string(&settings).expect("settings are JSON");
    assert_eq!(settings, serde_json::from_str(&text).expect("its own JSON"));
    let valid = settings.validate();
    if valid.is_ok() {
        flow::train(Settings { steps: settings.steps.min(3), ..settings });
    }
    answer(valid)
}
