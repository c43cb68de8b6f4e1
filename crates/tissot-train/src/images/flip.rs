//! Mirror images.

/// Mirrors each of the images `[n, height, width, channels]` left to right, in place.
///
/// # Panics
/// Where the bytes are no whole number of images, or a side is 0.
///
/// # Examples
/// ```
/// let mut image = [1, 2, 3, 4, 5, 6];
/// tissot_train::images::flip(&mut image, 2, 3, 1);
/// assert_eq!(image, [3, 2, 1, 6, 5, 4]);
/// ```
pub fn flip(pixels: &mut [u8], height: usize, width: usize, channels: usize) {
    let image = height * width * channels;
    assert!(image > 0 && pixels.len().is_multiple_of(image), "no whole images of {image} bytes");
    for row in pixels.chunks_exact_mut(width * channels) {
        row.reverse();
        // The rows and the channels of each pixel were turned round; the channels were in order before.
        row.chunks_exact_mut(channels).for_each(<[u8]>::reverse);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_together_and_images_apart() {
        // Two images of 1 x 2 pixels in colour.
        let mut pixels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        flip(&mut pixels, 1, 2, 3);
        assert_eq!(pixels, [4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9]);
        flip(&mut pixels, 1, 2, 3);
        assert_eq!(pixels, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    }

    #[test]
    #[should_panic(expected = "no whole images of 6 bytes")]
    fn parts_of_images_are_refused() {
        flip(&mut [0; 7], 1, 2, 3);
    }
}
