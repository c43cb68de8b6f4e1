//! A run that is asked to stop keeps what it has, one that is killed loses nothing that was kept, and no two runs write to
//! one model.

#![cfg(unix)]

mod common;

use common::{Folder, Running, idx, two};
use std::process::Stdio;

/// A folder with a table and images, and settings of a run that takes a while.
fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("table.csv", two(200, 7));
    folder.write("images-idx3-ubyte", idx(60));
    let settings = serde_json::json!({
        "steps": 600, "batch": 32, "checkpoint_every": 10, "validate_every": 15, "patience": 0, "weight_decay": 1e-3,
    });
    folder.write("run.json", serde_json::json!({ "settings": settings }).to_string());
    folder
}

fn table<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let flags = ["fit", "table.csv", "--out", out, "--config", "run.json", "--threads", "1"];
    [&flags[..], &["--transforms", "2", "--hidden", "16,16"], more].concat()
}

fn images<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let flags = ["fit", "images-idx3-ubyte", "--out", out, "--config", "run.json", "--threads", "1"];
    let small = ["--levels", "1", "--level-steps", "1", "--hidden", "4", "--sample-every", "20"];
    [&flags[..], &small, more].concat()
}

type Args = for<'a> fn(&'a str, &[&'a str]) -> Vec<&'a str>;

/// What a run has made: its model and its metrics; there is a checkpoint, too.
fn result(folder: &Folder, out: &str) -> (Vec<u8>, Vec<u8>) {
    assert!(folder.path(&format!("{out}.run/checkpoint")).exists());
    (folder.read(out), folder.read(&format!("{out}.run/metrics.jsonl")))
}

/// No part of a file lies in the run's folder.
fn whole_files(folder: &Folder, out: &str) {
    let known = ["checkpoint", "lock", "metrics.jsonl", "samples"];
    let names = folder.names(&format!("{out}.run"));
    assert!(names.iter().all(|name| known.contains(&&**name)), "{names:?}");
}

#[test]
fn whoever_asks_gets_the_best_model_and_can_go_on() {
    let folder = folder();
    for (kind, args) in [("table", table as Args), ("images", images as Args)] {
        let unbroken = format!("{kind}.tissot");
        folder.good(&args(&unbroken, &[]));
        for signal in ["INT", "TERM", "HUP"] {
            let out = format!("{kind}-{signal}.tissot");
            let running = folder.running(&args(&out, &[]), &out, 20);
            running.send(signal);
            let output = running.end();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
            let lines: Vec<&str> = said.lines().filter(|line| line.contains("stopped on request")).collect();
            let steps = folder.json(&["info", &out, "--json"])["provenance"]["steps"].as_u64().unwrap();
            let line = format!(
                "{steps} steps: stopped on request; the best model so far was kept, --resume goes on"
            );
            assert_eq!(lines, [line]);
            assert!((1..600).contains(&steps), "{steps}");
            whole_files(&folder, &out);
            folder.good(&args(&out, &["--resume"]));
            assert!(result(&folder, &out) == result(&folder, &unbroken), "{out} is another model");
        }
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = Folder::new();
    folder.write("table.csv", two(20_000, 7));
    // Steps of many seconds.
    let large = ["--batch", "20000", "--transforms", "8", "--hidden", "256,256", "--threads", "1"];
    let args = [&["fit", "table.csv", "--out", "m.tissot"], &large[..]].concat();
    let mut running = folder.running(&args, "m.tissot", 0);
    running.wait(|| folder.path("m.tissot.run/metrics.jsonl").exists());
    running.send("TERM");
    running.send("INT");
    let output = running.end();
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(folder.names("."), ["m.tissot.run", "table.csv"]);
    assert_eq!(folder.names("m.tissot.run"), ["lock", "metrics.jsonl"]);
}

#[cfg(target_os = "linux")]
#[test]
fn under_nohup_a_run_outlives_its_terminal() {
    let folder = folder();
    let program = assert_cmd::cargo::cargo_bin!("tissot");
    let mut command = std::process::Command::new("sh");
    command.current_dir(folder.path(".")).args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(program);
    let steps = ["--steps", "1000000", "--checkpoint-every", "10"];
    command.args(table("m.tissot", &steps)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    running.wait(|| folder.steps("m.tissot") >= 20);
    running.send("HUP");
    let before = folder.steps("m.tissot");
    running.wait(|| folder.steps("m.tissot") >= before + 100);
    running.send("TERM");
    assert_eq!(running.end().status.code(), Some(0));
}

#[test]
fn images_killed_again_and_again_end_in_the_same_bytes() {
    let folder = folder();
    folder.good(&images("whole.tissot", &[]));
    for (kill, lines) in [0, 3, 10, 20, 11, 30].into_iter().enumerate() {
        let more: &[&str] = if kill == 0 { &[] } else { &["--resume"] };
        let wanted = folder.steps("m.tissot") + lines;
        let running = folder.running(&images("m.tissot", more), "m.tissot", wanted);
        running.send("KILL");
        assert_eq!(running.end().status.code(), None);
    }
    folder.good(&images("m.tissot", &["--resume"]));
    assert!(result(&folder, "m.tissot") == result(&folder, "whole.tissot"));
    whole_files(&folder, "m.tissot");
    for picture in folder.names("whole.tissot.run/samples") {
        let [whole, killed] =
            ["whole", "m"].map(|run| folder.read(&format!("{run}.tissot.run/samples/{picture}")));
        assert!(whole == killed, "{picture}");
    }
}

#[test]
fn two_runs_cannot_have_one_model() {
    let folder = folder();
    folder.good(&table("whole.tissot", &["--snapshots", "3"]));
    let first = folder.running(&table("m.tissot", &["--snapshots", "3"]), "m.tissot", 20);
    // It holds still, so that any change is the other's.
    first.send("STOP");
    let id = first.id();
    let refused =
        format!("m.tissot.run/lock: process {id} is training here; wait for its end, or give another --out");
    for more in [&["--resume"][..], &["--test-out", "test.csv"], &["--seed", "3", "--resume"]] {
        folder.fails(&table("m.tissot", more), 1, &refused);
    }
    folder.fails(&images("m.tissot", &[]), 1, &refused);
    // Another process can write elsewhere.
    folder.good(&table("other.tissot", &["--steps", "3"]));
    first.send("KILL");
    assert_eq!(first.end().status.code(), None);
    // The lock of the dead is in nobody's way.
    assert_eq!(folder.text("m.tissot.run/lock"), format!("{id}\n"));
    folder.good(&table("m.tissot", &["--snapshots", "3", "--resume"]));
    assert!(result(&folder, "m.tissot") == result(&folder, "whole.tissot"));
    assert_eq!(folder.text("m.tissot.run/lock"), "");
}
