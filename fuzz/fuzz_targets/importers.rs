#![no_main]

mod counted;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    readers::importers(counted::counted(bytes));
});
