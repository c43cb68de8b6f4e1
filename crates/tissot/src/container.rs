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
use std::io::Write;
use std::path::Path;

const VERSION: u32 = 1;
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
    let write = || {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(&header)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        // A full disk may show only here, and the file beside is removed only if it is not committed.
        file.as_file().sync_all()?;
        file.commit()
    };
    write().map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Reads the `count` parts of a file of this `kind`.
///
/// # Errors
/// [`Error::Read`] where it cannot be read, [`Error::ModelFile`] where it is of another kind, was cut off, or any byte of it
/// was altered.
pub fn read(path: &Path, kind: &[u8; 8], count: usize) -> Result<Vec<Vec<u8>>, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let parts =
        split(&bytes, kind, count).map_err(|what| Error::ModelFile { path: path.to_owned(), what })?;
    Ok(parts.into_iter().map(<[u8]>::to_vec).collect())
}

/// The parts, after every check; else what is wrong.
fn split<'a>(bytes: &'a [u8], kind: &[u8; 8], wanted: usize) -> Result<Vec<&'a [u8]>, String> {
    if !bytes.starts_with(kind) {
        return Err(
            "this is no tissot model or checkpoint (it does not begin as one); `tissot fit` makes models"
                .into(),
        );
    }
    let cut_off = || format!("it ends after {} bytes, within its header: it was cut off", bytes.len());
    let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    let count = number(12).ok_or_else(cut_off)? as usize;
    let altered = || String::from("its header was altered (the checksum does not fit)");
    if count > MOST {
        return Err(altered());
    }
    let end = 16 + count * ENTRY;
    let (header, rest) = bytes.split_at_checked(end).ok_or_else(cut_off)?;
    let (hash, mut body) = rest.split_at_checked(HASH).ok_or_else(cut_off)?;
    if blake3::hash(header).as_bytes() != hash {
        return Err(altered());
    }
    let version = number(8).unwrap_or_default();
    if version != VERSION || count != wanted {
        return Err(format!("it has version {version} of the format, this program reads version {VERSION}"));
    }
    let mut parts = Vec::with_capacity(count);
    for (i, entry) in header[16..].chunks(ENTRY).enumerate() {
        let length = u64::from_le_bytes(entry[..8].try_into().map_err(|_| altered())?);
        let ended = || format!("it ends within part {} of {count}: it was cut off", i + 1);
        let length = usize::try_from(length).map_err(|_| ended())?;
        let (part, more) = body.split_at_checked(length).ok_or_else(ended)?;
        if blake3::hash(part).as_bytes() != &entry[8..] {
            return Err(format!("part {} of {count} was altered (the checksum does not fit)", i + 1));
        }
        parts.push(part);
        body = more;
    }
    if body.is_empty() { Ok(parts) } else { Err(format!("{} bytes were added at its end", body.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flipped_bit_every_cut_and_every_addition_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write(&path, b"TESTKIND", &[b"one", b"", b"three"]).unwrap();
        let good = std::fs::read(&path).unwrap();
        assert_eq!(split(&good, b"TESTKIND", 3).unwrap(), [&b"one"[..], b"", b"three"]);
        for bit in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(split(&bad, b"TESTKIND", 3).is_err(), "bit {bit} was not noticed");
        }
        for end in 0..good.len() {
            assert!(split(&good[..end], b"TESTKIND", 3).is_err(), "a cut at {end} was not noticed");
        }
        assert!(split(&[&good[..], b"x"].concat(), b"TESTKIND", 3).is_err());
        assert!(split(&good, b"OTHERKIN", 3).is_err());
    }
}
