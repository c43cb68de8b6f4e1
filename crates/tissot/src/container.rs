//! A file of parts, every byte of which is checked: the form of model files and of checkpoints.
//!
//! ```text
//! kind     8 bytes       such as "TISSOT\r\n"
//! version  u32           little-endian, like all numbers here
//! count    u32           of parts
//! count x  u64, 32       length and BLAKE3 hash of each part
//! hash     32            BLAKE3 of everything above
//! parts
//! ```

use crate::error::Error;
use atomic_write_file::AtomicWriteFile;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

const VERSION: u32 = 1;
/// Kind, version and count.
const FIXED: usize = 16;
const HASH: usize = 32;
const ENTRY: usize = 8 + HASH;
/// More parts than any file of ours has.
const MOST: usize = 16;

/// Writes `parts` to `path`, beside it and renamed: there is the old file or the new one, never a half.
///
/// # Errors
/// [`Error::Write`] where it cannot be written.
pub fn write(path: &Path, kind: &[u8; 8], parts: &[&[u8]]) -> Result<(), Error> {
    let mut header = Vec::new();
    header.extend(kind);
    header.extend(VERSION.to_le_bytes());
    header.extend((parts.len() as u32).to_le_bytes());
    for part in parts {
        header.extend((part.len() as u64).to_le_bytes());
        header.extend(blake3::hash(part).as_bytes());
    }
    let hash = blake3::hash(&header);
    header.extend(hash.as_bytes());
    replace(path, std::iter::once(&header[..]).chain(parts.iter().copied()))
}

