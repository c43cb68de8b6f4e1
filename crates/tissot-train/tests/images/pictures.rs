//! Single pictures: kinds of PNG and JPEG, damage.

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
use tissot_train::images::ImageOptions;

use super::{Files, all, noise, on_disk, png};

pub fn jpeg(pixels: &[u8], [height, width, channels]: [usize; 3]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let colours = if channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    let encoder = JpegEncoder::new_with_quality(&mut bytes, 100);
    encoder.write_image(pixels, width as u32, height as u32, colours).unwrap();
    bytes
}

/// A PNG file of 2 x 1 pixels of another kind.
fn other(pixels: &[u8], colours: ExtendedColorType) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(pixels, 2, 1, colours).unwrap();
    bytes
}

#[test]
fn kinds_of_png() {
    let files = Files::new();
    let sixteen: Vec<u8> = [0_u16, 65535].iter().flat_map(|v| v.to_ne_bytes()).collect();
    files.write("16.png", &other(&sixteen, ExtendedColorType::L16));
    assert_eq!(all(&files.good("16.png")), [0, 255]);
    files.write("la.png", &other(&[7, 255, 7, 0], ExtendedColorType::La8));
    assert_eq!(all(&files.good("la.png")), [7, 255], "white where it is transparent");
    files.write("rgba.png", &other(&[1, 2, 3, 255, 1, 2, 3, 0], ExtendedColorType::Rgba8));
    let set = files.good("rgba.png");
    assert_eq!((set.shape(), all(&set)), ([1, 2, 3], vec![1, 2, 3, 255, 255, 255]));
}

#[test]
fn jpeg_is_read() {
    let files = Files::new();
    let gray: Vec<u8> = (0..64).map(|i| 3 * i).collect();
    files.write("g.jpg", &jpeg(&gray, [8, 8, 1]));
    let set = files.good("g.jpg");
    assert_eq!(set.shape(), [8, 8, 1]);
    assert!(all(&set).iter().zip(&gray).all(|(a, b)| a.abs_diff(*b) <= 2));
    files.write("c.jpg", &jpeg(&[200, 100, 50].repeat(256), [16, 16, 3]));
    let set = files.good("c.jpg");
    assert_eq!(set.shape(), [16, 16, 3]);
    assert!(
        all(&set)
            .chunks(3)
            .all(|p| p[0].abs_diff(200) < 4 && p[1].abs_diff(100) < 4 && p[2].abs_diff(50) < 4)
    );
}

#[test]
fn pictures_are_upright() {
    // An EXIF chunk with the orientation 6: rows are to become columns, clockwise.
    let mut exif = vec![0xFF, 0xE1, 0, 34];
    exif.extend(b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
    assert_eq!(exif.len(), 36);
    let left_dark: Vec<u8> = (0..8 * 16).map(|i| if i % 16 < 8 { 0 } else { 255 }).collect();
    let plain = jpeg(&left_dark, [8, 16, 1]);
    let files = Files::new();
    files.write("turned.jpg", &[&plain[..2], &exif, &plain[2..]].concat());
    let set = files.good("turned.jpg");
    let pixels = all(&set);
    assert_eq!(set.shape(), [16, 8, 1]);
    assert!(pixels[..64].iter().all(|&v| v < 10) && pixels[64..].iter().all(|&v| v > 245));
}

#[test]
fn damaged_pictures_are_named() {
    let files = Files::new();
    let good = png(&noise(400), [20, 20, 1]);
    files.write("s/a.png", &good);
    let damage = |bytes: &[u8], memory: u64| {
        files.write("s/b.png", bytes);
        let options = ImageOptions { memory, ..Default::default() };
        let set = files.open("s", &options)?;
        set.read(&[1], &mut Vec::new())
            .map_err(|error| error.to_string().replace(&*files.path("").to_string_lossy(), ""))
    };
    damage(&good, 0).unwrap();
    let mut flipped = good.clone();
    flipped[60] ^= 0x40;
    for bytes in [&good[..good.len() / 2], &flipped, &good[..20], b"no png at all", b""] {
        for memory in [0, 1 << 20] {
            let message = damage(bytes, memory).unwrap_err();
            assert!(message.starts_with("s/b.png: a damaged picture ("), "{message}");
            assert!(message.ends_with("); make the file again or remove it"), "{message}");
        }
    }
    let whole = jpeg(&noise(32 * 32), [32, 32, 1]);
    for end in [whole.len() - 2, whole.len() / 2, 30] {
        files.write("j.jpg", &whole[..end]);
        let message = files.open("j.jpg", &ImageOptions::default()).unwrap_err();
        assert!(message.starts_with("j.jpg: a damaged picture ("), "{message}");
    }
}

#[test]
fn a_header_that_claims_too_much() {
    let files = Files::new();
    let mut bomb = png(&[1], [1, 1, 1]);
    // 65535 x 65535 pixels, with the checksum that goes with it.
    bomb[16..24].copy_from_slice(&[0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF]);
    let mut sum = flate2::Crc::new();
    sum.update(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&sum.sum().to_be_bytes());
    files.write("bomb.png", &bomb);
    for options in [ImageOptions::default(), on_disk()] {
        let message = files.open("bomb.png", &options).unwrap_err();
        assert!(message.starts_with("bomb.png: a damaged picture ("), "{message}");
    }
}
