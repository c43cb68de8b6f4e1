//! The corpora of the fuzz targets (`fuzz/corpus`), each file as it is and mutated: every answer is a value or an error of one
//! line, never a panic.
//!
//! `TISSOT_MUTATIONS` sets how many mutations a target has in all; they are the same in every run.

#[path = "corpus/mutate.rs"]
mod mutate;
#[path = "corpus/readers.rs"]
mod readers;

use readers::Answer;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Mutations of a target, shared by its files.
const MUTATIONS: usize = 3_000;
/// The largest file of a corpus.
const LARGEST: u64 = 4_096;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target)
}

/// Runs the corpus of a target through its reader. `open` are the files that must be read: seeds that are valid.
fn run(target: &str, read: fn(&[u8]) -> Answer) {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder(target)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let wanted = std::env::var("TISSOT_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(MUTATIONS);
    let share = wanted.div_ceil(files.len());
    let (mut counts, mut mutants) = ([0; 2], [0; 2]);
    let corpus: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    for (i, (path, bytes)) in files.iter().zip(&corpus).enumerate() {
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(bytes.len() as u64 <= LARGEST, "{target}/{name}: {} bytes", bytes.len());
        let found = guarded(target, &name, None, bytes, read);
        // A file says in its name what must come of it.
        let expected = if name.starts_with("bad") { Answer::Refused } else { Answer::Read };
        assert_eq!(found, expected, "{target}/{name}");
        counts[found as usize] += 1;
        for k in 0..share {
            let seed = (i * share + k) as u64;
            // Every other one is JSON again, where there is JSON.
            let json = |text: &[u8]| readers::json::mutant(text, seed);
            let json =
                (k % 2 == 0).then(|| json(bytes).or_else(|| readers::described(bytes, json))).flatten();
            let mutant = json.unwrap_or_else(|| mutate::mutant(bytes, &corpus, seed));
            mutants[guarded(target, &name, Some(k), &mutant, read) as usize] += 1;
        }
    }
    let [[read, refused], [mutants_read, mutants_refused]] = [counts, mutants];
    println!(
        "{target}: {} files, {read} read, {refused} refused; {} mutations, {mutants_read} read, {mutants_refused} refused",
        files.len(),
        share * files.len()
    );
    assert!(read > 0 && mutants_refused > 0, "{target}: nothing was read, or nothing refused");
}

/// The reader's answer; where it panics, the input is kept and named.
fn guarded(target: &str, name: &str, k: Option<usize>, bytes: &[u8], read: fn(&[u8]) -> Answer) -> Answer {
    catch_unwind(AssertUnwindSafe(|| read(bytes))).unwrap_or_else(|_| {
        let kept = std::env::temp_dir().join(format!("tissot-{target}-{name}-{}", k.map_or(0, |k| k + 1)));
        fs::write(&kept, bytes).unwrap();
        panic!("{target}/{name}, mutation {k:?}: the reader panicked; the input is {}", kept.display());
    })
}

#[test]
fn model_files() {
    run("model_file", readers::model_file);
}

#[test]
fn text_tables() {
    run("table_csv", readers::table_csv);
}

#[test]
fn arrays() {
    run("table_npy", readers::table_npy);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet() {
    run("table_parquet", readers::table_parquet);
}

#[test]
fn images() {
    run("images", readers::images);
}

#[test]
fn configurations() {
    run("flow_config", readers::flow_config);
}

#[test]
fn importers() {
    run("importers", readers::importers);
}

#[test]
fn settings() {
    run("settings", readers::settings);
}