/// Writes some bytes after one another to `path`, beside it and renamed.
///
/// # Errors
/// [`Error::Write`] where it cannot be written.
pub(crate) fn replace<'a>(path: &Path, bytes: impl IntoIterator<Item = &'a [u8]>) -> Result<(), Error> {
    let write = || {
        // Renaming would fail there and leave the file beside.
        if path.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        let mut file = AtomicWriteFile::open(path)?;
        bytes.into_iter().try_for_each(|bytes| file.write_all(bytes))?;
        // A full disk may show only here, and the file beside is removed only if it is not committed.
        file.as_file().sync_all()?;
        file.commit()
    };
    write().map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Reads the `count` parts of a file of this `kind`. It takes no more memory than twice what the file really holds,
/// whatever its header says, and none for a file of another kind.
///
/// # Errors
/// [`Error::Read`] where it cannot be read, [`Error::ModelFile`] where it is of another kind, was cut off, or any byte of it
/// was altered.
pub fn read(path: &Path, kind: &[u8; 8], count: usize) -> Result<Vec<Vec<u8>>, Error> {
    let file = File::open(path).map_err(Fault::Read);
    file.and_then(|file| parts(file, kind, count)).map_err(|fault| match fault {
        Fault::Read(source) => Error::Read { path: path.to_owned(), source },
        Fault::Wrong(what) => Error::ModelFile { path: path.to_owned(), what },
    })
}

/// What is wrong with a file.
#[derive(Debug)]
enum Fault {
    Read(std::io::Error),
    Wrong(String),
}

impl From<std::io::Error> for Fault {
    fn from(source: std::io::Error) -> Self {
        Self::Read(source)
    }
}

/// So many bytes, or all that there are.
fn take(from: &mut impl Read, length: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The parts, after every check.
fn parts(mut file: impl Read, kind: &[u8; 8], wanted: usize) -> Result<Vec<Vec<u8>>, Fault> {
    let wrong = |what: &str| Err(Fault::Wrong(what.into()));
    let mut header = take(&mut file, FIXED as u64)?;
    if !header.starts_with(kind) {
        return wrong(
            "this is no tissot model or checkpoint (it does not begin as one); `tissot fit` makes models",
        );
    }
    let cut_off =
        |length: usize| wrong(&format!("it ends after {length} bytes, within its header: it was cut off"));
    let number = |at: usize| header.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let (Some(version), Some(count)) = (number(8), number(12)) else { return cut_off(header.len()) };
    let count = count as usize;
    let altered = "its header was altered (the checksum does not fit)";
    if count > MOST {
        return wrong(altered);
    }
    let end = FIXED + count * ENTRY;
    header.extend(take(&mut file, (count * ENTRY + HASH) as u64)?);
    if header.len() < end + HASH {
        return cut_off(header.len());
    }
    let (header, hash) = header.split_at(end);
    if blake3::hash(header).as_bytes() != hash {
        return wrong(altered);
    }
    if version != VERSION || count != wanted {
        return wrong(&format!(
            "it has version {version} of the format, this program reads version {VERSION}"
        ));
    }
    let mut parts = Vec::with_capacity(count);
    for (i, entry) in header[FIXED..].chunks(ENTRY).enumerate() {
        let (length, hash) = entry.split_at(8);
        let length = length.try_into().map_or(u64::MAX, u64::from_le_bytes);
        let part = take(&mut file, length)?;
        if (part.len() as u64) < length {
            return wrong(&format!("it ends within part {} of {count}: it was cut off", i + 1));
        }
        if blake3::hash(&part).as_bytes() != hash {
            return wrong(&format!("part {} of {count} was altered (the checksum does not fit)", i + 1));
        }
        parts.push(part);
    }
    match std::io::copy(&mut file, &mut std::io::sink())? {
        0 => Ok(parts),
        added => wrong(&format!("{added} bytes were added at its end")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(bytes: &[u8], count: usize) -> Result<Vec<Vec<u8>>, String> {
        parts(bytes, b"TESTKIND", count).map_err(|fault| match fault {
            Fault::Read(error) => error.to_string(),
            Fault::Wrong(what) => what,
        })
    }

    #[test]
    fn every_flipped_bit_every_cut_and_every_addition_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"TESTKIND", &[b"one", b"", b"three"]).unwrap();
        let good = std::fs::read(&path).unwrap();
        assert_eq!(split(&good, 3).unwrap(), [&b"one"[..], b"", b"three"]);
        for bit in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(split(&bad, 3).is_err(), "bit {bit} was not noticed");
        }
        for end in 0..good.len() {
            assert!(split(&good[..end], 3).is_err(), "a cut at {end} was not noticed");
        }
        assert!(split(&[&good[..], b"x"].concat(), 3).is_err());
        assert!(read(&path, b"OTHERKIN", 3).is_err());
    }

    /// A header of `lengths` with a checksum that fits, whatever they are.
    fn lying(count: u32, lengths: &[u64]) -> Vec<u8> {
        let mut header = [&b"TESTKIND"[..], &VERSION.to_le_bytes(), &count.to_le_bytes()].concat();
        for length in lengths {
            header.extend(length.to_le_bytes());
            header.extend(blake3::hash(b"part").as_bytes());
        }
        let hash = blake3::hash(&header);
        [&header[..], hash.as_bytes()].concat()
    }

    #[test]
    fn a_header_that_lies_takes_no_memory() {
        for length in [5, 1 << 40, u64::MAX - 1, u64::MAX] {
            let found = split(&[lying(1, &[length]), b"part".to_vec()].concat(), 1).unwrap_err();
            assert_eq!(found, "it ends within part 1 of 1: it was cut off", "{length}");
            let found = split(&[lying(2, &[4, length]), b"part".to_vec()].concat(), 2).unwrap_err();
            assert_eq!(found, "it ends within part 2 of 2: it was cut off", "{length}");
        }
        for count in [17, u32::MAX] {
            let found = split(&lying(count, &[]), 1).unwrap_err();
            assert_eq!(found, "its header was altered (the checksum does not fit)", "{count}");
        }
        assert_eq!(split(&[lying(1, &[4]), b"part".to_vec()].concat(), 1).unwrap(), [b"part"]);
    }

    #[test]
    fn another_kind_is_refused_by_its_first_bytes() {
        struct Endless(usize);
        impl Read for Endless {
            fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
                self.0 += to.len();
                assert!(self.0 <= 1_000, "{} bytes were read of a file of another kind", self.0);
                to.fill(0);
                Ok(to.len())
            }
        }
        assert!(matches!(parts(Endless(0), b"TESTKIND", 1), Err(Fault::Wrong(_))));
    }
}
