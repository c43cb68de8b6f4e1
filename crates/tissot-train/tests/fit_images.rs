//! Fits to images: learning, going on, naming the guilty layer, keeping what is there.

use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::path::Path;
use tissot::FlowConfig;
use tissot::dtype::Precision;
use tissot::image::{ImageModel, Pixels};
use tissot::nets::EmbeddingConfig;
use tissot::presets::{self, ImageSize};
use tissot_train::images::Images;
use tissot_train::{Event, FitImages, Parts, RunFolder, Settings, Stop};

const N: usize = 120;

/// Squares in 8 x 8 pixels, bright on dark or dark on bright, by class.
fn bytes() -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut bytes = Vec::new();
    for i in 0..N {
        let (left, top) = (rng.random_range(0..4), rng.random_range(0..4));
        for (y, x) in (0..8).flat_map(|y| (0..8).map(move |x| (y, x))) {
            let inside = (left..left + 4).contains(&x) && (top..top + 4).contains(&y);
            let value = rng.random_range(0..40) + if inside { 180 } else { 0 };
            bytes.push(if i % 2 == 0 { value } else { 255 - value });
        }
    }
    bytes
}

fn images() -> Images {
    let mut images = Images::from_pixels(bytes(), [8, 8, 1]);
    images.labels = Some((0..N).map(|i| i % 2).collect());
    images.classes = ["bright on dark", "dark on bright"].map(String::from).to_vec();
    images
}

fn size() -> ImageSize {
    ImageSize::new([1, 8, 8]).with_levels(2, 1).with_hidden(8)
}

fn fit<'a>(images: &'a Images, steps: u64, run: Option<&Path>) -> FitImages<'a> {
    FitImages {
        config: presets::glow(&size()),
        dequantiser: None,
        pixels: Pixels::new([1, 8, 8]),
        classes: Vec::new(),
        images,
        parts: Parts::new(images.len(), 0.1, 0.2, 0).unwrap(),
        flip: true,
        settings: Settings { steps, batch: 16, warmup: 10, checkpoint_every: 7, ..Settings::images() },
        device: Device::flex(),
        run: run.map(|path| RunFolder::open(path).unwrap()),
        resume: false,
        provenance: Default::default(),
    }
}

