#![no_main]

mod counted;

libfuzzer_sys::fuzz_target!(
    init: {
        // libFuzzer ends at every panic; those that become errors are none.
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !tissot::guard::panics_are_errors() {
                usual(panic);
            }
        }));
    },
    |bytes: &[u8]| {
        readers::table_parquet(counted::counted(bytes));
    }
);
