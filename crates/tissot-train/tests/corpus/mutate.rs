//! Mutations of files, each of a seed of its own.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Numbers at which readers break, as text.
const WORDS: [&str; 14] = [
    "0",
    "-1",
    "1",
    "255",
    "65536",
    "2147483648",
    "4294967296",
    "9223372036854775807",
    "18446744073709551615",
    "1e308",
    "-1e-320",
    "NaN",
    "null",
    "\"",
];
/// The same as bytes, in either order.
const NUMBERS: [u64; 9] = [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, u64::MAX];

/// A mutation of `bytes`, one to four changes of it; `others` lend their parts.
pub fn mutant(bytes: &[u8], others: &[Vec<u8>], seed: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut mutant = bytes.to_vec();
    for _ in 0..rng.random_range(1..=2) {
        change(&mut mutant, others, &mut rng);
    }
    mutant
}

fn change(bytes: &mut Vec<u8>, others: &[Vec<u8>], rng: &mut impl Rng) {
    if bytes.is_empty() {
        bytes.push(rng.random());
        return;
    }
    let at = rng.random_range(0..bytes.len());
    match rng.random_range(0..8) {
        0 | 1 => bytes[at] ^= 1 << rng.random_range(0..8),
        2 => bytes[at] = rng.random(),
        3 => bytes.truncate(at),
        4 => {
            let end = (at + rng.random_range(1..=16)).min(bytes.len());
            bytes.drain(at..end);
        }
        // A number as text, in the place of one that stands there.
        5 => {
            let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
            let start = (at..bytes.len()).find(|&i| bytes[i].is_ascii_digit()).unwrap_or(at);
            let end = start + digits(start);
            bytes.splice(start..end, WORDS[rng.random_range(0..WORDS.len())].bytes());
        }
        6 => {
            let (number, width) = (NUMBERS[rng.random_range(0..NUMBERS.len())], 1 << rng.random_range(0..4));
            let mut number = number.to_le_bytes()[..width].to_vec();
            if rng.random() {
                number.reverse();
            }
            let end = (at + width).min(bytes.len());
            bytes.splice(at..end, number);
        }
        _ => {
            let other = &others[rng.random_range(0..others.len())];
            let start = rng.random_range(0..=other.len());
            let end = (start + rng.random_range(0..=64)).min(other.len());
            let part = other[start..end].to_vec();
            bytes.splice(at..at, part);
        }
    }
}
