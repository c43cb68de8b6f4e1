//! Layers of features of which some lie on circles.

mod autoregressive;
mod coupling;
mod rotation;

pub use autoregressive::{CircularAutoregressive, CircularAutoregressiveConfig};
pub use coupling::{CircularCoupling, CircularCouplingConfig};
pub use rotation::{Rotation, RotationConfig};

use crate::bijection::same_rank;
use crate::circles::Circles;
use crate::error::Error;
use crate::inspect::Sign;
use crate::layer::Place;
use crate::layers::indices;
use crate::univariate::{AnyUnivariate, RationalQuadratic, SplineParams, Univariate};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use std::sync::Arc;

/// The circles of a layer of tables, if all is well with them and with the spline that moves them.
fn checked(
    place: &Place<'_>,
    name: &str,
    circular: &[usize],
    univariate: &AnyUnivariate,
    spline: &RationalQuadratic,
) -> Result<Circles, Error> {
    if !place.positions.is_empty() {
        return Err(Error::config(name, "images", "tables"));
    }
    univariate.validate().map_err(|error| error.within("univariate"))?;
    spline.validate().map_err(|error| error.within("spline"))?;
    if !matches!(spline.parameters, SplineParams::Circular { .. }) {
        let found = format!("{:?}", spline.parameters);
        return Err(Error::config("spline.parameters", found, "Circular"));
    }
    let circles = Circles { features: circular.to_vec(), bound: spline.bound };
    circles.validate(place.features)?;
    Ok(circles)
}

/// The layer's input as a table.
///
/// # Panics
/// For another rank than 2.
fn table<const D: usize>(x: Tensor<D>) -> Tensor<2> {
    assert_eq!(D, 2, "circular layers act on tables, rank 2; found rank {D}");
    same_rank(x)
}

/// Elements side by side: those on lines are moved by one univariate, those on circles by another.
///
/// The parameters stand element by element, as many for each as its own univariate has.
#[derive(Module, Debug)]
struct Elements {
    /// One or both kinds.
    groups: Vec<Group>,
    /// From the groups' order to the elements'.
    merge: Tensor<1, Int>,
    /// Where each element's parameters start, and which group it is of.
    #[module(skip)]
    starts: Arc<[(usize, usize)]>,
}

/// The elements of one kind.
#[derive(Module, Debug)]
struct Group {
    #[module(skip)]
    univariate: AnyUnivariate,
    elements: Tensor<1, Int>,
    /// The places of their parameters among all.
    params: Tensor<1, Int>,
}

impl Elements {
    /// Elements that lie on circles where `kinds` says so.
    fn new(kinds: &[bool], line: AnyUnivariate, circle: RationalQuadratic, device: &Device) -> Self {
        let of = |circular: bool| if circular { circle.into() } else { line };
        let (mut groups, mut order, mut starts) = (Vec::new(), Vec::new(), vec![(0, 0); kinds.len()]);
        let mut end = 0;
        let ends: Vec<usize> = kinds
            .iter()
            .map(|&circular| {
                end += of(circular).num_params();
                end
            })
            .collect();
        for circular in [false, true] {
            let elements: Vec<usize> = (0..kinds.len()).filter(|&i| kinds[i] == circular).collect();
            if elements.is_empty() {
                continue;
            }
            let univariate = of(circular);
            let p = univariate.num_params();
            let params: Vec<usize> = elements.iter().flat_map(|&i| ends[i] - p..ends[i]).collect();
            elements.iter().for_each(|&i| starts[i] = (ends[i] - p, groups.len()));
            order.extend_from_slice(&elements);
            groups.push(Group {
                univariate,
                elements: indices(&elements, device),
                params: indices(&params, device),
            });
        }
        let mut merge = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, &element)| merge[element] = place);
        Self { groups, merge: indices(&merge, device), starts: starts.into() }
    }

    /// The parameters of each element that make it stay where it is.
    fn identities(&self) -> Vec<Vec<f64>> {
        self.starts.iter().map(|&(_, group)| self.groups[group].univariate.start()).collect()
    }

    /// Moves all elements by `map`, `[batch, elements]` under `[batch, parameters]`.
    fn each(
        &self,
        x: Tensor<2>,
        params: Tensor<2>,
        map: fn(&AnyUnivariate, Tensor<2>, Tensor<3>) -> (Tensor<2>, Tensor<1>),
    ) -> (Tensor<2>, Tensor<1>) {
        let moved = self.groups.iter().map(|group| {
            let (x, params) = group.of(&x, &params, self.groups.len() == 1);
            map(&group.univariate, x, params)
        });
        let (mut values, log_dets): (Vec<_>, Vec<_>) = moved.unzip();
        let log_det = log_dets.into_iter().reduce(|a, b| a + b).expect("a layer has elements");
        match values.len() {
            1 => (values.remove(0), log_det),
            _ => (Tensor::cat(values, 1).select(1, self.merge.clone()), log_det),
        }
    }

    /// One element back, `[batch, 1]`, under the parameters of all.
    fn inverse_of(&self, element: usize, y: Tensor<2>, params: &Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        let (start, group) = self.starts[element];
        let univariate = &self.groups[group].univariate;
        let p = univariate.num_params();
        let params = params.clone().narrow(1, start, p).reshape([y.dims()[0], 1, p]);
        univariate.inverse(y, params)
    }

    fn examine(&self, x: &Tensor<2>, params: &Tensor<2>, note: &mut dyn FnMut(Sign)) {
        for group in &self.groups {
            let (x, params) = group.of(x, params, self.groups.len() == 1);
            group.univariate.examine(&x, &params, note);
        }
    }
}

impl Group {
    /// The group's own elements and parameters.
    fn of(&self, x: &Tensor<2>, params: &Tensor<2>, all: bool) -> (Tensor<2>, Tensor<3>) {
        let ([batch, _], [n]) = (x.dims(), self.elements.dims());
        let shape = [batch, n, self.univariate.num_params()];
        if all {
            return (x.clone(), params.clone().reshape(shape));
        }
        let x = x.clone().select(1, self.elements.clone());
        (x, params.clone().select(1, self.params.clone()).reshape(shape))
    }
}
