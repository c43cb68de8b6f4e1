//! IDX files.

use tissot_train::images::{ImageOptions, recognises};

use super::{Files, all, gzip, noise, on_disk};

pub fn idx(sides: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sides.len() as u8];
    sides.iter().for_each(|side| bytes.extend(side.to_be_bytes()));
    bytes.extend(data);
    bytes
}

#[test]
fn images_with_labels_beside() {
    let pixels = noise(4 * 2 * 3);
    let labels = idx(&[4], &[7, 2, 7, 9]);
    for (images, beside, packed) in [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", [false, false]),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", [true, true]),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", [true, false]),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte.gz", [false, true]),
    ] {
        let files = Files::new();
        let pack = |bytes: &[u8], packed: bool| if packed { gzip(bytes) } else { bytes.to_vec() };
        let path = files.write(images, &pack(&idx(&[4, 2, 3], &pixels), packed[0]));
        files.write(beside, &pack(&labels, packed[1]));
        assert!(recognises(path).unwrap());
        let set = files.good(images);
        assert_eq!((set.len(), set.shape(), set.levels, set.in_memory()), (4, [2, 3, 1], 256, true));
        assert_eq!(all(&set), pixels);
        assert_eq!((set.labels.unwrap(), set.classes.join(" ")), (vec![1, 0, 1, 2], "2 7 9".to_owned()));
    }
}

#[test]
fn images_without_labels() {
    let files = Files::new();
    files.write("faces", &idx(&[2, 1, 2, 3], &noise(12)));
    let set = files.good("faces");
    assert_eq!((set.shape(), set.labels, set.classes.len()), ([1, 2, 3], None, 0));
    files.write("images", &idx(&[1, 3, 1, 2], &[1, 2, 3, 4, 5, 6]));
    let planar = files.good("images");
    assert_eq!((planar.shape(), all(&planar)), ([1, 2, 3], vec![1, 3, 5, 2, 4, 6]));
}

#[test]
fn from_disk_as_from_memory() {
    let files = Files::new();
    let pixels = noise(5 * 4 * 4);
    files.write("many", &idx(&[5, 4, 4], &pixels));
    let set = files.open("many", &on_disk()).unwrap();
    assert!(!set.in_memory());
    assert_eq!(all(&set), pixels);
    let mut some = vec![9; 3];
    set.read(&[3, 0, 3], &mut some).unwrap();
    assert_eq!(some, [&pixels[48..64], &pixels[..16], &pixels[48..64]].concat());
    let exact = ImageOptions { memory: 80, ..Default::default() };
    assert!(files.open("many", &exact).unwrap().in_memory());
    let options = ImageOptions { resize: Some([2, 2]), ..on_disk() };
    let small = files.open("many", &options).unwrap();
    let whole = files.open("many", &ImageOptions { memory: 1 << 20, ..options }).unwrap();
    assert_eq!((small.shape(), small.in_memory(), whole.in_memory()), ([2, 2, 1], false, true));
    assert_eq!(all(&small), all(&whole));
}

#[test]
fn a_file_that_changes_under_way() {
    let files = Files::new();
    let path = files.write("many", &idx(&[5, 4, 4], &noise(80)));
    let set = files.open("many", &on_disk()).unwrap();
    std::fs::File::options().write(true).open(path).unwrap().set_len(40).unwrap();
    let error = set.read(&[4], &mut Vec::new()).unwrap_err().to_string();
    assert!(error.ends_with("many: cannot be read: failed to fill whole buffer"), "{error}");
}

#[test]
fn headers_that_cannot_be() {
    let files = Files::new();
    let bad = |bytes: &[u8], reason: &str| {
        files.bytes_wrong("i", bytes, &format!("i: not a sound IDX file: {reason}"));
    };
    bad(&[0, 0, 8, 3, 0, 0, 0], "its header is cut short");
    bad(&[0, 0, 0x0D, 3, 0, 0, 0, 1], "its numbers are of type 0x0D, expected bytes (0x08)");
    bad(&idx(&[3], &[1, 2, 3]), "it holds labels (1 dimension); give the file with the images");
    let two = "its sides are [3, 1], expected [n, height, width], perhaps with 1 or 3 channels";
    bad(&idx(&[3, 1], &[1, 2, 3]), two);
    bad(
        &idx(&[u32::MAX; 3], &[1]),
        "its sides [4294967295, 4294967295, 4294967295] are too large to be true",
    );
    let nothing = "images of 0 x 5 pixels, expected at least one of at least one";
    files.bytes_wrong("i", &idx(&[2, 0, 5], &[]), &format!("i: holds 2 {nothing}"));
    files.bytes_wrong("i", &idx(&[0, 0, 5], &[]), &format!("i: holds 0 {nothing}"));
}

