//! Images on disk that vanish or shrink while they are trained on: the best model so far is given, no step is lost, and the
//! run goes on to the same end once they are back.

use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tissot::image::{ImageModel, Pixels};
use tissot::presets::{self, ImageSize};
use tissot_train::images::{ImageOptions, Images};
use tissot_train::{
    Event, FitError, FitImages, FittedImages, Parts, RunFolder, Settings, Stop, checkpoint_path,
};

const N: usize = 60;
const STEPS: u64 = 24;

/// An IDX file of noisy images, and where runs go.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write();
        place
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("train-images-idx3-ubyte")
    }

    fn write(&self) {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let header = [2051, N as u32, 8, 8].iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
        let pixels = (0..64 * N).map(|i| 90 * (i / 64 % 2) as u8 + rng.random_range(0..40));
        std::fs::write(self.data(), header.into_iter().chain(pixels).collect::<Vec<u8>>()).unwrap();
    }

    /// Cuts the file off.
    fn shrink(&self) {
        std::fs::File::options().write(true).open(self.data()).unwrap().set_len(20).unwrap();
    }

    /// The images, read from disk each time.
    fn images(&self) -> Images {
        let images =
            Images::open(self.data(), &ImageOptions { memory: 1_000, ..ImageOptions::default() }).unwrap();
        assert!(!images.in_memory());
        images
    }

    fn run(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn bytes(&self, model: &ImageModel) -> Vec<u8> {
        let path = self.0.path().join("model");
        model.save(&path).unwrap();
        std::fs::read(path).unwrap()
    }
}

fn fit<'a>(images: &'a Images, run: &Path, resume: bool) -> FitImages<'a> {
    FitImages {
        config: presets::glow(&ImageSize::new([1, 8, 8]).with_levels(1, 1).with_hidden(4)),
        dequantiser: None,
        pixels: Pixels::new([1, 8, 8]),
        classes: Vec::new(),
        images,
        parts: Parts::new(N, 0.2, 0.2, 0).unwrap(),
        flip: true,
        settings: Settings {
            steps: STEPS,
            batch: 16,
            checkpoint_every: 7,
            validate_every: 10,
            ..Settings::images()
        },
        device: Device::flex(),
        run: Some(RunFolder::open(run).unwrap()),
        resume,
        provenance: Default::default(),
    }
}

fn go_on(_: &Event) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// A run under which the file is cut off once an event is seen.
fn cut(place: &Place, run: &Path, when: impl Fn(&Event) -> bool) -> Result<FittedImages, FitError> {
    let images = place.images();
    fit(&images, run, false).run(&mut |event| {
        if when(event) {
            place.shrink();
        }
        ControlFlow::Continue(())
    })
}

/// The run is as one that was never disturbed: its first step is the one after `steps`.
fn goes_on_to_the_same_end(place: &Place, run: &Path, steps: u64) {
    place.write();
    let images = place.images();
    let whole = place.run("whole");
    let unbroken = fit(&images, &whole, false).run(&mut go_on).unwrap();
    let mut first = None;
    let resumed = fit(&images, run, true).run(&mut |event| {
        if let Event::Step { step, .. } = event {
            first.get_or_insert(*step);
        }
        ControlFlow::Continue(())
    });
    assert_eq!(first, (steps < STEPS).then_some(steps + 1));
    let resumed = resumed.unwrap();
    assert!(matches!(resumed.stop, Stop::Finished), "{:?}", resumed.stop);
    assert!(place.bytes(&resumed.model) == place.bytes(&unbroken.model), "another model after step {steps}");
    let [whole, run] = [&whole, run].map(|run| std::fs::read_to_string(run.join("metrics.jsonl")).unwrap());
    assert_eq!(run, whole);
}

/// Whatever cannot be read: a batch (step 12), the validation and audit that follow a step (16, a step that is validated, and
/// none of a checkpoint; the last), or a batch after a validation (20).
#[test]
fn no_step_is_lost_and_the_best_model_is_given() {
    for (last, checked) in [(12, false), (10, true), (20, true), (20, false), (STEPS, true)] {
        let (place, name) = (Place::new(), format!("{last}-{checked}"));
        let run = place.run(&name);
        let when = |event: &Event| match event {
            // After a step that is validated, before its validation; or after that.
            Event::Step { step, .. } => *step == last && (checked || last == 12),
            Event::Validation { step, .. } => *step == last && !checked,
            _ => false,
        };
        let fitted = cut(&place, &run, when).unwrap();
        let Stop::Failed { error, checkpoint } = &fitted.stop else { panic!("{name}: {:?}", fitted.stop) };
        assert!(matches!(error, FitError::Images(_)), "{name}: {error}");
        assert!(error.to_string().contains("train-images-idx3-ubyte"), "{name}: {error}");
        assert_eq!(*checkpoint, Some(last), "{name}");
        assert_eq!(fitted.model.provenance.steps, last, "{name}");
        assert!(fitted.model.provenance.validation_log_prob.is_some(), "{name}");
        goes_on_to_the_same_end(&place, &run, last);
    }
}

#[test]
fn test_images_that_vanish_at_the_end_take_nothing_from_the_model() {
    let place = Place::new();
    let run = place.run("end");
    let fitted = cut(&place, &run, |event| matches!(event, Event::Validation { step: STEPS, .. })).unwrap();
    let Stop::Failed { checkpoint: Some(STEPS), .. } = fitted.stop else { panic!("{:?}", fitted.stop) };
    assert!(fitted.model.provenance.held_out.is_none());
    goes_on_to_the_same_end(&place, &run, STEPS);
}

#[test]
fn before_the_first_validation_there_is_no_model_but_a_checkpoint() {
    let place = Place::new();
    let run = place.run("early");
    let error = cut(&place, &run, |event| matches!(event, Event::Step { step: 1, .. })).unwrap_err();
    assert!(matches!(error, FitError::Images(_)), "{error}");
    assert!(checkpoint_path(&run).exists());
    goes_on_to_the_same_end(&place, &run, 1);
}
