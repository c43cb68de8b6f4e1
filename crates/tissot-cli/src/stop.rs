//! How a run is asked to stop.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The code of a program that ends at once, as after Ctrl-C.
const AT_ONCE: i32 = 130;

/// Listens to Ctrl-C, and to whatever else asks a program to end (SIGTERM; SIGHUP, when its terminal goes): the first time the
/// answer becomes true, the second time the program ends at once.
///
/// # Errors
/// Where the program cannot listen.
#[cfg(unix)]
pub fn listen() -> anyhow::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::flag;
    let asked = Arc::new(AtomicBool::new(false));
    let ignored = ignored();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Under nohup a run goes on without its terminal.
        if ignored >> (signal - 1) & 1 == 0 {
            // In this order: the first of them sees what was before.
            flag::register_conditional_shutdown(signal, AT_ONCE, asked.clone())?;
            flag::register(signal, asked.clone())?;
        }
    }
    Ok(asked)
}

/// The signals that whoever started this program had it ignore, a bit for each; none where the system does not tell.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// Listens to Ctrl-C: the first time the answer becomes true, the second time the program ends at once.
///
/// # Errors
/// Where the program cannot listen.
#[cfg(not(unix))]
pub fn listen() -> anyhow::Result<Arc<AtomicBool>> {
    let asked = Arc::new(AtomicBool::new(false));
    let listener = asked.clone();
    ctrlc::set_handler(move || {
        if listener.swap(true, std::sync::atomic::Ordering::SeqCst) {
            std::process::exit(AT_ONCE);
        }
    })?;
    Ok(asked)
}
