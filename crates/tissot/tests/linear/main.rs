//! Layers that act along axis 1 without a network: ActNorm, permutations and LU-parameterised linear maps.

mod actnorm;
#[path = "../common/golden.rs"]
mod golden;
mod laws;
#[path = "../common/peer.rs"]
mod peer;
mod peers;
mod permutation;
mod start;
mod tensors;
mod training;
