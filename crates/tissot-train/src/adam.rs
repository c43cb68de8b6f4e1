//! Adam in one pass over the weights.

use burn::optim::{AdaptiveMomentumState, AdamWState, LearningRate, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};
use tissot_kernels::optimiser::{AdamStep, adam};
