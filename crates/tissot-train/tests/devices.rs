//! A run that was begun on one device goes on on another: `cargo test -p tissot-train --features ndarray --test devices`.

#![cfg(any(feature = "ndarray", feature = "wgpu"))]

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::path::Path;
use tissot::Provenance;
use tissot::columns::{Columns, Domain};
use tissot::presets::{self, Size};
use tissot_train::synthetic::Synthetic;
use tissot_train::{Event, Fit, Fitted, Rows, RunFolder, Settings, SplitBy, Splits, Stop, fit_columns};

const STEPS: u64 = 40;

/// The devices besides flex that are here.
fn others() -> Vec<Device> {
    #[allow(unused_mut)]
    let mut devices = Vec::new();
    #[cfg(feature = "ndarray")]
    #[allow(deprecated)]
    devices.push(Device::ndarray());
    #[cfg(feature = "wgpu")]
    if Device::enumerate(burn::tensor::DeviceType::Wgpu).into_vec().is_empty() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "no wgpu device; a software one comes with Debian's mesa-vulkan-drivers");
        println!("skipped wgpu: no device; a software one comes with Debian's mesa-vulkan-drivers");
    } else {
        devices.push(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice));
    }
    devices
}

/// Runs until after so many steps; the number of the first one.
fn run(splits: &Splits, device: &Device, folder: &Path, resume: bool, until: u64) -> (Option<u64>, Fitted) {
    let fit = Fit {
        config: presets::nsf_autoregressive(&Size::new(2).with_transforms(2).with_hidden([8, 8])),
        columns: fit_columns(&["x", "y"].map(String::from), &[Domain::Real; 2], &splits.train.values)
            .unwrap(),
        context: Columns::default(),
        splits,
        settings: Settings { steps: STEPS, batch: 64, weight_decay: 1e-3, ..Settings::default() },
        device: device.clone(),
        run: Some(RunFolder::open(folder).unwrap()),
        resume,
        provenance: Provenance::default(),
    };
    let mut first = None;
    let fitted = fit.run(&mut |event| match event {
        Event::Step { step, .. } => {
            first.get_or_insert(*step);
            if *step == until { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
        _ => ControlFlow::Continue(()),
    });
    (first, fitted.unwrap())
}

#[test]
fn a_run_goes_on_on_another_device() {
    let values = Synthetic::TwoMoons.sample(400, &mut ChaCha8Rng::seed_from_u64(0)).concat();
    let rows = Rows { n: 400, values, context: Vec::new() };
    let splits = Splits::new(&rows, 0.2, 0.2, &SplitBy::Random, 0).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let flex = Device::flex();
    let validation = |fitted: &Fitted| fitted.model.provenance.validation_log_prob.unwrap();
    let (_, whole) = run(&splits, &flex, &folder.path().join("whole"), false, STEPS);
    let (_, start) = run(&splits, &flex, &folder.path().join("start"), false, 20);
    assert!(
        validation(&whole) > validation(&start) + 0.01,
        "what follows could not be told from a start anew"
    );
    for (k, other) in others().iter().enumerate() {
        for (from, to) in [(&flex, other), (other, &flex)] {
            let place = folder.path().join(format!("{k}-{from:?}").replace(['/', ':'], "-"));
            let (_, stopped) = run(&splits, from, &place, false, 20);
            assert!(matches!(stopped.stop, Stop::Asked));
            let (first, fitted) = run(&splits, to, &place, true, STEPS + 1);
            assert_eq!(
                (first, matches!(fitted.stop, Stop::Finished)),
                (Some(21), true),
                "{from:?} to {to:?}"
            );
            let difference = (validation(&fitted) - validation(&whole)).abs();
            println!("{from:?} to {to:?}: {difference:.1e} nats from the run on flex alone");
            assert!(difference < 1e-4, "{from:?} to {to:?}: {difference} nats");
        }
    }
}
