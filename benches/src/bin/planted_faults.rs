//! Plants faults into trained flows of all presets and audits them: `planted_faults [DRAWS [STEPS [SEED]]]` prints the table
//! of `docs/atlas.md` (200 draws, 1,500 training steps).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot::presets::{Size, nsf_autoregressive, nsf_coupling};
use tissot_benches::planted::{Fault, Preset, Trial, fit, healthy, healthy_on, plane, train, trial};
use tissot_train::synthetic::Synthetic;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |k: usize, usual: u32| args.get(k).map_or(usual, |n| n.parse().unwrap_or(usual));
    let (draws, steps, seed) = (number(0, 200) as usize, number(1, 1_500), number(2, 2026));
    let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
    let mut pool = Vec::new();
    for preset in Preset::ALL {
        for (features, free) in [(2, false), (2, true), (4, false), (4, true)] {
            pool.push(train(preset, features, free, steps, rng.random()));
        }
    }
    let mut alarms = [0, 0];
    for k in 0..draws {
        let trained = &pool[k % pool.len()];
        let audit = healthy(trained, &mut rng);
        if !audit.is_healthy() {
            alarms[0] += 1;
            eprintln!(
                "false alarm: {:?}, unbounded {}: {}",
                trained.preset,
                trained.unbounded,
                audit.verdict()
            );
        }
    }
    let trials: Vec<Trial> = (0..draws)
        .map(|_| {
            let fault = Fault::ALL[rng.random_range(0..Fault::ALL.len())];
            let trial = trial(fault, &pool, &mut rng);
            if !trial.named {
                eprintln!("missed: {:?} {:?} {}: {}", trial.fault, trial.preset, trial.what, trial.verdict);
            }
            trial
        })
        .collect();
    let mut planes = Vec::new();
    for density in [Synthetic::TwoMoons, Synthetic::Pinwheel, Synthetic::EightGaussians] {
        for preset in [nsf_coupling, nsf_autoregressive] {
            let config = preset(&Size::new(2));
            planes.push((density, fit(&config, 2 * steps, rng.random(), |n, rng| plane(density, n, rng))));
        }
    }
    for k in 0..draws {
        let (density, flow) = &planes[k % planes.len()];
        let audit = healthy_on(*density, flow, &mut rng);
        if !audit.is_healthy() {
            alarms[1] += 1;
            eprintln!("false alarm: {density}, flow {}: {}", k % planes.len(), audit.verdict());
        }
    }
    print(&trials, draws, alarms);
}

fn print(trials: &[Trial], draws: usize, alarms: [usize; 2]) {
    println!("| fault | draws | detected | right layer named first |\n|---|---|---|---|");
    let line = |name: &str, of: &[&Trial]| {
        let count = |which: fn(&Trial) -> bool| of.iter().filter(|trial| which(trial)).count();
        println!("| {name} | {} | {} | {} |", of.len(), count(|t| t.detected), count(|t| t.named));
    };
    for fault in Fault::ALL {
        line(fault.name(), &trials.iter().filter(|t| t.fault == fault).collect::<Vec<_>>());
    }
    line("all", &trials.iter().collect::<Vec<_>>());
    println!("| none: healthy flows of all presets | {draws} | {} false alarms | |", alarms[0]);
    println!(
        "| none: spline flows of moons, pinwheel, eight gaussians | {draws} | {} false alarms | |",
        alarms[1]
    );
}
