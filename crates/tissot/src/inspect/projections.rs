//! Maps of the plane and of the globe whose geometry is known in closed form: the first figures of the atlas, and the
//! ruler that `inspect` is checked against. They go through the same path as any flow.

use crate::bijection::{Bijection, Context};
use burn::module::Module;
use burn::tensor::Tensor;

/// Mercator's projection (1569) of longitude and latitude in radians.
///
/// * `forward`: `z = (longitude - meridian, log tan(pi/4 + latitude/2))`, `log_det = -log cos(latitude)`;
/// * `inverse`: `x = (z_0 + meridian, atan(sinh(z_1)))`, `log_det` its negative.
///
/// On the sphere ([`Metric::Sphere`](super::Metric::Sphere)) it stretches every direction by `1 / cos(latitude)`, so its
/// log area is `-2 log cos(latitude)`: shapes are right, areas are not.
///
/// Snyder, "Map Projections: A Working Manual", 1987, eq. 7-1 and 7-2.
///
/// # Shapes
/// `[batch, 2]`, latitudes inside `(-pi/2, pi/2)`.
#[derive(Module, Debug)]
pub struct Mercator {
    /// The longitude of the middle of the map, in radians.
    pub meridian: f64,
}

impl Bijection<2> for Mercator {
    fn forward(&self, x: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let (longitude, latitude) = columns(x);
        // log tan(pi/4 + t/2) = asinh(tan t) = sign(t) log(tan |t| + 1 / cos t), which loses no digits near 0.
        let log_det = latitude.clone().cos().log().neg();
        (join(longitude.sub_scalar(self.meridian), latitude.tan().asinh()), log_det.squeeze_dim(1))
    }

    fn inverse(&self, z: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let (east, north) = columns(z);
        let latitude = north.sinh().atan();
        let log_det = latitude.clone().cos().log();
        (join(east.add_scalar(self.meridian), latitude), log_det.squeeze_dim(1))
    }
}

/// Lambert's cylindrical equal-area projection (1772) of longitude and latitude in radians.
///
/// * `forward`: `z = (longitude - meridian, sin(latitude))`, `log_det = log cos(latitude)`;
/// * `inverse`: `x = (z_0 + meridian, asin(z_1))`, `log_det` its negative.
///
/// On the sphere it stretches by `1 / cos(latitude)` to the east and by `cos(latitude)` to the north, so its log area is 0:
/// areas are right, shapes are not.
///
/// Snyder 1987, eq. 10-1 and 10-2.
///
/// # Shapes
/// `[batch, 2]`, latitudes inside `(-pi/2, pi/2)`.
#[derive(Module, Debug)]
pub struct Lambert {
    /// The longitude of the middle of the map, in radians.
    pub meridian: f64,
}

impl Bijection<2> for Lambert {
    fn forward(&self, x: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let (longitude, latitude) = columns(x);
        let log_det = latitude.clone().cos().log();
        (join(longitude.sub_scalar(self.meridian), latitude.sin()), log_det.squeeze_dim(1))
    }

    fn inverse(&self, z: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let (east, north) = columns(z);
        let latitude = north.asin();
        let log_det = latitude.clone().cos().log().neg();
        (join(east.add_scalar(self.meridian), latitude), log_det.squeeze_dim(1))
    }
}

/// Polar coordinates of the plane around a centre.
///
/// With `(u, v) = x - centre`:
/// * `forward`: `z = (r, angle) = (sqrt(u^2 + v^2), atan2(v, u))`, `log_det = -log r`;
/// * `inverse`: `x = centre + r (cos(angle), sin(angle))`, `log_det = log r`.
///
/// It keeps lengths along a radius and stretches by `1 / r` across it. Bijective away from the centre, angles in
/// `(-pi, pi]`.
///
/// # Shapes
/// `[batch, 2]`.
#[derive(Module, Debug)]
pub struct Polar {
    /// Where `r = 0`.
    pub centre: [f64; 2],
}

impl Bijection<2> for Polar {
    fn forward(&self, x: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let (u, v) = columns(x);
        let (u, v) = (u.sub_scalar(self.centre[0]), v.sub_scalar(self.centre[1]));
        let r = (u.clone().square() + v.clone().square()).sqrt();
        let log_det = r.clone().log().neg();
        (join(r, v.atan2(u)), log_det.squeeze_dim(1))
    }

    fn inverse(&self, z: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let (r, angle) = columns(z);
        let u = r.clone() * angle.clone().cos();
        let v = r.clone() * angle.sin();
        let x = join(u.add_scalar(self.centre[0]), v.add_scalar(self.centre[1]));
        (x, r.log().squeeze_dim(1))
    }
}

/// The two columns, each `[batch, 1]`.
fn columns(x: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    let [_, found] = x.dims();
    assert_eq!(found, 2, "a projection takes two columns; found {found}");
    (x.clone().narrow(1, 0, 1), x.narrow(1, 1, 1))
}

fn join(first: Tensor<2>, second: Tensor<2>) -> Tensor<2> {
    Tensor::cat(vec![first, second], 1)
}
