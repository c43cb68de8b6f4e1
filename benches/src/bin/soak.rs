//! Trains and scores for a long time and prints the resident memory at ten points of each: `soak [STEPS [ROWS]]`.

use std::path::Path;
use std::time::Instant;
use tissot_benches::machine::{resident_mb, use_threads};
use tissot_benches::soak::{self, Point};

/// How often the memory is looked at.
const POINTS: u64 = 10;

fn main() {
    let folder = std::env::temp_dir().join(format!("tissot-soak-{}", std::process::id()));
    let outcome = run(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    if let Err(error) = outcome {
        eprintln!("soak: {error}");
        std::process::exit(1);
    }
}

fn run(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut number = |usual: u64| args.next().map_or(Ok(usual), |text| text.parse());
    let (steps, rows) = (number(200_000)?, number(10_000_000)?);
    use_threads(1);
    let at = |all: u64| (1..=POINTS).map(|k| all * k / POINTS).collect::<Vec<_>>();
    println!("at the start {:.1} MB", resident_mb()[0]);
    let begun = Instant::now();
    let (model, points) = soak::train(steps, &at(steps), folder)?;
    print("steps", &points, begun);
    let begun = Instant::now();
    let points = soak::score(&model, rows, &at(rows), &folder.join("rows.csv"))?;
    print("rows", &points, begun);
    println!("at its largest {:.1} MB", resident_mb()[1]);
    Ok(())
}

fn print(what: &str, points: &[Point], begun: Instant) {
    println!("\n| {what} | resident MB |\n|---:|---:|");
    points.iter().for_each(|point| println!("| {} | {:.1} |", point.at, point.mb));
    println!("\n{:.0} s", begun.elapsed().as_secs_f64());
}
