//! The arrays of a checkpoint as parameters of this library, and which of them were read.

use super::Checkpoint;
use crate::error::Error;
use crate::nets::{MaskedLinear, sort_permutation};
use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{DType, Device, Tensor, TensorData};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Outputs or inputs of a linear map in another order: `k` here is `order[k]` there; none is all as they are.
pub type Reorder<'a> = Option<&'a [usize]>;

/// The arrays of a checkpoint behind a common prefix of their names.
pub struct Weights<'a> {
    checkpoint: &'a Checkpoint,
    prefix: String,
    used: RefCell<BTreeSet<String>>,
    /// Where parameters are made.
    pub device: &'a Device,
}

impl<'a> Weights<'a> {
    pub fn new(checkpoint: &'a Checkpoint, prefix: String, device: &'a Device) -> Self {
        Self { checkpoint, prefix, used: RefCell::default(), device }
    }

    /// The names in order, without the prefix.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.checkpoint.arrays().keys().filter_map(|name| name.strip_prefix(&self.prefix))
    }

    /// Whether there is an array of this name.
    pub fn has(&self, key: &str) -> bool {
        self.names().any(|name| name == key)
    }

    /// Whether any name begins so.
    pub fn any(&self, begin: &str) -> bool {
        self.names().any(|name| name.starts_with(begin))
    }

    /// The numbers that follow `begin` in names.
    pub fn numbers(&self, begin: &str) -> Vec<usize> {
        let number = |name: &str| name.strip_prefix(begin)?.split('.').next()?.parse().ok();
        self.names().filter_map(number).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The numbers that follow `begin`, refused where one is left out: what is there holds no arrays, so what it is cannot be
    /// told.
    pub fn numbers_in_turn(&self, begin: &str) -> Result<usize, Error> {
        let numbers = self.numbers(begin);
        let absent = (0..numbers.len()).find(|k| numbers[*k] != *k);
        let Some(k) = absent else { return Ok(numbers.len()) };
        let after = self.names().find(|name| name.starts_with(&format!("{begin}{}.", numbers[k])));
        let what = format!("before it {begin}{k} has no arrays, so what it does cannot be told");
        Err(self.refused(after.unwrap_or(begin), what))
    }

    /// What is wrong with an array, or with the first one that begins so.
    pub fn refused(&self, key: &str, what: impl Into<String>) -> Error {
        let key = self.names().find(|name| name.starts_with(key)).unwrap_or(key);
        Error::checkpoint(self.checkpoint.path(), format!("{}{key}", self.prefix), what)
    }

    /// The shape of an array.
    pub fn shape(&self, key: &str) -> Result<&[usize], Error> {
        let array = self.checkpoint.arrays().get(&format!("{}{key}", self.prefix));
        array.map(super::Array::shape).ok_or_else(|| self.refused_absent(key))
    }

    fn refused_absent(&self, key: &str) -> Error {
        Error::checkpoint(self.checkpoint.path(), format!("{}{key}", self.prefix), "is not there")
    }

    /// The inputs of a linear map.
    pub fn columns(&self, key: &str) -> Result<usize, Error> {
        match self.shape(key)? {
            [_, columns] => Ok(*columns),
            other => Err(self.refused(key, format!("found the shape {other:?}, expected [outputs, inputs]"))),
        }
    }

    /// The numbers of an array, which has so many.
    pub fn numbers_of(&self, key: &str, count: usize) -> Result<Vec<f64>, Error> {
        let found = self.shape(key)?.iter().product::<usize>();
        if found != count {
            let what = format!("found the shape {:?}, expected {count} numbers", self.shape(key)?);
            return Err(self.refused(key, what));
        }
        self.read(key)
    }

    /// The numbers of an array.
    pub fn read(&self, key: &str) -> Result<Vec<f64>, Error> {
        self.shape(key)?;
        let name = format!("{}{key}", self.prefix);
        let values = self.checkpoint.arrays()[&name].values();
        self.used.borrow_mut().insert(name);
        Ok(values)
    }

    /// Indices, such as the features that a mask names.
    pub fn indices(&self, key: &str) -> Result<Vec<usize>, Error> {
        let index = |v: f64| (v >= 0.0 && v.fract() == 0.0 && v < 1e9).then_some(v as usize);
        let values = self.read(key)?.into_iter().map(index).collect::<Option<_>>();
        values.ok_or_else(|| self.refused(key, "found other numbers, expected whole ones from 0 up"))
    }

    /// Numbers as a parameter.
    pub fn param<const D: usize>(&self, values: Vec<f64>, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), (self.device, DType::F64)))
    }

    /// An array as a parameter of this shape.
    pub fn array<const D: usize>(&self, key: &str, shape: [usize; D]) -> Result<Param<Tensor<D>>, Error> {
        let found = self.shape(key)?;
        if found != shape {
            return Err(self.refused(key, format!("found the shape {found:?}, expected {shape:?}")));
        }
        Ok(self.param(self.read(key)?, shape))
    }

    /// The linear map `key` in place of `to`, whose size it must have. A weight is `[outputs, inputs]` there and
    /// `[inputs, outputs]` here.
    pub fn linear(
        &self,
        key: &str,
        outputs: Reorder<'_>,
        inputs: Reorder<'_>,
        to: &mut Linear,
    ) -> Result<(), Error> {
        let [columns, rows] = to.weight.dims();
        let (weight_key, bias_key) = (format!("{key}.weight"), format!("{key}.bias"));
        let found = self.shape(&weight_key)?;
        if found != [rows, columns] {
            let what = format!("found the shape {found:?}, expected [{rows}, {columns}]");
            return Err(self.refused(&weight_key, what));
        }
        let weight = self.read(&weight_key)?;
        let bias = self.numbers_of(&bias_key, rows)?;
        let at = |order: Reorder<'_>, k: usize| order.map_or(k, |order| order[k]);
        let value = |i: usize, o: usize| weight[at(outputs, o) * columns + at(inputs, i)];
        let values = (0..columns).flat_map(|i| (0..rows).map(move |o| (i, o))).map(|(i, o)| value(i, o));
        to.weight = self.param(values.collect(), [columns, rows]);
        to.bias = Some(self.param((0..rows).map(|o| bias[at(outputs, o)]).collect(), [rows]));
        Ok(())
    }

    /// A masked map, after a check that its mask, if the checkpoint has it, is the same.
    pub fn masked(
        &self,
        key: &str,
        outputs: Reorder<'_>,
        inputs: Reorder<'_>,
        to: &mut MaskedLinear,
    ) -> Result<(), Error> {
        self.linear(key, outputs, inputs, &mut to.linear)?;
        let mask_key = format!("{key}.mask");
        if !self.has(&mask_key) {
            return Ok(());
        }
        let [columns, rows] = to.linear.weight.dims();
        let mask = self.numbers_of(&mask_key, columns * rows)?;
        let forbidden: Vec<bool> = to.forbidden().into_data().iter().collect();
        let at = |order: Reorder<'_>, k: usize| order.map_or(k, |order| order[k]);
        for (i, o) in (0..columns).flat_map(|i| (0..rows).map(move |o| (i, o))) {
            if (mask[at(outputs, o) * columns + at(inputs, i)] != 0.0) == forbidden[i * rows + o] {
                return Err(self.refused(&mask_key, "found a mask that is not that of its degrees"));
            }
        }
        Ok(())
    }

    /// The order that sorts hidden units with these degrees, which must be those of this library's network.
    pub fn sorted(&self, key: &str, degrees: &[usize], own: &[usize]) -> Result<Vec<usize>, Error> {
        let order = sort_permutation(degrees);
        if order.iter().map(|&unit| degrees[unit]).eq(own.iter().copied()) {
            return Ok(order);
        }
        Err(self.refused(key, "found hidden units of other degrees than 1, 2, .. in turn, expected these"))
    }

    /// Takes the arrays whose last word is one of these as read: they follow from others.
    pub fn pass_over(&self, words: &[&str]) {
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let follows = self.names().filter(|name| words.contains(&last(name).as_str()));
        self.used.borrow_mut().extend(follows.map(|name| format!("{}{name}", self.prefix)));
    }

    /// Refuses a checkpoint of which something was not read.
    pub fn all_used(&self) -> Result<(), Error> {
        let used = self.used.borrow();
        let left = self.checkpoint.arrays().keys().find(|name| !used.contains(*name));
        let what = "no part of Tissot takes its place, so the flow would be another";
        left.map_or(Ok(()), |name| Err(Error::checkpoint(self.checkpoint.path(), name, what)))
    }
}
