//! `tissot audit`: its verdict, its exit code, its limits, and what it says of wrong input.

mod common;

use common::{Folder, csv, normal, rng, two};

/// The flags of a fit that learns two dependent columns well.
const GOOD: [&str; 10] =
    ["--steps", "500", "--flow", "nsf-coupling", "--transforms", "2", "--hidden", "16,16", "--seed", "1"];

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("train.csv", two(2_000, 1));
    folder.fit("train.csv", "model.tissot", &GOOD);
    folder
}

/// Exit code, standard output and standard error.
fn audit(folder: &Folder, args: &[&str]) -> (Option<i32>, String, String) {
    let output = folder.run(&[&["audit", "model.tissot"], args].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_good_model_is_healthy_and_other_rows_are_not_its_own() {
    let folder = folder();
    let (code, said, error) = audit(&folder, &["--rows", "500"]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{said}");
    assert!(
        said.starts_with("model.tissot: healthy: nothing found in 4 layers on 500 of its own samples\n"),
        "{said}"
    );
    assert!(said.contains("\nnote: without DATA nothing can be said of calibration"), "{said}");

    folder.write("test.csv", two(1_500, 2));
    let (code, said, error) = audit(&folder, &["test.csv"]);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{said}");
    for part in [
        "on 1500 rows",
        "round trip ",
        "log-det ",
        "total probability ",
        "regions hold ",
        "mass without data ",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }

    // The same columns, moved by two deviations: the base does not fit, and the exit code says so.
    let mut rng = rng(3);
    let moved = (0..1_500).map(|_| {
        let x = 7.0 + 2.0 * normal(&mut rng);
        vec![x, 0.5 * x + normal(&mut rng)]
    });
    folder.write("moved.csv", csv("x,y", moved));
    let (code, said, error) = audit(&folder, &["moved.csv"]);
    assert_eq!((code, error.as_str()), (Some(1), ""), "{said}");
    assert!(said.contains("\n  - the latents do not follow the base: in "), "{said}");
}

#[test]
fn machines_read_the_same_verdict() {
    let folder = folder();
    let few = ["--rows", "300", "--samples", "1000", "--jacobians", "20", "--json"];
    let (code, said, _) = audit(&folder, &few);
    let value: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(value["healthy"], true);
    assert_eq!(value["volume"]["rows"], 20);
    assert_eq!(value["layers"].as_array().unwrap().len(), 4);
    assert_eq!(value["layers"][1]["name"], "1.Coupling");
    assert!(value["calibration"].is_null(), "there are no data");
    let (code, strict, _) = audit(&folder, &[&few[..], &["--limit", "round-trip=0,log_det=1e-3"]].concat());
    let value: serde_json::Value = serde_json::from_str(&strict).unwrap();
    assert_eq!((code, &value["healthy"]), (Some(1), &serde_json::json!(false)));
    assert!(value["findings"].as_array().unwrap().iter().all(|finding| finding["kind"] == "round_trip"));
    assert_eq!(value["thresholds"]["round_trip"], 0.0);
}

#[test]
fn a_table_is_thinned_and_its_gaps_are_counted() {
    let folder = folder();
    let table = two(900, 4);
    folder.write("gaps.csv", format!("{table}1.5,\n"));
    let (code, said, _) = audit(&folder, &["gaps.csv", "--rows", "200", "--missing", "drop"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("note: 200 of 900 rows of the table were looked at, evenly spaced"), "{said}");
    assert!(said.contains("note: 1 rows with missing values were left out"), "{said}");
    let streamed =
        folder.command(&["audit", "model.tissot", "-", "--rows", "200"]).write_stdin(table).output();
    assert!(streamed.unwrap().status.success());
}

#[test]
fn wrong_input_is_one_line() {
    let folder = folder();
    folder.write("other.csv", "x,z\n1,2\n");
    folder.write("empty.csv", "x,y\n");
    let limits = "round_trip, log_det, precision, condition, log_slope, diagonal, outside, saturated, calibration, coverage, mass, collapsed, bridges, tail";
    for (args, code, message) in [
        (
            vec!["audit", "none.tissot"],
            2,
            "none.tissot: cannot be read: No such file or directory (os error 2)".to_owned(),
        ),
        (
            vec!["audit", "model.tissot", "--limit", "trip=1"],
            2,
            format!(
                "invalid value 'trip=1' for '--limit <LIMIT>': found 'trip', expected one of {limits}; --help lists what can be given"
            ),
        ),
        (vec!["audit", "model.tissot", "--rows", "1"], 2, "--rows: found 1, expected at least 2".to_owned()),
    ] {
        folder.fails(&args, code, &message);
    }
    for data in ["other.csv", "empty.csv", "none.csv"] {
        let output = folder.run(&["audit", "model.tissot", data]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.starts_with(&format!("error: {data}: ")), "{said}");
    }
}
