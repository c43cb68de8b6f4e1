//! Parquet: files of three other libraries (`parquet/make.py`), and our own.

use std::fs;
use std::path::PathBuf;

use tissot_train::table::{LabelColumn, Missing, ReadOptions, RowReader, Table, TableWriter};

use super::{Files, columns, gzip, read};

const N: usize = 20;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/table/parquet").join(name)
}

fn column(name: &str, of: &str) -> Result<Vec<f64>, String> {
    Table::read(path(name), &columns(&[of])).map(|table| table.values).map_err(|error| error.to_string())
}

fn said(name: &str, options: &ReadOptions) -> String {
    let error = Table::read(path(name), options).unwrap_err().to_string();
    error.replace(&format!("{}/", path("").display()).replace("//", "/"), "")
}

fn made(of: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..N).map(|i| of(i as f64)).collect()
}

#[test]
fn every_type_is_read() {
    for (name, expected) in [
        ("f64", made(|i| i / 8.0 - 1.0)),
        ("f32", made(|i| i / 4.0)),
        ("i8", made(|i| i - 3.0)),
        ("i32", made(|i| i - 3.0)),
        ("i64", made(|i| i - 3.0)),
        ("u8", made(|i| 255.0 - i)),
        ("u32", made(|i| 4_294_967_295.0 - i)),
        ("u64", made(|i| 18_446_744_073_709_551_616.0 - 4096.0 * i)),
        ("price", made(|i| 1.25 * i)),
        ("flag", made(|i| i % 2.0)),
        ("inner.a", made(|i| i)),
    ] {
        assert_eq!(column("pyarrow_snappy.parquet", name), Ok(expected), "{name}");
    }
}

#[test]
fn every_library_and_codec_is_read() {
    for file in [
        "pyarrow_none",
        "pyarrow_gzip",
        "pyarrow_lz4",
        "pyarrow_zstd",
        "pyarrow_delta",
        "polars",
        "fastparquet",
    ] {
        let file = format!("{file}.parquet");
        let options = ReadOptions { missing: Missing::Drop, ..columns(&["i64", "gap", "f64"]) };
        let table = Table::read(path(&file), &options).unwrap();
        let kept: Vec<usize> = (0..N).filter(|i| !matches!(i % 5, 2 | 3)).collect();
        let rows: Vec<f64> =
            kept.iter().flat_map(|&i| [i as f64 - 3.0, i as f64, i as f64 / 8.0 - 1.0]).collect();
        let lines: Vec<u64> = kept.iter().map(|&i| i as u64 + 1).collect();
        assert_eq!((table.values, table.lines, table.dropped), (rows, lines, 8), "{file}");
        assert_eq!(table.columns, ["i64", "gap", "f64"], "{file}");
    }
    let told = said("pyarrow_brotli.parquet", &columns(&["f64"]));
    assert!(told.starts_with("pyarrow_brotli.parquet: not a sound Parquet file: "), "{told}");
    assert!(told.to_lowercase().contains("brotli"), "{told}");
}

#[test]
fn blocks_cross_groups_of_rows() {
    let mut reader = RowReader::open(path("pyarrow_snappy.parquet"), &columns(&["i32", "f32"])).unwrap();
    let (mut values, mut sizes) = (Vec::new(), Vec::new());
    while let Some(block) = reader.next_block(6).unwrap() {
        sizes.push(block.rows);
        values.extend(block.values);
    }
    assert_eq!(sizes, [6, 6, 6, 2]);
    assert_eq!(values, (0..N).flat_map(|i| [i as f64 - 3.0, i as f64 / 4.0]).collect::<Vec<_>>());
}

#[test]
fn labels_are_text_numbers_or_times() {
    let labels = |name: &str, missing| ReadOptions {
        labels: Some(LabelColumn { name: name.to_owned(), is_number: false }),
        missing,
        ..columns(&["f64"])
    };
    for file in ["pyarrow_zstd.parquet", "pyarrow_delta.parquet", "polars.parquet", "fastparquet.parquet"] {
        let table = Table::read(path(file), &labels("name", Missing::Drop)).unwrap();
        let expected: Vec<String> = (0..N).filter(|&i| i != 7).map(|i| format!("group {}", i / 5)).collect();
        assert_eq!(table.labels.iter().map(|l| l.to_string()).collect::<Vec<_>>(), expected, "{file}");
    }
    assert_eq!(
        said("pyarrow_zstd.parquet", &labels("name", Missing::Error)),
        "pyarrow_zstd.parquet: row 8, column \"name\": the value is missing (found \"null or NaN\"); --missing drop drops such rows"
    );
    let table = Table::read(path("pyarrow_snappy.parquet"), &labels("i8", Missing::Error)).unwrap();
    assert_eq!((&*table.labels[0], &*table.labels[19]), ("-3", "16"));
    let table = Table::read(path("pyarrow_snappy.parquet"), &labels("when", Missing::Error)).unwrap();
    let hour: f64 = table.labels[1].parse::<f64>().unwrap() - table.labels[0].parse::<f64>().unwrap();
    assert_eq!(hour, 3_600e6);
}

