//! What each command gives, on tiny models.

mod common;

use common::{Folder, TINY, csv, normal, rng, rows, two};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

#[test]
fn a_fit_says_what_it_made_and_info_says_it_again() {
    let folder = Folder::new();
    folder.write("two.csv", two(200, 1));
    let said = folder.fit("two.csv", "model.tissot", &TINY);
    assert!(said.starts_with("30 steps: all steps taken\nheld-out log-density -"), "{said}");
    assert!(said.contains("wrote model.tissot\n"), "{said}");
    let info = folder.good(&["info", "model.tissot"]);
    for part in [
        "realnvp, 4 layers",
        "x (real, mean ",
        "two.csv",
        "160 train, 20 validation, 20 test",
        "30 steps, seed 0",
    ] {
        assert!(info.contains(part), "{part} is not in {info}");
    }
    let metrics = folder.text("model.tissot.run/metrics.jsonl");
    let lines: Vec<serde_json::Value> =
        metrics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 36, "30 steps, validations after 1, 2, 4, 8, 16 and at the end");
    assert!(lines[35]["validation_log_prob"].is_f64());
    let first = folder.read("model.tissot");
    folder.fit("two.csv", "again.tissot", &TINY);
    assert!(folder.read("again.tissot") == first, "equal flags make equal files");
}

#[test]
fn scores_come_in_the_order_of_the_rows() {
    let folder = Folder::with_model();
    let table = two(9_000, 2);
    let (header, body) = table.split_once('\n').unwrap();
    let backwards: Vec<&str> = body.lines().rev().collect();
    folder.write("new.csv", &table);
    folder.write("backwards.csv", format!("{header}\n{}\n", backwards.join("\n")));
    let said = folder.good(&["score", "model.tissot", "new.csv", "--out", "scores.csv"]);
    assert!(said.starts_with("9000 rows, mean log-density -"), "{said}");
    folder.good(&["score", "model.tissot", "backwards.csv", "--out", "backwards-scores.csv"]);
    let (scores, mut others) = (rows(&folder.text("scores.csv")), rows(&folder.text("backwards-scores.csv")));
    others.reverse();
    assert_eq!(scores.len(), 9_000);
    for (i, (score, other)) in scores.iter().zip(&others).enumerate() {
        // Other blocks may round otherwise.
        assert!((score[0] - other[0]).abs() < 1e-4, "row {i}: {score:?} and {other:?}");
        assert!((0.0..=100.0).contains(&score[1]), "row {i}: {score:?}");
    }
    let least = scores.iter().min_by(|a, b| a[0].total_cmp(&b[0])).unwrap();
    assert_eq!(least[1], 0.0, "the least likely of many new rows is below all training rows");
    let streamed = folder.command(&["score", "model.tissot", "-"]).write_stdin(table).output().unwrap();
    assert!(streamed.status.success());
    assert!(streamed.stdout == folder.read("scores.csv"), "a stream and a file are scored alike");
}

#[test]
fn latents_lead_back_to_the_rows() {
    let folder = Folder::with_model();
    folder.good(&["transform", "model.tissot", "two.csv", "--out", "z.csv"]);
    assert!(folder.text("z.csv").starts_with("z1,z2\n"));
    folder.good(&["transform", "model.tissot", "z.csv", "--inverse", "--out", "back.csv"]);
    let (there, back) = (rows(&folder.text("two.csv")), rows(&folder.text("back.csv")));
    assert_eq!(there.len(), back.len());
    for (x, y) in there.iter().flatten().zip(back.iter().flatten()) {
        assert!((x - y).abs() < 1e-4, "{x} came back as {y}");
    }
    assert!(folder.text("back.csv").starts_with("x,y\n"));
}

#[test]
fn samples_have_the_tables_columns_and_follow_the_seed() {
    let folder = Folder::with_model();
    let sample = |seed: &str| folder.good(&["sample", "model.tissot", "-n", "10000", "--seed", seed]);
    let samples = sample("4");
    assert!(samples.starts_with("x,y\n"));
    assert_eq!(samples.lines().count(), 10_001);
    assert!(samples == sample("4"), "equal seeds draw equal rows");
    assert!(samples != sample("5"), "other seeds draw other rows");
    let mean = rows(&samples).iter().map(|row| row[0]).sum::<f64>() / 10_000.0;
    assert!((mean - 3.0).abs() < 0.5, "the table's x has mean 3, the samples have {mean}");
    assert_eq!(folder.good(&["sample", "model.tissot", "-n", "0"]), "x,y\n");
}

