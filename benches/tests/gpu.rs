//! The program `gpu` on whatever device there is: its checks pass, and it counts and times.

use std::process::Command;

fn gpu(args: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_gpu")).args(args).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn it_checks_counts_and_times() {
    let (code, page, errors) = gpu(&["--rows", "8", "--seconds", "0.05", "W1"]);
    assert_eq!(code, Some(0), "{page}\n{errors}");
    for heading in ["# Tissot", "## Kernels launched", "## Milliseconds"] {
        assert!(page.contains(heading), "no {heading:?} in\n{page}");
    }
    assert!(page.lines().any(|line| line.starts_with("| W1 | kernels |")), "no launches of W1 in\n{page}");
}

#[test]
fn a_wrong_argument_is_named() {
    let (code, _, errors) = gpu(&["W9"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        errors.trim_end(),
        "gpu: found \"W9\", expected --rows, --seconds or one of W1, W2, W3, W4, W5, W7"
    );
}

/// What the example `fashion` does: a model that was trained on the GPU says the same on the CPU.
#[cfg(feature = "wgpu")]
#[test]
fn a_glow_trained_on_the_gpu_scores_the_same_on_the_cpu() {
    use burn::tensor::{Device, DeviceKind, DeviceType};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use tissot::image::{ImageModel, Pixels};
    use tissot::presets::{self, ImageSize};
    use tissot_train::{FitImages, Parts, Settings, embedded};

    if Device::enumerate(DeviceType::Wgpu).into_vec().is_empty() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "no wgpu device; a software one comes with Debian's mesa-vulkan-drivers");
        println!("skipped: no wgpu device; a software one comes with Debian's mesa-vulkan-drivers");
        return;
    }
    let images = embedded::digit_images();
    let fit = FitImages {
        config: presets::glow(&ImageSize::new([1, 8, 8]).with_levels(2, 1).with_hidden(8)),
        dequantiser: None,
        pixels: Pixels::new([1, 8, 8]).with_source_levels(images.levels),
        classes: Vec::new(),
        images: &images,
        parts: Parts { train: (0..64).collect(), validation: (64..80).collect(), test: Vec::new() },
        flip: false,
        settings: Settings { steps: 6, batch: 8, warmup: 1, ..Settings::images() },
        device: Device::wgpu(DeviceKind::DefaultDevice),
        run: None,
        resume: false,
        provenance: Default::default(),
    };
    let model = fit.run(&mut |_| std::ops::ControlFlow::Continue(())).unwrap().model;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.tissot");
    model.save(&file).unwrap();
    let mut some = Vec::new();
    images.read(&(100..116).collect::<Vec<_>>(), &mut some).unwrap();
    let bits =
        |model: &ImageModel| model.bits_per_dim(&some, None, 1, &mut ChaCha8Rng::seed_from_u64(2)).unwrap();
    let on_the_cpu = bits(&ImageModel::load(&file, &Device::flex()).unwrap());
    for (gpu, cpu) in bits(&model).iter().zip(on_the_cpu) {
        assert!((gpu - cpu).abs() < 1e-4, "{gpu} bits on the GPU, {cpu} on the CPU");
    }
}
