//! Choosing the vector instructions of the processor at hand.

use pulp::{Arch, Simd, WithSimd};

/// Runs `op`, a [`WithSimd`] or a closure without arguments, on the widest vectors that this processor has.
///
/// `pulp::Arch` alone is not enough: it knows AVX2 only with pulp's feature `x86-v3`, which burn does not turn on, and so
/// falls back to scalars on processors without AVX-512. The type is there without the feature.
#[inline(always)]
pub(crate) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    let arch = Arch::new();
    #[cfg(target_arch = "x86_64")]
    if matches!(arch, Arch::Scalar)
        && let Some(simd) = pulp::x86::V3::try_new()
    {
        return Simd::vectorize(simd, op);
    }
    arch.dispatch(op)
}
