//! Vector instructions for the processor at hand.

use pulp::{Arch, Simd, WithSimd};

/// Runs `task` compiled for the widest vector instructions that the processor has.
///
/// [`Arch`] has AVX-512 here, as burn's matrix products do, but not AVX2, which most processors have.
#[inline(always)]
pub(crate) fn dispatch<Task: WithSimd>(task: Task) -> Task::Output {
    #[cfg(target_arch = "x86_64")]
    if let (Arch::Scalar, Some(simd)) = (Arch::new(), pulp::x86::V3::try_new()) {
        return Simd::vectorize(simd, task);
    }
    Arch::new().dispatch(task)
}