#[test]
fn lengths_that_are_wrong() {
    let files = Files::new();
    let what = |n: u32| format!("({n} images of 2 x 2 pixels with 1 channels from byte 16 on)");
    for cut in [0, 3, 4, 7] {
        let bytes = idx(&[2, 2, 2], &noise(8)[..cut]);
        let expected = format!("found {} bytes, expected 24 {}; make the file again", 16 + cut, what(2));
        files.bytes_wrong("i", &bytes, &format!("i: {expected}"));
        files.bytes_wrong("i.gz", &gzip(&bytes), &format!("i.gz: {expected}"));
    }
    let long = idx(&[2, 2, 2], &noise(9));
    files.bytes_wrong(
        "i",
        &long,
        &format!("i: found 25 bytes, expected 24 {}; make the file again", what(2)),
    );
    let on = format!("i: goes on after the 24 bytes that it should have {}; make the file again", what(2));
    files.bytes_wrong("i", &gzip(&long), &on);
    let hostile = idx(&[u32::MAX, 2, 2], &noise(8));
    let found = format!("i: found 24 bytes, expected 17179869196 {}; make the file again", what(u32::MAX));
    files.bytes_wrong("i", &hostile, &found);
    let large = "its images take 16383 MiB, more than the limit of 1024 MiB for what is compressed or piped; unpack it with gunzip, then they are read from disk";
    files.bytes_wrong("i", &gzip(&hostile), &format!("i: {large}"));
    let mut damaged = gzip(&idx(&[2, 40, 40], &noise(3200)));
    damaged.truncate(damaged.len() / 2);
    files.write("i", &damaged);
    let message = files.open("i", &ImageOptions::default()).unwrap_err();
    assert!(message.starts_with("i: the gzip data are damaged or cut short"), "{message}");
}

#[test]
fn labels_that_do_not_fit() {
    let files = Files::new();
    files.write("x-images-idx3-ubyte", &idx(&[2, 1, 1], &[1, 2]));
    let wrong = |labels: &[u8], expected: &str| {
        files.write("x-labels-idx1-ubyte", labels);
        files.wrong("x-images-idx3-ubyte", &format!("x-labels-idx1-ubyte: {expected}"));
    };
    let count = "found 3 labels, expected 2, one for each image in x-images-idx3-ubyte";
    wrong(&idx(&[3], &[1, 2, 3]), count);
    wrong(&idx(&[2], &[1]), "found 9 bytes, expected 10 (2 labels); make the file again");
    wrong(
        &idx(&[2], &[1; 4]),
        "goes on after the 10 bytes that it should have (2 labels); make the file again",
    );
    wrong(&idx(&[2, 1], &[1, 1]), "not a sound IDX file: it has 2 dimensions, expected labels (1 dimension)");
    wrong(
        b"abcd",
        "not a sound IDX file: it begins with [61, 62, 63, 64], expected [00, 00, 08, number of sides]",
    );
    wrong(b"", "the file is empty, expected images");
}

#[test]
fn levels_are_looked_at() {
    let files = Files::new();
    files.write("i", &idx(&[2, 1, 2], &[0, 16, 3, 17]));
    let options = ImageOptions { levels: 17, ..Default::default() };
    let expected = "i: image 2: found the value 17, expected 0 to 16 (there are 17 levels)";
    assert_eq!(files.open("i", &options).unwrap_err(), expected);
    assert_eq!(files.open("i", &ImageOptions { memory: 0, ..options }).unwrap_err(), expected);
    let options = ImageOptions { levels: 18, ..Default::default() };
    assert_eq!(files.open("i", &options).unwrap().levels, 18);
}
