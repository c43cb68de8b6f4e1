//! Text as the CSV parser sees it: every line ends with `\n`, and a mark follows the last one.
//!
//! The parser then counts lines exactly, and a quote that is never closed swallows the mark: so it is noticed.

use std::io::{self, Read};

/// The row that follows the last row of the file.
pub(super) const MARK: &[u8] = b"\x1E";

/// What is appended to a file.
const TAIL: &[u8] = b"\n\x1E\n";

/// Makes `\r\n` and `\r` to `\n`, appends the mark, and refuses to deliver more than an allowance.
pub(super) struct Newlines<R> {
    inner: R,
    after_return: bool,
    tail: &'static [u8],
    ended: bool,
    delivered: u64,
    allowance: usize,
}

impl<R: Read> Newlines<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, after_return: false, tail: TAIL, ended: false, delivered: 0, allowance: usize::MAX }
    }

    /// Lets at least `bytes` more be read.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.allowance = bytes;
    }

    /// Whether a read was refused as the allowance was used up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.allowance == 0
    }

    /// Whether a parser that took this many bytes has taken everything, the mark included.
    pub(super) fn is_end(&self, taken: u64) -> bool {
        self.ended && self.tail.is_empty() && taken == self.delivered
    }

    /// Unifies the line ends of `bytes` in place and returns the new length.
    fn unify(&mut self, bytes: &mut [u8]) -> usize {
        if !self.after_return && !bytes.contains(&b'\r') {
            return bytes.len();
        }
        let mut kept = 0;
        for i in 0..bytes.len() {
            let byte = bytes[i];
            if !(self.after_return && byte == b'\n') {
                bytes[kept] = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
            self.after_return = byte == b'\r';
        }
        kept
    }
}

impl<R: Read> Read for Newlines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.allowance == 0 {
            return Err(io::Error::other("the row is too long"));
        }
        let mut count = 0;
        while !self.ended && count == 0 {
            count = self.inner.read(buffer)?;
            self.ended = count == 0;
            count = self.unify(&mut buffer[..count]);
        }
        if self.ended {
            count = self.tail.read(buffer)?;
        }
        self.delivered += count as u64;
        self.allowance = self.allowance.saturating_sub(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time.
    struct Drip(&'static [u8], usize);

    impl Read for Drip {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len());
            self.0.read(&mut buffer[..count])
        }
    }

    #[test]
    fn line_ends_become_one_kind_wherever_reads_are_cut() {
        for step in 1..9 {
            let mut out = Vec::new();
            Newlines::new(Drip(b"a\r\nb\rc\n\nd\r\r\ne\r\n", step)).read_to_end(&mut out).unwrap();
            assert_eq!(out, b"a\nb\nc\n\nd\n\ne\n\n\x1E\n", "{step} bytes at a time");
        }
    }

    #[test]
    fn the_end_is_known_and_the_allowance_is_kept() {
        let mut reader = Newlines::new(&b"ab"[..]);
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        assert!(reader.is_end(5) && !reader.is_end(4));
        let mut reader = Newlines::new(&b"abcdefgh"[..]);
        reader.allow(3);
        let mut buffer = [0; 2];
        assert_eq!(reader.read(&mut buffer).unwrap(), 2);
        assert!(!reader.is_exhausted());
        assert_eq!(reader.read(&mut buffer).unwrap(), 2);
        assert!(reader.is_exhausted() && reader.read(&mut buffer).is_err());
    }
}
