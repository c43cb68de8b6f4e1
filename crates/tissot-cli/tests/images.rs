//! The program on images: fit, samples, scores, info, and what it says of wrong input.

mod common;

use common::{Folder, rng};
use rand::RngExt;

const N: usize = 90;

/// An IDX file of 8 x 8 images, its labels beside it: three classes, each brighter than the one before.
fn idx(folder: &Folder) {
    let mut rng = rng(1);
    let mut images: Vec<u8> = [2051, N as u32, 8, 8].iter().flat_map(|n| n.to_be_bytes()).collect();
    let mut labels: Vec<u8> = [2049, N as u32].iter().flat_map(|n| n.to_be_bytes()).collect();
    for i in 0..N {
        let class = (i % 3) as u8;
        images.extend((0..64).map(|_| 80 * class + rng.random_range(0..40)));
        labels.push(class);
    }
    folder.write("train-images-idx3-ubyte", images);
    folder.write("train-labels-idx1-ubyte", labels);
}

const DATA: &str = "train-images-idx3-ubyte";
const SMALL: [&str; 12] = [
    "--levels",
    "1",
    "--level-steps",
    "2",
    "--hidden",
    "8",
    "--batch",
    "16",
    "--learning-rate",
    "5e-3",
    "--sample-every",
    "40",
];

fn fitted(more: &[&str]) -> Folder {
    let folder = Folder::new();
    idx(&folder);
    folder.fit(DATA, "m.tissot", &[&SMALL[..], more].concat());
    folder
}

#[test]
fn images_are_fitted_drawn_and_scored() {
    let folder = fitted(&["--steps", "120", "--class-conditional", "--flip", "--bits", "5"]);
    for step in ["40", "80", "120"] {
        assert!(folder.path(&format!("m.tissot.run/samples/{step}.png")).exists(), "{step}");
    }
    let info = folder.good(&["info", "m.tissot"]);
    for part in ["8 x 8, 1 channels of 32 levels", "classes      0, 1, 2", "72 train, 9 validation, 9 test"] {
        assert!(info.contains(part), "{part} is not in {info}");
    }
    let value = folder.json(&["info", "m.tissot", "--json"]);
    assert_eq!((&value["pixels"]["levels"], &value["classes"][2]), (&32.into(), &"2".into()));

    // The brightness of what is drawn is that of the class.
    folder.good(&[
        "sample",
        "m.tissot",
        "-n",
        "20",
        "--class",
        "2",
        "--temperature",
        "0.7",
        "--out",
        "two.npy",
    ]);
    folder.good(&["sample", "m.tissot", "-n", "20", "--class", "0", "--out", "zero.npy"]);
    let mean = |name: &str| {
        let bytes = folder.read(name);
        let pixels = &bytes[bytes.len() - 20 * 64..];
        pixels.iter().map(|&v| f64::from(v)).sum::<f64>() / 1280.0
    };
    assert!(mean("two.npy") > mean("zero.npy") + 80.0, "{} and {}", mean("two.npy"), mean("zero.npy"));
    assert_eq!(
        folder.good(&["sample", "m.tissot", "-n", "5", "--out", "grid.png"]),
        "5 images in grid.png\n"
    );
    assert!(folder.read("grid.png").starts_with(b"\x89PNG"));
    folder.good(&["sample", "m.tissot", "-n", "3", "--out", "drawn"]);
    assert!(folder.path("drawn/00002.png").exists() && !folder.path("drawn/00003.png").exists());
    let older = "--out drawn: holds pictures already (00000.png); name another folder, or empty this one";
    folder.fails(&["sample", "m.tissot", "-n", "2", "--out", "drawn"], 1, older);

    let said = folder.json(&["score", "m.tissot", DATA, "--out", "bits.csv", "--json"]);
    assert_eq!((&said["images"], &said["is_bound"]), (&N.into(), &true.into()));
    let rows = common::rows(&folder.text("bits.csv"));
    let mean = rows.iter().map(|row| row[1]).sum::<f64>() / N as f64;
    assert!(rows.iter().enumerate().all(|(i, row)| row[0] == (i + 1) as f64));
    assert!((mean - said["mean_bits_per_dim"].as_f64().unwrap()).abs() < 1e-9);
    assert!(mean < 5.0, "{mean} bits of 5");
    let tight = folder.json(&["score", "m.tissot", DATA, "--draws", "8", "--out", "bits.csv", "--json"]);
    assert!(tight["mean_bits_per_dim"].as_f64().unwrap() < mean);
}

