//! Every planted fault is found and its layer named, and healthy flows raise no alarm: a few draws of what
//! `cargo run --release -p tissot-benches --bin planted_faults` does 200 times.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot_benches::planted::{Fault, Preset, healthy, train, trial};

#[test]
fn planted_faults_are_found_and_named_and_healthy_flows_are_left_alone() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let presets = [(Preset::NsfCoupling, 2), (Preset::Maf, 3), (Preset::Iaf, 2)];
    let pool: Vec<_> =
        presets.into_iter().map(|(preset, width)| train(preset, width, true, 500, rng.random())).collect();
    for trained in &pool {
        let audit = healthy(trained, &mut rng);
        assert!(audit.is_healthy(), "{:?}: {}", trained.preset, audit.verdict());
    }
    for fault in Fault::ALL {
        for _ in 0..2 {
            let trial = trial(fault, &pool, &mut rng);
            assert!(trial.named, "{fault:?}, {:?}, {}: {}", trial.preset, trial.what, trial.verdict);
        }
    }
}
