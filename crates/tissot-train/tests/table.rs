//! Tables: what is read and written, and what is said about files that are wrong.

#[path = "table/arrays.rs"]
mod arrays;
#[path = "table/errors.rs"]
mod errors;
#[cfg(feature = "parquet")]
#[path = "table/parquet.rs"]
mod parquet;
#[path = "table/writing.rs"]
mod writing;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use tissot_train::table::{Header, Missing, ReadOptions, RowReader, Table};

/// A directory for the files of one test.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    /// The names of the files that are there.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A message without the directory, which differs from run to run.
    fn message(&self, error: impl ToString) -> String {
        error.to_string().replace(&format!("{}/", self.0.path().display()), "")
    }
}

fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Table, String> {
    let files = Files::new();
    Table::read(files.write(name, bytes), options).map_err(|error| files.message(error))
}

fn text(bytes: &str) -> Table {
    read("t.csv", bytes.as_bytes(), &ReadOptions::default()).unwrap()
}

fn columns(names: &[&str]) -> ReadOptions {
    ReadOptions { columns: Some(names.iter().map(|&name| name.to_owned()).collect()), ..Default::default() }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_delimiter_is_found() {
    for bytes in ["a,b\n1,2\n3,4\n", "a\tb\n1\t2\n3\t4\n", "a;b\n1;2\n3;4\n"] {
        let table = text(bytes);
        assert_eq!((table.columns, table.rows), (vec!["a".to_owned(), "b".to_owned()], 2), "{bytes:?}");
        assert_eq!((table.values, table.lines), (vec![1.0, 2.0, 3.0, 4.0], vec![2, 3]), "{bytes:?}");
    }
    let options = ReadOptions { delimiter: Some(b'|'), ..Default::default() };
    assert_eq!(read("t", b"a|b\n1|2\n", &options).unwrap().values, [1.0, 2.0]);
}

#[test]
fn a_first_line_of_numbers_is_no_header() {
    let table = text("1,2\n3,4\n");
    assert_eq!((table.columns, table.lines), (vec!["x1".to_owned(), "x2".to_owned()], vec![1, 2]));
    let header = |header| ReadOptions { header, ..Default::default() };
    let table = read("t", b"1,2\n3,4\n", &header(Header::Yes)).unwrap();
    assert_eq!((table.columns, table.values), (vec!["1".to_owned(), "2".to_owned()], vec![3.0, 4.0]));
    let error = read("t", b"a,b\n3,4\n", &header(Header::No)).unwrap_err();
    assert!(error.starts_with("t: row 1, column \"x1\": found \"a\", expected a number"), "{error}");
}

#[test]
fn details_of_text_do_not_matter() {
    for bytes in [
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r1,2\r3,4",
        "\u{FEFF}a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "a,b\n1,2\n3,4\n\n\n  \n\r\n",
        " a , b \n 1 ,\t2\n3 , 4\n",
        "\"a\",\"b\"\n\"1\",\"2\"\n3, \"4\"\n",
        "a,b,\n1,2,\n3,4\n",
    ] {
        let table = text(bytes);
        assert_eq!(table.columns, ["a", "b"], "{bytes:?}");
        assert_eq!(table.values, [1.0, 2.0, 3.0, 4.0], "{bytes:?}");
        assert_eq!(table.lines, [2, 3], "{bytes:?}");
    }
}

#[test]
fn rows_are_the_lines_of_the_file() {
    let bytes = "\r\nn,x\r\n\r\n\"two\r\nlines\",1\r\n\r\n\r\nb,2\r\n\"\",3\r\n\"l\na\ns\nt\",4";
    let table = read("t", bytes.as_bytes(), &columns(&["x"])).unwrap();
    assert_eq!((table.values, table.lines), (vec![1.0, 2.0, 3.0, 4.0], vec![4, 8, 9, 10]));
}

#[test]
fn chosen_columns_come_in_order_and_others_may_hold_anything() {
    let bytes = b"name,x,name,y\nd\xE9j\xE0,1,,2\n\"a,b\",3,?,4\n";
    let table = read("t", bytes, &columns(&["y", "x"])).unwrap();
    assert_eq!(
        (table.columns, table.values),
        (vec!["y".to_owned(), "x".to_owned()], vec![2.0, 1.0, 4.0, 3.0])
    );
}

#[test]
fn a_column_without_a_name_is_numbered() {
    assert_eq!(text(",a\n0,1\n1,2\n").columns, ["x1", "a"]);
}

#[test]
fn rows_with_missing_values_are_dropped_and_counted() {
    let bytes = b"a,b,c\n1,2,x\n,2,x\n1,NA,x\nNaN,2,x\n1,nan,x\n?,2,x\n1,null,x\n-,2,x\n1,.,x\n3,4,NA\n";
    let options = ReadOptions { missing: Missing::Drop, ..columns(&["a", "b"]) };
    let table = read("t", bytes, &options).unwrap();
    assert_eq!((table.values, table.lines, table.dropped), (vec![1.0, 2.0, 3.0, 4.0], vec![2, 11], 8));
}

#[test]
fn compressed_files_are_read_whatever_they_are_called() {
    let table = read("t.dat", &gzip(b"a;b\n1;2\n"), &ReadOptions::default()).unwrap();
    assert_eq!(table.values, [1.0, 2.0]);
    let parts = [gzip(b"a\n1\n"), gzip(b"2\n")].concat();
    assert_eq!(read("t.csv.gz", &parts, &ReadOptions::default()).unwrap().values, [1.0, 2.0]);
}

#[test]
fn blocks_are_cut_where_they_are_asked_to_be() {
    let mut bytes = "a,b\n".to_owned();
    for i in 0..100_000 {
        bytes.push_str(&if i % 10 == 3 { format!("{i},NA\n") } else { format!("{i},{}\n", i as f64 / 7.0) });
    }
    let files = Files::new();
    let path = files.write("long.csv", bytes.as_bytes());
    let options = ReadOptions { missing: Missing::Drop, ..Default::default() };
    let mut reader = RowReader::open(&path, &options).unwrap();
    let (mut sizes, mut values, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(block) = reader.next_block(40_000).unwrap() {
        assert_eq!((block.values.len(), block.lines.len()), (2 * block.rows, block.rows));
        sizes.push(block.rows);
        values.extend(block.values);
        lines.extend(block.lines);
    }
    assert_eq!((sizes, reader.dropped()), (vec![40_000, 40_000, 10_000], 10_000));
    assert!(reader.next_block(1).unwrap().is_none(), "the end stays the end");
    for (row, line) in values.chunks(2).zip(&lines) {
        assert_eq!((row[0], row[1]), ((line - 2) as f64, (line - 2) as f64 / 7.0));
    }
    assert_eq!(Table::read(&path, &options).unwrap().values, values);
}
