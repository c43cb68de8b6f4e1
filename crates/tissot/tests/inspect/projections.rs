//! Maps with known geometry, through the same path as any flow: the numbers are exact.

use crate::common::host;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{DType, Device, Tensor, TensorData};
use tissot::inspect::projections::{Lambert, Mercator, Polar};
use tissot::inspect::{Angle, LocalGeometry, Metric, geometry, jacobians};
use tissot::{Bijection, Context};

const TOLERANCE: f64 = 1e-12;
const SPHERE: Metric = Metric::Sphere { longitude: 0, latitude: 1, angle: Angle::Radians };

fn close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() < TOLERANCE * expected.abs().max(1.0),
        "{what}: {found} is not {expected}"
    );
}

fn tensor(rows: &[[f64; 2]]) -> Tensor<2> {
    let values: Vec<f64> = rows.as_flattened().to_vec();
    Tensor::from_data(TensorData::new(values, [rows.len(), 2]), (&Device::flex(), DType::F64))
}

/// Places in radians, both hemispheres, up to 85 degrees.
fn places() -> Vec<[f64; 2]> {
    [[0.0, 0.0], [10.0, 48.0], [-170.0, -33.5], [25.0, 85.0], [179.0, -60.0], [-3.0, 0.01]]
        .map(|place| place.map(f64::to_radians))
        .into()
}

/// The geometry at each place on the sphere.
fn on_sphere<B: Bijection<2>>(map: &B) -> Vec<([f64; 2], LocalGeometry)> {
    let places = places();
    let found = jacobians(map, &tensor(&places), Context::NONE);
    let at = |(place, j): (&[f64; 2], _)| (*place, LocalGeometry::of(&SPHERE.apply(j, place, &[1.0, 1.0])));
    places.iter().zip(&found).map(at).collect()
}

/// The inverse returns, log-dets cancel, and the log-det is that of the Jacobian.
fn laws<B: Bijection<2> + Module + ModuleDisplay>(map: &B, rows: &[[f64; 2]]) {
    let x = tensor(rows);
    let (z, log_det) = map.forward(x.clone(), Context::NONE);
    let (back, inverse_log_det) = map.inverse(z, Context::NONE);
    let (log_det, inverse_log_det) = (host(log_det), host(inverse_log_det));
    for (a, b) in host(back).iter().zip(rows.as_flattened()) {
        close(*a, *b, "round trip");
    }
    for (row, at) in geometry(map, &x, Context::NONE).iter().enumerate() {
        close(log_det[row] + inverse_log_det[row], 0.0, "log-dets");
        close(at.log_det, log_det[row], "log-det of the Jacobian");
    }
}

#[test]
fn mercator_stretches_both_ways_by_one_over_cos() {
    let map = Mercator { meridian: 0.2 };
    laws(&map, &places());
    for ([_, latitude], at) in on_sphere(&map) {
        close(at.largest(), 1.0 / latitude.cos(), "east or north");
        close(at.smallest(), 1.0 / latitude.cos(), "the other");
        close(at.log_det, -2.0 * latitude.cos().ln(), "log area");
        close(at.condition(), 1.0, "shapes are right");
    }
}

#[test]
fn lambert_keeps_areas() {
    let map = Lambert { meridian: -0.1 };
    laws(&map, &places());
    for ([_, latitude], at) in on_sphere(&map) {
        close(at.largest(), 1.0 / latitude.cos(), "east");
        close(at.smallest(), latitude.cos(), "north");
        close(at.log_det, 0.0, "log area");
        if at.separated() {
            close(at.most_stretched()[1], 0.0, "the most stretched direction is east");
            close(at.image_of_circle().expect("two dimensions").angle.sin(), 0.0, "and so on the map");
        }
    }
}

#[test]
fn polar_coordinates_stretch_across_the_radius() {
    let map = Polar { centre: [0.5, -0.25] };
    let rows = [[1.0, 2.0], [-3.0, 0.7], [0.6, -0.2], [0.5, 4.0]];
    laws(&map, &rows);
    for (row, at) in rows.iter().zip(geometry(&map, &tensor(&rows), Context::NONE)) {
        let r = (row[0] - 0.5).hypot(row[1] + 0.25);
        close(at.largest(), f64::max(1.0, 1.0 / r), "larger stretch");
        close(at.smallest(), f64::min(1.0, 1.0 / r), "smaller stretch");
        close(at.log_det, -r.ln(), "log area");
        // Where r > 1 the radius is what is stretched most.
        let radial = at.most_stretched()[0] * (row[0] - 0.5) + at.most_stretched()[1] * (row[1] + 0.25);
        close(radial.abs() / r, if r > 1.0 { 1.0 } else { 0.0 }, "the direction");
    }
}

/// `z = A x`, without a rule of its own.
#[derive(Module, Debug)]
struct Linear {
    rows: [f64; 4],
}

impl Linear {
    fn matrix(rows: [f64; 4]) -> Tensor<2> {
        tensor(&[[rows[0], rows[2]], [rows[1], rows[3]]])
    }
}

impl Bijection<2> for Linear {
    fn forward(&self, x: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let [a, b, c, d] = self.rows;
        let log_det =
            x.clone().narrow(1, 0, 1).squeeze_dim::<1>(1).zeros_like().add_scalar((a * d - b * c).abs().ln());
        (x.matmul(Self::matrix(self.rows)), log_det)
    }

    fn inverse(&self, z: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let [a, b, c, d] = self.rows;
        let det = a * d - b * c;
        Self { rows: [d / det, -b / det, -c / det, a / det] }.forward(z, context)
    }
}

#[test]
fn a_linear_map_has_the_geometry_of_its_matrix() {
    let rows = [[1.0, 2.0], [-30.0, 0.7]];
    // A turn by 20 degrees after stretches by 5 along (3, 4) / 5 and by 1/4 across.
    let (sin, cos) = 20_f64.to_radians().sin_cos();
    let stretch = [0.36 * 5.0 + 0.64 * 0.25, 0.48 * 4.75, 0.64 * 5.0 + 0.36 * 0.25];
    let turned = [
        cos * stretch[0] - sin * stretch[1],
        cos * stretch[1] - sin * stretch[2],
        sin * stretch[0] + cos * stretch[1],
        sin * stretch[1] + cos * stretch[2],
    ];
    let map = Linear { rows: turned };
    laws(&map, &rows);
    for at in geometry(&map, &tensor(&rows), Context::NONE) {
        close(at.largest(), 5.0, "stretch");
        close(at.smallest(), 0.25, "squeeze");
        close(at.log_det, 1.25_f64.ln(), "log area");
        close(at.rotation()[1][0], sin, "rotation");
        close(at.stretch()[0][1], stretch[1], "stretch before the rotation");
        let direction = at.most_stretched();
        close((direction[0] * 0.6 + direction[1] * 0.8).abs(), 1.0, "direction");
    }
}
