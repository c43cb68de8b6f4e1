//! The same seed on the same device gives the same bits, whatever the number of threads.

mod common;

use common::{Folder, two};

/// Enough rows and units for work to be shared among threads.
const FLAGS: [&str; 8] = ["--steps", "12", "--batch", "1024", "--hidden", "128,128", "--transforms", "2"];

#[test]
fn threads_change_no_bit() {
    for flow in ["nsf", "nsf-coupling", "maf", "realnvp"] {
        let folder = Folder::new();
        folder.write("two.csv", two(6_000, 3));
        let outputs = ["1", "2", "3"].map(|threads| {
            let model = format!("{threads}.tissot");
            folder.fit("two.csv", &model, &[&FLAGS[..], &["--flow", flow, "--threads", threads]].concat());
            let scores = folder.good(&["score", &model, "two.csv", "--threads", threads]);
            let drawn = folder.good(&["sample", &model, "-n", "3000", "--threads", threads]);
            (folder.read(&model), scores, drawn)
        });
        assert!(outputs[0] == outputs[1] && outputs[0] == outputs[2], "{flow}: threads changed something");
    }
}
