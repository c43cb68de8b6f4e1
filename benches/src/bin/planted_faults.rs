//! Plants faults into trained flows of all presets and audits them: `planted_faults [DRAWS [STEPS]]` prints the table of
//! `docs/atlas.md` (200 draws, 1,500 training steps).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot_benches::planted::{Fault, Preset, Trial, healthy, train, trial};

fn main() {
    let mut args = std::env::args().skip(1);
    let draws: usize = args.next().map_or(200, |n| n.parse().unwrap_or(200));
    let steps: u32 = args.next().map_or(1_500, |n| n.parse().unwrap_or(1_500));
    let mut rng = ChaCha8Rng::seed_from_u64(2026);
    let mut pool = Vec::new();
    for preset in Preset::ALL {
        for (features, free) in [(2, false), (2, true), (4, false), (4, true)] {
            pool.push(train(preset, features, free, steps, rng.random()));
        }
    }
    eprintln!("{} flows trained", pool.len());
    let mut alarms = Vec::new();
    for k in 0..draws {
        let trained = &pool[k % pool.len()];
        let audit = healthy(trained, &mut rng);
        if !audit.is_healthy() {
            let law = if trained.unbounded { "unbounded" } else { "default" };
            let line = format!(
                "{:?}, {} features, {law} laws: {}",
                trained.preset,
                trained.features,
                audit.verdict()
            );
            eprintln!("false alarm: {line}");
            alarms.push(line);
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
    println!("| fault | draws | detected | right layer named first |\n|---|---|---|---|");
    let line = |name: &str, of: &[&Trial]| {
        let (detected, named) =
            (of.iter().filter(|t| t.detected).count(), of.iter().filter(|t| t.named).count());
        println!("| {name} | {} | {detected} | {named} |", of.len());
    };
    for fault in Fault::ALL {
        line(fault.name(), &trials.iter().filter(|t| t.fault == fault).collect::<Vec<_>>());
    }
    line("all", &trials.iter().collect::<Vec<_>>());
    println!("| none (healthy) | {draws} | {} false alarms | |", alarms.len());
}
