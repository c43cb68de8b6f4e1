#![no_main]

mod counted;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|bytes: &[u8]| {
    readers::model_file(counted::counted(bytes));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let json = |text: &[u8]| readers::json::mutant(text, seed.into());
    match readers::described(&data[..size], json) {
        Some(mutant) if seed % 2 > 0 && mutant.len() <= max_size => {
            data[..mutant.len()].copy_from_slice(&mutant);
            mutant.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});