#[test]
fn a_conditional_model_samples_what_is_given() {
    let folder = Folder::new();
    let mut rng = rng(8);
    let row = |_| {
        let c = normal(&mut rng);
        vec![c, 3.0 * c + 0.3 * normal(&mut rng)]
    };
    folder.write("table.csv", csv("c,x", (0..600).map(row)));
    let flags = ["--context", "c", "--flow", "maf", "--transforms", "2", "--hidden", "16", "--steps", "400"];
    folder.fit("table.csv", "model.tissot", &flags);
    for (given, expected) in [("c=1", 3.0), ("c=-1", -3.0)] {
        let samples = folder.good(&["sample", "model.tissot", "-n", "500", "--given", given]);
        assert!(samples.starts_with("x\n"));
        let mean = rows(&samples).iter().map(|row| row[0]).sum::<f64>() / 500.0;
        assert!(
            (mean - expected).abs() < 0.5,
            "given {given} the mean is {expected}, the samples have {mean}"
        );
    }
    // The context columns of a table are found by their names.
    folder.good(&["score", "model.tissot", "table.csv", "--out", "scores.csv"]);
    assert_eq!(folder.text("scores.csv").lines().count(), 601);
}

#[test]
fn machines_can_read_everything() {
    let folder = Folder::new();
    folder.write("two.csv", two(200, 1));
    let fitted = folder.json(&[&["fit", "two.csv", "--out", "model.tissot", "--json"], &TINY[..]].concat());
    assert_eq!((&fitted["steps"], &fitted["is_bound"]), (&json!(30), &json!(false)));
    let info = folder.json(&["info", "model.tissot", "--json"]);
    assert_eq!(info["provenance"]["held_out"][0], fitted["held_out"]);
    let scored = folder.json(&["score", "model.tissot", "two.csv", "--json", "--out", "scores.csv"]);
    assert_eq!((&scored["rows"], &scored["outside_domain"]), (&json!(200), &json!(0)));
    assert_eq!(
        folder.json(&["devices", "--json"])[0],
        json!({"name": "flex", "what": "CPU: SIMD and threads, the default", "built_in": true, "feature": "flex"})
    );
    let sampled = folder.json(&["sample", "model.tissot", "-n", "3", "--json", "--out", "samples.csv"]);
    assert_eq!(sampled, json!({"rows": 3, "out": "samples.csv"}));
    let streams: [(&[&str], &str, usize); 3] = [
        (&["sample", "model.tissot", "-n", "3", "--json"], "y", 3),
        (&["transform", "model.tissot", "two.csv", "--json"], "z2", 200),
        (&["score", "model.tissot", "two.csv", "--json"], "percentile", 200),
    ];
    for (args, key, expected) in streams {
        let text = folder.good(args);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.iter().filter(|line| line[key].is_f64()).count(), expected, "{args:?}");
    }
}

#[test]
fn the_rest_of_the_help() {
    let folder = Folder::new();
    let script = folder.good(&["completions", "bash"]);
    assert!(script.contains("complete ") && script.contains("--checkpoint-every"), "{script}");
    let devices = folder.good(&["devices"]);
    assert!(devices.lines().any(|line| line.starts_with("flex ") && line.ends_with(" here")), "{devices}");
    assert!(folder.good(&["--version"]).starts_with("tissot "));
    assert!(folder.good(&["fit", "--help"]).contains("--resume"));
    let bare = folder.run(&[]);
    assert_eq!(bare.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&bare.stderr).contains("Commands:"));
}

/// Columns of all domains that have a unit, in units of `unit`.
fn all_domains(unit: f64) -> (String, String) {
    let mut rng = rng(11);
    let row = |_| {
        let x = normal(&mut rng);
        let more =
            [x.exp() + 0.1, (0.7 * normal(&mut rng)).tanh() * 2.0, (x + normal(&mut rng)).rem_euclid(6.0)];
        [x].iter().chain(&more).map(|value| value * unit).collect()
    };
    let table = csv("real,amount,share,angle", (0..300).map(row));
    let (two, six) = (2.0 * unit, 6.0 * unit);
    (table, format!("amount=positive,share=bounded(-{two},{two}),angle=periodic(0,{six})"))
}

#[test]
fn log_densities_are_in_the_units_of_the_table() {
    let folder = Folder::new();
    let mean = |unit: f64| {
        let (table, domains) = all_domains(unit);
        folder.write("table.csv", table);
        folder.fit("table.csv", "model.tissot", &[&["--domain", &domains][..], &TINY].concat());
        let scores = folder.json(&["score", "model.tissot", "table.csv", "--out", "scores.csv", "--json"]);
        let samples = rows(&folder.good(&["sample", "model.tissot", "-n", "500"]));
        assert!(samples.iter().all(|row| row[1] > 0.0 && row[2].abs() < 2.0 * unit), "outside of a domain");
        assert!(samples.iter().all(|row| (0.0..=6.0 * unit).contains(&row[3])), "outside of the circle");
        scores["mean"].as_f64().unwrap()
    };
    let (metres, millimetres) = (mean(1.0), mean(1000.0));
    let shift = millimetres - metres;
    let expected = -4.0 * 1000_f64.ln();
    assert!((shift - expected).abs() < 4e-3, "four columns in thousandths: {shift}, expected {expected}");
}

