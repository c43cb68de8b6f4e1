//! The sizes that pages claim, before the library believes them: it asks for the bytes of a header's text, and for what a page is
//! to unpack to, and fills them with zeros.
//!
//! A page header is a struct of Thrift's compact protocol (Apache Parquet, `parquet.thrift`, `PageHeader`).

use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

/// What a page may unpack to, whatever its size, and how many times its size more: LZ4 packs 255 bytes into one at most.
const ALWAYS: u64 = 1 << 24;
const TIMES: u64 = 255;
/// How deep structs may lie in one another.
const DEEPEST: u32 = 16;

/// Whether the headers of the pages from `start` to `end` are whole and, where `bounded`, the pages can unpack to what they claim.
pub(super) fn check(file: &mut (impl Read + Seek), start: u64, end: u64, bounded: bool) -> io::Result<()> {
    let mut at = start;
    while at < end {
        file.seek(SeekFrom::Start(at))?;
        let mut header =
            Header { bytes: BufReader::with_capacity(512, (&mut *file).take(end - at)), read: 0 };
        let [unpacked, packed] = header.sizes()?;
        if bounded && unpacked > ALWAYS + TIMES * packed {
            return Err(wrong(format!("a page of {packed} bytes claims to unpack to {unpacked}")));
        }
        at += header.read + packed;
    }
    Ok(())
}

fn wrong(what: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what.into())
}

/// A header that is read, and how many bytes of it were.
struct Header<R> {
    bytes: R,
    read: u64,
}

impl<R: Read> Header<R> {
    /// The sizes of the page unpacked and packed: fields 2 and 3.
    fn sizes(&mut self) -> io::Result<[u64; 2]> {
        let (mut sizes, mut last) = ([None; 2], 0);
        while let Some((id, kind)) = self.field(&mut last)? {
            match (id, kind) {
                (2 | 3, 5) => sizes[id as usize - 2] = u64::try_from(self.integer()?).ok(),
                _ => self.skip(kind, 0)?,
            }
        }
        match sizes {
            [Some(unpacked), Some(packed)] => Ok([unpacked, packed]),
            _ => Err(wrong("a page does not say how large it is")),
        }
    }

    /// The number and the type of the next field; `None` at the end of the struct.
    fn field(&mut self, last: &mut i64) -> io::Result<Option<(i64, u8)>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        *last = match byte >> 4 {
            0 => self.integer()?,
            step => last.saturating_add(i64::from(step)),
        };
        Ok(Some((*last, byte & 0xF)))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(wrong("a page's header is too deep"));
        }
        match kind {
            1 | 2 => {}
            3 => drop(self.byte()?),
            4..=6 => drop(self.varint()?),
            7 => self.pass(8)?,
            8 => {
                let length = self.varint()?;
                self.pass(length)?;
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                for _ in 0..count {
                    self.element(byte & 0xF, depth)?;
                }
            }
            11 => {
                let count = self.varint()?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                for _ in 0..count {
                    self.element(kinds >> 4, depth)?;
                    self.element(kinds & 0xF, depth)?;
                }
            }
            12 => {
                let mut last = 0;
                while let Some((_, kind)) = self.field(&mut last)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            _ => return Err(wrong("a page's header is damaged")),
        }
        Ok(())
    }

    /// An element of a list or a map, where a truth value takes a byte.
    fn element(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        self.skip(if kind == 1 || kind == 2 { 3 } else { kind }, depth + 1)
    }

    fn integer(&mut self) -> io::Result<i64> {
        let bits = self.varint()?;
        Ok((bits >> 1) as i64 ^ -((bits & 1) as i64))
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut bits = 0;
        for place in 0..10 {
            let byte = self.byte()?;
            bits |= u64::from(byte & 0x7F) << (7 * place).min(63);
            if byte < 0x80 {
                return Ok(bits);
            }
        }
        Err(wrong("a page's header holds a number that is too long"))
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte)?;
        self.read += 1;
        Ok(byte[0])
    }

    fn pass(&mut self, count: u64) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.bytes).take(count), &mut io::sink())?;
        self.read += passed;
        if passed == count { Ok(()) } else { Err(wrong("a page's header is cut short")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    /// Field 1: 0; fields 2 and 3; field 5 a struct with a list, a binary and a truth value; then the page.
    fn page(unpacked: &[u8], packed: u8) -> Vec<u8> {
        let inner = [0x19, 0x35, 2, 4, 6, 0x18, 2, b'a', b'b', 0x11, 0];
        let mut bytes = [&[0x15, 0, 0x15], unpacked, &[0x15, packed << 1, 0x2C], &inner, &[0]].concat();
        bytes.extend(vec![7; usize::from(packed)]);
        bytes
    }

    fn checked(bytes: &[u8]) -> Result<(), String> {
        let length = bytes.len() as u64;
        check(&mut Cursor::new(bytes), 0, length, true).map_err(|error| error.to_string())
    }

    #[test]
    fn pages_are_walked_and_their_claims_held_against_their_sizes() {
        let fine = page(&[40], 9);
        assert_eq!(checked(&[&fine[..], &fine].concat()), Ok(()));
        // 2^26 in zigzag.
        let large = page(&[0x80, 0x80, 0x80, 0x40], 9);
        assert!(check(&mut Cursor::new(&large), 0, large.len() as u64, false).is_ok());
        let told = "a page of 9 bytes claims to unpack to 67108864";
        assert_eq!(checked(&large), Err(told.to_owned()));
        assert_eq!(checked(&[&fine[..], &large].concat()), Err(told.to_owned()));
        for end in 1..fine.len() - 9 {
            assert!(checked(&fine[..end]).is_err(), "cut at {end}");
        }
        assert!(checked(&[0x15, 0, 0x15, 1, 0]).unwrap_err().contains("does not say how large"), "-1 bytes");
        assert!(checked(&[0x1C; 40]).unwrap_err().contains("too deep"));
        assert!(checked(&[0x1F, 0]).unwrap_err().contains("damaged"));
    }
}
