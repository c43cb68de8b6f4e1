//! NPY and NPZ files; bytes are put together here after the format's description.

use std::io::{Cursor, Write};

use npyz::npz::NpzWriter;
use tissot_train::images::{ImageOptions, recognises};

use super::{Files, all, gzip, noise, on_disk};

pub fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
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

/// Names and files of arrays.
type Arrays = Vec<(&'static str, Vec<u8>)>;

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = NpzWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        writer.zip_writer().start_file(format!("{name}.npy"), Default::default()).unwrap();
        writer.zip_writer().write_all(bytes).unwrap();
    }
    writer.zip_writer().finish().unwrap().into_inner()
}

fn f4(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[test]
fn every_shape_is_read() {
    let files = Files::new();
    let pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    let planar = vec![1, 3, 5, 2, 4, 6, 7, 9, 11, 8, 10, 12];
    for (shape, expected, order) in [
        ("(2, 2, 3)", [2, 3, 1], pixels.to_vec()),
        ("(2, 2, 3, 1)", [2, 3, 1], pixels.to_vec()),
        ("(2, 1, 2, 3)", [1, 2, 3], pixels.to_vec()),
        ("(2, 3, 1, 2)", [1, 2, 3], planar.clone()),
        ("(2, 1, 3, 2)", [3, 2, 1], pixels.to_vec()),
    ] {
        let path = files.write("a.npy", &npy("|u1", shape, &pixels));
        assert!(recognises(path).unwrap());
        for options in [ImageOptions::default(), on_disk()] {
            let set = files.open("a.npy", &options).unwrap();
            assert_eq!(
                (set.len(), set.shape(), set.in_memory()),
                (2, expected, options.memory > 0),
                "{shape}"
            );
            assert_eq!(all(&set), order, "{shape}");
        }
        files.write("a.npy.gz", &gzip(&npy("|u1", shape, &pixels)));
        assert_eq!(all(&files.good("a.npy.gz")), order);
    }
    let path = files.write("t.npy", &npy("|u1", "(4, 3)", &pixels));
    assert!(!recognises(path).unwrap(), "a table");
}

#[test]
fn every_type_is_read() {
    let files = Files::new();
    let values = [0_i64, 3, 100, 127];
    macro_rules! check {
        ($($descr:literal $number:ty, $convert:ident;)*) => {$(
            let data: Vec<u8> = values.iter().flat_map(|&value| (value as $number).$convert()).collect();
            files.write("a.npy", &npy($descr, "(1, 2, 2)", &data));
            for options in [ImageOptions::default(), on_disk()] {
                assert_eq!(all(&files.open("a.npy", &options).unwrap()), [0, 3, 100, 127], $descr);
            }
        )*};
    }
    check! {
        "|i1" i8, to_le_bytes; "<i2" i16, to_le_bytes; ">i4" i32, to_be_bytes; "<i8" i64, to_le_bytes;
        ">u2" u16, to_be_bytes; "<u4" u32, to_le_bytes; ">u8" u64, to_be_bytes; "<f4" f32, to_le_bytes;
        ">f8" f64, to_be_bytes;
    }
}

#[test]
fn values_that_are_no_pixels() {
    let files = Files::new();
    let unit =
        "expected whole numbers from 0 to 255; for values in [0, 1], save (255 * x).round().astype(\"u1\")";
    let scale = "expected whole numbers from 0 to 255; scale and round the array to 0..255 and save it with astype(\"u1\")";
    for (value, hint) in [(0.25, unit), (256.0, scale), (-1.0, scale), (2.5, scale), (f32::NAN, scale)] {
        let bytes = npy("<f4", "(2, 1, 2)", &f4(&[1.0, 0.0, 7.0, value]));
        let expected = format!("a.npy: image 2: found the value {value}, {hint}");
        files.bytes_wrong("a.npy", &bytes, &expected);
        assert_eq!(files.open("a.npy", &on_disk()).unwrap_err(), expected, "before any is read");
    }
    files.bytes_wrong(
        "a.npy",
        &npy("|i1", "(1, 1, 1)", &[0xFF]),
        &format!("a.npy: image 1: found the value -1, {scale}"),
    );
}

#[test]
fn arrays_that_are_wrong() {
    let files = Files::new();
    let ranks = "expected (n, height, width), (n, height, width, channels) or (n, channels, height, width) with 1 or 3 channels";
    for shape in ["(2, 3)", "(1, 2, 3, 2)", "(1, 2, 3, 2, 1)", "(70000, 70000, 70000)"] {
        let expected = format!("a.npy: the array has shape {shape}, {ranks}");
        files.bytes_wrong("a.npy", &npy("|u1", shape, &[]), &expected);
    }
    let sound = "a.npy: not a sound NPY file:";
    let huge =
        "its shape (4294967296, 4294967296, 4) is too large to be true; write it again with numpy.save";
    files.bytes_wrong("a.npy", &npy("|u1", "(4294967296, 4294967296, 4)", &[]), &format!("{sound} {huge}"));
    let long = npy("|u1", "(4294967296, 28, 28)", &[1, 2]);
    let what = "(4294967296 images of 28 x 28 pixels with 1 channels from byte 128 on); make the file again";
    files.bytes_wrong("a.npy", &long, &format!("a.npy: found 130 bytes, expected 3367254360192 {what}"));
    files.bytes_wrong(
        "a.npy",
        b"\x93NUMPY\x01\x00\x10",
        &format!("{sound} its header is cut short; write it again with numpy.save"),
    );
    let dtype = "a.npy: the array has type '<c8', expected whole numbers from 0 to 255; convert it with astype(\"u1\")";
    files.bytes_wrong("a.npy", &npy("<c8", "(1, 1, 1)", &[0; 8]), dtype);
    let text = String::from_utf8_lossy(&npy("|u1", "(1, 2, 2)", b"1234")).replace("False", "True ");
    let bytes: Vec<u8> = [&b"\x93"[..], &text.as_bytes()[3..]].concat();
    files.bytes_wrong(
        "a.npy",
        &bytes,
        "a.npy: the array is in Fortran order; save numpy.ascontiguousarray of it",
    );
    let empty = "a.npy: holds 0 images of 2 x 2 pixels, expected at least one of at least one";
    files.bytes_wrong("a.npy", &npy("|u1", "(0, 2, 2)", &[]), empty);
}

#[test]
fn archives_with_labels() {
    let pixels = noise(12);
    let images = || npy("|u1", "(3, 2, 2)", &pixels);
    let labels = |descr: &str, bytes: &[u8]| npy(descr, "(3,)", bytes);
    let other = || npy("|u1", "(1, 2, 2)", &[0; 4]);
    let cases: [(&str, Arrays, Option<&str>); 7] = [
        ("a.npz", vec![("x", images()), ("y", labels("|u1", &[5, 3, 5]))], Some("3 5")),
        ("a.npz", vec![("x", images()), ("subject", labels("<i2", &[5, 0, 3, 0, 5, 0]))], Some("3 5")),
        (
            "a.npz",
            vec![("images", images()), ("labels", npy("<f4", "(3, 1)", &f4(&[5.0, 3.0, 5.0])))],
            Some("3 5"),
        ),
        ("a.npz", vec![("faces", images())], None),
        (
            "a.npz",
            vec![("x_train", images()), ("x_test", other()), ("y_train", labels("|u1", &[5, 3, 5]))],
            Some("3 5"),
        ),
        (
            "a.npz:X_test",
            vec![("x_train", other()), ("X_test", images()), ("y_test", labels("|u1", &[5, 3, 5]))],
            Some("3 5"),
        ),
        ("a.npz", vec![("x", images()), ("i", labels("|u1", &[0; 3])), ("j", labels("|u1", &[1; 3]))], None),
    ];
    for (name, arrays, expected) in cases {
        let files = Files::new();
        files.write("a.npz", &npz(&arrays));
        assert!(recognises(files.path(name)).unwrap());
        let set = files.good(name);
        assert_eq!((set.len(), all(&set)), (3, pixels.clone()));
        assert_eq!(set.labels, expected.map(|_| vec![1, 0, 1]));
        assert_eq!(set.classes.join(" "), expected.unwrap_or_default());
    }
}

#[test]
fn archives_that_are_wrong() {
    let files = Files::new();
    let images = || npy("|u1", "(3, 2, 2)", &noise(12));
    let wrong =
        |arrays: &[(&str, Vec<u8>)], expected: &str| files.bytes_wrong("a.npz", &npz(arrays), expected);
    let which = "a.npz: which array has the images? choose one as a.npz:NAME from";
    wrong(&[("p", images()), ("q", images())], &format!("{which} p (3, 2, 2), q (3, 2, 2)"));
    wrong(&[("p", npy("|u1", "(3,)", &[1, 2, 3]))], &format!("{which} p (3,)"));
    assert!(!recognises(files.path("a.npz")).unwrap());
    let count = "a.npz:y: found 2 labels, expected 3, one for each image in a.npz:x";
    wrong(&[("x", images()), ("y", npy("|u1", "(2,)", &[1, 2]))], count);
    wrong(&[("x", images()), ("y", npy("|u1", "(3,)", &[1, 2]))], count);
    let half = "a.npz:y: label 2: found 0.5, expected a whole number; give each class a number";
    wrong(&[("x", images()), ("y", npy("<f4", "(3,)", &f4(&[0.0, 0.5, 1.0])))], half);
    let text = "a.npz:y: the labels have type '<U1', expected whole numbers; numpy.unique(y, return_inverse=True) makes them";
    wrong(&[("x", images()), ("y", npy("<U1", "(3,)", &[0; 12]))], text);
    let what = "(3 images of 2 x 2 pixels with 1 channels from byte 128 on); make the file again";
    let short = npy("|u1", "(3, 2, 2)", &noise(11));
    wrong(&[("x", short)], &format!("a.npz:x: found 139 bytes, expected 140 {what}"));
    let long = npy("|u1", "(3, 2, 2)", &noise(13));
    wrong(&[("x", long)], &format!("a.npz:x: goes on after the 140 bytes that it should have {what}"));
    files.write("a.npz", &npz(&[("x", images())]));
    files.wrong("a.npz:z", "a.npz: there is no array \"z\"; the arrays are x");
    let large = "a.npz:x: its images take 0 MiB, more than the limit of 0 MiB for what is compressed or piped; save its images by numpy.save as an NPY file, then they are read from disk";
    assert_eq!(files.open("a.npz", &on_disk()).unwrap_err(), large);
}