#[test]
fn rows_outside_a_domain_have_density_zero_and_are_told_apart() {
    let folder = Folder::new();
    let (table, domains) = all_domains(1.0);
    folder.write("table.csv", table);
    folder.fit("table.csv", "model.tissot", &[&["--domain", &domains][..], &TINY].concat());
    folder.write("new.csv", "angle,share,amount,real\n1,0.5,1,0\n1,0.5,-1,0\n1,2.5,1,0\n");
    let said = folder.good(&["score", "model.tissot", "new.csv", "--out", "scores.csv"]);
    assert!(said.contains("1 rows, mean log-density") && said.contains("; 2 rows have density 0"), "{said}");
    let scores = rows(&folder.text("scores.csv"));
    assert!(scores[0][0].is_finite());
    assert_eq!(scores[1..], [[f64::NEG_INFINITY, 0.0], [f64::NEG_INFINITY, 0.0]]);
}

#[test]
fn whole_numbers_have_a_bound_and_it_is_called_one() {
    let folder = Folder::new();
    let mut rng = rng(12);
    let row = |_| vec![(3.0 * normal(&mut rng)).round(), normal(&mut rng)];
    folder.write("table.csv", csv("count,x", (0..300).map(row)));
    let flags = [&["--domain", "count=integer"][..], &TINY].concat();
    assert!(folder.fit("table.csv", "model.tissot", &flags).contains("(a lower bound"));
    assert!(folder.good(&["info", "model.tissot"]).contains("(a lower bound"));
    let score = ["score", "model.tissot", "table.csv", "--out", "scores.csv"];
    assert!(folder.good(&score).contains("(a lower bound"));
    assert_eq!(folder.json(&[&score[..], &["--json"]].concat())["is_bound"], json!(true));
    let samples = rows(&folder.good(&["sample", "model.tissot", "-n", "100"]));
    assert!(samples.iter().all(|row| row[0].fract() == 0.0), "samples of whole numbers are whole");
}

#[test]
fn a_reader_that_has_enough_ends_the_program_quietly() {
    let folder = Folder::with_model();
    for json in [&[][..], &["--json"]] {
        let args = [&["sample", "model.tissot", "-n", "1000000"], json].concat();
        let mut child = folder.child(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains('x'), "{line}");
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[test]
fn groups_stay_together_and_are_no_column() {
    let folder = Folder::new();
    let mut rng = rng(13);
    let row = |i: usize| vec![normal(&mut rng), normal(&mut rng), (i % 45) as f64];
    folder.write("table.csv", csv("x,y,group", (0..405).map(row)));
    folder.fit("table.csv", "model.tissot", &[&["--split", "group:group"][..], &TINY].concat());
    let info = folder.json(&["info", "model.tissot", "--json"]);
    assert_eq!(info["columns"].as_array().unwrap().len(), 2);
    let parts = ["train_rows", "validation_rows", "test_rows"];
    let counts = parts.map(|part| info["provenance"][part].as_u64().unwrap());
    assert_eq!(counts.iter().sum::<u64>(), 405);
    assert!(
        counts.iter().all(|count| *count > 0 && count.is_multiple_of(9)),
        "{counts:?} are no groups of 9"
    );
}

#[test]
fn rows_with_missing_values_are_left_out_where_asked() {
    let folder = Folder::with_model();
    folder.write("gaps.csv", format!("{}NaN,1\n2,\n", two(100, 3)));
    let flags = [&["--missing", "drop"][..], &TINY].concat();
    let output = folder.run(&[&["fit", "gaps.csv", "--out", "gaps.tissot"], &flags[..]].concat());
    let found = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(found.lines().next(), Some("warning: 2 rows with missing values were left out"));
    assert!(output.status.success());
    let said =
        folder.good(&["score", "model.tissot", "gaps.csv", "--missing", "drop", "--out", "scores.csv"]);
    assert!(
        said.starts_with("100 rows, ") && said.contains("; 2 rows with missing values were left out"),
        "{said}"
    );
}

#[test]
fn a_learning_rate_that_breaks_the_flow() {
    let folder = Folder::with_model();
    let fails = |steps: &str, message: &str| {
        let args = ["fit", "two.csv", "--out", "out.tissot", "--learning-rate", "1e30", "--steps", steps];
        let output = folder.run(&[&args[..], &["--flow", "maf", "--hidden", "8"]].concat());
        let found = String::from_utf8_lossy(&output.stderr).into_owned();
        let (error, findings) =
            found.lines().collect::<Vec<_>>().split_last().map(|(a, b)| (*a, b.to_vec())).unwrap();
        assert!(error.starts_with(message), "{found}");
        // What the quick audit saw on the way there.
        assert!(
            !findings.is_empty()
                && findings.iter().all(|line| line.starts_with("step ") && line.contains(": layer ")),
            "{found}"
        );
        let metrics = folder.text("out.tissot.run/metrics.jsonl");
        assert!(metrics.contains(r#""unhealthy":["layer 0.ActNorm: a scale is e^"#), "{metrics}");
        assert_eq!(output.status.code(), Some(1), "{found}");
        assert!(!folder.path("out.tissot").exists(), "a model that is no number was kept");
    };
    fails(
        "5",
        "error: the log-density of the validation rows was never finite in 5 steps; a smaller --learning",
    );
    fails("40", "error: step 10: the loss or gradient is not finite, first in layer ");
}
