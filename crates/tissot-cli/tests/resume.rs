//! A run that is killed, again and again, ends in the same bytes as one that never was.

#![cfg(unix)]

mod common;

use common::{Folder, TINY, rng, two};
use rand::RngExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often the run is killed.
const KILLS: usize = 20;
/// The seed of the moments.
const SEED: u64 = 20;

fn args<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    // Epochs of 5 steps, a validation in the middle of checkpoints; with the moving average, AdamW's moments and a
    // dequantised column there is all that a checkpoint has to hold.
    let flags =
        ["fit", "table.csv", "--out", out, "--config", "run.json", "--flow", "nsf", "--transforms", "2"];
    [&flags[..], &["--hidden", "16,16", "--threads", "1", "--domain", "n=integer"], more].concat()
}

fn folder(steps: u64) -> Folder {
    let folder = Folder::new();
    let table = two(200, 7);
    let rows = table.lines().skip(1).enumerate().map(|(i, line)| format!("{line},{}\n", i * i % 23));
    folder.write("table.csv", format!("x,y,n\n{}", rows.collect::<String>()));
    let settings = serde_json::json!({
        "steps": steps, "batch": 32, "checkpoint_every": 10, "validate_every": 15, "patience": 0, "weight_decay": 1e-3,
    });
    folder.write("run.json", serde_json::json!({ "settings": settings }).to_string());
    folder
}

fn step_of(folder: &Folder, out: &str) -> usize {
    std::fs::read_to_string(folder.path(&format!("{out}.run/metrics.jsonl")))
        .map_or(0, |text| text.lines().count())
}

/// Starts the run, waits until so many lines more are in its metrics, and a moment; then kills it.
///
/// Returns false where it had ended before.
fn start_and_kill(folder: &Folder, out: &str, resume: bool, lines: usize, moment: Duration) -> bool {
    let wanted = step_of(folder, out) + lines;
    let run = format!("{out}.run");
    let expected = match resume && !folder.path(&run).join("checkpoint").exists() {
        true => format!("note: there is no checkpoint in {run} to resume from; this run starts anew\n"),
        false => String::new(),
    };
    let more: &[&str] = if resume { &["--resume"] } else { &[] };
    let mut command = folder.child(&args(out, more));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while step_of(folder, out) < wanted && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(moment);
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // A run that ends may be no better than a Gaussian, and then says so.
    assert!(
        said == expected || said.starts_with(&format!("{expected}warning: a single Gaussian ")),
        "{said}"
    );
    assert!(ended.is_none_or(|status| status.success()), "{ended:?}");
    ended.is_none()
}

#[test]
fn a_run_killed_twenty_times_ends_in_the_same_bytes() {
    let folder = folder(600);
    folder.good(&args("whole.tissot", &[]));
    let mut rng = rng(SEED);
    let mut places = Vec::new();
    // Metrics are written out just before a checkpoint is: most moments fall into the writing of one. A run that
    // ends before it was killed often enough is compared, and another begins.
    for attempt in 0.. {
        let out = format!("killed-{attempt}.tissot");
        let mut resume = false;
        while places.len() < KILLS {
            // The first falls before any checkpoint.
            let lines = if places.is_empty() { 0 } else { 10 * rng.random_range(0..6) };
            let moment = Duration::from_micros(rng.random_range(0..60_000));
            if !start_and_kill(&folder, &out, resume, lines, moment) {
                break;
            }
            resume = true;
            places.push(step_of(&folder, &out));
        }
        // Whoever goes on with a run that has ended gets the same model.
        for _ in 0..2 {
            folder.good(&args(&out, &["--resume"]));
            for file in [".run/metrics.jsonl", ""] {
                let (whole, killed) = (format!("whole.tissot{file}"), format!("{out}{file}"));
                assert!(folder.read(&whole) == folder.read(&killed), "{whole} and {killed} differ");
            }
        }
        if places.len() == KILLS {
            break;
        }
    }
    println!("lines of metrics when it was killed: {places:?}");
    assert!(places.iter().any(|place| *place > 0), "it was never killed after a checkpoint");
}

