//! Tables are scored as streams: memory does not grow with their length.

#![cfg(target_os = "linux")]

mod common;

use common::{Folder, two};
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

/// How much more memory the longer table may take, in KiB.
const LEEWAY: u64 = 20 * 1024;

/// The most memory, in KiB, that the program had at once while it scored a file.
fn peak(folder: &Folder, data: &str) -> u64 {
    let args = ["score", "model.tissot", data, "--out", "scores.csv", "--threads", "2"];
    let mut child = folder.child(&args).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().strip_suffix(" kB")).map_or(0, |kib| kib.parse().unwrap());
        peak = peak.max(now);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(ended.success());
    assert!(peak > 0, "nothing was measured");
    peak
}

#[test]
fn a_long_table_takes_no_more_memory_than_a_short_one() {
    let folder = Folder::with_model();
    let (header, body) = (String::from("x,y\n"), two(10_000, 4).split_off(4));
    folder.write("short.csv", format!("{header}{body}"));
    let mut long = std::fs::File::create(folder.path("long.csv")).unwrap();
    long.write_all(header.as_bytes()).unwrap();
    for _ in 0..30 {
        long.write_all(body.as_bytes()).unwrap();
    }
    let (short, long) = (peak(&folder, "short.csv"), peak(&folder, "long.csv"));
    assert_eq!(folder.text("scores.csv").lines().count(), 300_001);
    println!("{short} KiB for 10,000 rows, {long} KiB for 300,000");
    assert!(long < short + LEEWAY, "{short} KiB for 10,000 rows, {long} KiB for 300,000");
}
