//! What the tests of the program share: a folder to run it in, tables, tiny models.

#![allow(dead_code, missing_docs, missing_debug_implementations, reason = "each test uses a part")]

use assert_cmd::Command;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

/// The flags of a fit that takes a moment.
pub const TINY: [&str; 8] = ["--steps", "30", "--flow", "realnvp", "--transforms", "2", "--hidden", "8,8"];

/// A folder in which the program runs, so that its messages name files as they were typed.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With `two.csv`, of the columns x and y, and `model.tissot`, fitted to it.
    pub fn with_model() -> Self {
        let folder = Self::new();
        folder.write("two.csv", two(200, 1));
        folder.fit("two.csv", "model.tissot", &TINY);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("tissot");
        command.current_dir(self.0.path()).args(args);
        command
    }

    /// The program as a child that can be watched and killed.
    pub fn child(&self, args: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("tissot"));
        command.current_dir(self.0.path()).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs where no file can be longer than so many blocks: a longer one cannot be written, as on a full disk.
    #[cfg(unix)]
    pub fn limited(&self, blocks: u32, args: &[&str]) -> Output {
        let limit = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut command = std::process::Command::new("sh");
        command.current_dir(self.0.path()).arg("-c").arg(limit).arg(assert_cmd::cargo::cargo_bin!("tissot"));
        command.args(args).output().unwrap()
    }

    /// Starts the program with its output kept, and waits until its folder of checkpoints has so many lines of metrics.
    pub fn running(&self, args: &[&str], out: &str, lines: usize) -> Running {
        let child = self.child(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Running(child);
        running.wait(|| self.steps(out) >= lines);
        running
    }

    /// How many lines there are of a run's metrics.
    pub fn steps(&self, out: &str) -> usize {
        std::fs::read_to_string(self.path(&format!("{out}.run/metrics.jsonl")))
            .map_or(0, |text| text.lines().count())
    }

    /// The names in a folder, hidden ones too.
    pub fn names(&self, path: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(path)).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What a command that must succeed prints.
    pub fn good(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let text = self.good(args);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error} in {text}"))
    }

    pub fn fit(&self, data: &str, out: &str, flags: &[&str]) -> String {
        self.good(&[&["fit", data, "--out", out], flags].concat())
    }

    /// Runs what must fail: with this exit code, this one line on standard error, and no file made or changed.
    pub fn fails(&self, args: &[&str], code: i32, message: &str) {
        let before = contents(self.0.path());
        let output = self.run(args);
        let found = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!found.contains("panicked"), "{args:?}: {found}");
        assert_eq!(found, format!("error: {message}\n"), "{args:?}");
        assert_eq!(output.status.code(), Some(code), "{args:?}: {found}");
        let after = contents(self.0.path());
        assert!(before == after, "{args:?}: left {:?}, there were {:?}", after.keys(), before.keys());
    }
}

/// The program at work.
pub struct Running(pub Child);

impl Running {
    /// Waits for a condition, which the program must fulfil before it ends.
    pub fn wait(&mut self, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while !condition() {
            assert!(self.0.try_wait().unwrap().is_none(), "it ended before");
            assert!(Instant::now() < deadline, "nothing came of it in two minutes");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends a signal by its name.
    pub fn send(&self, signal: &str) {
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &self.id()]).status();
        assert!(sent.unwrap().success(), "{signal}");
    }

    pub fn id(&self) -> String {
        self.0.id().to_string()
    }

    /// Waits for its end.
    pub fn end(self) -> Output {
        self.0.wait_with_output().unwrap()
    }
}

/// All files below a folder, hidden ones too, and their bytes; folders have none.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(contents(&path));
            found.insert(path, Vec::new());
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.insert(path, bytes);
        }
    }
    found
}

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A draw of the standard normal (Box and Muller 1958).
pub fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// A table as CSV.
pub fn csv(header: &str, rows: impl IntoIterator<Item = Vec<f64>>) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        text += &row.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}

/// `n` rows of two dependent columns.
pub fn two(n: usize, seed: u64) -> String {
    let mut rng = rng(seed);
    let rows = (0..n).map(|_| {
        let x = 3.0 + 2.0 * normal(&mut rng);
        vec![x, 0.5 * x + normal(&mut rng)]
    });
    csv("x,y", rows)
}

/// An IDX file of `n` images of 8 x 8 noisy pixels.
pub fn idx(n: usize) -> Vec<u8> {
    let mut rng = rng(1);
    let header = [2051, n as u32, 8, 8].iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
    let pixels = (0..64 * n).map(|i| 80 * (i / 64 % 3) as u8 + rng.random_range(0..40));
    header.into_iter().chain(pixels).collect()
}

/// The rows of a table without its header.
pub fn rows(table: &str) -> Vec<Vec<f64>> {
    table.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
}
