//! The folder of a run, held by one process at a time.

use crate::checkpoint;
use crate::error::FitError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder for a run's checkpoint and metrics, held by this process.
///
/// It has a file `lock`, which the system locks for this process and gives free when the process ends, however it ends: the lock
/// of a run that is dead is in nobody's way, and the file may stay. In it stands the number of the process.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Open as long as the folder is held.
    lock: Option<Arc<Lock>>,
}

/// A locked file with the number of this process, which is taken out again.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // A number that stays is that of a process that holds nothing.
        let _ = self.0.set_len(0);
    }
}

impl RunFolder {
    /// Makes the folder where there is none, and takes it for this process.
    ///
    /// # Errors
    /// [`FitError::InUse`] where another holds it, then nothing was changed; [`FitError::Write`] where it cannot be made.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, FitError> {
        let path = path.into();
        std::fs::create_dir_all(&path).map_err(FitError::write(&path))?;
        let place = path.join("lock");
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&place)
            .map_err(FitError::write(&place))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                let told = file.read_to_string(&mut process).is_ok_and(|_| !process.trim().is_empty());
                let process =
                    if told { format!("process {}", process.trim()) } else { "another process".into() };
                return Err(FitError::InUse { path: place, process });
            }
            // Some file systems of networks have no locks.
            Err(TryLockError::Error(_)) => return Ok(Self { path, lock: None }),
        }
        let number = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            writeln!(file, "{}", std::process::id())
        };
        number(&mut file).map_err(FitError::write(&place))?;
        checkpoint::sweep(&path);
        Ok(Self { path, lock: Some(Arc::new(Lock(file))) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another process would be refused; not so where the file system has no locks.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_until_the_last_handle_is_gone() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("run");
        let held = RunFolder::open(&path).unwrap();
        let other = held.clone();
        drop(held);
        let refused = RunFolder::open(&path).unwrap_err().to_string();
        let start =
            format!("{}: process {} is training here", path.join("lock").display(), std::process::id());
        assert!(other.is_locked() && refused.starts_with(&start), "{refused}");
        drop(other);
        // What a run that was killed leaves, and what is no business of ours.
        for name in [".checkpoint.a1B2c3", ".checkpoint.a1B2c", "checkpoint", ".checkpoint.backup.old"] {
            std::fs::write(path.join(name), "").unwrap();
        }
        std::fs::write(path.join("lock"), "99999999\n").unwrap();
        RunFolder::open(&path).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".checkpoint.a1B2c", ".checkpoint.backup.old", "checkpoint", "lock"]);
    }
}
