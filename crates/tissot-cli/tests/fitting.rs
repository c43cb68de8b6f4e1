//! What a fit says about the flow that it made.

mod common;

use common::{Folder, csv, normal, rng, rows, two};
use serde_json::json;

#[test]
fn a_flow_that_is_worse_than_a_gaussian_says_so() {
    let folder = Folder::new();
    // A sheared ring: a Gaussian knows the shear and not the hole, the flow knows neither at its start, and both later.
    let mut rng = rng(15);
    let row = |_| {
        let (angle, radius) = (std::f64::consts::TAU * normal(&mut rng), 5.0 + 0.1 * normal(&mut rng));
        vec![radius * angle.cos(), radius * (angle.sin() + 2.0 * angle.cos())]
    };
    folder.write("ring.csv", csv("x,y", (0..600).map(row)));
    let fit = |flags: &[&str]| {
        let args =
            [&["fit", "ring.csv", "--out", "model.tissot", "--json", "--hidden", "16,16"], flags].concat();
        let output = folder.run(&args);
        assert!(output.status.success());
        let said = String::from_utf8(output.stderr).unwrap();
        (said, serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap())
    };
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let (said, made) = fit(&["--steps", "1"]);
    assert_eq!(made["worse_than_gaussian"], json!(true));
    let (gaussian, flow) = (number(&made["gaussian"]), number(&made["held_out"]));
    assert!(flow < gaussian, "{made}");
    let start = format!(
        "warning: a single Gaussian of the training rows is better on the held-out rows: {gaussian:.4} nats a row, the flow {flow:.4} (by "
    );
    assert!(said.starts_with(&start) && said.lines().count() == 1, "{said}");
    let (said, made) = fit(&["--steps", "400", "--transforms", "2"]);
    assert_eq!((said.as_str(), &made["worse_than_gaussian"]), ("", &json!(false)), "{made}");
    assert_eq!(number(&made["gaussian"]), gaussian, "the same rows have the same Gaussian");
    // Without test rows it is the validation rows that count; without either there is nothing to compare on.
    let (said, made) = fit(&["--steps", "1", "--test", "0"]);
    assert!(said.contains(" is better on the validation rows: "), "{said}");
    assert_eq!((&made["held_out"], &made["worse_than_gaussian"]), (&json!(null), &json!(true)));
    let (said, made) = fit(&["--steps", "1", "--test", "0", "--validation", "0"]);
    assert_eq!(
        (said.as_str(), &made["gaussian"], &made["worse_than_gaussian"]),
        ("", &json!(null), &json!(null))
    );
}

#[test]
fn the_seed_of_a_configuration_counts_unless_a_flag_gives_another() {
    let folder = Folder::new();
    folder.write("two.csv", two(200, 1));
    folder.write("config.json", json!({ "settings": { "seed": 7, "steps": 5 } }).to_string());
    let model = |flags: &[&str]| {
        folder.fit("two.csv", "model.tissot", &[flags, &["--flow", "realnvp", "--hidden", "8"]].concat());
        let info = folder.json(&["info", "model.tissot", "--json"]);
        (info["provenance"]["seed"].clone(), info["provenance"]["held_out"].clone())
    };
    let seven = model(&["--seed", "7", "--steps", "5"]);
    assert_eq!(model(&["--config", "config.json"]), seven);
    let eight = model(&["--config", "config.json", "--seed", "8"]);
    assert_eq!(eight.0, json!(8));
    assert_ne!(eight.1, seven.1, "another seed is another split and other weights");
}

#[test]
fn an_embedded_context_is_fitted_and_found_again() {
    let folder = Folder::new();
    let mut rng = rng(16);
    let row = |_| {
        let (c, d) = (normal(&mut rng), normal(&mut rng));
        vec![c, d, 3.0 * c - d + 0.3 * normal(&mut rng)]
    };
    folder.write("table.csv", csv("c,d,x", (0..600).map(row)));
    let flags =
        ["--context", "c,d", "--flow", "maf", "--transforms", "2", "--hidden", "16", "--steps", "400"];
    folder.fit("table.csv", "model.tissot", &[&flags[..], &["--embed-context", "3"]].concat());
    assert!(folder.good(&["info", "model.tissot"]).contains("embedding    of the context, to 3 features"));
    let info = folder.json(&["info", "model.tissot", "--json"]);
    assert_eq!((&info["flow"]["context"], &info["flow"]["embedding"]["features"]), (&json!(2), &json!(3)));
    let samples = folder.good(&["sample", "model.tissot", "-n", "500", "--given", "c=1,d=-1"]);
    let mean = rows(&samples).iter().map(|row| row[0]).sum::<f64>() / 500.0;
    assert!((mean - 4.0).abs() < 0.5, "given c=1,d=-1 the mean is 4, the samples have {mean}");
    folder.good(&["transform", "model.tissot", "table.csv", "--out", "z.csv"]);
    let z: Vec<f64> = rows(&folder.text("z.csv")).iter().map(|row| row[0]).collect();
    let variance = z.iter().map(|z| z * z).sum::<f64>() / z.len() as f64;
    assert!((variance - 1.0).abs() < 0.3, "latents have variance 1, these have {variance}");
    // The whole flow as a file asks for it, too.
    folder.write("config.json", json!({ "flow": info["flow"], "settings": { "steps": 5 } }).to_string());
    folder.fit("table.csv", "again.tissot", &["--context", "c,d", "--config", "config.json"]);
    assert_eq!(folder.json(&["info", "again.tissot", "--json"])["flow"], info["flow"]);
}

#[test]
fn one_test_row_makes_a_model_that_can_be_read() {
    let folder = Folder::new();
    folder.write("few.csv", two(10, 3));
    let fit = ["--steps", "5", "--flow", "maf", "--transforms", "1", "--hidden", "4"];
    assert!(folder.fit("few.csv", "few.tissot", &fit).contains("+- 0.0000 nats a row, 1 rows"));
    assert!(folder.good(&["info", "few.tissot"]).contains("1 test"));
}
