//! CIFAR-10's binary files.

use tissot_train::images::{ImageOptions, recognises};

use super::{Files, all, gzip, noise, on_disk};

/// An image as it is stored, and as it is read.
pub fn image(label: u8, seed: usize) -> (Vec<u8>, Vec<u8>) {
    let planes = noise(3072 + seed)[seed..].to_vec();
    let last = (0..1024).flat_map(|i| [planes[i], planes[1024 + i], planes[2048 + i]]).collect();
    ([&[label][..], &planes].concat(), last)
}

#[test]
fn a_folder_of_batches() {
    let files = Files::new();
    let images: Vec<_> = [9, 0, 4, 9].iter().zip(1..).map(|(&label, seed)| image(label, seed)).collect();
    files.write("c/data_batch_2.bin", &[&images[1].0[..], &images[2].0].concat());
    files.write("c/data_batch_1.bin", &images[0].0);
    files.write("c/data_batch_10.bin", &images[3].0);
    files.write("c/test_batch.bin", &image(1, 20).0);
    let expected: Vec<u8> = images.iter().flat_map(|(_, pixels)| pixels).copied().collect();
    for options in [ImageOptions::default(), on_disk()] {
        let set = files.open("c", &options).unwrap();
        assert_eq!((set.len(), set.shape(), set.in_memory()), (4, [32, 32, 3], options.memory > 0));
        assert_eq!(all(&set), expected);
        assert_eq!(set.labels.as_deref(), Some(&[9, 0, 4, 9][..]));
        assert_eq!(set.classes.join(""), "0123456789");
    }
    files.write("c/batches.meta.txt", b"airplane\nb\nc\nd\ne\nf\ng\nh\ni\ntruck\n\n");
    assert_eq!(files.good("c").classes[9], "truck");
    let test = files.good("c/test_batch.bin");
    assert_eq!((test.len(), test.labels.unwrap(), test.classes[0].as_str()), (1, vec![1], "airplane"));
    let gray =
        files.open("c", &ImageOptions { gray: true, resize: Some([16, 8]), ..Default::default() }).unwrap();
    assert_eq!((gray.shape(), all(&gray).len()), ([16, 8, 1], 4 * 128));
}

#[test]
fn one_file_by_its_content() {
    let files = Files::new();
    let (bytes, pixels) = image(3, 0);
    let path = files.write("unnamed", &bytes);
    assert!(recognises(path).unwrap());
    assert_eq!(all(&files.good("unnamed")), pixels);
    files.write("named.bin.gz", &gzip(&bytes));
    assert_eq!(all(&files.good("named.bin.gz")), pixels);
    let large = "named.bin.gz: its images take 0 MiB, more than the limit of 0 MiB for what is compressed or piped; unpack it with gunzip, then they are read from disk";
    assert_eq!(files.open("named.bin.gz", &on_disk()).unwrap_err(), large);
}

#[test]
fn files_that_are_wrong() {
    let files = Files::new();
    let (one, _) = image(3, 0);
    let multiple = "expected a multiple of 3073 (CIFAR-10: a label and 3 x 32 x 32 pixels for each image)";
    files.bytes_wrong("a.bin", &one[..3000], &format!("a.bin: found 3000 bytes, {multiple}"));
}

#[test]
fn labels_and_names_that_are_wrong() {
    let files = Files::new();
    let bad = [image(3, 0).0, image(10, 1).0].concat();
    files.write("c/data_batch_1.bin", &bad);
    let label = "c/data_batch_1.bin: image 2: found the label 10, expected 0 to 9 (CIFAR-10)";
    files.wrong("c", label);
    assert_eq!(files.open("c", &on_disk()).unwrap_err(), label);
    files.write("c/data_batch_1.bin", &bad[..3073]);
    files.write("c/batches.meta.txt", b"a\nb\n");
    files.wrong("c", "c/batches.meta.txt: found 2 names of classes, expected 10 (CIFAR-10), each on a line");
    files.write("c/data_batch_2.bin", &bad[..3072]);
    let multiple = "expected a multiple of 3073 (CIFAR-10: a label and 3 x 32 x 32 pixels for each image)";
    files.wrong("c", &format!("c/data_batch_2.bin: found 3072 bytes, {multiple}"));
}
