//! Vector instructions for the processor at hand.

use pulp::{Simd, WithSimd};

/// Runs `task` compiled for the widest vector instructions that the processor has.
///
/// [`pulp::Arch`] has AVX-512 here, as burn's matrix products do, but not AVX2, which most processors have.
pub(crate) fn dispatch<Task: WithSimd>(task: Task) -> Task::Output {
    #[cfg(target_arch = "x86_64")]
    if pulp::x86::V4::try_new().is_none()
        && let Some(simd) = pulp::x86::V3::try_new()
    {
        return Simd::vectorize(simd, task);
    }
    pulp::Arch::new().dispatch(task)
}
