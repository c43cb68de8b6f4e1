//! Constants of kernels.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};

/// A value that a kernel is compiled for. CubeCL tells kernels apart by hashes of such values, and numbers have none: here
/// it is that of their text, which is another one for every other value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fixed<T>(pub T);

// None of the constants is NaN.
impl<T: PartialEq> Eq for Fixed<T> {}

impl<T: Debug> Hash for Fixed<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        format!("{:?}", self.0).hash(state);
    }
}
