//! Opens what a path names and finds out what it holds.

use std::fs::{self, File};
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::TableError;

/// A stream of bytes.
pub(crate) type Bytes = Box<dyn Read + Send>;

/// How many bytes are looked at to find out what a file is.
const SAMPLE: usize = 1 << 16;

/// What a file is called in messages, and whether it is compressed.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub file: String,
    gzipped: bool,
}

impl Origin {
    /// What is called so and is not compressed.
    pub(crate) fn named(file: &str) -> Self {
        Self { file: file.to_owned(), gzipped: false }
    }

    /// Says what a failure to read means.
    pub(crate) fn fault(&self, reason: io::Error) -> TableError {
        let file = self.file.clone();
        match reason.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData if self.gzipped => {
                TableError::Gzip { file, reason }
            }
            _ => TableError::Read { file, reason },
        }
    }
}

/// The formats, told by the first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Npy,
    Npz,
    Parquet,
}

/// An open file.
pub(crate) struct Source {
    pub origin: Origin,
    pub format: Format,
    /// Everything, from the start (after a byte order mark).
    pub bytes: Bytes,
    /// The first bytes, and whether they are all.
    pub sample: Vec<u8>,
    pub whole: bool,
    /// The file, where it can be opened again to read here and there.
    pub path: Option<PathBuf>,
    /// The array that `file.npz:NAME` asks for.
    pub array: Option<String>,
}

impl Source {
    /// Opens a path; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, TableError> {
        if path.as_os_str() == "-" {
            let origin = Origin { file: "standard input".to_owned(), gzipped: false };
            return Self::from_bytes(origin, Box::new(io::stdin()));
        }
        let file = path.display().to_string();
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return match split_array(&file) {
                    Some((archive, array)) if fs::metadata(archive).is_ok() => {
                        Ok(Self { array: Some(array.to_owned()), ..Self::open(Path::new(archive))? })
                    }
                    _ => Err(TableError::NotFound { file }),
                };
            }
            Err(reason) => return Err(TableError::Read { file, reason }),
        };
        if metadata.is_dir() {
            return Err(TableError::IsDirectory { file });
        }
        let origin = Origin { file, gzipped: false };
        let bytes = File::open(path).map_err(|error| origin.fault(error))?;
        let mut source = Self::from_bytes(origin, Box::new(bytes))?;
        if metadata.is_file() && !source.origin.gzipped {
            source.path = Some(path.to_owned());
        }
        source.check_name(path)?;
        Ok(source)
    }

    /// Finds out what a stream holds.
    pub(crate) fn from_bytes(mut origin: Origin, bytes: Bytes) -> Result<Self, TableError> {
        let (mut sample, mut bytes) = peek(&origin, bytes)?;
        if sample.starts_with(&[0x1F, 0x8B]) {
            origin.gzipped = true;
            (sample, bytes) = peek(&origin, Box::new(MultiGzDecoder::new(bytes)))?;
        }
        let whole = sample.len() < SAMPLE;
        if sample.starts_with(&[0xEF, 0xBB, 0xBF]) {
            sample.drain(..3);
            bytes.read_exact(&mut [0; 3]).map_err(|error| origin.fault(error))?;
        }
        let format = if sample.starts_with(b"\x93NUMPY") {
            Format::Npy
        } else if sample.starts_with(b"PK\x03\x04") || sample.starts_with(b"PK\x05\x06") {
            Format::Npz
        } else if sample.starts_with(b"PAR1") {
            Format::Parquet
        } else {
            Format::Text
        };
        let file = || origin.file.clone();
        if sample.is_empty() {
            return Err(TableError::Empty { file: file() });
        }
        if format == Format::Text && (sample.starts_with(&[0xFF, 0xFE]) || sample.starts_with(&[0xFE, 0xFF]))
        {
            return Err(TableError::Utf16 { file: file() });
        }
        Ok(Self { origin, format, bytes, sample, whole, path: None, array: None })
    }

    /// Refuses bytes that are no text, and text where the name promises an array.
    fn check_name(&self, path: &Path) -> Result<(), TableError> {
        if self.format != Format::Text {
            return Ok(());
        }
        let name = path.to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let file = self.origin.file.clone();
        if name.ends_with(".npy") {
            return Err(TableError::Npy { file, reason: "it does not begin like one".to_owned() });
        }
        if name.ends_with(".npz") {
            return Err(TableError::Npz { file, reason: "it does not begin like one".to_owned() });
        }
        if name.ends_with(".parquet") {
            return Err(TableError::Parquet { file, reason: "it does not begin like one".to_owned() });
        }
        Ok(())
    }
}

/// The first bytes of a stream, and the stream with them still before it.
fn peek(origin: &Origin, mut bytes: Bytes) -> Result<(Vec<u8>, Bytes), TableError> {
    let mut sample = Vec::new();
    bytes.by_ref().take(SAMPLE as u64).read_to_end(&mut sample).map_err(|error| origin.fault(error))?;
    let again = Cursor::new(sample.clone()).chain(bytes);
    Ok((sample, Box::new(again)))
}

/// `file.npz:NAME` as the file and the name.
fn split_array(path: &str) -> Option<(&str, &str)> {
    let end = path.find(".npz:")? + ".npz".len();
    Some((&path[..end], &path[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(bytes: &'static [u8]) -> Result<Source, TableError> {
        Source::from_bytes(Origin { file: "f".to_owned(), gzipped: false }, Box::new(bytes))
    }

    #[test]
    fn formats_are_told_by_their_first_bytes() {
        for (bytes, format) in [
            (&b"a,b\n"[..], Format::Text),
            (b"\x93NUMPY\x01\x00", Format::Npy),
            (b"PK\x03\x04...", Format::Npz),
            (b"PK", Format::Text),
            (b"PAR1", Format::Parquet),
        ] {
            assert_eq!(source(bytes).unwrap().format, format, "{bytes:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let mut text = String::new();
        let mut source = source(b"\xEF\xBB\xBFa\n1\n").unwrap();
        source.bytes.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), &source.sample[..], source.whole), ("a\n1\n", &b"a\n1\n"[..], true));
    }

    #[test]
    fn an_array_is_named_after_a_colon() {
        assert_eq!(split_array("d/a.npz:train"), Some(("d/a.npz", "train")));
        assert_eq!(split_array("d/a.npz"), None);
    }
}
