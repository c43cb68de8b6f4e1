//! Flags, models and outputs that do not work: one line says what is wrong, and nothing is left behind.

mod common;

use common::{Folder, TINY, csv, normal, rng};
use std::path::Path;

fn fit(folder: &Folder, flags: &[&str], code: i32, message: &str) {
    folder.fails(&[&["fit", "two.csv", "--out", "out.tissot"], flags].concat(), code, message);
}

#[test]
fn models_that_are_none() {
    let folder = Folder::with_model();
    folder.write("empty.tissot", "");
    let no_model =
        "this is no tissot model or checkpoint (it does not begin as one); `tissot fit` makes models";
    for (model, message) in [
        ("none.tissot", "none.tissot: cannot be read: No such file or directory (os error 2)".to_owned()),
        (".", ".: cannot be read: Is a directory (os error 21)".to_owned()),
        ("two.csv", format!("two.csv: {no_model}")),
        ("empty.tissot", format!("empty.tissot: {no_model}")),
    ] {
        folder.fails(&["info", model], 1, &message);
        folder.fails(&["score", model, "two.csv", "--out", "scores.csv"], 1, &message);
        folder.fails(&["sample", model, "-n", "3", "--out", "samples.csv"], 1, &message);
        folder.fails(&["transform", model, "two.csv", "--out", "z.csv"], 1, &message);
    }
}

#[test]
fn models_that_were_altered() {
    let folder = Folder::with_model();
    let good = folder.read("model.tissot");
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        (good[..good.len() / 2].to_vec(), "it ends within part 1 of 2: it was cut off"),
        (good[..good.len() - 1].to_vec(), "it ends within part 2 of 2: it was cut off"),
        (good[..60].to_vec(), "it ends after 60 bytes, within its header: it was cut off"),
        (flipped(good.len() - 9), "part 2 of 2 was altered (the checksum does not fit)"),
        (flipped(20), "its header was altered (the checksum does not fit)"),
        ([&good[..], b"\n"].concat(), "1 bytes were added at its end"),
    ];
    for (bytes, what) in cases {
        folder.write("bad.tissot", bytes);
        let message = format!("bad.tissot: {what}");
        folder.fails(&["info", "bad.tissot"], 1, &message);
        folder.fails(&["score", "bad.tissot", "two.csv", "--out", "scores.csv"], 1, &message);
    }
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("folder")).unwrap();
    fit(
        &folder,
        &["-o", "x"],
        2,
        "the argument '--out <OUT>' cannot be used multiple times; --help lists what can be given",
    );
    let model = |out: &str, message: &str| {
        folder.fails(&[&["fit", "two.csv", "--out", out], &TINY[..]].concat(), 1, message);
    };
    model("none/m.tissot", "--out none/m.tissot: its folder does not exist; make it first");
    model("folder", "--out folder: is a folder; name a file such as model.tissot");
    folder.write("m.tissot.run", "a file, where the run's folder is to be");
    model(
        "m.tissot",
        "--out m.tissot: its checkpoints go to m.tissot.run, which is no folder; move that file",
    );
    folder.fails(
        &["demo", "--out", "two.csv"],
        1,
        "--out two.csv: the folder cannot be made: File exists (os error 17)",
    );
    let commands: [&[&str]; 3] = [
        &["score", "model.tissot", "two.csv"],
        &["sample", "model.tissot", "-n", "3"],
        &["transform", "model.tissot", "two.csv"],
    ];
    for command in commands {
        let out = |out: &str, message: &str| folder.fails(&[command, &["--out", out]].concat(), 1, message);
        out(
            "none/t.csv",
            "none/t.csv: cannot be written: the directory none does not exist; create it first",
        );
        out("folder", "folder: cannot be written: this is a directory; give the name of a file");
    }
}

