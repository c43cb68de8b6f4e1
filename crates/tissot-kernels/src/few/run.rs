//! From tensors to slices and back.

use super::rows::{Rows, Typed};
use super::{Layer, Pass};
use crate::flex::{inside, numbers, tensor};
use crate::real::Real;
use crate::univariate::values_of;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Tensor};

/// See [`apply`](super::apply); `x` is Flex's and has rows.
pub(super) fn apply(
    x: &Tensor<2>,
    network: impl FnOnce(&mut Pass) -> Option<()>,
    layer: Layer<'_>,
) -> Option<(Tensor<2>, Tensor<1>)> {
    let x = inside(x.clone())?;
    match x.dtype() {
        DType::F64 => {
            let mut pass = Pass { rows: Typed::F64(start(&x, layer.seen)) };
            network(&mut pass)?;
            let Typed::F64(rows) = pass.rows else { unreachable!("rows do not change their type") };
            Some(moved(&x, &rows.h, layer))
        }
        _ => {
            let mut pass = Pass { rows: Typed::F32(start(&x, layer.seen)) };
            network(&mut pass)?;
            let Typed::F32(rows) = pass.rows else { unreachable!("rows do not change their type") };
            Some(moved(&x, &rows.h, layer))
        }
    }
}

/// What the network sees of `x`.
fn start<T: Real>(x: &FlexTensor, seen: Option<&[usize]>) -> Rows<T> {
    let count = x.layout().shape()[0];
    Rows { count, h: columns(numbers(x), count, seen), spare: Vec::new() }
}

/// These columns of each row.
fn columns<T: Real>(x: &[T], rows: usize, columns: Option<&[usize]>) -> Vec<T> {
    match columns {
        None => x.to_vec(),
        Some(columns) => {
            let mut found = Vec::with_capacity(rows * columns.len());
            for row in x.chunks_exact(x.len() / rows) {
                found.extend(columns.iter().map(|&column| row[column]));
            }
            found
        }
    }
}

/// `x` after the univariate under `params`.
fn moved<T: Real>(x: &FlexTensor, params: &[T], layer: Layer<'_>) -> (Tensor<2>, Tensor<1>) {
    let [rows, features] = [0, 1].map(|axis| x.layout().shape()[axis]);
    let x = numbers::<T>(x);
    let moved = layer.moved.map_or(features, <[usize]>::len);
    let wanted = moved * layer.univariate.num_params();
    assert_eq!(params.len(), rows * wanted, "the network must give {wanted} parameters a row");
    let mut log_dets = vec![T::ZERO; rows];
    let at = columns(x, rows, layer.moved);
    let mut values = vec![T::ZERO; at.len()];
    values_of(&at, params, layer.univariate, layer.direction, &mut values, &mut log_dets);
    if let Some(columns) = layer.moved {
        let moved = std::mem::replace(&mut values, x.to_vec());
        for (row, moved) in values.chunks_exact_mut(features).zip(moved.chunks_exact(columns.len().max(1))) {
            columns.iter().zip(moved).for_each(|(&column, &value)| row[column] = value);
        }
    }
    (
        Tensor::from_primitive::<Flex>(tensor(values, &[rows, features])),
        Tensor::from_primitive::<Flex>(tensor(log_dets, &[rows])),
    )
}
