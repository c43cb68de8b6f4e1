//! Models kept at steps of their training: files `STEP.tissot` in a folder.

use crate::failure::Failure;
use burn::tensor::Device;
use std::path::{Path, PathBuf};
use tissot::Model;

/// The folder of a model's snapshots: `MODEL.run/snapshots`.
pub fn folder(model: &Path) -> PathBuf {
    let mut name = model.as_os_str().to_owned();
    name.push(".run");
    PathBuf::from(name).join("snapshots")
}

/// The snapshots of a folder, the earliest first.
///
/// # Errors
/// Where the folder cannot be read, holds none, or a file of it is no model.
pub fn load(folder: &Path, device: &Device) -> Result<Vec<(u64, Model)>, Failure> {
    let place = folder.display();
    let entries =
        std::fs::read_dir(folder).map_err(|error| anyhow::anyhow!("--snapshots {place}: {error}"))?;
    let mut found: Vec<(u64, PathBuf)> = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let step = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        if let Some(step) = step.filter(|_| path.extension().is_some_and(|ending| ending == "tissot")) {
            found.push((step, path));
        }
    }
    if found.is_empty() {
        let message =
            format!("--snapshots {place}: found no STEP.tissot; `tissot fit --snapshots N` makes them");
        return Err(Failure::Usage(message));
    }
    found.sort();
    found.into_iter().map(|(step, path)| Ok((step, Model::load(path, device)?))).collect()
}

/// The snapshots that lie beside a model; none where there is no folder of them.
///
/// # Errors
/// Where a file of the folder is no model.
pub fn beside(model: &Path, device: &Device) -> Result<Vec<(u64, Model)>, Failure> {
    let folder = folder(model);
    if folder.is_dir() { load(&folder, device) } else { Ok(Vec::new()) }
}

/// Makes the folder of a fit's snapshots where some will be kept. What another run left there goes, unless this one
/// goes on from it.
///
/// # Errors
/// Where the folder cannot be made or emptied.
pub fn prepare(model: &Path, steps: &[u64], resume: bool) -> Result<PathBuf, Failure> {
    let folder = folder(model);
    let failed = |error: std::io::Error| Failure::Failed(anyhow::anyhow!("{}: {error}", folder.display()));
    if !resume && folder.is_dir() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    if !steps.is_empty() {
        std::fs::create_dir_all(&folder).map_err(failed)?;
    }
    Ok(folder)
}
