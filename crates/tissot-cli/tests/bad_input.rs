//! Tables that cannot be fitted or scored: one line says what is wrong and where, and nothing is left behind.

mod common;

use common::{Folder, TINY, csv, normal, rng, two};

/// The same fault in the same words, whether a table is fitted or scored.
fn unreadable(bytes: impl AsRef<[u8]>, message: &str) {
    let folder = Folder::with_model();
    folder.write("bad.csv", bytes);
    fits_not(&folder, "bad.csv", &[], message);
    folder.fails(&["score", "model.tissot", "bad.csv", "--out", "scores.csv"], 1, message);
    folder.fails(&["transform", "model.tissot", "bad.csv", "--out", "z.csv"], 1, message);
}

fn fits_not(folder: &Folder, data: &str, flags: &[&str], message: &str) {
    folder.fails(&[&["fit", data, "--out", "out.tissot"], flags, &TINY].concat(), 1, message);
}

/// A fit of rows that can be read but have no density.
fn unfit(header: &str, rows: Vec<Vec<f64>>, flags: &[&str], message: &str) {
    let folder = Folder::new();
    folder.write("bad.csv", csv(header, rows));
    fits_not(&folder, "bad.csv", flags, message);
}

/// Rows of a normal draw and of `more` of it.
fn draws(n: usize, mut more: impl FnMut(f64) -> Vec<f64>) -> Vec<Vec<f64>> {
    let mut rng = rng(5);
    (0..n).map(|_| normal(&mut rng)).map(|x| [vec![x], more(x)].concat()).collect()
}

#[test]
fn files_that_are_none() {
    let folder = Folder::with_model();
    std::fs::create_dir(folder.path("folder")).unwrap();
    // A fit takes a folder for one of images.
    for (data, unfit, message) in [
        ("none.csv", "none.csv: the file does not exist", "none.csv: the file does not exist"),
        (
            "folder",
            "folder: there are no PNG or JPEG files in this folder",
            "folder: this is a directory, expected a file with a table",
        ),
    ] {
        fits_not(&folder, data, &[], unfit);
        folder.fails(&["score", "model.tissot", data, "--out", "scores.csv"], 1, message);
    }
}

#[test]
fn tables_without_rows() {
    unreadable("", "bad.csv: the file is empty, expected a table with at least one row");
    unreadable("x,y\n", "bad.csv: the table has no rows, expected at least one row of numbers");
}

#[test]
fn rows_of_other_lengths() {
    unreadable(
        "x,y\n1,2\n3,4,5\n",
        "bad.csv: row 3: found 3 fields, expected 2 as in row 1; give all rows as many fields",
    );
}

#[test]
fn cells_that_are_no_finite_numbers() {
    for (cell, message) in [
        (
            "NaN",
            "bad.csv: row 3, column \"y\": the value is missing (found \"NaN\"); --missing drop drops such rows",
        ),
        (
            "",
            "bad.csv: row 3, column \"y\": the value is missing (found \"\"); --missing drop drops such rows",
        ),
        (
            "-inf",
            "bad.csv: row 3, column \"y\": found \"-inf\", expected a finite number; correct or remove the row",
        ),
    ] {
        unreadable(format!("x,y\n1,2\n3,{cell}\n5,6\n"), message);
    }
}

#[test]
fn text_in_a_number_column() {
    let folder = Folder::with_model();
    folder.write("bad.csv", "x,y\n1,2\n3,tall\n5,6\n");
    let message = "bad.csv: row 3, column \"y\": found \"tall\", expected a number";
    folder.fails(&["score", "model.tissot", "bad.csv", "--out", "scores.csv"], 1, message);
    fits_not(
        &folder,
        "bad.csv",
        &[],
        &format!("{message}; --columns chooses columns, here perhaps --columns x"),
    );
}

#[test]
fn bytes_that_are_no_text() {
    unreadable(
        b"x,y\n1,2\n3,4\xFF\n",
        "bad.csv: row 3, column \"y\": byte 2 of the field is 0xFF, which is not UTF-8; save the file as UTF-8",
    );
    unreadable(
        b"\x7FELF\x00\x00\x00",
        "bad.csv: a binary file of an unknown kind, expected CSV, TSV, NPY, NPZ or Parquet, perhaps gzipped",
    );
}

