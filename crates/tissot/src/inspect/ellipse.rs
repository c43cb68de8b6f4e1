//! Tissot's indicatrix: what a two-dimensional map makes of a small circle.

use super::geometry::LocalGeometry;
use serde::{Deserialize, Serialize};

/// An ellipse around a point, for a circle of radius 1; semi-axes scale with the radius.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ellipse {
    /// The semi-axes, the longer first.
    pub semi_axes: [f64; 2],
    /// The direction of the longer semi-axis from the first coordinate, in radians within `(-pi/2, pi/2]`.
    pub angle: f64,
}

impl Ellipse {
    fn new(semi_axes: [f64; 2], direction: &[f64]) -> Self {
        let half = std::f64::consts::FRAC_PI_2;
        let angle = direction[1].atan2(direction[0]);
        // An axis has no head: v and -v are one direction.
        let angle = if angle > half {
            angle - 2.0 * half
        } else if angle <= -half {
            angle + 2.0 * half
        } else {
            angle
        };
        Self { semi_axes, angle }
    }

    /// The point of the outline at `t`, in `[0, 2 pi)`, from the centre.
    pub fn point(&self, t: f64) -> [f64; 2] {
        let (u, v) = (self.semi_axes[0] * t.cos(), self.semi_axes[1] * t.sin());
        let (sin, cos) = self.angle.sin_cos();
        [u * cos - v * sin, u * sin + v * cos]
    }
}

impl LocalGeometry {
    /// What a small circle around `x` becomes around `z`, in two dimensions: semi-axes `s_1, s_2` along `left`. `None` in
    /// others.
    pub fn image_of_circle(&self) -> Option<Ellipse> {
        match (&self.singular_values[..], &self.left[..]) {
            (&[first, second], [direction, _]) => Some(Ellipse::new([first, second], direction)),
            _ => None,
        }
    }

    /// What becomes a small circle around `z`: around `x`, in two dimensions, semi-axes `1 / s_2, 1 / s_1` along `right`.
    /// It is small where density is amplified. `None` in others.
    pub fn source_of_circle(&self) -> Option<Ellipse> {
        match (&self.singular_values[..], &self.right[..]) {
            (&[first, second], [_, direction]) => {
                Some(Ellipse::new([second.recip(), first.recip()], direction))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::jacobian::Jacobian;
    use super::*;

    #[test]
    fn both_ellipses_of_a_stretch_and_a_turn() {
        // Stretch x by 3 and y by 0.5, then turn by 30 degrees.
        let (sin, cos) = 30_f64.to_radians().sin_cos();
        let at = LocalGeometry::of(&Jacobian::new(2, 2, vec![3.0 * cos, -0.5 * sin, 3.0 * sin, 0.5 * cos]));
        let image = at.image_of_circle().expect("two dimensions");
        let source = at.source_of_circle().expect("two dimensions");
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} is not {b}");
        close(image.angle, 30_f64.to_radians());
        close(image.semi_axes[0], 3.0);
        close(source.angle, std::f64::consts::FRAC_PI_2);
        close(source.semi_axes[0], 2.0);
        close(source.semi_axes[1], 1.0 / 3.0);
        // What J makes of the source's outline lies on the unit circle.
        for t in [0.0, 1.0, 2.5] {
            let [u, v] = source.point(t);
            close((3.0 * cos * u - 0.5 * sin * v).hypot(3.0 * sin * u + 0.5 * cos * v), 1.0);
        }
        assert!(LocalGeometry::of(&Jacobian::new(1, 1, vec![2.0])).image_of_circle().is_none());
    }
}