#[test]
fn every_architecture_and_every_kind_of_pixel_is_fitted() {
    for more in [
        &["--flow", "nsf-image", "--bins", "4"][..],
        &["--flow", "realnvp-image", "--squash", "logit:0.05"],
        &["--dequantise", "variational", "--squash", "logit-both:0.05"],
    ] {
        let folder = fitted(&[more, &["--steps", "3"]].concat());
        let said = folder.json(&["score", "m.tissot", DATA, "--out", "bits.csv", "--json"]);
        assert!(said["mean_bits_per_dim"].as_f64().unwrap().is_finite(), "{more:?}");
    }
}

#[test]
fn a_run_goes_on_to_the_same_bytes() {
    let folder = fitted(&["--steps", "30", "--checkpoint-every", "10"]);
    let whole = folder.read("m.tissot");
    // The last checkpoint is of the last step: from there on there is nothing to do but to finish.
    folder.fit(
        DATA,
        "m.tissot",
        &[&SMALL[..], &["--steps", "30", "--checkpoint-every", "10", "--resume"]].concat(),
    );
    assert!(folder.read("m.tissot") == whole);
}

#[test]
fn wrong_input_is_one_line() {
    let folder = fitted(&["--steps", "2"]);
    folder.write("table.csv", common::two(50, 1));
    folder.fit("table.csv", "table.tissot", &common::TINY);
    let flow = folder.json(&["info", "m.tissot", "--json"])["flow"].clone();
    folder.write("flow.json", serde_json::json!({"flow": flow}).to_string());
    let fit = |more: &[&'static str]| [&["fit", DATA, "--out", "x.tissot"], more].concat();
    for (args, message) in [
        (fit(&["--columns", "a"]), format!("--columns: is for tables, and {DATA} holds images")),
        (fit(&["--split", "order"]), format!("--split: is for tables, and {DATA} holds images")),
        (
            fit(&["--flow", "maf"]),
            format!("--flow: is one for tables, and {DATA} holds images; use glow, realnvp-image or nsf-image"),
        ),
        (fit(&["--levels", "0"]), "--levels: found 0, expected at least 1".into()),
        (
            fit(&["--levels", "4"]),
            "--levels: found 4, but 8 x 8 pixels can be halved 3 times; use at most 3, or --resize".into(),
        ),
        (
            fit(&["--resize", "7,9"]),
            "--resize: the images are 7 x 9, expected an even height and width; --resize 8,12 makes them so".into(),
        ),
        (fit(&["--bits", "9"]), "--bits: found 9, expected 1 to 8".into()),
        (
            fit(&["--squash", "logit:1"]),
            "pixels.squash.alpha: found 1, expected a number between 0 and 1, such as 0.05".into(),
        ),
        (
            fit(&["--hidden", "8,8"]),
            "--hidden: for images one number, the channels of the networks' hidden layers".into(),
        ),
        (
            fit(&["--embed-context", "2"]),
            "--embed-context: there is no context to embed; --class-conditional makes the classes one".into(),
        ),
        (
            vec!["fit", "table.csv", "--out", "x.tissot", "--gray"],
            "--gray: is for images, and table.csv is read as a table".into(),
        ),
        (
            vec!["fit", "table.csv", "--out", "x.tissot", "--flow", "glow"],
            "--flow: is one for images, and table.csv is read as a table".into(),
        ),
        (fit(&["--bins", "4"]), "--bins: is of splines; use it with --flow nsf-image".into()),
        (
            vec!["fit", "table.csv", "--out", "x.tissot", "--config", "flow.json"],
            "--config: its flow is of images, and the data are read as a table".into(),
        ),
        (
            vec!["sample", "m.tissot", "-n", "9999999999999", "--out", "x.png"],
            "-n: found 9999999999999, expected at most 1957596 images at once".into(),
        ),
        (
            vec!["sample", "m.tissot", "-n", "2"],
            "--out: images need a name: grid.png for one picture, images.npy for an array, or a folder for a picture each".into(),
        ),
        (
            vec!["sample", "m.tissot", "-n", "2", "--out", "x.jpg"],
            "--out x.jpg: images are not written as .jpg; name a .png, a .npy or a folder".into(),
        ),
        (
            vec!["sample", "m.tissot", "-n", "2", "--class", "1", "--out", "x.png"],
            "--class: the model has none; `tissot fit --class-conditional` makes one that has".into(),
        ),
        (
            vec!["sample", "table.tissot", "-n", "2", "--temperature", "0.5"],
            "--temperature: is for images, and the model is of a table".into(),
        ),
        (
            vec!["sample", "table.tissot", "-n", "2", "--out", "x.png"],
            "--out x.png: the model is of a table, its samples are rows; name a .csv, or draw with tissot map table.tissot --png x.png".into(),
        ),
        (
            vec!["score", "table.tissot", "table.csv", "--draws", "2"],
            "--draws: is for images, and the model is of a table".into(),
        ),
        (
            vec!["score", "m.tissot", DATA, "--draws", "0"],
            "--draws: found 0, expected at least 1".into(),
        ),
    ] {
        folder.fails(&args, 2, &message);
    }
    folder.fails(&["fit", "none", "--out", "x.tissot", "--gray"], 1, "none: the file does not exist");
    let table = "m.tissot: it is a model of images, expected one of a table";
    folder.fails(&["transform", "m.tissot", DATA], 1, table);
}

#[test]
fn settings_of_a_file_stand_over_those_of_images() {
    let folder = Folder::new();
    idx(&folder);
    folder.write("settings.json", r#"{"settings": {"steps": 2}}"#);
    let flags = ["--level-steps", "1", "--hidden", "4", "--config", "settings.json"];
    folder.fit(DATA, "m.tissot", &flags);
    let settings = &folder.json(&["info", "m.tissot", "--json"])["provenance"]["settings"];
    assert_eq!(
        (&settings["steps"], &settings["batch"], &settings["clip"]),
        (&2.into(), &32.into(), &1.0.into())
    );
}

#[test]
fn the_map_of_images_says_where_the_bits_go() {
    let folder = fitted(&["--steps", "40", "--class-conditional"]);
    assert_eq!(folder.good(&["map", "m.tissot", DATA]), "wrote m.html\n");
    let json = folder.json(&["map", "m.tissot", DATA, "--json"]);
    let images = &json["images"];
    assert_eq!((images["count"].as_u64(), &images["shape"]), (Some(90), &serde_json::json!([8, 8, 1])));
    assert!(images["books_gap"].as_f64().unwrap() < 1e-9 && images["maps"][1]["class"].is_string());
    let said = folder.json(&["score", "m.tissot", DATA, "--out", "bits.csv", "--json"]);
    let [found, scored] =
        [&images["bits_per_dim"][0], &said["mean_bits_per_dim"]].map(|v| v.as_f64().unwrap());
    assert!((found - scored).abs() < 0.05, "{found} and {scored}: of other draws of the noise");
    folder.good(&["map", "m.tissot", "--figure", "directions", "--png", "d.png", "--svg", "d.svg"]);
    assert!(folder.read("d.png").starts_with(b"\x89PNG") && folder.text("d.svg").contains("160mm"));
    for flag in [["--columns", "a,b"], ["--at", "3"], ["--metric", "units"]] {
        let message = format!("{}: is for tables, and the model is of images", flag[0]);
        folder.fails(&["map", "m.tissot", DATA, flag[0], flag[1]], 2, &message);
    }
    let figures = "--figure ribbon: this model has ledger, pixels, directions";
    folder.fails(&["map", "m.tissot", DATA, "--figure", "ribbon", "--png", "r.png"], 2, figures);
}
