//! The header of an NPY file.

use std::io::{ErrorKind, Read};

use npyz::NpyHeader;

use tissot::printable;

use super::TableError;
use super::source::Origin;

/// The longest header that is believed.
const LONGEST: u32 = 1 << 16;

/// The most bytes that a header takes with the magic word, the version and the length before it.
pub(crate) const MOST: u64 = LONGEST as u64 + 12;

/// How deep brackets in a header may stand, as in that of a record: `{[((2,),)]}`. The parser takes some of the stack and up to
/// four times as long for each level.
const DEEPEST: usize = 4;

/// Reads a header from the start of a stream, and no further.
///
/// Its length and shape are looked at before they are multiplied or memory is asked for.
pub(crate) fn read(origin: &Origin, bytes: &mut impl Read) -> Result<NpyHeader, TableError> {
    let wrong = |reason: &str| TableError::Npy { file: origin.file.clone(), reason: printable(reason) };
    let fault = |error: std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => wrong("its header is cut short"),
        ErrorKind::InvalidData if error.to_string().contains('\n') => {
            wrong("its header is not a Python dictionary")
        }
        ErrorKind::InvalidData => wrong(&format!("its header is wrong ({error})")),
        _ => origin.fault(error),
    };
    // The magic word, the version, and the length in 2 bytes (version 1) or 4.
    let mut start = [0; 12];
    bytes.read_exact(&mut start[..10]).map_err(fault)?;
    let (length, used) = match start[6] {
        1 => (u16::from_le_bytes([start[8], start[9]]).into(), 10),
        _ => {
            bytes.read_exact(&mut start[10..]).map_err(fault)?;
            (u32::from_le_bytes([start[8], start[9], start[10], start[11]]), 12)
        }
    };
    if length > LONGEST {
        return Err(wrong("its header claims to be longer than 64 KiB"));
    }
    let mut header = start[..used].to_vec();
    header.resize(used + length as usize, 0);
    bytes.read_exact(&mut header[used..]).map_err(fault)?;
    if depth(&header[used..]) > DEEPEST {
        return Err(wrong(&format!("its header has brackets more than {DEEPEST} deep")));
    }
    if let Some(shape) = too_large(&String::from_utf8_lossy(&header[used..])) {
        return Err(wrong(&format!("its shape {shape} is too large to be true")));
    }
    NpyHeader::from_reader(&header[..]).map_err(fault)
}

/// How deep the brackets of a text stand.
fn depth(text: &[u8]) -> usize {
    let (mut now, mut deepest) = (0_usize, 0);
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => now += 1,
            b')' | b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}

/// The shape in a header, if its sides multiply to more bytes than can be counted, or are no plain numbers.
fn too_large(header: &str) -> Option<&str> {
    let after = &header[header.rfind("shape")?..];
    let shape = after.get(after.find('(')?..=after.find(')')?)?;
    let mut sides = shape.trim_matches(['(', ')']).split(',').map(str::trim).filter(|side| !side.is_empty());
    // A number takes up to 8 bytes; a side of 0 must not hide the others.
    sides
        .try_fold(8_u64, |bytes, side| bytes.checked_mul(side.parse::<u64>().ok()?.max(1)))
        .is_none()
        .then_some(shape)
}

/// A shape as Python prints it.
pub(crate) fn shape(header: &NpyHeader) -> String {
    match header.shape() {
        [rows] => format!("({rows},)"),
        sides => format!("({})", sides.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a limit 40 brackets keep the parser busy for a day, and 60000 end the program.
    #[test]
    fn brackets_in_brackets_are_refused() {
        for (open, count) in
            [("[", 5), ("[", 40), ("(", 60_000), ("{", 60_000), ("{'shape': (1,), 'descr': [", 20)]
        {
            let text = open.repeat(count);
            let text = &text.as_bytes()[..text.len().min(60_000)];
            let length = (text.len() as u16).to_le_bytes();
            let file = [&b"\x93NUMPY\x01\x00"[..], &length, text].concat();
            let error = read(&Origin::named("f"), &mut &file[..]).err().unwrap().to_string();
            assert!(error.contains("brackets more than 4 deep"), "{open}: {error}");
        }
        assert_eq!((depth(b"a[]()"), depth(b"{[((2,),)]}"), depth(b")](")), (1, 4, 1));
    }

    #[test]
    fn shapes_that_cannot_be_are_noticed() {
        for good in ["()", "(3,)", "(3, 4)", "(0, 4)", "(1000000, 1000000)"] {
            assert_eq!(too_large(&format!("{{'descr': '<f8', 'shape': {good}, }}")), None, "{good}");
        }
        for bad in
            ["(4294967296, 4294967296)", "(0, 4294967296, 4294967296)", "(99999999999999999999,)", "(-1,)"]
        {
            assert_eq!(too_large(&format!("{{'shape': {bad}, }}")), Some(bad));
        }
        assert_eq!(too_large("no such word"), None);
        assert_eq!(too_large("shape )("), None);
    }
}