#[test]
fn a_full_disk() {
    if !Path::new("/dev/full").exists() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "there is no /dev/full to test a full disk with"
        );
        println!("not tested: there is no /dev/full here");
        return;
    }
    let folder = Folder::with_model();
    let message = "/dev/full: cannot be written: No space left on device (os error 28)";
    folder.fails(&["score", "model.tissot", "two.csv", "--out", "/dev/full"], 1, message);
    folder.fails(&["transform", "model.tissot", "two.csv", "--out", "/dev/full"], 1, message);
    for n in ["3", "20000"] {
        folder.fails(&["sample", "model.tissot", "-n", n, "--out", "/dev/full"], 1, message);
    }
    let message = "--out /dev/full: is no regular file; name a file such as model.tissot";
    folder.fails(&["fit", "two.csv", "--out", "/dev/full"], 1, message);
    let commands: [&[&str]; 5] = [
        &["info", "model.tissot"],
        &["devices"],
        &["completions", "zsh"],
        &["sample", "model.tissot", "-n", "3"],
        &["score", "--json", "model.tissot", "two.csv"],
    ];
    for args in commands {
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = folder.child(args).stdout(full).output().unwrap();
        let found = String::from_utf8_lossy(&output.stderr).into_owned();
        let message = "error: standard output: cannot be written: No space left on device (os error 28)\n";
        assert_eq!((found.as_str(), output.status.code()), (message, Some(1)), "{args:?}");
    }
}

#[test]
fn flags_that_make_no_sense() {
    let folder = Folder::with_model();
    let help = "; --help lists what can be given";
    let domains = "real, positive, integer, bounded(a,b) or periodic(a,b), a < b";
    let cases: [(&[&str], String); 14] = [
        (&["--domain", "q=positive"], "--domain q: no such column; there are x, y".into()),
        (
            &["--domain", "x"],
            format!("invalid value 'x' for '--domain <DOMAIN>': found 'x', expected NAME=VALUE{help}"),
        ),
        (
            &["--domain", "x=bounded(3,1)"],
            format!(
                "invalid value 'x=bounded(3,1)' for '--domain <DOMAIN>': x: domain: found 'bounded(3,1)', expected {domains}{help}"
            ),
        ),
        (&["--device", "tpu"], "--device: found 'tpu', expected one of flex, ndarray, wgpu, cuda".into()),
        (&["--threads", "0"], "--threads: found 0, expected 1 to 1024".into()),
        (&["--threads", "1000000"], "--threads: found 1000000, expected 1 to 1024".into()),
        (&["--transforms", "0"], "--transforms: found 0, expected at least 1".into()),
        (
            &["--test", "nan"],
            format!("invalid value 'nan' for '--test <TEST>': expected a number from 0 to below 1{help}"),
        ),
        (
            &["--split", "group:"],
            format!(
                "invalid value 'group:' for '--split <SPLIT>': expected random, order, time:COLUMN or group:COLUMN{help}"
            ),
        ),
        (&["--context", "w"], "two.csv: no column w; it has x, y".into()),
        (
            &["--embed-context", "4"],
            "--embed-context: there is no context to embed; name its columns with --context".into(),
        ),
        (
            &["--columns", "x", "--context", "y", "--embed-context", "0"],
            "--embed-context: found 0, expected at least 1".into(),
        ),
        (&["--columns", "x", "--context", "x"], "column x is both in --columns and in --context".into()),
        (
            &["--columns", "x", "--flow", "realnvp"],
            "--flow: couplings move one part of the columns by another, found 1 column; use nsf or maf"
                .into(),
        ),
    ];
    for (flags, message) in cases {
        fit(&folder, flags, 2, &message);
    }
    let cases: [(&[&str], &str); 8] = [
        (&["--batch", "0"], "--batch: found 0, expected at least 1"),
        (&["--steps", "0"], "--steps: found 0, expected at least 1"),
        (&["--epochs", "0"], "--epochs: found 0, expected at least 1"),
        (&["--minutes", "-1"], "--minutes: found -1, expected a number above 0"),
        (&["--learning-rate", "nan"], "--learning-rate: found NaN, expected a number above 0"),
        (&["--learning-rate", "-0.1"], "--learning-rate: found -0.1, expected a number above 0"),
        (&["--hidden", "0"], "layers[1].hidden[0]: found 0 units, expected at least 1"),
        (&["--bins", "1"], "layers[1].bins: found 1, expected 2 or more"),
    ];
    for (flags, message) in cases {
        fit(&folder, flags, 2, message);
    }
    let message = "two.csv: there is no column \"h\"; the columns are x, y";
    fit(&folder, &["--split", "group:h"], 1, message);
    folder.fails(&["frob"], 2, &format!("unrecognized subcommand 'frob'{help}"));
    let message = format!("the following required arguments were not provided: --out <OUT>{help}");
    folder.fails(&["fit", "two.csv"], 2, &message);
}

