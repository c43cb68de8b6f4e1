//! Folders of pictures.

use tissot_train::images::{ImageOptions, recognises};

use super::{Files, all, noise, on_disk, png};

#[test]
fn classes_are_the_folders_in_order() {
    let files = Files::new();
    let pixels: Vec<Vec<u8>> = noise(3 * 6).chunks(6).map(<[u8]>::to_vec).collect();
    files.write("set/zebra/1.png", &png(&pixels[2], [2, 3, 1]));
    files.write("set/ant/deep/b.PNG", &png(&pixels[1], [2, 3, 1]));
    files.write("set/ant/a.png", &png(&pixels[0], [2, 3, 1]));
    files.write("set/ant/notes.txt", b"not a picture");
    files.write("set/.hidden/a.png", b"not looked at");
    files.write("set/empty/readme", b"no class");
    assert!(recognises(files.path("set")).unwrap());
    for options in [ImageOptions::default(), on_disk()] {
        let set = files.open("set", &options).unwrap();
        assert_eq!((set.len(), set.shape(), set.in_memory()), (3, [2, 3, 1], options.memory > 0));
        assert_eq!(all(&set), pixels.concat());
        let mut some = Vec::new();
        set.read(&[2, 0], &mut some).unwrap();
        assert_eq!(some, [&pixels[2][..], &pixels[0]].concat());
        assert_eq!(set.labels, Some(vec![0, 0, 1]));
        assert_eq!(set.classes, ["ant", "zebra"]);
    }
    let flat = files.good("set/zebra");
    assert_eq!((flat.len(), flat.labels, flat.classes.len()), (1, None, 0));
}

#[test]
fn grey_among_colours_becomes_colour() {
    let files = Files::new();
    files.write("s/a.png", &png(&[9, 200], [1, 2, 1]));
    files.write("s/b.png", &png(&[1, 2, 3, 4, 5, 6], [1, 2, 3]));
    let set = files.good("s");
    assert_eq!((set.shape(), all(&set)), ([1, 2, 3], vec![9, 9, 9, 200, 200, 200, 1, 2, 3, 4, 5, 6]));
    let gray = files.open("s", &ImageOptions { gray: true, ..Default::default() }).unwrap();
    assert_eq!((gray.shape(), &all(&gray)[..2]), ([1, 2, 1], &[9, 200][..]));
    assert_eq!(all(&files.good("s/b.png")), [1, 2, 3, 4, 5, 6], "one picture is a set of one");
}

#[test]
fn sizes_must_be_one() {
    let files = Files::new();
    files.write("s/a.png", &png(&noise(6), [2, 3, 1]));
    files.write("s/b.png", &png(&noise(6), [2, 3, 1]));
    files.write("s/c.png", &png(&noise(6), [3, 2, 1]));
    let expected = "s/c.png: the image is 3 x 2, but s/a.png is 2 x 3 (height x width); make all images of one size with --resize H,W";
    files.wrong("s", expected);
    for memory in [0, 1 << 20] {
        let options = ImageOptions { resize: Some([4, 5]), memory, ..Default::default() };
        let set = files.open("s", &options).unwrap();
        assert_eq!((set.shape(), all(&set).len()), ([4, 5, 1], 60));
    }
}

#[test]
fn folders_that_are_wrong() {
    let files = Files::new();
    files.write("none/.keep", b"");
    files.wrong("none", "none: there are no PNG or JPEG files in this folder");
    files.write("none/train-images-idx3-ubyte", b"");
    let hint = "it has train-images-idx3-ubyte, give that if it holds images";
    files.wrong("none", &format!("none: there are no PNG or JPEG files in this folder; {hint}"));
    files.write("mixed/a.png", &png(&[1], [1, 1, 1]));
    files.write("mixed/cat/b.png", &png(&[1], [1, 1, 1]));
    let mixed = "has images of its own (a.png) and in its folder \"cat\"; put each image into the folder of its class, or none";
    files.wrong("mixed", &format!("mixed: {mixed}"));
    files.write("other/a.png", &png(&[1], [1, 1, 1]));
    files.write("other/b.webp", b"RIFF");
    files
        .wrong("other", "other/b.webp: a picture of a kind that is not read; convert it to PNG or remove it");
    files.write(&format!("deep{}/a.png", "/x".repeat(20)), &png(&[1], [1, 1, 1]));
    let deep = format!(
        "deep{}: folders are nested too deep here; give the folder that has the images",
        "/x".repeat(17)
    );
    files.wrong("deep", &deep);
}

#[cfg(unix)]
#[test]
fn links_in_circles_are_not_followed() {
    let files = Files::new();
    files.write("s/cat/a.png", &png(&[1], [1, 1, 1]));
    std::os::unix::fs::symlink(files.path("s"), files.path("s/cat/again")).unwrap();
    assert_eq!(files.good("s").len(), 1);
    std::os::unix::fs::symlink(files.path("s/cat"), files.path("s/dog")).unwrap();
    assert_eq!(files.good("s").classes, ["cat", "dog"], "a class can be a link");
}

#[test]
fn levels_are_looked_at() {
    let files = Files::new();
    files.write("s/a.png", &png(&[1], [1, 1, 1]));
    files.write("s/b.png", &png(&[2], [1, 1, 1]));
    let options = ImageOptions { levels: 2, ..Default::default() };
    let expected = "s/b.png: image 2: found the value 2, expected 0 to 1 (there are 2 levels)";
    assert_eq!(files.open("s", &options).unwrap_err(), expected);
}