fn go_on(_: &Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn held_out_bits(model: &ImageModel) -> f64 {
    model.pixels.bits_per_dim(model.provenance.held_out.unwrap().0)
}

/// Losses and norms of the gradients of a run in f64, with everything that an image model can have.
fn course(images: &Images, gradient_checkpointing: bool) -> Vec<(f64, f64)> {
    let size = size().with_context(2);
    let embedded = |config: FlowConfig| config.with_embedding(EmbeddingConfig::new(2));
    let settings =
        Settings { precision: Precision::F64, gradient_checkpointing, batch: 8, ..Settings::images() };
    let fit = FitImages {
        config: embedded(presets::glow(&size)),
        dequantiser: Some(embedded(presets::dequantiser(&size))),
        classes: images.classes.clone(),
        settings: Settings { steps: 12, warmup: 2, ..settings },
        ..fit(images, 12, None)
    };
    let mut course = Vec::new();
    fit.run(&mut |event| {
        if let Event::Step { log_prob, norm, .. } = event {
            course.push((*log_prob, *norm));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    course
}

#[test]
fn layer_by_layer_a_run_takes_the_same_course() {
    let images = images();
    let (whole, by_layer) = (course(&images, false), course(&images, true));
    assert_eq!(whole.len(), 12);
    for (step, (a, b)) in whole.iter().zip(&by_layer).enumerate() {
        assert!((a.0 - b.0).abs() < 1e-7 * a.0.abs(), "step {step}: log p {}, not {}", b.0, a.0);
        assert!((a.1 - b.1).abs() < 1e-7 * a.1, "step {step}: norm {}, not {}", b.1, a.1);
    }
}

#[test]
fn bits_fall_and_classes_help() {
    let images = images();
    let start = held_out_bits(&fit(&images, 1, None).run(&mut go_on).unwrap().model);
    let plain = held_out_bits(&fit(&images, 150, None).run(&mut go_on).unwrap().model);
    assert!(plain < start - 0.5, "{start} bits at the start, {plain} after");

    let conditional = |noise: bool| {
        let size = size().with_context(2);
        let embedded = |config: FlowConfig| config.with_embedding(EmbeddingConfig::new(2));
        FitImages {
            config: embedded(presets::glow(&size)),
            dequantiser: noise.then(|| embedded(presets::dequantiser(&size))),
            classes: images.classes.clone(),
            settings: Settings { steps: 400, batch: 32, learning_rate: 5e-3, ..Settings::images() },
            ..fit(&images, 400, None)
        }
    };
    let model = conditional(false).run(&mut go_on).unwrap().model;
    assert!(held_out_bits(&model) < plain + 0.1, "{} with classes, {plain} without", held_out_bits(&model));
    let brightness = |label: usize| {
        let drawn = model.sample(50, Some(&[label; 50]), 0.8, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        drawn.iter().map(|&v| f64::from(v)).sum::<f64>() / drawn.len() as f64
    };
    assert!(brightness(1) > brightness(0) + 60.0, "{} and {}", brightness(0), brightness(1));

    let learned = conditional(true).run(&mut go_on).unwrap().model;
    assert!(held_out_bits(&learned) < start - 0.5, "{} bits with learned noise", held_out_bits(&learned));
}

#[test]
fn a_run_that_was_stopped_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (images, run) = (images(), folder.path().join("run"));
    let save = |model: ImageModel, name: &str| {
        let path = folder.path().join(name);
        model.save(&path).unwrap();
        std::fs::read(path).unwrap()
    };
    let whole = save(fit(&images, 20, None).run(&mut go_on).unwrap().model, "whole");
    let stopped = fit(&images, 20, Some(&run)).run(&mut |event| match event {
        Event::Step { step: 11, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert!(matches!(stopped.unwrap().stop, Stop::Asked));
    let resumed = FitImages { resume: true, ..fit(&images, 20, Some(&run)) };
    assert_eq!(save(resumed.run(&mut go_on).unwrap().model, "resumed"), whole);

    let metrics = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        metrics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line.get("grad_norm").is_some()).count(), 20);
    for line in lines.iter().filter(|line| line.get("grad_norm").is_some()) {
        let [nats, bits] = ["log_prob", "bits_per_dim"].map(|key| line[key].as_f64().unwrap());
        assert!((bits + nats / (64.0 * std::f64::consts::LN_2)).abs() < 1e-12, "{line}");
    }

    // Other images are another run.
    let mut other = bytes();
    other[5] ^= 1;
    let mut other = Images::from_pixels(other, [8, 8, 1]);
    other.labels.clone_from(&images.labels);
    let error = FitImages { resume: true, ..fit(&other, 20, Some(&run)) }.run(&mut go_on).unwrap_err();
    assert!(error.to_string().contains("it is of a run on other rows"), "{error}");
}

#[test]
fn models_on_the_way_are_handed_on() {
    let images = images();
    let mut steps = Vec::new();
    let mut keep = |model: ImageModel| {
        steps.push(model.provenance.steps);
        Ok(())
    };
    fit(&images, 9, None).run_keeping(&|step| step % 4 == 0, &mut keep, &mut go_on).unwrap();
    assert_eq!(steps, [0, 4, 8]);
}

#[test]
fn a_single_test_image_has_no_error_but_a_file() {
    let images = images();
    let parts = Parts { train: (0..100).collect(), validation: vec![100], test: vec![101] };
    let model = FitImages { parts, ..fit(&images, 2, None) }.run(&mut go_on).unwrap().model;
    assert_eq!(model.provenance.held_out.unwrap().1, 0.0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.tissot");
    model.save(&path).unwrap();
    assert!(ImageModel::load(&path, &Device::flex()).is_ok());
}

#[test]
fn what_does_not_fit_together_is_one_clear_line() {
    let images = images();
    let refusal = |fit: FitImages<'_>| fit.run(&mut go_on).unwrap_err().to_string();
    let found = refusal(FitImages { pixels: Pixels::new([3, 8, 8]), ..fit(&images, 5, None) });
    assert_eq!(found, "the images are 8 x 8 with 1 channels, the flow is for 8 x 8 with 3");
    let bare = Images::from_pixels(bytes(), [8, 8, 1]);
    let found = refusal(FitImages { classes: vec!["a".into()], ..fit(&bare, 5, None) });
    assert_eq!(found, "the images have no labels to condition the density on");
    let found = refusal(FitImages { classes: vec!["a".into()], ..fit(&images, 5, None) });
    assert_eq!(found, "an image has the label 1, there are 1 classes");
    let found =
        refusal(FitImages { pixels: Pixels::new([1, 8, 8]).with_source_levels(17), ..fit(&images, 5, None) });
    assert_eq!(found, "the images have 256 levels, the flow is for 17");
    let nothing = Parts { train: vec![], validation: vec![0], test: vec![1] };
    assert_eq!(
        refusal(FitImages { parts: nothing, ..fit(&images, 5, None) }),
        "there are no images to train on"
    );
    let found = Parts::new(3, 0.4, 0.4, 0).unwrap_err().to_string();
    assert_eq!(found, "3 images are too few: 1 would validate and 1 test, and at least 2 must train");
}

#[test]
fn parts_are_apart_and_the_seed_decides() {
    let parts = Parts::new(100, 0.1, 0.2, 3).unwrap();
    assert_eq!((parts.train.len(), parts.validation.len(), parts.test.len()), (70, 10, 20));
    let mut all = [parts.train.clone(), parts.validation.clone(), parts.test.clone()].concat();
    all.sort_unstable();
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    assert_eq!(parts, Parts::new(100, 0.1, 0.2, 3).unwrap());
    assert_ne!(parts, Parts::new(100, 0.1, 0.2, 4).unwrap());
}

/// Weights that are none after a step far too long: the next one names the first layer.
#[test]
fn a_bad_weight_names_its_layer() {
    let images = images();
    let mut fit = fit(&images, 3, None);
    (fit.settings.learning_rate, fit.settings.warmup) = (1e30, 1);
    let mut named = None;
    let _ = fit.run(&mut |event| {
        if let Event::Skipped { layer, .. } = event {
            named.get_or_insert(layer.clone());
        }
        ControlFlow::Continue(())
    });
    assert_eq!(named.as_deref(), Some("layer 0.0.ActNorm"));
}
