//! What does not fit into memory is one clear line, beforehand where it can be known.

#![cfg(target_os = "linux")]

mod common;

use common::{Folder, TINY, csv, normal, rng, two};
use std::process::Output;

/// Runs the program with at most so many KiB of address space.
fn within(folder: &Folder, kib: usize, args: &[&str]) -> Output {
    let mut command = std::process::Command::new("sh");
    command.current_dir(folder.path(".")).args(["-c", &format!("ulimit -v {kib}; exec \"$0\" \"$@\"")]);
    command.arg(assert_cmd::cargo::cargo_bin!("tissot")).args(args).args(["--threads", "1"]).output().unwrap()
}

/// The one line of what must fail.
fn line(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), said.lines().count()), (Some(code), 1), "{said}");
    said
}

#[test]
fn a_batch_of_all_rows_is_as_large_as_it_gets() {
    let folder = Folder::new();
    folder.write("two.csv", two(200, 1));
    let huge = ["fit", "two.csv", "--out", "m.tissot", "--batch", "1000000000"];
    let output = folder.run(&[&huge, &TINY[..]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.starts_with("note: --batch: found 1000000000, a step takes all 160 that train\n"), "{said}");
}

#[test]
fn a_step_that_cannot_fit_is_refused_before_it_begins() {
    let folder = Folder::new();
    folder.write("two.csv", two(20_000, 1));
    // A row needs ten networks of 1,024 + 1,024 + 2 outputs in f32: 82,000 bytes, and 16,000 rows train.
    let large = ["--flow", "realnvp", "--transforms", "10", "--hidden", "1024,1024", "--batch", "1000000000"];
    let args = [&["fit", "two.csv", "--out", "m.tissot"], &large[..]].concat();
    let output = within(&folder, 800_000, &args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let [note, refusal] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert_eq!(note, "note: --batch: found 1000000000, a step takes all 16000 that train");
    let start = "error: --batch: found 1000000000, a step of 16000 takes at least 1251 MiB of memory and ";
    assert!(refusal.starts_with(start) && refusal.contains(" MiB are free; use at most "), "{refusal}");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(folder.names("."), ["two.csv"]);
}

#[test]
fn memory_that_cannot_be_had_is_one_line() {
    let folder = Folder::new();
    folder.write("two.csv", two(200, 1));
    let mut rng = rng(3);
    let row = |_| (0..8).map(|_| normal(&mut rng)).collect();
    // 12 MiB of numbers, twice while they are divided.
    folder.write("large.csv", csv("a,b,c,d,e,f,g,h", (0..200_000).map(row)));
    let fit = |data: &'static str| [&["fit", data, "--out", "m.tissot"], &TINY[..]].concat();
    // What the program needs itself.
    let enough = (32_000..1_000_000)
        .step_by(4_000)
        .find(|&kib| within(&folder, kib, &fit("two.csv")).status.success());
    let enough = enough.unwrap();
    let model = folder.read("m.tissot");
    for more in [0, 6_000, 12_000] {
        let said = line(&within(&folder, enough + more, &fit("large.csv")), 1);
        let known =
            ["error: out of memory: ", "error: large.csv: "].iter().any(|start| said.starts_with(start));
        assert!(known, "{said}");
        assert!(folder.read("m.tissot") == model, "the model before was touched");
    }
}
