//! Parquet tables through the program.

#![cfg(feature = "parquet")]

mod common;

use common::{Folder, rows};
use std::path::Path;

#[test]
fn what_is_sampled_into_parquet_scores_as_what_is_sampled_into_csv() {
    let folder = Folder::with_model();
    for name in ["drawn.parquet", "drawn.csv"] {
        folder.good(&["sample", "model.tissot", "-n", "50", "--seed", "3", "--out", name]);
    }
    let scores = |name: &str| rows(&folder.good(&["score", "model.tissot", name]));
    assert_eq!(scores("drawn.parquet"), scores("drawn.csv"));
    folder.fit("drawn.parquet", "again.tissot", &common::TINY);
    folder.good(&["score", "again.tissot", "drawn.parquet", "--out", "scores.parquet"]);
    assert!(folder.read("scores.parquet").starts_with(b"PAR1"));
}

#[test]
fn a_file_at_which_the_reader_panics_is_one_line() {
    let folder = Folder::with_model();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/table_parquet");
    folder.write("bad.parquet", std::fs::read(corpus.join("bad_panics")).unwrap());
    let message = "bad.parquet: not a sound Parquet file: its data are damaged; write it again";
    let flags = ["--columns", "gap,f64", "--missing", "drop", "--split", "group:name", "--out", "m.tissot"];
    folder.fails(&[&["fit", "bad.parquet"], &flags[..]].concat(), 1, message);
}