#[test]
fn what_is_no_number_is_named() {
    for (name, found) in [("name", "text"), ("when", "times"), ("list.list.element", "lists")] {
        assert_eq!(
            said("pyarrow_snappy.parquet", &columns(&[name])),
            format!(
                "pyarrow_snappy.parquet: column {name:?} holds {found}, expected numbers; convert it or choose others with --columns"
            )
        );
    }
    let told = said("pyarrow_snappy.parquet", &columns(&["gap"]));
    assert!(told.contains("row 3, column \"gap\": the value is missing"), "{told}");
    let told = said("pyarrow_snappy.parquet", &columns(&["Price"]));
    assert!(told.contains("did you mean \"price\"?"), "{told}");
}

#[test]
fn what_is_written_is_read() {
    let files = Files::new();
    let path = files.path("t.parquet");
    let mut writer = TableWriter::create(&path, &["a", "b,c"]).unwrap();
    // More than one group of rows.
    let rows = 150_000;
    let row = |i: usize| [(i as f64).sin(), i as f64 * 1e-300];
    (0..rows).for_each(|i| writer.write_row(&row(i)).unwrap());
    assert!(!path.exists());
    writer.finish().unwrap();
    let table = Table::read(&path, &ReadOptions::default()).unwrap();
    assert_eq!((table.columns.join(" "), table.rows), ("a b,c".to_owned(), rows));
    assert!((0..rows).all(|i| table.row(i) == row(i)));
    assert_eq!(files.names(), ["t.parquet"]);

    let mut writer = TableWriter::create(&path, &["a"]).unwrap();
    writer.write_row(&[f64::NAN]).unwrap();
    drop(writer);
    assert_eq!(Table::read(&path, &ReadOptions::default()).unwrap().rows, rows, "what was there stays");
    let writer = TableWriter::create(&path, &["a"]).unwrap();
    writer.finish().unwrap();
    let error = Table::read(&path, &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.ends_with("the table has no rows, expected at least one row of numbers"), "{error}");
    let error = TableWriter::create(files.path("t.parquet.gz"), &["a"]).unwrap_err().to_string();
    assert!(error.contains("tables are written as text or Parquet"), "{error}");
}

#[test]
fn a_header_that_claims_too_much_is_refused() {
    let told = said("claims_too_much.parquet", &columns(&["gap"]));
    let reason = "a page's header is cut short";
    assert_eq!(told, format!("claims_too_much.parquet: not a sound Parquet file: {reason}; write it again"));
}

#[test]
fn more_rows_than_a_file_can_tell_apart_are_refused() {
    use parquet::data_type::DoubleType;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    let schema = parquet::schema::parser::parse_message_type("message m { required double a; }").unwrap();
    let properties = WriterProperties::builder().set_data_page_row_count_limit(usize::MAX).build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema.into(), properties.into()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let part = vec![1.5; 1 << 20];
    for _ in 0..10 {
        column.typed::<DoubleType>().write_batch(&part, None, None).unwrap();
    }
    column.close().unwrap();
    group.close().unwrap();
    let bytes = writer.into_inner().unwrap();
    let told = read("t.parquet", &bytes, &ReadOptions::default()).unwrap_err();
    let rows = 10 << 20;
    let length = bytes.len();
    assert_eq!(
        told,
        format!(
            "t.parquet: not a sound Parquet file: it claims {rows} rows in {length} bytes; write it again"
        )
    );
}

#[test]
fn infinite_values_are_refused() {
    let files = Files::new();
    let path = files.path("t.parquet");
    let mut writer = TableWriter::create(&path, &["a"]).unwrap();
    writer.write_row(&[1.0]).unwrap();
    writer.write_row(&[f64::NEG_INFINITY]).unwrap();
    writer.finish().unwrap();
    let error = files.message(Table::read(&path, &ReadOptions::default()).unwrap_err());
    assert_eq!(
        error,
        "t.parquet: row 2, column \"a\": found \"-inf\", expected a finite number; correct or remove the row"
    );
}

#[test]
fn a_gzipped_file_is_read_and_a_damaged_one_refused() {
    let bytes = fs::read(path("pyarrow_none.parquet")).unwrap();
    let wanted = columns(&["f64", "i64"]);
    let whole = read("t.parquet", &bytes, &wanted).unwrap();
    assert_eq!(read("t.parquet.gz", &gzip(&bytes), &wanted).unwrap().values, whole.values);
    for length in 0..bytes.len() {
        let error = read("t.parquet", &bytes[..length], &wanted).unwrap_err();
        assert!(error.starts_with("t.parquet: ") && !error.contains('\n'), "{length}: {error}");
    }
    let longer = [&bytes[..], b"x"].concat();
    let error = read("t.parquet", &longer, &wanted).unwrap_err();
    assert_eq!(
        error,
        "t.parquet: not a sound Parquet file: it does not end like one, so it may be cut short; write it again"
    );
    let end = bytes.len() - 8;
    let claimed = [&bytes[..end], &u32::MAX.to_le_bytes(), b"PAR1"].concat();
    let error = read("t.parquet", &claimed, &wanted).unwrap_err();
    assert!(error.contains("its metadata are longer than the file"), "{error}");
    assert!(read("t.parquet", b"a,b\n1,2\n", &wanted).unwrap_err().contains("it does not begin like one"));
}
