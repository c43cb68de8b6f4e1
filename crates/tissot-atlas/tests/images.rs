//! The survey of a flow of images.

mod common;

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use common::Shake;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tissot::Context;
use tissot::image::{ImageModel, Pixels};
use tissot::inspect::geometry;
use tissot::presets::{self, ImageSize};
use tissot_atlas::survey::{ImageSurveyOptions, Survey, SurveyError, survey_images};
use tissot_atlas::{Figure, draw, report};

const EVENT: [usize; 3] = [1, 4, 4];

fn model() -> ImageModel {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let config = presets::glow(&ImageSize::new(EVENT).with_levels(2, 2).with_hidden(8));
    let mut model =
        ImageModel::new(config, None, Pixels::new(EVENT), Vec::new(), &Device::flex(), &mut rng).unwrap();
    model.flow.flow = model.flow.flow.map(&mut Shake(rng, 0.4));
    model
}

fn images(n: usize) -> Vec<u8> {
    (0..n * 16).map(|k| (k * k % 253) as u8).collect()
}

fn look(model: &ImageModel, images: &[u8]) -> Survey {
    let from = format!("{} images", images.len() / 16);
    survey_images(model, &ImageSurveyOptions { images, images_from: from, ..ImageSurveyOptions::default() })
        .unwrap()
}

#[test]
fn parts_of_pixels_and_levels_add_up() {
    let survey = look(&model(), &images(20));
    let found = survey.images.as_ref().unwrap();
    assert!(found.books_gap < 1e-9, "{}", found.books_gap);
    assert_eq!(found.levels.iter().map(|level| level.name.as_str()).collect::<Vec<_>>(), ["2 x 2", "1 x 1"]);
    assert_eq!((found.maps.len(), found.maps[0].image, found.count), (7, None, 20));
    assert!(found.maps[1..].windows(2).all(|w| w[0].bits_per_dim <= w[1].bits_per_dim));
    for maps in &found.maps {
        let mean = maps.bits.iter().sum::<f64>() / 16.0;
        assert!((mean - maps.bits_per_dim).abs() < 1e-3, "{mean}, not {}", maps.bits_per_dim);
        for pixel in 0..16 {
            let levels: f64 = maps.levels.iter().map(|level| level[pixel]).sum();
            assert!((levels - maps.log_det[pixel]).abs() < 2e-3);
            let bits = -(maps.log_det[pixel] + maps.base[pixel] - 256_f64.ln()) / std::f64::consts::LN_2;
            assert!((bits - maps.bits[pixel]).abs() < 5e-3, "{bits}, not {}", maps.bits[pixel]);
        }
    }
    let shares: f64 = survey.ledger.iter().map(|term| term.share).sum();
    assert!((shares - 1.0).abs() < 1e-3 && survey.ledger[0].name == "pixels", "{shares}");
}

#[test]
fn directions_are_singular_vectors() {
    let (model, images) = (model(), images(20));
    let survey = look(&model, &images);
    let exact = model.clone().to_dtype(FloatDType::F64).unwrap();
    for at in &survey.images.unwrap().directions {
        let image = &images[(at.image - 1) * 16..at.image * 16];
        let x: Vec<f64> = image.iter().map(|&v| (f64::from(v) + 0.5) / 256.0 - 0.5).collect();
        let flow = &exact.flow.flow;
        let x = Tensor::<4>::from_data(TensorData::new(x, [1, 1, 4, 4]), (&flow.device(), flow.dtype()));
        let whole = &geometry(&flow.bijection, &x, Context::NONE)[0];
        let near = |a: f64, b: f64| (a / b - 1.0).abs() < 2e-3;
        assert!(near(at.most[0].stretch, whole.singular_values[0]), "{:?}", whole.singular_values);
        assert!(near(at.least[0].stretch, whole.singular_values[15]), "{:?}", whole.singular_values);
        for (found, expected) in [(&at.most[0], &whole.right[0]), (&at.least[0], &whole.right[15])] {
            let dot: f64 = found.pixels.iter().zip(expected).map(|(a, b)| a * b).sum();
            assert!(dot.abs() > 0.999, "{dot}");
        }
    }
}

#[test]
fn the_page_and_the_figures_are_made() {
    let survey = look(&model(), &images(3));
    assert_eq!(Figure::of(&survey), [Figure::Ledger, Figure::Pixels, Figure::Directions]);
    let page = report(&survey).unwrap();
    assert!(page.contains("id=\"pixels\"") && page.contains("over images of 4 x 4 with one channel"));
    for figure in Figure::of(&survey) {
        assert!(draw(&survey, figure, 120.0).unwrap().to_png().unwrap().starts_with(b"\x89PNG"));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let model = model();
    let refused = |options: &ImageSurveyOptions<'_>| survey_images(&model, options).unwrap_err();
    assert_eq!(refused(&ImageSurveyOptions::default()), SurveyError::Rows { found: 0, expected: 1 });
    let images = images(2);
    let labelled =
        ImageSurveyOptions { images: &images, labels: Some(&[0, 1]), ..ImageSurveyOptions::default() };
    assert!(refused(&labelled).to_string().contains("the model has no classes"));
}