#[test]
fn columns_that_are_not_there() {
    let folder = Folder::with_model();
    folder.write("other.csv", "x,z\n1,2\n");
    let message = "other.csv: there is no column \"y\"; the columns are x, z";
    folder.fails(&["score", "model.tissot", "other.csv", "--out", "scores.csv"], 1, message);
    let message = "two.csv: there is no column \"z1\"; the columns are x, y";
    folder.fails(&["transform", "model.tissot", "two.csv", "--inverse", "--out", "back.csv"], 1, message);
    let message = "two.csv: there is no column \"z\"; the columns are x, y";
    fits_not(&folder, "two.csv", &["--columns", "x,z"], message);
    let message = "two.csv: column \"x\" is asked for twice; name each column once";
    fits_not(&folder, "two.csv", &["--columns", "x,x"], message);
}

#[test]
fn too_few_rows() {
    unfit(
        "x,y",
        vec![vec![1.0, 2.0]],
        &[],
        "bad.csv: 1 row is fewer than a density over 2 columns needs (at least 3)",
    );
    unfit(
        "x,y,z",
        vec![vec![1.0, 2.0, 5.0], vec![3.0, 4.0, 4.5], vec![2.0, 9.0, 3.0]],
        &[],
        "bad.csv: 3 rows are fewer than a density over 3 columns needs (at least 4)",
    );
}

#[test]
fn columns_without_a_density() {
    unfit(
        "x,y",
        draws(100, |_| vec![7.0]),
        &[],
        "bad.csv: column `y` is 7 in all 100 rows: such rows have no density; leave it out with `--columns x`",
    );
    unfit(
        "x,y",
        draws(100, |x| vec![x]),
        &[],
        "bad.csv: column `y` is a copy of column `x`: such rows have no density; leave it out with `--columns x`",
    );
    let mut other = rng(6);
    let sum = |x: f64| {
        let y = normal(&mut other);
        vec![y, 2.0 * x - y + 1.0]
    };
    unfit(
        "x,y,z",
        draws(100, sum),
        &[],
        "bad.csv: column `z` is 2 * `x` - `y` + 1 to 1e-9 of its standard deviation: such rows have no density; leave it out with `--columns x,y`",
    );
}

#[test]
fn values_outside_their_domain() {
    let rows = || draws(100, |x| vec![x.sin() * 0.7 + x * x]);
    let below = rows().iter().filter(|row| row[0] < 0.0).count();
    unfit(
        "x,y",
        rows(),
        &["--domain", "x=positive"],
        &format!(
            "bad.csv: column `x`: {below} of 100 values are below the lower bound 0, where there is no density; drop `--domain x=positive`, or leave it out with `--columns y`"
        ),
    );
    let mut rows = draws(100, |x| vec![(3.0 * x).round()]);
    rows[60][1] = 2.5;
    unfit(
        "x,y",
        rows.clone(),
        &["--domain", "y=integer"],
        "bad.csv: row 62, column \"y\": 2.5 is outside its domain integer; give another with --domain",
    );
    rows[60][1] = 100.5;
    unfit(
        "x,y",
        rows,
        &["--context", "y", "--domain", "y=bounded(-100,100)"],
        "bad.csv: row 62, column \"y\": 100.5 is outside its domain bounded(-100,100); give another with --domain",
    );
}

#[test]
fn a_table_is_not_overwritten_by_what_is_made_of_it() {
    let folder = Folder::with_model();
    let path = std::fs::canonicalize(folder.path("two.csv")).unwrap();
    let message =
        format!("--out {}: is the file that is read (two.csv); give the name of another", path.display());
    folder.fails(&[&["fit", "two.csv", "--out", "two.csv"], &TINY[..]].concat(), 2, &message);
    folder.fails(&["score", "model.tissot", "two.csv", "--out", "two.csv"], 2, &message);
    assert_eq!(folder.text("two.csv"), two(200, 1));
}
