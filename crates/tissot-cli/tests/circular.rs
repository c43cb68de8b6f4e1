//! Periodic columns: kept on their circles by the spline flows, cut by the others.

mod common;

use common::{Folder, TINY, csv, normal, rng, rows};
use serde_json::{Value, json};

/// Hours all around the clock, and a number beside them.
fn hours() -> String {
    let mut rng = rng(21);
    let row = |k: usize| {
        let spread = if k.is_multiple_of(3) { 6.0 } else { 2.0 };
        let hour = (0.5 + spread * normal(&mut rng)).rem_euclid(24.0);
        vec![hour, normal(&mut rng) + (hour * std::f64::consts::PI / 12.0).cos()]
    };
    csv("hour,load", (0..600).map(row))
}

const SMALL: [&str; 8] = ["--steps", "40", "--transforms", "2", "--hidden", "8,8", "--bins", "5"];
const DOMAIN: [&str; 2] = ["--domain", "hour=periodic(0,24)"];

fn fitted(flags: &[&str]) -> Folder {
    let folder = Folder::new();
    folder.write("table.csv", hours());
    folder.fit("table.csv", "m.tissot", &[&DOMAIN[..], flags].concat());
    folder
}

/// Log-densities just before midnight, at it, and a day later.
fn around_midnight(folder: &Folder) -> Vec<f64> {
    folder.write("midnight.csv", "hour,load\n23.9999999,0.4\n0,0.4\n24,0.4\n48,0.4\n");
    folder.good(&["score", "m.tissot", "midnight.csv", "--out", "scores.csv"]);
    rows(&folder.text("scores.csv")).iter().map(|row| row[0]).collect()
}

#[test]
fn spline_flows_keep_hours_on_the_clock() {
    for flow in [&["--flow", "nsf"][..], &["--flow", "nsf-coupling"], &[]] {
        let folder = fitted(&[&SMALL[..], flow].concat());
        let scores = around_midnight(&folder);
        assert!(scores.iter().all(|score| (score - scores[0]).abs() < 1e-4), "{flow:?}: {scores:?}");
        let drawn = rows(&folder.good(&["sample", "m.tissot", "-n", "2000"]));
        assert!(drawn.iter().all(|row| (0.0..24.0).contains(&row[0])), "{flow:?}");
        let info = folder.json(&["info", "m.tissot", "--json"]);
        assert_eq!(info["columns"][0]["cut"], json!(0.0), "{info}");
        folder.good(&["transform", "m.tissot", "table.csv", "--out", "z.csv"]);
        let z = rows(&folder.text("z.csv"));
        assert!(z.iter().all(|row| row[0].abs() < 3.15), "{flow:?}: one turn");
        folder.good(&["map", "m.tissot", "table.csv", "--out", "map.html"]);
        // A flow that is hardly trained does not fit; nothing else is wrong with it.
        let audit = folder.run(&["audit", "m.tissot", "table.csv", "--json"]);
        let audit: Value = serde_json::from_slice(&audit.stdout).unwrap();
        let kinds: Vec<&str> = audit["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["kind"].as_str().unwrap())
            .collect();
        let of_fit = ["calibration", "coverage", "bridge", "tail"];
        assert!(kinds.iter().all(|kind| of_fit.contains(kind)), "{flow:?}: {kinds:?}");
        folder.fails(
            &["export", "m.tissot", "--out", "m.safetensors"],
            1,
            "flow: found circular features, expected a flow on lines (maf, realnvp, ..): what reads the file in \
             PyTorch knows no circles",
        );
    }
}

#[test]
fn one_circle_alone_has_a_flow() {
    let folder = Folder::new();
    folder.write("table.csv", hours());
    let flags = [&DOMAIN[..], &SMALL[..], &["--columns", "hour"]].concat();
    folder.fit("table.csv", "m.tissot", &flags);
    let drawn = rows(&folder.good(&["sample", "m.tissot", "-n", "500"]));
    assert!(drawn.iter().all(|row| (0.0..24.0).contains(&row[0])));
}

#[test]
fn other_flows_cut_the_circle_as_they_did() {
    let folder = fitted(&TINY);
    let info = folder.json(&["info", "m.tissot", "--json"]);
    let cut = info["columns"][0]["cut"].as_f64().unwrap();
    assert!(cut > 4.0 && cut < 23.0, "the largest gap is no midnight: {cut}");
    assert!(!info.to_string().contains("Torus"), "{info}");
    folder.good(&["export", "m.tissot", "--out", "m.safetensors"]);
    // A Student's t base has no circles: splines under it cut these, too.
    let args = [&["fit", "table.csv", "--out", "t.tissot", "--tails", "student-t"], &DOMAIN[..], &SMALL[..]];
    let output = folder.run(&args.concat());
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("note: --tails student-t: its base knows no circles"), "{said}");
    let info = folder.json(&["info", "t.tissot", "--json"]);
    assert_eq!(info["columns"][0]["cut"].as_f64(), Some(cut));
}

#[test]
fn a_flow_of_ones_own_has_the_circles_of_the_columns() {
    let folder = Folder::new();
    folder.write("table.csv", hours());
    let layer = json!({"CircularAutoregressive": {"circular": [0], "made": {"hidden": [8]}}});
    let flow = |circular: &[usize]| -> Value {
        let layers = if circular == [0] { vec![layer.clone()] } else { Vec::new() };
        json!({"flow": {"features": 2, "layers": layers, "base": {"Torus": {"features": circular}}}})
    };
    folder.write("flow.json", flow(&[0]).to_string());
    let args = ["--config", "flow.json", "--steps", "20"];
    folder.fit("table.csv", "m.tissot", &[&DOMAIN[..], &args].concat());
    let scores = around_midnight(&folder);
    assert!(scores.iter().all(|score| (score - scores[0]).abs() < 1e-4), "{scores:?}");
    folder.write("flow.json", flow(&[1]).to_string());
    folder.fails(
        &[&["fit", "table.csv", "--out", "n.tissot"], &DOMAIN[..], &args].concat(),
        2,
        "--config: its flow has the circular features [1], the periodic columns are [0] (counted from 0)",
    );
}
