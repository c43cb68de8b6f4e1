//! The choice of vector units at run time.

use pulp::{Arch, NullaryFnOnce};

/// Runs `op`, compiled for the widest vectors of this machine: AVX-512, AVX2 with FMA, or what the target has anyway.
///
/// `pulp::Arch` knows AVX2 only under pulp's feature `x86-v3`, which nothing here turns on; its type for it is there all
/// the same.
#[inline(always)]
pub(super) fn dispatch<Op: NullaryFnOnce>(op: Op) -> Op::Output {
    #[cfg(target_arch = "x86_64")]
    if let (Arch::Scalar, Some(simd)) = (Arch::new(), pulp::x86::V3::try_new()) {
        return simd.vectorize(op);
    }
    Arch::new().dispatch(op)
}
