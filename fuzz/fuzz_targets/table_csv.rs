#![no_main]

mod counted;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    readers::table_csv(counted::counted(bytes));
});
