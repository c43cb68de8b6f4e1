//! The demo, for a few steps: what it writes, and that it says who is best.

mod common;

use common::Folder;

#[test]
fn the_demo_writes_a_model_samples_pictures_and_compares_honestly() {
    let folder = Folder::new();
    let output = folder.command(&["demo", "--steps", "20", "--out", "out"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for name in ["normalizing flow", "one Gaussian", "kernel density, cross-validated bandwidth"] {
        assert!(text.contains(name), "{text}");
    }
    // After 20 steps the flow cannot be ahead of neighbours, and the demo must say so.
    assert!(text.contains("best on these 341 rows: adaptive kernel density"), "{text}");
    assert!(folder.read("out/density.png").starts_with(b"\x89PNG"));
    let report = folder.text("out/report.html");
    assert!(report.contains("radians on the sphere") && report.contains("step 20: mean log p"), "the report");
    let samples = folder.text("out/samples.csv");
    assert_eq!(samples.lines().next(), Some("longitude,latitude"));
    assert_eq!(samples.lines().count(), 1_001);
    let info = folder.command(&["info", "out/model.tissot"]).output().unwrap();
    assert!(String::from_utf8(info.stdout).unwrap().contains("earthquakes (embedded)"));
}
