//! NPY and NPZ: bytes are put together here after the format's description, so that no reader checks itself.

use std::io::{Cursor, Write};

use npyz::npz::NpzWriter;
use tissot_train::table::{Missing, ReadOptions, Table};

use super::{Files, columns, gzip, read};

fn npy(descr: &str, fortran: bool, shape: &str, data: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

fn f8(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = NpzWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        writer.zip_writer().start_file(format!("{name}.npy"), Default::default()).unwrap();
        writer.zip_writer().write_all(bytes).unwrap();
    }
    writer.zip_writer().finish().unwrap().into_inner()
}

fn good(bytes: &[u8]) -> Table {
    read("a.npy", bytes, &ReadOptions::default()).unwrap()
}

#[track_caller]
fn wrong(bytes: &[u8], expected: &str) {
    assert_eq!(read("a.npy", bytes, &ReadOptions::default()).unwrap_err(), expected);
}

#[test]
fn every_type_is_read() {
    let expected = [1.0, 2.0, 100.0, 127.0];
    macro_rules! check {
        ($($descr:literal $number:ty, $convert:ident;)*) => {$(
            let data = expected.iter().flat_map(|&value| (value as $number).$convert());
            assert_eq!(good(&npy($descr, false, "(2, 2)", data)).values, expected, $descr);
        )*};
    }
    check! {
        "'<f4'" f32, to_le_bytes; "'>f4'" f32, to_be_bytes; "'<f8'" f64, to_le_bytes; "'>f8'" f64, to_be_bytes;
        "'|i1'" i8, to_le_bytes; "'<i2'" i16, to_le_bytes; "'>i4'" i32, to_be_bytes; "'<i8'" i64, to_le_bytes;
        "'|u1'" u8, to_le_bytes; "'>u2'" u16, to_be_bytes; "'<u4'" u32, to_le_bytes; "'>u8'" u64, to_be_bytes;
    }
    assert_eq!(good(&npy("'|i1'", false, "(2,)", [0xFF, 0x80])).values, [-1.0, -128.0]);
    assert_eq!(good(&npy("'>i2'", false, "(1,)", [0xFF, 0xFE])).values, [-2.0]);
    assert_eq!(good(&npy("'|u1'", false, "(1,)", [0xFF])).values, [255.0]);
    assert_eq!(good(&npy("'<u8'", false, "(1,)", [0xFF; 8])).values, [18_446_744_073_709_551_616.0]);
}

#[test]
fn both_orders_are_read() {
    let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let table = good(&npy("'<f8'", false, "(2, 3)", f8(&rows)));
    assert_eq!(
        (table.columns.join(" "), table.values, table.lines),
        ("x1 x2 x3".into(), rows.into(), vec![1, 2])
    );
    let bytes = npy("'<f8'", true, "(2, 3)", f8(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]));
    assert_eq!(good(&bytes).values, rows);
    assert_eq!(read("a", &bytes, &columns(&["x3", "x1"])).unwrap().values, [3.0, 1.0, 6.0, 4.0]);
    assert_eq!(good(&gzip(&bytes)).values, rows);
    assert_eq!(good(&npy("'<f8'", false, "(3,)", f8(&rows[..3]))).columns, ["x1"]);
}

#[test]
fn long_arrays_are_read_in_pieces() {
    let values: Vec<f64> = (0..60_000).map(f64::from).collect();
    assert_eq!(good(&npy("'<f8'", false, "(20000, 3)", f8(&values))).values, values);
}

#[test]
fn missing_and_infinite_values() {
    let bytes = npy("'<f8'", false, "(2, 2)", f8(&[1.0, 2.0, f64::NAN, 4.0]));
    wrong(
        &bytes,
        "a.npy: row 2, column \"x1\": the value is missing (found \"NaN\"); --missing drop drops such rows",
    );
    let drop = ReadOptions { missing: Missing::Drop, ..Default::default() };
    let table = read("a.npy", &bytes, &drop).unwrap();
    assert_eq!((table.values, table.dropped), (vec![1.0, 2.0], 1));
    let bytes = npy("'<f8'", true, "(2, 2)", f8(&[1.0, 2.0, 3.0, f64::INFINITY]));
    let message =
        "a.npy: row 2, column \"x2\": found \"inf\", expected a finite number; correct or remove the row";
    wrong(&bytes, message);
    assert_eq!(read("a.npy", &bytes, &drop).unwrap_err(), message);
}

#[test]
fn arrays_that_are_cut_short() {
    for (fortran, keep, row) in [(false, 47, 2), (false, 24, 2), (false, 0, 1), (true, 47, 2), (true, 32, 1)]
    {
        let bytes = npy("'<f8'", fortran, "(2, 3)", f8(&[1.0; 6])[..keep].to_vec());
        let message = format!(
            "a.npy: the array ends in row {row}, expected 2 rows; the file is cut short, make it again"
        );
        wrong(&bytes, &message);
    }
    // A header may claim what it likes: no more memory is asked for than there are bytes.
    let bytes = npy("'<f8'", true, "(100000000000, 3)", f8(&[1.0; 6]));
    let tail = "expected 100000000000 rows; the file is cut short, make it again";
    wrong(&bytes, &format!("a.npy: the array ends in row 7, {tail}"));
}

