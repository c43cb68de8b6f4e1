//! The whole message for every text that is wrong.

use tissot_train::table::{Missing, ReadOptions, Table};

use super::{Files, columns, gzip, read};

fn check(bytes: impl AsRef<[u8]>, options: &ReadOptions, expected: &str) {
    assert_eq!(read("t.csv", bytes.as_ref(), options).unwrap_err(), expected);
}

fn check_default(bytes: impl AsRef<[u8]>, expected: &str) {
    check(bytes, &ReadOptions::default(), expected);
}

#[test]
fn a_missing_file() {
    let files = Files::new();
    let error = Table::read(files.path("no.csv"), &ReadOptions::default()).unwrap_err();
    assert_eq!(files.message(error), "no.csv: the file does not exist");
}

#[test]
fn a_directory() {
    let files = Files::new();
    std::fs::create_dir(files.path("d")).unwrap();
    let error = Table::read(files.path("d"), &ReadOptions::default()).unwrap_err();
    assert_eq!(files.message(error), "d: this is a directory, expected a file with a table");
}

#[test]
fn an_empty_file() {
    let message = "t.csv: the file is empty, expected a table with at least one row";
    for bytes in [&b""[..], b"\n\r\n  \n", b"\xEF\xBB\xBF", &gzip(b"")] {
        check_default(bytes, message);
    }
}

#[test]
fn a_header_alone() {
    check_default("a,b\n", "t.csv: the table has no rows, expected at least one row of numbers");
}

#[test]
fn nothing_left_after_dropping() {
    let options = ReadOptions { missing: Missing::Drop, ..Default::default() };
    let message =
        "t.csv: all rows (2) have missing values and were dropped; choose other columns with --columns";
    check("a,b\n1,\n,2\n", &options, message);
}

#[test]
fn ragged_rows() {
    let tail = "expected 2 as in row 1; give all rows as many fields";
    check_default("a,b\n1,2\n1,2,3\n", &format!("t.csv: row 3: found 3 fields, {tail}"));
    check_default(
        "a,b\n1,2\n\n1,\n1\n",
        "t.csv: row 4, column \"b\": the value is missing (found \"\"); --missing drop drops such rows",
    );
    check_default("a,b\n1,2\n\n1\n", &format!("t.csv: row 4: found 1 fields, {tail}"));
    check_default("a,b\n1,2,\n", &format!("t.csv: row 2: found 3 fields, {tail}"));
    check_default("a,b,\n1,2,3\n", &format!("t.csv: row 2: found 3 fields, {tail}"));
}

#[test]
fn text_in_a_column_of_numbers() {
    let found = "t.csv: row 3, column \"b\": found \"abc\", expected a number";
    check("a,b\n1,2\n1,abc\n", &columns(&["b"]), found);
    let perhaps = format!("{found}; --columns chooses columns, here perhaps --columns a,c");
    check_default("a,b,c\n1,2,3\n1,abc,3\n", &perhaps);
    check_default(
        "a,b\nx,2\n",
        "t.csv: row 2, column \"a\": found \"x\", expected a number; --columns chooses columns, here perhaps --columns b",
    );
    check_default(
        "a,b\nx,y\n",
        "t.csv: row 2, column \"a\": found \"x\", expected a number; --columns a,b,c chooses columns",
    );
}

#[test]
fn a_decimal_comma() {
    let hint = "; write decimals with a point: 2.5";
    check_default(
        "a;b\n1;2,5\n",
        &format!("t.csv: row 2, column \"b\": found \"2,5\", expected a number{hint}"),
    );
}

#[test]
fn a_missing_value() {
    let tail = "--missing drop drops such rows";
    check_default(
        "a,b\n1,2\n1,NA\n",
        &format!("t.csv: row 3, column \"b\": the value is missing (found \"NA\"); {tail}"),
    );
    check_default(
        "1,2\n,2\n",
        &format!("t.csv: row 2, column \"x1\": the value is missing (found \"\"); {tail}"),
    );
    check_default(
        "a,b\n1,NaN\n",
        &format!("t.csv: row 2, column \"b\": the value is missing (found \"NaN\"); {tail}"),
    );
}

