//! Laws that are checked on whole flows through a closure: 6, 12 and 13.

use super::case::{Case, agree};
use super::randomize::noisy;
use super::violation::{Law, Violation};
use crate::bijection::Bijection;
use crate::inspect::jacobian::host;
use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor, TensorData};

/// Law 6: `trained`'s record, through bytes into `fresh`, gives the same bits of `numbers` (such as log-densities).
///
/// `fresh` should be made anew of the same configuration, with other weights: a number that is kept outside the record
/// then shows.
///
/// # Errors
/// A [`Violation`] of [`Law::File`].
pub fn survives_a_file<M: Module>(
    row: &str,
    trained: M,
    fresh: M,
    numbers: impl Fn(&M) -> Vec<f64>,
) -> Result<(), Violation> {
    let broken = |found: String, expected: String| Violation {
        law: Law::File,
        row: row.to_owned(),
        found,
        expected,
        tolerance: 0.0,
    };
    let expected = numbers(&trained);
    let refused = |error| broken(format!("{error}"), "a record that fits".to_owned());
    let bytes = trained.into_record().into_bytes().map_err(refused)?;
    let record = ModuleRecord::from_bytes(bytes).map_err(refused)?;
    let found = numbers(&fresh.try_load_record(record).map_err(refused)?);
    if found.len() != expected.len() {
        return Err(broken(format!("{} numbers", found.len()), expected.len().to_string()));
    }
    match (0..found.len()).find(|&i| found[i].to_bits() != expected[i].to_bits()) {
        None => Ok(()),
        Some(i) => Err(broken(
            format!("{:e} as number {i} after loading", found[i]),
            format!("the bits of {:e}", expected[i]),
        )),
    }
}

/// Law 6 of a bijection, into a copy with noise on every float parameter.
pub(super) fn bijection_survives_a_file<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
) -> Result<(), Violation> {
    let fresh = noisy(case.bijection.clone(), 0xF11E, 1.0, true);
    survives_a_file(&case.row, case.bijection.clone(), fresh, |bijection| {
        let (z, log_det) = bijection.forward(case.x.clone(), case.context());
        [host(z), host(log_det)].concat()
    })
}

/// Law 12: `numbers` of the module on every device agree with those on the first, within a tolerance relative to
/// `max(1, |v|)`.
///
/// `numbers` is given the module on a device, and the device, to put its inputs there.
///
/// # Errors
/// A [`Violation`] of [`Law::Devices`].
pub fn devices_agree<M: Module>(
    row: &str,
    module: &M,
    devices: &[Device],
    tolerance: f64,
    numbers: impl Fn(&M, &Device) -> Vec<f64>,
) -> Result<(), Violation> {
    let on = |device: &Device| numbers(&module.valid().fork(device), device);
    let Some((first, others)) = devices.split_first() else { return Ok(()) };
    let expected = on(first);
    others.iter().try_for_each(|device| {
        let what = format!("number on {device:?}");
        agree(row, Law::Devices, &what, &on(device), &expected, |_| tolerance, 1)
    })
}

/// A grid of cells over the cube `[low, high]^features`, for sums over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// The number of features: 1 or 2.
    pub features: usize,
    /// The lower end of each feature.
    pub low: f64,
    /// The upper end of each feature.
    pub high: f64,
    /// The number of cells along each feature.
    pub cells: usize,
}

/// How many points of a grid are handed over at once.
const POINTS_A_CALL: usize = 1 << 14;

/// Law 13: the density of `log_density` sums to 1 over a grid, within a tolerance (midpoint rule).
///
/// `log_density` is given points `[points, features]` in f64 and returns `[points]`. The grid must hold the density's
/// mass, and its cells must be finer than the density's details.
///
/// # Errors
/// A [`Violation`] of [`Law::Normalised`].
///
/// # Panics
/// Where `log_density` does not return one number a point.
pub fn sums_to_one(
    row: &str,
    grid: Grid,
    tolerance: f64,
    log_density: impl Fn(TensorData) -> Tensor<1>,
) -> Result<(), Violation> {
    let width = (grid.high - grid.low) / grid.cells as f64;
    let points = grid.cells.pow(grid.features as u32);
    let mut sum = 0.0;
    for start in (0..points).step_by(POINTS_A_CALL) {
        let end = (start + POINTS_A_CALL).min(points);
        let coordinates: Vec<f64> = (start..end)
            .flat_map(|point| (0..grid.features).map(move |f| point / grid.cells.pow(f as u32) % grid.cells))
            .map(|cell| grid.low + (cell as f64 + 0.5) * width)
            .collect();
        let values = host(log_density(TensorData::new(coordinates, [end - start, grid.features])));
        assert_eq!(values.len(), end - start, "one log-density a point");
        sum += values.iter().map(|log_p| log_p.exp()).sum::<f64>();
    }
    let mass = sum * width.powi(grid.features as i32);
    agree(row, Law::Normalised, "the mass", &[mass], &[1.0], |_| tolerance, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::tensor::{DType, Int};

    /// Something that stands in the record, and something that does not.
    #[derive(Module, Debug)]
    struct Outside {
        weight: Param<Tensor<1>>,
        kept: Tensor<1, Int>,
    }

    fn outside(weight: f32, kept: i32) -> Outside {
        let device = Device::flex();
        Outside {
            weight: Param::from_tensor(Tensor::from_floats([weight], &device)),
            kept: Tensor::from_ints([kept], &device),
        }
    }

    #[test]
    fn a_number_outside_the_record_is_caught() {
        let numbers =
            |module: &Outside| [host(module.weight.val()), host(module.kept.clone().float())].concat();
        survives_a_file("outside", outside(1.0, 1), outside(2.0, 1), numbers).unwrap();
        let found = survives_a_file("outside", outside(1.0, 1), outside(2.0, 2), numbers);
        assert_eq!(found.unwrap_err().law, Law::File);
    }

    #[test]
    fn devices_that_disagree_are_caught() {
        let devices = [Device::flex(), Device::flex()];
        let check = |step: f64| -> Result<(), Violation> {
            let calls = std::cell::Cell::new(0.0);
            devices_agree("outside", &outside(1.0, 1), &devices, 1e-4, |module, device| {
                calls.set(calls.get() + step);
                let weight = module.weight.val() * Tensor::ones([1], device);
                vec![host(weight)[0] + calls.get()]
            })
        };
        check(0.0).unwrap();
        assert_eq!(check(0.01).unwrap_err().law, Law::Devices);
    }

    #[test]
    fn a_density_that_loses_mass_is_caught() {
        let normal = |features: usize, lost: f64| {
            move |points: TensorData| {
                let x = Tensor::<2>::from_data(points, (&Device::flex(), DType::F64));
                let log_z = 0.5 * features as f64 * (2.0 * std::f64::consts::PI).ln();
                x.square().sum_dim(1).squeeze_dim::<1>(1) * -0.5 - log_z - lost
            }
        };
        for features in [1, 2] {
            let grid = Grid { features, low: -8.0, high: 8.0, cells: 150 };
            sums_to_one("normal", grid, 1e-9, normal(features, 0.0)).unwrap();
            let found = sums_to_one("normal", grid, 1e-3, normal(features, 0.01)).unwrap_err();
            assert_eq!(found.law, Law::Normalised);
        }
    }
}
