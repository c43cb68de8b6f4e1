//! Rows of Flex tensors, and threads for them.

use crate::{Real, threads};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{BackendTensor, DispatchTensorKind};
use burn::tensor::{Shape, Tensor};
use std::mem::MaybeUninit;

/// Work below this many parameters stays on one thread: a second one costs about as much to wake.
const SERIAL: usize = 1 << 15;

/// A tensor whose numbers lie one after the other.
pub(crate) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if is_row_major(tensor.layout()) { tensor } else { tensor.to_contiguous() }
}

/// Whether the numbers lie one after the other, wherever they begin. Without the allocations of burn's own check, which
/// are felt where there is one row.
fn is_row_major(layout: &Layout) -> bool {
    let mut expected = 1;
    (0..layout.shape().num_dims()).rev().all(|axis| {
        let size = layout.shape()[axis] as isize;
        let fits = size == 1 || layout.strides()[axis] == expected;
        expected *= size;
        fits
    })
}

/// The numbers of a tensor that lie one after the other; `None` for others, and for another number type.
pub(crate) fn slice<T: Real>(tensor: &FlexTensor) -> Option<&[T]> {
    let layout = tensor.layout();
    if tensor.dtype() != T::DTYPE || !is_row_major(layout) {
        return None;
    }
    let start = layout.start_offset();
    T::storage(tensor).get(start..start + layout.num_elements())
}

/// The Flex tensor inside, contiguous; `None` on another device, and on one with autodiff.
pub(crate) fn inside<const D: usize>(tensor: Tensor<D>) -> Option<FlexTensor> {
    match tensor.into_dispatch().kind {
        DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => Some(contiguous(tensor)),
        #[allow(unreachable_patterns)] // Unless other backends are there.
        _ => None,
    }
}

/// The numbers of a contiguous tensor.
///
/// # Panics
/// For a tensor of another number type: all tensors of an operation share one.
pub(crate) fn numbers<T: Real>(tensor: &FlexTensor) -> &[T] {
    T::slice(tensor).expect("tensors of one number type")
}

/// `len` numbers in memory that nothing was written to: the zeros that a list else begins with cost as much as a pass over it.
///
/// # Safety
/// `write` must write all of them.
pub(crate) unsafe fn written<T: Real>(len: usize, write: impl FnOnce(&mut [MaybeUninit<T>])) -> Vec<T> {
    let mut numbers = Vec::with_capacity(len);
    write(&mut numbers.spare_capacity_mut()[..len]);
    // SAFETY: there is room for `len` numbers, and the caller promises that all are written.
    unsafe { numbers.set_len(len) };
    numbers
}

/// A tensor of `values`.
pub(crate) fn tensor<T: Real>(values: Vec<T>, shape: &[usize]) -> FlexTensor {
    debug_assert_eq!(values.len(), shape.iter().product::<usize>());
    crate::memory::keep();
    FlexTensor::new(T::bytes(values), Layout::contiguous(Shape::from(shape.to_vec())), T::DTYPE)
}

/// A tensor to be overwritten, all of its memory its own numbers, one after the other. Writing to it copies it first where
/// another one holds it too.
pub(crate) fn own<T: Real>(tensor: FlexTensor) -> FlexTensor {
    let tensor = contiguous(tensor);
    let whole =
        tensor.layout().start_offset() == 0 && tensor.layout().num_elements() == T::storage(&tensor).len();
    if whole { tensor } else { copy::<T>(&tensor) }
}

fn copy<T: Real>(of: &FlexTensor) -> FlexTensor {
    let shape: Vec<usize> = of.layout().shape().iter().copied().collect();
    tensor(numbers::<T>(of).to_vec(), &shape)
}

/// Fewer multiplications than this stay on one thread.
const PARALLEL: usize = 5 << 19;

/// Whether so many multiplications are worth the call of other threads.
pub(crate) fn parallel(work: usize) -> bool {
    work >= PARALLEL && threads::count() > 1
}

/// How many of `rows` to compute at once, where all together cost `work` multiplications: a share for each thread where
/// they are worth it.
pub(crate) fn share(rows: usize, work: usize) -> usize {
    let shares = if parallel(work) { threads::count() } else { 1 };
    rows.div_ceil(shares).next_multiple_of(8)
}

/// How many rows one task takes: all of them where the work (`per_row` numbers a row) is small.
pub(crate) fn rows_per_task(rows: usize, per_row: usize) -> usize {
    let threads = threads::count();
    if threads == 1 || rows * per_row < SERIAL {
        return rows.max(1);
    }
    rows.div_ceil(4 * threads).max(SERIAL.div_ceil(4 * per_row.max(1))).max(1)
}

/// Numbers that a pass over memory takes in about the time that a second thread takes to wake.
const SHORT: usize = 1 << 18;

/// Whether a pass over so many numbers is worth the call of other threads.
pub(crate) fn parallel_pass(numbers: usize) -> bool {
    numbers >= SHORT && threads::count() > 1
}

/// Calls `task(index, ..)` for each chunk of two outputs, each given with its chunks' size, in parallel where there are
/// several chunks and threads and `spread` says so. The second output may be empty; then so are its chunks.
pub(crate) fn for_chunks<A: Send, B: Send>(
    spread: bool,
    (a, a_size): (&mut [A], usize),
    (b, b_size): (&mut [B], usize),
    task: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    if a_size == 0 || a.len() <= a_size {
        return task(0, a, b);
    }
    let b = b.chunks_mut(b_size.max(1)).chain(std::iter::repeat_with(Default::default));
    let chunks = a.chunks_mut(a_size).zip(b).enumerate();
    if spread && threads::count() > 1 {
        threads::for_each(chunks.collect(), |(i, (a, b))| task(i, a, b));
    } else {
        chunks.for_each(|(i, (a, b))| task(i, a, b));
    }
}

/// `f(index, chunk)` for the chunks of `data`, in parallel where there are several chunks and threads and `spread` says so.
pub(crate) fn chunks<T: Send>(
    spread: bool,
    data: &mut [T],
    size: usize,
    f: impl Fn(usize, &mut [T]) + Send + Sync,
) {
    if spread && data.len() > size && threads::count() > 1 {
        threads::for_each(data.chunks_mut(size).enumerate().collect(), |(i, chunk)| f(i, chunk));
    } else {
        data.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    }
}
