//! `tissot map`: what it writes, and what it says where it cannot.

mod common;

use common::{Folder, TINY, csv, normal, rng};
use serde_json::Value;

#[test]
fn a_report_is_one_page_that_loads_nothing() {
    let folder = Folder::with_model();
    assert_eq!(folder.good(&["map", "model.tissot", "two.csv"]), "wrote model.html\n");
    let page = folder.text("model.html");
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n") || page.ends_with("</html>"));
    for outside in ["src=\"http", "href=\"http", "url(http", "@import", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let json = &page[page.find("id=\"survey\">").unwrap() + 12..];
    let inside: Value = serde_json::from_str(&json[..json.find("</script>").unwrap()]).unwrap();
    let printed = folder.json(&["map", "model.tissot", "two.csv", "--json"]);
    assert!(inside == printed, "the page holds what --json prints");
}

#[test]
fn the_head_of_a_page_says_what_an_audit_finds() {
    let folder = Folder::with_model();
    let far = "x,y\n".to_owned() + &"900,900\n901,899\n".repeat(50);
    folder.write("far.csv", far);
    for (data, healthy) in [("two.csv", true), ("far.csv", false)] {
        folder.good(&["map", "model.tissot", data, "--out", "page.html"]);
        let page = folder.text("page.html");
        let audit = folder.json(&["map", "model.tissot", data, "--json"])["audit"].clone();
        let findings = audit["findings"].as_array().unwrap();
        assert_eq!(
            (audit["healthy"].as_bool(), findings.is_empty()),
            (Some(healthy), healthy),
            "{data}: {audit}"
        );
        let said = if healthy { audit["verdict"].as_str().unwrap() } else { findings[0].as_str().unwrap() };
        let first = said.split(['<', '>', '&', '"', '\'']).next().unwrap();
        assert!(page.contains(first), "{data}: {first}");
        assert_eq!(page.contains("</b> No: "), !healthy, "{data}");
    }
}

#[test]
fn numbers_of_the_map_are_those_of_score() {
    let folder = Folder::with_model();
    let json = folder.json(&["map", "model.tissot", "two.csv", "--json"]);
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 200);
    folder.good(&["score", "model.tissot", "two.csv", "--out", "scores.csv"]);
    let scores = common::rows(&folder.text("scores.csv"));
    for row in rows {
        let [log_prob, base, columns] =
            ["log_prob", "base", "columns"].map(|part| row[part].as_f64().unwrap());
        let score = scores[row["row"].as_u64().unwrap() as usize - 1][0];
        assert!((log_prob - score).abs() < 2e-4, "{row}: {score}");
        let layers: f64 = row["layers"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).sum();
        assert!((log_prob - base - columns - layers).abs() < 1e-3, "{row}");
        let stretches: f64 =
            row["stretches"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap().ln()).sum();
        assert!((row["log_det"].as_f64().unwrap() - stretches).abs() < 1e-3, "{row}");
        assert!(
            (row["log_det"].as_f64().unwrap() - layers).abs() < 1e-3,
            "standardised is the flow's own: {row}"
        );
    }
    let shares: f64 = json["ledger"].as_array().unwrap().iter().map(|t| t["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-3, "{shares}");
    assert!((json["books"]["mass"].as_f64().unwrap() - 1.0).abs() < 0.01, "{}", json["books"]);
    assert!(json["books"]["jacobian_gap"].as_f64().unwrap() < 1e-9, "{}", json["books"]);
}

#[test]
fn metrics_differ_by_the_columns_scales() {
    let folder = Folder::with_model();
    let at = |metric: &str| folder.json(&["map", "model.tissot", "two.csv", "--json", "--metric", metric]);
    let (standardised, units) = (at("standardised"), at("units"));
    for (a, b) in standardised["rows"].as_array().unwrap().iter().zip(units["rows"].as_array().unwrap()) {
        let difference = b["log_det"].as_f64().unwrap() - a["log_det"].as_f64().unwrap();
        assert!((difference - a["columns"].as_f64().unwrap()).abs() < 3e-4, "{a} {b}");
    }
    assert_eq!(units["metric_words"], "the columns' own units");
}

#[test]
fn more_columns_are_sliced_and_any_two_can_be_chosen() {
    let folder = Folder::new();
    let mut rng = rng(5);
    let rows = (0..150).map(|_| {
        let (a, b) = (normal(&mut rng), normal(&mut rng));
        vec![a, b, a + 0.01 * normal(&mut rng)]
    });
    folder.write("three.csv", csv("a,b,c", rows));
    folder.fit("three.csv", "three.tissot", &TINY);
    let json = folder.json(&["map", "three.tissot", "three.csv", "--json", "--columns", "c,b", "--at", "3"]);
    let map = &json["map"];
    assert_eq!((map["x"]["name"].as_str(), map["y"]["name"].as_str()), (Some("c"), Some("b")));
    assert_eq!(map["held"][0][0], "a");
    assert!(
        json["layers"].as_array().unwrap().is_empty()
            && map["digits"]["values"].as_array().unwrap().is_empty()
    );
    assert_eq!(json["ribbon"]["quantiles"].as_array().unwrap().len(), 3);
    let averaged = folder.json(&["map", "three.tissot", "three.csv", "--json", "--marginal"]);
    assert_eq!(
        (averaged["map"]["averaged"].as_u64(), &averaged["map"]["held"]),
        (Some(128), &Value::Array(vec![]))
    );
    folder.good(&[
        "map",
        "three.tissot",
        "three.csv",
        "--principal",
        "--marginal",
        "--out",
        "components.html",
    ]);
    assert!(
        folder
            .text("components.html")
            .contains("The first two principal components of the data: component 1")
    );
    let needs = "it needs two columns, the longitude from -180 to 360 and then the latitude from -90 to 90";
    let message = format!("--metric sphere: the model has 3 columns; {needs}");
    folder.fails(&["map", "three.tissot", "three.csv", "--metric", "sphere"], 2, &message);
    folder.good(&[
        "map",
        "three.tissot",
        "--out",
        "drawn.html",
        "--figure",
        "pairs",
        "--png",
        "p.png",
        "--svg",
        "p.svg",
    ]);
    assert!(folder.text("drawn.html").contains("2000 rows drawn from the model"));
    assert!(folder.read("p.png").starts_with(b"\x89PNG"));
    let svg = folder.text("p.svg");
    assert!(svg.contains("width=\"160mm\"") && !svg.contains("<text"), "letters are outlines");
}

#[test]
fn snapshots_show_what_training_changed() {
    let folder = Folder::new();
    folder.write("two.csv", common::two(200, 1));
    folder.fit("two.csv", "model.tissot", &[&TINY[..], &["--snapshots", "3"]].concat());
    let json = folder.json(&["map", "model.tissot", "two.csv", "--json"]);
    let training = json["training"].as_array().unwrap();
    let steps: Vec<u64> = training.iter().map(|at| at["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [0, 3, 13, 30]);
    let values = |k: usize, part: &str| -> Vec<f64> {
        training[k][part]["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
    };
    assert!(values(0, "total").iter().all(|v| *v == 0.0), "nothing has changed at the start");
    for ((total, base), log_det) in values(3, "total").iter().zip(values(3, "base")).zip(values(3, "log_det"))
    {
        assert!((total - base - log_det).abs() < 2e-4);
    }
    assert!(values(3, "total").iter().any(|v| v.abs() > 0.05));
    // A fit without snapshots leaves none of another behind.
    folder.fit("two.csv", "model.tissot", &TINY);
    let json = folder.json(&["map", "model.tissot", "two.csv", "--json"]);
    assert!(json["training"].as_array().unwrap().is_empty());
}

#[test]
fn what_cannot_be_is_one_line() {
    let folder = Folder::with_model();
    let names = "stretch, density, digits, latent-grid, data-grid, layers, ribbon, ledger, heat, pairs, training, pixels, directions";
    for (flags, message) in [
        (&["--figure", "x"][..], format!("--figure: found 'x', expected one of {names}")),
        (&["--columns", "x"], "--columns: found 1 names, expected two: a,b".into()),
        (&["--columns", "x,q"], "--columns: columns of the map: found x, q, expected two of x, y".into()),
        (&["--columns", "x,x"], "--columns: columns of the map: found x, x, expected two of x, y".into()),
        (&["--at", "0"], "--at: found 0, expected a row from 1".into()),
        (&["--at", "201"], "--at: row 201: there are 200 rows".into()),
        (&["--width", "3"], "--width: found 3, expected 60 to 600 millimetres".into()),
        (&["--dpi", "0"], "--dpi: found 0, expected 50 to 1200".into()),
        (&["--given", "d=1"], "--given: the context is that of DATA's rows; choose one of them with --at".into()),
        (
            &["--png", "a.png", "--figure", "training"],
            "--figure training: this model has stretch, density, digits, latent-grid, data-grid, layers, ribbon, ledger, heat".into(),
        ),
    ] {
        folder.fails(&[&["map", "model.tissot", "two.csv"], flags].concat(), 2, &message);
    }
    for (flags, message) in [
        (["--out", "none/a.html"], "--out none/a.html: its folder does not exist; make it first"),
        (["--svg", "."], "--svg .: is a folder; name a file"),
        (["--snapshots", "none"], "--snapshots none: No such file or directory (os error 2)"),
    ] {
        folder.fails(&[&["map", "model.tissot", "two.csv"], &flags[..]].concat(), 1, message);
    }
    let kind = "a binary file of an unknown kind, expected CSV, TSV, NPY, NPZ or Parquet, perhaps gzipped";
    folder.fails(
        &["map", "model.tissot", "model.tissot", "--out", "a.html"],
        1,
        &format!("model.tissot: {kind}"),
    );
}
