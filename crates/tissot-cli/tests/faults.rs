//! What can be taken away from a run while it trains: its data, its folder, the disk.

#![cfg(unix)]

mod common;

use common::{Folder, two};

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("table.csv", two(200, 7));
    let settings = serde_json::json!({
        "steps": 400, "batch": 32, "checkpoint_every": 10, "validate_every": 15, "patience": 0,
    });
    folder.write("run.json", serde_json::json!({ "settings": settings }).to_string());
    folder
}

fn fit<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let flags = ["fit", "table.csv", "--out", out, "--config", "run.json", "--threads", "1"];
    [&flags[..], &["--transforms", "2", "--hidden", "16,16"], more].concat()
}

/// What a run says that must fail, all on standard error.
fn said(output: &std::process::Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(output.stdout.is_empty());
    said
}

#[test]
fn a_folder_that_vanishes_is_made_again() {
    let folder = folder();
    folder.good(&fit("whole.tissot", &[]));
    let running = folder.running(&fit("m.tissot", &[]), "m.tissot", 20);
    std::fs::rename(folder.path("m.tissot.run"), folder.path("elsewhere")).unwrap();
    let said = said(&running.end());
    let start = "error: m.tissot.run/checkpoint: cannot be written: No such file or directory (os error 2); ";
    let steps = said.strip_prefix(start).and_then(|rest| {
        rest.strip_prefix("the best model so far is in m.tissot; --resume goes on after step ")
    });
    let steps: u64 = steps.unwrap_or_else(|| panic!("{said}")).trim().parse().unwrap();
    assert!(steps.is_multiple_of(10) && steps < 400, "{said}");
    let known = folder.json(&["info", "m.tissot", "--json"]);
    assert_eq!(known["provenance"]["steps"], steps);
    folder.good(&fit("m.tissot", &["--resume"]));
    assert!(folder.read("m.tissot") == folder.read("whole.tissot"));
}

#[test]
fn a_folder_that_cannot_be_written_leaves_the_best_model() {
    let folder = folder();
    let running = folder.running(&fit("m.tissot", &[]), "m.tissot", 20);
    running.send("STOP");
    std::fs::rename(folder.path("m.tissot.run"), folder.path("elsewhere")).unwrap();
    folder.write("m.tissot.run", "no folder any more");
    running.send("CONT");
    let expected = "error: m.tissot.run/checkpoint: cannot be written: Not a directory (os error 20); the best model so far is in m.tissot\n";
    assert_eq!(said(&running.end()), expected);
    folder.good(&["info", "m.tissot"]);
}

#[test]
fn a_table_is_not_missed_once_it_is_read() {
    let folder = folder();
    folder.good(&fit("whole.tissot", &[]));
    let running = folder.running(&fit("m.tissot", &[]), "m.tissot", 20);
    std::fs::remove_file(folder.path("table.csv")).unwrap();
    assert_eq!(running.end().status.code(), Some(0));
    assert!(folder.read("m.tissot") == folder.read("whole.tissot"));
    folder.fails(&fit("m.tissot", &["--resume"]), 1, "table.csv: the file does not exist");
}

#[test]
fn what_differs_from_the_run_is_named() {
    let folder = folder();
    folder.good(&fit("m.tissot", &["--steps", "20"]));
    let again = |more: &[&str], code: i32, message: &str| {
        let args = fit("m.tissot", &[&["--resume"], more].concat());
        folder.fails(&args, code, &format!("m.tissot.run/checkpoint: it is of a run {message}"));
    };
    let end = "; repeat that run's, or start anew without --resume";
    let other = |more: &[&str], name: &str, found: &str, expected: &str| {
        let more = [&["--steps", "20"], more].concat();
        again(&more, 2, &format!("with other settings: {name}: found {found}, expected {expected}{end}"));
    };
    again(&["--steps", "30"], 2, &format!("with other settings: --steps: found 30, expected 20{end}"));
    again(&[], 2, &format!("with other settings: --config: settings.steps: found 400, expected 20{end}"));
    other(&["--batch", "16"], "--batch", "16", "32");
    other(&["--learning-rate", "0.1"], "--learning-rate", "0.1", "0.005");
    other(&["--seed", "4"], "--seed", "4", "0");
    other(&["--minutes", "4"], "--minutes", "4.0", "nothing");
    other(&["--bins", "6"], "flow.layers[1].univariate.bins", "6", "8");
    other(&["--domain", "x=bounded(-99,99)"], "columns[0]", "x=bounded(-99,99)", "x=real");
    folder.write("table.csv", two(200, 8));
    again(&["--steps", "20"], 1, "on other rows; give that run's data, or start anew without --resume");
}
