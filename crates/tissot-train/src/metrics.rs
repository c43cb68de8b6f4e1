//! The course of a run as JSON lines: `metrics.jsonl` in the run's folder.

use crate::error::FitError;
use crate::event::Event;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The file of a run, or nothing.
pub(crate) struct Metrics(Option<(PathBuf, BufWriter<File>)>);

impl Metrics {
    /// Opens the folder's file and forgets what stands after its first `keep` bytes.
    pub fn open(run: Option<&Path>, keep: u64) -> Result<Self, FitError> {
        let Some(run) = run else { return Ok(Self(None)) };
        std::fs::create_dir_all(run).map_err(FitError::io(run))?;
        let path = run.join("metrics.jsonl");
        let open = || {
            let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            // Somebody may have removed or shortened it since.
            let keep = keep.min(file.metadata()?.len());
            file.set_len(keep)?;
            file.seek(SeekFrom::Start(keep))?;
            Ok(file)
        };
        let file = open().map_err(FitError::io(&path))?;
        Ok(Self(Some((path, BufWriter::new(file)))))
    }

    /// Adds a line.
    pub fn write(&mut self, event: &Event) -> Result<(), FitError> {
        let Some((path, file)) = &mut self.0 else { return Ok(()) };
        let line = match event {
            Event::Step { step, log_prob, norm, rate, .. } => {
                serde_json::json!({"step": step, "log_prob": log_prob, "grad_norm": norm, "rate": rate})
            }
            Event::Skipped { step, layer } => serde_json::json!({"step": step, "skipped": layer}),
            Event::Validation { step, log_prob, best } => {
                serde_json::json!({"step": step, "validation_log_prob": log_prob, "best": best})
            }
        };
        writeln!(file, "{line}").map_err(FitError::io(path))
    }

    /// Makes sure that all lines are on disk; returns the file's length.
    pub fn flush(&mut self) -> Result<u64, FitError> {
        let Some((path, file)) = &mut self.0 else { return Ok(0) };
        let mut flush = || {
            file.flush()?;
            file.get_ref().sync_data()?;
            file.stream_position()
        };
        flush().map_err(FitError::io(path))
    }
}
