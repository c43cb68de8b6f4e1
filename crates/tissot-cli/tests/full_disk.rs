//! A disk that is full after so many bytes, by a limit on the size of files: one line says so, nothing is half-written.

#![cfg(unix)]

mod common;

use common::{Folder, TINY, two};

/// Runs what must fail as no file can be longer than so many blocks (of 512 or 1,024 bytes, as the shell has it).
fn fails(folder: &Folder, blocks: u32, args: &[&str], file: &str) {
    let output = folder.limited(blocks, args);
    let found = String::from_utf8_lossy(&output.stderr).into_owned();
    let message = format!("error: {file}: cannot be written: File too large (os error 27)\n");
    assert_eq!((found.as_str(), output.status.code()), (message.as_str(), Some(1)), "{args:?}");
}

#[test]
fn tables_are_there_whole_or_not_at_all() {
    let folder = Folder::with_model();
    folder.write("many.csv", two(20_000, 2));
    let before = folder.names(".");
    let commands: [&[&str]; 3] = [
        &["score", "model.tissot", "many.csv"],
        &["sample", "model.tissot", "-n", "20000"],
        &["transform", "model.tissot", "many.csv"],
    ];
    for command in commands {
        for out in ["t.csv", "t.csv.gz"] {
            fails(&folder, 64, &[command, &["--out", out]].concat(), out);
        }
        assert_eq!(folder.names("."), before, "{command:?}");
        // What was there before stays.
        folder.write("old.csv", "a,b\n1,2\n");
        fails(&folder, 64, &[command, &["--out", "old.csv"]].concat(), "old.csv");
        assert_eq!(folder.text("old.csv"), "a,b\n1,2\n");
        std::fs::remove_file(folder.path("old.csv")).unwrap();
    }
}

#[test]
fn a_fit_leaves_whole_lines_of_metrics_and_the_model_before() {
    let folder = Folder::with_model();
    let model = folder.read("model.tissot");
    let fit = |out: &'static str| [&["fit", "two.csv", "--out", out], &TINY[..]].concat();
    fails(&folder, 1, &fit("new.tissot"), "new.tissot.run/metrics.jsonl");
    assert_eq!(folder.names("new.tissot.run"), ["lock", "metrics.jsonl"]);
    assert_eq!(folder.text("new.tissot.run/metrics.jsonl"), "", "30 lines do not fit, so there is none");
    assert!(!folder.path("new.tissot").exists());
    // Lines that were written before the disk was full stay, and no part of one; the best model so far is kept, it fits.
    let many =
        [&["fit", "two.csv", "--out", "new.tissot", "--flow", "realnvp", "--transforms", "1"][..]].concat();
    let many = [&many[..], &["--hidden", "4", "--steps", "400", "--checkpoint-every", "10000"]].concat();
    let output = folder.limited(24, &many);
    let found = String::from_utf8_lossy(&output.stderr).into_owned();
    let start = "error: new.tissot.run/metrics.jsonl: cannot be written: File too large (os error 27); the best model so far is in new.tissot";
    assert!(found.starts_with(start) && found.lines().count() == 1, "{found}");
    assert_eq!(output.status.code(), Some(1));
    let metrics = folder.text("new.tissot.run/metrics.jsonl");
    assert!(metrics.lines().count() > 20 && metrics.ends_with("}\n"), "{metrics}");
    let steps = folder.json(&["info", "new.tissot", "--json"])["provenance"]["steps"].as_u64().unwrap();
    assert!((20..400).contains(&steps), "{steps}");
    fails(&folder, 1, &fit("model.tissot"), "model.tissot.run/metrics.jsonl");
    assert!(folder.read("model.tissot") == model, "the model before was touched");
}

#[test]
fn a_checkpoint_or_a_model_is_there_whole_or_not_at_all() {
    let folder = Folder::new();
    folder.write("two.csv", two(200, 1));
    let large = ["--flow", "realnvp", "--transforms", "2", "--hidden", "64,64", "--steps", "30"];
    let fit = [&["fit", "two.csv", "--out", "model.tissot"], &large[..]].concat();
    fails(&folder, 32, &fit, "model.tissot.run/checkpoint");
    assert_eq!(folder.names("model.tissot.run"), ["lock", "metrics.jsonl"]);
    assert_eq!(folder.names("."), ["model.tissot.run", "two.csv"]);
    folder.good(&fit);
    let (model, checkpoint) = (folder.read("model.tissot"), folder.read("model.tissot.run/checkpoint"));
    fails(&folder, 32, &[&fit[..], &["--resume"]].concat(), "model.tissot.run/checkpoint");
    assert!(folder.read("model.tissot") == model && folder.read("model.tissot.run/checkpoint") == checkpoint);
    fails(&folder, 32, &["demo", "--steps", "2", "--out", "demo"], "demo/model.tissot");
    assert_eq!(folder.names("demo"), [""; 0]);
}

#[test]
fn more_samples_than_a_disk_holds_are_one_clear_line() {
    let folder = Folder::with_model();
    let before = folder.names(".");
    fails(&folder, 64, &["sample", "model.tissot", "-n", "99999999999", "--out", "t.csv"], "t.csv");
    assert_eq!(folder.names("."), before);
}
