//! What the kernels for GPUs share. They are written in CubeCL, one source for wgpu, Vulkan, CUDA and ROCm, and work in f32.

mod fixed;
pub(crate) mod math;
mod tensors;

pub(crate) use fixed::Fixed;
pub(crate) use tensors::{Target, buffer, empty, enter, is_reachable, leave, like};

use burn_cubecl::cubecl::calculate_cube_count_elemwise;
use burn_cubecl::cubecl::client::Client;
use burn_cubecl::cubecl::prelude::{CubeCount, CubeDim};

/// The units (threads) of a cube (workgroup): one or two of what processors run in step.
pub(crate) const UNITS: usize = 64;

/// Loops over so many bins at most are unrolled, so that their arrays stay in registers.
pub(crate) const UNROLLED: usize = 16;

/// As many cubes of [`UNITS`] units, in a grid that the device allows.
pub(crate) fn grid(client: &Client, cubes: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new_1d(UNITS as u32);
    (calculate_cube_count_elemwise(client, cubes * UNITS, dim), dim)
}