#[test]
fn arrays_that_are_damaged() {
    let tail = "write it again with numpy.save";
    let bytes = npy("'<f8'", false, "(1,)", f8(&[1.0]));
    wrong(&bytes[..40], &format!("a.npy: not a sound NPY file: its header is cut short; {tail}"));
    wrong(&bytes[1..], &format!("a.npy: not a sound NPY file: it does not begin like one; {tail}"));
    let mut odd = bytes.clone();
    odd[10] = b'(';
    wrong(&odd, &format!("a.npy: not a sound NPY file: its header is not a Python dictionary; {tail}"));
    let mut new = bytes;
    new[6] = 9;
    new[8..12].fill(0);
    wrong(
        &new,
        &format!("a.npy: not a sound NPY file: its header is wrong (unsupported version: (9, 0)); {tail}"),
    );
    new[6] = 2;
    new[8..12].fill(0xFF);
    wrong(&new, &format!("a.npy: not a sound NPY file: its header claims to be longer than 64 KiB; {tail}"));
    let huge = npy("'<f8'", false, "(4294967296, 4294967296)", []);
    let reason = "its shape (4294967296, 4294967296) is too large to be true";
    wrong(&huge, &format!("a.npy: not a sound NPY file: {reason}; {tail}"));
    let flat = npy("'<f8'", false, "(5, 0)", []);
    wrong(&flat, &format!("a.npy: not a sound NPY file: its shape (5, 0) has no columns; {tail}"));
}

#[test]
fn arrays_of_another_rank_or_type() {
    let tail = "expected 1 or 2 dimensions; reshape it to (rows, columns)";
    wrong(
        &npy("'<f8'", false, "(1, 1, 2)", f8(&[1.0; 2])),
        &format!("a.npy: the array has shape (1, 1, 2), {tail}"),
    );
    wrong(&npy("'<f8'", false, "()", f8(&[1.0])), &format!("a.npy: the array has shape (), {tail}"));
    let tail = "expected f4, f8, i1 to i8 or u1 to u8; convert it with astype(\"f8\")";
    wrong(&npy("'<c16'", false, "(1,)", [0; 16]), &format!("a.npy: the array has type '<c16', {tail}"));
    wrong(&npy("'<U3'", false, "(1,)", [0; 12]), &format!("a.npy: the array has type '<U3', {tail}"));
    wrong(&npy("'|O'", false, "(1,)", [0; 12]), &format!("a.npy: the array has type '|O', {tail}"));
    wrong(
        &npy("'<f8'", false, "(0, 2)", []),
        "a.npy: the table has no rows, expected at least one row of numbers",
    );
    let error = read("a.npy", &npy("'<f8'", false, "(1,)", f8(&[1.0])), &columns(&["x2"])).unwrap_err();
    assert_eq!(error, "a.npy: there is no column \"x2\" (did you mean \"x1\"?); the columns are x1");
}

#[test]
fn an_array_of_an_archive() {
    let table = npy("'<f8'", false, "(1, 2)", f8(&[1.0, 2.0]));
    let list = npy("'<f8'", false, "(2,)", f8(&[3.0, 4.0]));
    let files = Files::new();
    let path = files.write("a.npz", &npz(&[("labels", list.clone()), ("data", table.clone())]));
    let open = |path: &str| Table::read(path, &ReadOptions::default()).map_err(|error| files.message(error));
    let path = path.to_str().unwrap();
    assert_eq!(open(path).unwrap().values, [1.0, 2.0]);
    assert_eq!(open(&format!("{path}:labels")).unwrap().values, [3.0, 4.0]);
    let error = open(&format!("{path}:nothing")).unwrap_err();
    assert_eq!(error, "a.npz: there is no array \"nothing\"; the arrays are data, labels");
    assert_eq!(open(&format!("{path}x:data")).unwrap_err(), "a.npzx:data: the file does not exist");
    assert_eq!(good(&npz(&[("only", list.clone())])).values, [3.0, 4.0]);
    assert_eq!(good(&gzip(&npz(&[("only", list.clone())]))).values, [3.0, 4.0]);
    wrong(
        &npz(&[("one", table.clone()), ("two", table.clone()), ("three", list)]),
        "a.npy: which array is meant? choose one as a.npy:NAME from one (1, 2), three (2,), two (1, 2)",
    );
    wrong(&npz(&[]), "a.npy: not a sound NPZ file: it holds no arrays; write it again with numpy.savez");
    wrong(
        &npz(&[("d", table[..table.len() - 3].to_vec())]),
        "a.npy:d: the array ends in row 1, expected 1 rows; the file is cut short, make it again",
    );
    let bytes = npz(&[("d", table)]);
    let error = read("a.npz", &bytes[..bytes.len() / 2], &ReadOptions::default()).unwrap_err();
    assert!(
        error.starts_with("a.npz: not a sound NPZ file: ")
            && error.ends_with("; write it again with numpy.savez")
    );
}
