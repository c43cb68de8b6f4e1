//! What is done to each image on its way in: grey, another size.

use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, RgbImage};

use super::ImageOptions;

/// Height, width and channels.
pub(super) type Shape = [usize; 3];

/// What is done to each image.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    gray: bool,
    resize: Option<[usize; 2]>,
    pub levels: usize,
}

impl View {
    /// What the options ask for.
    ///
    /// Panics for levels other than 2 to 256 and for sides of 0 or of more than 65535.
    pub fn of(options: &ImageOptions) -> Self {
        let ImageOptions { resize, gray, levels, .. } = *options;
        assert!((2..=256).contains(&levels), "{levels} levels, expected 2 to 256");
        let sides = resize.unwrap_or([1, 1]);
        assert!(sides.iter().all(|side| (1..1 << 16).contains(side)), "images resized to {sides:?}");
        Self { gray, resize, levels }
    }

    /// The shape of what comes out.
    pub fn shape(&self, [height, width, channels]: Shape) -> Shape {
        let [height, width] = self.resize.unwrap_or([height, width]);
        [height, width, if self.gray { 1 } else { channels }]
    }

    /// Appends an image as it is to be seen, or finds the first value beyond the levels.
    pub fn append(&self, pixels: &[u8], shape: Shape, out: &mut Vec<u8>) -> Result<(), u8> {
        if self.levels < 256
            && let Some(value) = pixels.iter().find(|&&value| usize::from(value) >= self.levels)
        {
            return Err(*value);
        }
        if self.shape(shape) == shape {
            out.extend_from_slice(pixels);
            return Ok(());
        }
        let mut picture = picture(pixels.to_vec(), shape);
        if self.gray {
            picture = picture.into_luma8().into();
        }
        if let Some([height, width]) = self.resize {
            picture = picture.resize_exact(width as u32, height as u32, FilterType::Triangle);
        }
        out.extend_from_slice(picture.as_bytes());
        Ok(())
    }
}

/// The pixels as the image crate has them.
fn picture(pixels: Vec<u8>, [height, width, channels]: Shape) -> DynamicImage {
    let (width, height) = (width as u32, height as u32);
    let picture = match channels {
        1 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
    };
    picture.unwrap_or_else(|| unreachable!("the bytes are those of an image of this shape"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see(options: ImageOptions, pixels: &[u8], shape: Shape) -> Vec<u8> {
        let view = View::of(&options);
        let mut out = Vec::new();
        view.append(pixels, shape, &mut out).unwrap();
        assert_eq!(out.len(), view.shape(shape).iter().product::<usize>());
        out
    }

    #[test]
    fn images_shrink_by_averages() {
        let options = ImageOptions { resize: Some([1, 2]), ..Default::default() };
        let constant = see(options.clone(), &[7; 4 * 6 * 3], [4, 6, 3]);
        assert_eq!(constant, [7; 6]);
        let halves = see(options, &[0, 0, 0, 0, 100, 100, 100, 100].repeat(8), [8, 8, 1]);
        assert!(halves[0] < 20 && halves[1] > 80 && halves[0] + halves[1] == 100, "{halves:?}");
    }

    #[test]
    fn grey_of_grey_is_the_same() {
        let options = ImageOptions { gray: true, ..Default::default() };
        let greys: Vec<u8> = (0..=255).collect();
        let colours: Vec<u8> = greys.iter().flat_map(|&v| [v; 3]).collect();
        assert_eq!(see(options.clone(), &colours, [16, 16, 3]), greys);
        let primary = see(options, &[255, 0, 0, 0, 255, 0, 0, 0, 255], [1, 3, 3]);
        assert!(primary[1] > primary[0] && primary[0] > primary[2], "green is brightest: {primary:?}");
    }
}