#[test]
fn a_run_without_a_checkpoint_says_that_it_starts_anew() {
    let folder = folder(20);
    let said = |out: &str| {
        let output = folder.run(&args(out, &["--resume"]));
        assert!(output.status.success());
        let lines = String::from_utf8(output.stderr).unwrap();
        lines.lines().filter(|line| !line.starts_with("warning: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let note =
        |out: &str| format!("note: there is no checkpoint in {out}.run to resume from; this run starts anew");
    assert_eq!(said("model.tissot"), [note("model.tissot")]);
    assert_eq!(said("model.tissot"), [""; 0], "now there is one");
    // It is the run that it would have been without the flag.
    folder.good(&args("plain.tissot", &[]));
    assert!(folder.read("plain.tissot") == folder.read("model.tissot"));
    std::fs::remove_file(folder.path("model.tissot.run/checkpoint")).unwrap();
    assert_eq!(said("model.tissot"), [note("model.tissot")]);
}

#[test]
fn a_new_run_forgets_what_an_earlier_one_left() {
    let folder = folder(40);
    folder.good(&args("model.tissot", &[]));
    let (model, metrics) = (folder.read("model.tissot"), folder.text("model.tissot.run/metrics.jsonl"));
    folder.good(&args("model.tissot", &[]));
    assert!(folder.read("model.tissot") == model, "a run without --resume began in the middle");
    assert_eq!(folder.text("model.tissot.run/metrics.jsonl"), metrics);
}

#[test]
fn nothing_goes_on_from_a_run_that_was_begun_anew() {
    let folder = folder(40);
    folder.good(&args("model.tissot", &[]));
    let checkpoint = folder.path("model.tissot.run/checkpoint");
    assert!(checkpoint.exists());
    let endless = ["--steps", "1000000", "--checkpoint-every", "1000000"];
    let mut child = folder.child(&args("model.tissot", &endless)).stdout(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while checkpoint.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!checkpoint.exists(), "the checkpoint of the run before is still there to go on from");
}

#[test]
fn ctrl_c_keeps_the_best_model_and_says_so() {
    let folder = folder(1_000_000);
    let mut child = folder
        .child(&args("model.tissot", &[]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while step_of(&folder, "model.tissot") < 20 {
        assert!(Instant::now() < deadline, "no step was taken in a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!(
                "Ctrl-C did not stop it in a minute; are the tests run with SIGINT ignored, as a script's `&` does?"
            );
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("stopped on request; the best model so far was kept"), "{said}");
    let info = folder.json(&["info", "model.tissot", "--json"]);
    assert!(info["provenance"]["validation_log_prob"].is_f64());
    assert!(info["provenance"]["steps"].as_u64().unwrap() < 1_000_000);
}

#[test]
fn runs_that_cannot_go_on() {
    let folder = Folder::with_model();
    let again = |flags: &[&str], message: &str| {
        let args = [&["fit", "two.csv", "--out", "model.tissot", "--resume"], &TINY[..], flags].concat();
        folder.fails(&args, 1, &format!("model.tissot.run/checkpoint: {message}"));
    };
    let good = folder.read("model.tissot.run/checkpoint");
    let mut bad = good.clone();
    let last = bad.len() - 1;
    bad[last] ^= 0x80;
    folder.write("model.tissot.run/checkpoint", bad);
    again(&[], "part 5 of 5 was altered (the checksum does not fit)");
    folder.write("model.tissot.run/checkpoint", &good[..good.len() / 2]);
    let output = folder.run(&[&["fit", "two.csv", "--out", "model.tissot", "--resume"], &TINY[..]].concat());
    let found = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(found.ends_with(" of 5: it was cut off\n") && found.lines().count() == 1, "{found}");
    assert_eq!(output.status.code(), Some(1));
}
