//! Which byte separates the fields of a text.

/// The candidates; the earlier one wins where several fit. A comma comes last, as it may be a decimal comma.
const CANDIDATES: [u8; 3] = [b'\t', b';', b','];

/// How many lines are looked at.
const LINES: usize = 20;

/// Finds the delimiter in the first bytes of a file; `whole` says that there are no others.
///
/// It is the first candidate that occurs equally often, and at least once, in every line (outside quotes). Where none
/// does, it is the one that occurs most often in the first line.
pub(super) fn delimiter(sample: &[u8], whole: bool) -> u8 {
    let mut counts = count_lines(sample, whole);
    counts.truncate(LINES);
    let Some(first) = counts.first().copied() else { return b',' };
    let even = (0..CANDIDATES.len()).find(|&c| first[c] > 0 && counts.iter().all(|line| line[c] == first[c]));
    // `max_by_key` takes the last of equals: the comma.
    let best = even.or_else(|| (0..CANDIDATES.len()).max_by_key(|&c| first[c]));
    best.map_or(b',', |c| CANDIDATES[c])
}

/// How often each candidate occurs in each line that is not blank; a last line that may be cut is left out.
fn count_lines(sample: &[u8], whole: bool) -> Vec<[usize; 3]> {
    let mut lines = Vec::new();
    let (mut counts, mut blank, mut quoted) = ([0; 3], true, false);
    for &byte in sample {
        if byte == b'"' {
            quoted = !quoted;
        }
        if !quoted && (byte == b'\n' || byte == b'\r') {
            if !blank {
                lines.push(counts);
            }
            (counts, blank) = ([0; 3], true);
            continue;
        }
        blank &= byte == b' ';
        if !quoted && let Some(c) = CANDIDATES.iter().position(|&candidate| candidate == byte) {
            counts[c] += 1;
        }
    }
    if !blank && (whole || lines.is_empty()) {
        lines.push(counts);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_found() {
        for (text, expected) in [
            ("a,b\n1,2\n", b','),
            ("a\tb\n1\t2\n", b'\t'),
            ("a;b\n1;2\n", b';'),
            ("a;b\r\n1,5;2,5\r\n", b';'),
            ("1,5;2,5\n3,5;4,5\n", b';'),
            ("a,b,tags\n1,2,x;y\n3,4,p;q\n", b','),
            ("a,\"b;c;d\"\n1,2\n", b','),
            ("a,b\n1,2,3\n", b','),
            ("a;b;c\n1;2\n", b';'),
            ("a\n1\n", b','),
            ("\n\n1;2", b';'),
            ("", b','),
        ] {
            assert_eq!(delimiter(text.as_bytes(), true) as char, expected as char, "{text:?}");
        }
        assert_eq!(delimiter(b"a;b\n1;2\n3", false), b';', "a cut line does not count");
    }
}
