//! What a length is on the data side: stretch is measured against it.

use super::double::Double;
use super::geometry::LocalGeometry;
use super::inputs::Inputs;
use super::matrix::Jacobian;
use super::tangents::jacobians;
use crate::model::Model;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The unit of an angle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Angle {
    /// Of which a full turn has 360.
    #[default]
    Degrees,
    /// Of which a full turn has 2 pi.
    Radians,
}

impl Angle {
    /// How many radians one of it is.
    fn radians(self) -> f64 {
        match self {
            Self::Degrees => std::f64::consts::PI / 180.0,
            Self::Radians => 1.0,
        }
    }
}

/// What a length is on the data side.
///
/// A flow's Jacobian is `dz/dy` by its inputs `y`, the standardised columns. Against lengths `m` it is `dz/dm =
/// dz/dy diag(dy_i/dm_i)`, and `log |det|` grows by `sum_i log |dy_i/dm_i|`. Every picture and every number says which metric it
/// was made with: [`Metric`] displays as words for a legend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// A length of 1 is one standard deviation of a column, after its domain's map (the logarithm of a positive one):
    /// the flow's own inputs.
    #[default]
    Standardised,
    /// A length of 1 is 1 in each column's own unit, as in the table.
    Units,
    /// Two columns are a place on a sphere of radius 1: `dm = (cos(latitude) d longitude, d latitude)` in radians, east
    /// and north. Other columns are standardised.
    Sphere {
        /// The column of longitudes.
        longitude: usize,
        /// The column of latitudes.
        latitude: usize,
        /// The unit of both.
        angle: Angle,
    },
}

impl Metric {
    /// `dy_i/dm_i` of each column at one row in the user's units, where `slopes` are `dy_i/dx_i` (see
    /// [`Columns::slopes`](crate::columns::Columns::slopes); ones for a bijection that acts on the row itself).
    ///
    /// At a pole longitudes have no length: infinite there.
    ///
    /// # Panics
    /// Where the lengths differ, or the sphere's columns do not exist.
    pub fn scales(&self, row: &[f64], slopes: &[f64]) -> Vec<f64> {
        assert_eq!(row.len(), slopes.len(), "a slope for each column");
        match *self {
            Self::Standardised => vec![1.0; row.len()],
            Self::Units => slopes.to_vec(),
            Self::Sphere { longitude, latitude, angle } => {
                let unit = angle.radians();
                let mut scales = vec![1.0; row.len()];
                scales[longitude] = slopes[longitude] / (unit * (row[latitude] * unit).cos());
                scales[latitude] = slopes[latitude] / unit;
                scales
            }
        }
    }

    /// A Jacobian by the flow's inputs as one by lengths of this metric; `row` and `slopes` as for
    /// [`Metric::scales`].
    ///
    /// # Panics
    /// As [`Metric::scales`], and where the Jacobian has another number of columns.
    #[must_use]
    pub fn apply(&self, jacobian: &Jacobian, row: &[f64], slopes: &[f64]) -> Jacobian {
        jacobian.with_columns_scaled(&self.scales(row, slopes))
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standardised => "standardised columns",
            Self::Units => "the columns' own units",
            Self::Sphere { .. } => "the unit sphere",
        })
    }
}

/// The geometry of a model's flow at row-major `rows` and `context` in the user's units, measured by `metric`.
///
/// In f64, on a copy of the flow, where the device has it. NaN for a row with a value outside its column's domain.
///
/// # Panics
/// Where the lengths do not fit the model, or the metric names a column that does not exist.
///
/// # Cost
/// That of [`geometry`](super::geometry()).
pub fn geometry_of_model(model: &Model, rows: &[f64], context: &[f64], metric: Metric) -> Vec<LocalGeometry> {
    let inputs = Inputs::of(model, rows, context);
    let double = Double::of(&model.flow.bijection, &inputs.x, inputs.context());
    let jacobians = jacobians(&double.bijection, &double.x, double.context());
    rows.chunks(model.columns.len().max(1))
        .zip(&jacobians)
        .map(|(row, jacobian)| {
            let slopes = model.columns.slopes(row);
            let inside = slopes.iter().all(|slope| slope.is_finite());
            let metric = if inside { metric } else { Metric::Units };
            LocalGeometry::of(&metric.apply(jacobian, row, &slopes))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sphere_knows_degrees() {
        let metric = Metric::Sphere { longitude: 1, latitude: 0, angle: Angle::Degrees };
        let scales = metric.scales(&[60.0, 10.0, 7.0], &[3.0, 2.0, 5.0]);
        let degree = std::f64::consts::PI / 180.0;
        for (found, expected) in scales.iter().zip([3.0 / degree, 2.0 / (0.5 * degree), 1.0]) {
            assert!((found / expected - 1.0).abs() < 1e-14, "{found} is not {expected}");
        }
        let j = metric.apply(&Jacobian::new(1, 3, vec![1.0, 1.0, 4.0]), &[60.0, 10.0, 7.0], &[3.0, 2.0, 5.0]);
        assert_eq!(j.values(), [scales[0], scales[1], 4.0]);
        assert_eq!(Metric::Units.scales(&[1.0, 1.0], &[2.0, 3.0]), [2.0, 3.0]);
        assert_eq!(Metric::default().scales(&[1.0, 1.0], &[2.0, 3.0]), [1.0, 1.0]);
    }
}