#[test]
fn an_infinite_value() {
    for missing in [Missing::Error, Missing::Drop] {
        let options = ReadOptions { missing, ..Default::default() };
        let tail = "expected a finite number; correct or remove the row";
        check(
            "a,b\nNA,-inf\n1,2\n".replace("NA", "0"),
            &options,
            &format!("t.csv: row 2, column \"b\": found \"-inf\", {tail}"),
        );
        check("a,b\n1,1e999\n", &options, &format!("t.csv: row 2, column \"b\": found \"1e999\", {tail}"));
    }
    // A row that would be dropped is still looked through.
    let options = ReadOptions { missing: Missing::Drop, ..columns(&["a", "b"]) };
    check("a,b\n1,2\nNA,oops\n", &options, "t.csv: row 3, column \"b\": found \"oops\", expected a number");
}

#[test]
fn a_wanted_column_that_is_not_there() {
    let bytes = "sepal_length,width\n1,2\n";
    let tail = "the columns are sepal_length, width";
    let near = format!("t.csv: there is no column \"sepal_lenght\" (did you mean \"sepal_length\"?); {tail}");
    check(bytes, &columns(&["sepal_lenght"]), &near);
    check(bytes, &columns(&["colour"]), &format!("t.csv: there is no column \"colour\"; {tail}"));
}

#[test]
fn duplicate_columns() {
    let message = "t.csv: columns 1 and 3 are both named \"a\"; rename one of them";
    check_default("a,b,a\n1,2,3\n", message);
    check("a,b,a\n1,2,3\n", &columns(&["b", "a"]), message);
}

#[test]
fn wanted_columns_that_make_no_sense() {
    check(
        "a,b\n1,2\n",
        &columns(&["a", "b", "a"]),
        "t.csv: column \"a\" is asked for twice; name each column once",
    );
    check("a,b\n1,2\n", &columns(&[]), "t.csv: no column is asked for; name at least one");
}

#[test]
fn text_that_is_not_utf_8() {
    let tail = "of the field is 0xE9, which is not UTF-8; save the file as UTF-8";
    check_default(b"a,b\n1,2\n1, 5\xE9\n", &format!("t.csv: row 3, column \"b\": byte 3 {tail}"));
    check_default(b"a,t\xE9\n1,2\n", &format!("t.csv: row 1, column 2: byte 2 {tail}"));
    check_default(b"\xFF\xFEa\0,\0", "t.csv: the text is UTF-16, expected UTF-8; save the file as UTF-8");
}

#[test]
fn bytes_of_another_kind() {
    check_default(
        b"\x89HDF\r\n\x1A\n\0\0",
        "t.csv: a binary file of an unknown kind, expected CSV, TSV, NPY, NPZ or Parquet, perhaps gzipped",
    );
}

#[test]
fn compressed_data_that_are_cut_short_or_damaged() {
    let rows: String = (0..50_000).map(|i| format!("{i},{}\n", i % 977 * 31 % 101)).collect();
    let mut bytes = gzip(format!("a,b\n{rows}").as_bytes());
    let damaged = |error: String| {
        assert!(error.starts_with("t.csv: the gzip data are damaged or cut short ("), "{error}");
        assert!(error.ends_with("); make the file again") && !error.contains('\n'), "{error}");
    };
    for length in [12, bytes.len() / 2, bytes.len() - 4] {
        damaged(read("t.csv", &bytes[..length], &ReadOptions::default()).unwrap_err());
    }
    let last = bytes.len() - 6;
    bytes[last] ^= 1;
    damaged(read("t.csv", &bytes, &ReadOptions::default()).unwrap_err());
}

#[test]
fn a_quote_that_is_not_closed() {
    let tail = "a quote (\") is opened in this row and never closed; close or remove it";
    check("n,x\na,1\n\n\"b,2\nc,3\nd,4\n", &columns(&["x"]), &format!("t.csv: row 4: {tail}"));
    check("n,x\na,1\nb,\"2", &columns(&["x"]), &format!("t.csv: row 3: {tail}"));
    check("\"n,x\na,1\n", &columns(&["x"]), &format!("t.csv: row 1: {tail}"));
}

#[test]
fn a_delimiter_that_cannot_be_one() {
    let options = ReadOptions { delimiter: Some(b'"'), ..Default::default() };
    check(
        "a\n1\n",
        &options,
        "t.csv: the delimiter '\"' cannot separate fields; use a comma, a semicolon or a tab",
    );
}
