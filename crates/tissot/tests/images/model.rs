//! Models of images and their files.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::image::{ImageModel, Pixels};
use tissot::laws::randomize;
use tissot::nets::EmbeddingConfig;
use tissot::presets::{self, ImageSize};
use tissot::{AnyModel, FlowConfig, Model};

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(2)
}

fn size() -> ImageSize {
    ImageSize::new([1, 4, 4]).with_levels(1, 1).with_hidden(6)
}

/// Of three classes, with a dequantiser, at random weights.
fn model() -> ImageModel {
    let size = size().with_context(3);
    let config = presets::glow(&size).with_embedding(EmbeddingConfig::new(2));
    let noise = FlowConfig { embedding: Some(EmbeddingConfig::new(2)), ..presets::dequantiser(&size) };
    let classes = ["coat", "shoe", "bag"].map(String::from).to_vec();
    let model =
        ImageModel::new(config, Some(noise), Pixels::new([1, 4, 4]), classes, &Device::flex(), &mut rng());
    let model = model.unwrap();
    ImageModel { flow: randomize(model.flow, 1, 0.3), ..model }
}

#[test]
fn a_saved_model_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.tissot");
    let model = model();
    model.save(&path).unwrap();
    let images = model.sample(5, Some(&[0, 1, 2, 0, 1]), 1.0, &mut rng()).unwrap();
    let bits =
        |model: &ImageModel| model.bits_per_dim(&images, Some(&[0, 1, 2, 0, 1]), 3, &mut rng()).unwrap();
    let loaded = ImageModel::load(&path, &Device::flex()).unwrap();
    assert_eq!(bits(&loaded), bits(&model));
    assert_eq!(
        (loaded.classes, loaded.config, loaded.pixels),
        (model.classes.clone(), model.config.clone(), model.pixels.clone())
    );
    let AnyModel::Image(loaded) = AnyModel::load(&path, &Device::flex()).unwrap() else {
        panic!("no images")
    };
    assert_eq!(bits(&loaded), bits(&model));
    assert_eq!(loaded.num_params(), model.num_params());

    // Equal models are equal files.
    let again = folder.path().join("again.tissot");
    loaded.save(&again).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());

    let found = Model::load(&path, &Device::flex()).unwrap_err().to_string();
    assert_eq!(found, format!("{}: it is a model of images, expected one of a table", path.display()));
    let table = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/model_0_1_0.tissot");
    let found = ImageModel::load(&table, &Device::flex()).unwrap_err().to_string();
    assert_eq!(found, format!("{}: it is a model of a table, expected one of images", table.display()));
    assert!(matches!(AnyModel::load(&table, &Device::flex()), Ok(AnyModel::Table(_))));
}

#[test]
fn a_description_that_lies_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.tissot");
    let mut model = model();
    model.pixels.height = 8;
    model.save(&path).unwrap();
    let found = ImageModel::load(&path, &Device::flex()).unwrap_err().to_string();
    let expected = "its description fits no model (flow: found a flow of [1, 4, 4], expected [1, 8, 4], the shape of the images)";
    assert_eq!(found, format!("{}: {expected}", path.display()));
}

#[test]
fn labels_matter_and_wrong_ones_are_one_clear_line() {
    let model = model();
    let images = model.sample(2, Some(&[1, 1]), 0.8, &mut rng()).unwrap();
    assert_eq!(images.len(), 32);
    let drawn = |n: usize, labels: Option<&[usize]>| model.sample(n, labels, 0.1, &mut rng()).unwrap();
    assert_ne!(drawn(1, Some(&[0])), drawn(1, Some(&[2])));
    assert_eq!(drawn(3, None), drawn(3, Some(&[0, 1, 2])));
    let bits = |labels: Option<&[usize]>| model.bits_per_dim(&images, labels, 1, &mut rng());
    assert_ne!(bits(Some(&[0, 0])).unwrap(), bits(Some(&[2, 2])).unwrap());
    for (labels, message) in [
        (None, "labels: found none, expected one for each image: the model has 3 classes"),
        (Some(&[0][..]), "labels: found 1 of them, expected 2, one for each image"),
        (Some(&[0, 3][..]), "labels: found 3, expected 0 to 2"),
    ] {
        assert_eq!(bits(labels).unwrap_err().to_string(), message);
    }
}

#[test]
fn labels_without_classes_are_refused() {
    let pixels = Pixels::new([1, 4, 4]);
    let model =
        ImageModel::new(presets::glow(&size()), None, pixels, vec![], &Device::flex(), &mut rng()).unwrap();
    let found = model.bits_per_dim(&[0; 16], Some(&[0]), 1, &mut rng()).unwrap_err().to_string();
    assert_eq!(found, "labels: found some, expected none: the model has no classes");
    assert!(model.sample(1, Some(&[0]), 1.0, &mut rng()).is_err());
}

#[test]
fn a_lower_temperature_stays_closer_to_the_middle() {
    let model = ImageModel::new(
        presets::glow(&size()),
        None,
        Pixels::new([1, 4, 4]),
        vec![],
        &Device::flex(),
        &mut rng(),
    )
    .unwrap();
    let spread = |temperature: f64| {
        let images = model.sample(200, None, temperature, &mut rng()).unwrap();
        images.iter().map(|&byte| (f64::from(byte) - 127.5).powi(2)).sum::<f64>()
    };
    assert!(spread(0.05) < 0.2 * spread(0.2), "{} and {}", spread(0.05), spread(0.2));
}