#[test]
fn a_device_that_is_not_built_in() {
    let folder = Folder::with_model();
    let devices = folder.json(&["devices", "--json"]);
    let is = |device: &&serde_json::Value, built_in: bool| device["built_in"] == serde_json::json!(built_in);
    let names = |built_in: bool| {
        let found = devices.as_array().unwrap().iter().filter(|device| is(device, built_in));
        found.map(|device| device["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for device in names(false) {
        let here = names(true).join(", ");
        let message = format!(
            "--device {device}: not built into this program (it has {here}); build it with cargo build --release --features {device}"
        );
        fit(&folder, &["--device", &device], 2, &message);
        folder.fails(&["score", "model.tissot", "two.csv", "--device", &device], 2, &message);
    }
}

#[test]
fn samples_of_nothing_sensible() {
    let folder = Folder::with_model();
    let sample = |flags: &[&str], message: &str| {
        folder.fails(&[&["sample", "model.tissot", "--out", "samples.csv"], flags].concat(), 2, message);
    };
    let invalid = "expected a whole number, 0 or more; --help lists what can be given";
    sample(&["-n", "many"], &format!("invalid value 'many' for '-n <N>': {invalid}"));
    let many = "9".repeat(20);
    let smaller = "expected a smaller number; --help lists what can be given";
    sample(&["-n", &many], &format!("invalid value '{many}' for '-n <N>': {smaller}"));
    sample(&["-n", "-1"], &format!("invalid value '-1' for '-n <N>': {invalid}"));
    sample(&["-n", "3", "--given", "a=1"], "--given a: the model has no context columns");
    let mut rng = rng(3);
    let row = |_| vec![normal(&mut rng), normal(&mut rng), normal(&mut rng)];
    folder.write("three.csv", csv("x,c,d", (0..100).map(row)));
    folder.fit(
        "three.csv",
        "conditional.tissot",
        &["--context", "c,d", "--steps", "5", "--flow", "maf", "--hidden", "8"],
    );
    let sample = |flags: &[&str], message: &str| {
        folder.fails(&[&["sample", "conditional.tissot", "-n", "3"], flags].concat(), 2, message);
    };
    sample(&[], "the model is conditioned on c, d: give it with --given c=..");
    sample(&["--given", "c=1"], "the model is conditioned on c, d: give it with --given d=..");
    sample(&["--given", "c=1,d=2,e=3"], "--given e: the model has the context columns c, d");
    sample(
        &["--given", "c=x"],
        "invalid value 'c=x' for '--given <GIVEN>': c: found 'x', expected a number; --help lists what can be given",
    );
}

#[test]
fn configurations_that_do_not_work() {
    let folder = Folder::with_model();
    let config = |text: &str, message: &str| {
        folder.write("config.json", text);
        fit(&folder, &["--config", "config.json"], 2, &format!("--config config.json: {message}"));
    };
    config("steps = 3", "expected value at line 1 column 1");
    config("{\"setings\": {}}", "unknown field `setings`, expected `flow` or `settings` at line 1 column 10");
    fit(&folder, &["--config", "none.json"], 1, "--config none.json: No such file or directory (os error 2)");
    let known = folder.json(&["info", "model.tissot", "--json"]);
    folder.write("flow.json", serde_json::json!({ "flow": known["flow"] }).to_string());
    let mut rng = rng(3);
    let row = |_| vec![normal(&mut rng), normal(&mut rng), normal(&mut rng)];
    folder.write("three.csv", csv("x,y,z", (0..100).map(row)));
    folder.fails(
        &["fit", "three.csv", "--out", "out.tissot", "--config", "flow.json"],
        2,
        "--config: its flow has 2 features and 0 of context, the chosen columns are 3 and 0",
    );
    fit(
        &folder,
        &["--config", "flow.json", "--bins", "4"],
        2,
        "--bins: the file of --config has a whole flow; change it there",
    );
    let mut empty = known["flow"].clone();
    empty["layers"] = serde_json::json!([]);
    folder.write("flow.json", serde_json::json!({ "flow": empty }).to_string());
    fit(
        &folder,
        &["--config", "flow.json"],
        2,
        "flow: found nothing to learn, expected a layer with parameters",
    );
}
