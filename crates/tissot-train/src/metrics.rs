//! The course of a run as JSON lines: `metrics.jsonl` in the run's folder.

use crate::error::FitError;
use crate::event::{Event, bits_per_dim};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes of lines that are gathered before they are written.
const BUFFER: usize = 1 << 13;

/// The file of a run, or nothing.
pub(crate) struct Metrics(Option<Lines>);

/// A file of whole lines, whatever goes wrong.
struct Lines {
    /// The numbers of a sample, where bits for each of them are told.
    dimensions: Option<usize>,
    path: PathBuf,
    file: File,
    /// Lines that are to be written.
    buffer: Vec<u8>,
    /// The file's length: whole lines.
    length: u64,
}

impl Metrics {
    /// Opens the folder's file and forgets what stands after its first `keep` bytes.
    pub fn open(run: Option<&Path>, keep: u64, dimensions: Option<usize>) -> Result<Self, FitError> {
        let Some(run) = run else { return Ok(Self(None)) };
        std::fs::create_dir_all(run).map_err(FitError::write(run))?;
        let path = run.join("metrics.jsonl");
        let open = || {
            let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
            // Somebody may have removed or shortened it since.
            let length = keep.min(file.metadata()?.len());
            file.set_len(length)?;
            file.seek(SeekFrom::Start(length))?;
            Ok((file, length))
        };
        let (file, length) = open().map_err(FitError::write(&path))?;
        Ok(Self(Some(Lines { dimensions, path, file, buffer: Vec::new(), length })))
    }

    /// Adds a line.
    pub fn write(&mut self, event: &Event) -> Result<(), FitError> {
        let Some(lines) = &mut self.0 else { return Ok(()) };
        let mut line = match event {
            Event::Step { step, log_prob, norm, rate, .. } => {
                serde_json::json!({"step": step, "log_prob": log_prob, "grad_norm": norm, "rate": rate})
            }
            Event::Skipped { step, layer } => serde_json::json!({"step": step, "skipped": layer}),
            Event::Unhealthy { step, findings } => {
                let messages: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
                serde_json::json!({"step": step, "unhealthy": messages})
            }
            Event::Validation { step, log_prob, best } => {
                serde_json::json!({"step": step, "validation_log_prob": log_prob, "best": best})
            }
        };
        if let (Some(dimensions), Some(log_prob)) = (lines.dimensions, event.log_prob()) {
            line["bits_per_dim"] = bits_per_dim(log_prob, dimensions).into();
        }
        lines.buffer.extend(format!("{line}\n").bytes());
        if lines.buffer.len() < BUFFER { Ok(()) } else { lines.write_out() }
    }

    /// Makes sure that all lines are on disk; returns the file's length.
    pub fn flush(&mut self) -> Result<u64, FitError> {
        let Some(lines) = &mut self.0 else { return Ok(0) };
        lines.write_out()?;
        lines.file.sync_data().map_err(FitError::write(&lines.path))?;
        Ok(lines.length)
    }

    /// The length of the file: whole lines.
    pub fn length(&self) -> u64 {
        self.0.as_ref().map_or(0, |lines| lines.length)
    }
}

impl Lines {
    fn write_out(&mut self) -> Result<(), FitError> {
        if let Err(error) = self.file.write_all(&self.buffer) {
            // A full disk takes the beginning of a line, too.
            let _ =
                self.file.set_len(self.length).and_then(|()| self.file.seek(SeekFrom::Start(self.length)));
            return Err(FitError::write(&self.path)(error));
        }
        self.length += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        // The lines of a run that failed are what tells why.
        if let Some(lines) = &mut self.0 {
            let _ = lines.write_out();
        }
    }
}
