//! Files that appear only when they are complete.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::TableError;

/// Where bytes go.
pub(crate) enum Target {
    /// Straight to where they are to be: standard output, a device, a pipe.
    Direct(Box<dyn Write + Send>),
    /// Into a file beside the one that they are to be.
    Beside(AtomicWriteFile),
}

impl Target {
    /// Makes ready to write a file. What is no regular file (`/dev/null`, a pipe) is written straight, and a link is
    /// followed, as renaming would replace it.
    pub(crate) fn open(path: &Path) -> Result<Self, TableError> {
        let file = || path.display().to_string();
        let refused = |reason: io::Error| TableError::Write { file: file(), reason };
        let real = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Err(TableError::OutputIsDirectory { file: file() }),
            Ok(metadata) if !metadata.is_file() => {
                let device = OpenOptions::new().write(true).open(path).map_err(refused)?;
                return Ok(Self::Direct(Box::new(device)));
            }
            Ok(_) => fs::canonicalize(path).map_err(refused)?,
            Err(_) => PathBuf::from(path),
        };
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
            return Err(TableError::NoDirectory { file: file(), directory: directory.display().to_string() });
        }
        AtomicWriteFile::open(real).map(Self::Beside).map_err(refused)
    }

    /// Puts the file where it is to be.
    fn finish(self) -> io::Result<()> {
        match self {
            Self::Direct(mut writer) => writer.flush(),
            Self::Beside(file) => {
                // A full disk may show only here, and the file beside is removed only if it is not committed.
                file.as_file().sync_all()?;
                file.commit()
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(writer) => writer.write(bytes),
            Self::Beside(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Direct(writer) => writer.flush(),
            Self::Beside(file) => file.flush(),
        }
    }
}

/// A target, perhaps behind a compressor.
pub(crate) enum Output {
    Plain(Target),
    Gzip(Box<GzEncoder<Target>>),
}

impl Output {
    pub(crate) fn new(target: Target, gzip: bool) -> Self {
        match gzip {
            true => Self::Gzip(Box::new(GzEncoder::new(target, Compression::default()))),
            false => Self::Plain(target),
        }
    }

    /// Writes what is left and puts the file where it is to be.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(target) => target.finish(),
            Self::Gzip(encoder) => encoder.finish()?.finish(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(target) => target.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(target) => target.flush(),
            Self::Gzip(encoder) => encoder.flush(),
        }
    }
}
