use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::*;
use crate::embedded;
use crate::synthetic::Synthetic;

fn all(rows: &[f64], features: usize) -> [Box<dyn Baseline>; 3] {
    [
        Box::new(Gaussian::fit(rows, features).unwrap()),
        Box::new(KernelDensity::fit(rows, features).unwrap()),
        Box::new(AdaptiveKernelDensity::fit(rows, features).unwrap()),
    ]
}

fn normals(n: usize, rng: &mut dyn Rng) -> Vec<f64> {
    (0..n).map(|_| StandardNormal.sample(rng)).collect()
}

#[test]
fn densities_integrate_to_one_in_one_dimension() {
    let rows: Vec<f64> =
        normals(150, &mut ChaCha8Rng::seed_from_u64(1)).iter().map(|v| 40.0 + 3.0 * v).collect();
    for density in all(&rows, 1) {
        let mass: f64 =
            (0..40_000).map(|i| 0.005 * density.log_density(&[-60.0 + 0.005 * f64::from(i)]).exp()).sum();
        assert!((mass - 1.0).abs() < 1e-3, "{}: {mass}", density.describe());
    }
}

#[test]
fn densities_integrate_to_one_in_two_dimensions() {
    let rows = Synthetic::TwoMoons.sample(120, &mut ChaCha8Rng::seed_from_u64(2)).concat();
    for density in all(&rows, 2) {
        let mut mass = 0.0;
        for i in 0..240 {
            for j in 0..240 {
                let x = [-6.0 + 0.05 * f64::from(i), -6.0 + 0.05 * f64::from(j)];
                mass += 0.0025 * density.log_density(&x).exp();
            }
        }
        assert!((mass - 1.0).abs() < 2e-3, "{}: {mass}", density.describe());
    }
}

#[test]
fn two_rows_give_the_closed_form() {
    // rows 0 and 2: standard deviation 1; leave-one-out has N(2; 0, h^2), largest at h = 2
    let density = KernelDensity::fit(&[0.0, 2.0], 1).unwrap();
    assert!((density.bandwidth() - 2.0).abs() < 0.03, "{}", density.bandwidth());
    let h = density.bandwidth();
    let expected = -0.5 * LN_2PI - h.ln() - 0.5 / (h * h);
    assert!((density.log_density(&[1.0]) - expected).abs() < 1e-12);
}

#[test]
fn kernels_come_near_the_entropy_of_a_normal() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let (train, test) = (normals(1000, &mut rng), normals(4000, &mut rng));
    for density in all(&train, 1) {
        let entropy = 0.5 * (1.0 + LN_2PI);
        let found = -density.mean_log_likelihood(&test);
        assert!((found - entropy).abs() < 0.06, "{}: {found} and {entropy}", density.describe());
    }
}

#[test]
fn units_only_shift_the_log_likelihood() {
    let rows = Synthetic::TwoMoons.sample(300, &mut ChaCha8Rng::seed_from_u64(4)).concat();
    let scaled: Vec<f64> =
        rows.iter().enumerate().map(|(i, v)| if i % 2 == 0 { 1e3 * v } else { v - 7.0 }).collect();
    for (one, other) in all(&rows, 2).iter().zip(all(&scaled, 2)) {
        let shift = one.mean_log_likelihood(&rows) - other.mean_log_likelihood(&scaled);
        assert!((shift - 1e3f64.ln()).abs() < 1e-6, "{}: {shift}", one.describe());
    }
}

#[test]
fn kernels_beat_the_gaussian_on_earthquakes() {
    let table = embedded::earthquakes();
    let rows: Vec<[f64; 2]> = table.values.chunks(4).map(|row| [row[0], row[1]]).collect();
    let train =
        rows.iter().enumerate().filter(|(i, _)| i % 5 != 0).flat_map(|(_, row)| *row).collect::<Vec<_>>();
    let test = rows.iter().step_by(5).flatten().copied().collect::<Vec<_>>();
    let [gaussian, kernel, adaptive] = all(&train, 2).map(|density| -density.mean_log_likelihood(&test));
    // over splits the standard error of each is about 0.25
    assert!((9.0..10.0).contains(&gaussian), "{gaussian}");
    assert!(kernel < gaussian - 1.0 && kernel > 5.0, "{kernel} and {gaussian}");
    assert!(adaptive < kernel - 2.0 && adaptive > 2.0, "{adaptive} and {kernel}");
}

#[test]
fn repeated_rows_leave_densities_finite() {
    // every row twice; half of the rows the same; integers only
    let twice: Vec<f64> =
        normals(100, &mut ChaCha8Rng::seed_from_u64(5)).iter().flat_map(|v| [*v, *v]).collect();
    let half: Vec<f64> = (0..100).map(|i| if i % 2 == 0 { 0.0 } else { f64::from(i) }).collect();
    let integers: Vec<f64> = (0..100).map(|i| f64::from(i % 4)).collect();
    for rows in [twice, half, integers] {
        for density in all(&rows, 1) {
            for x in [rows[0], 0.37, -1e3] {
                let value = density.log_density(&[x]);
                assert!(value.is_finite() && value < 30.0, "{}: {value} at {x}", density.describe());
            }
        }
    }
}

#[test]
fn tables_without_a_density_are_refused_by_name() {
    let text = |error: BaselineError| error.to_string();
    assert_eq!(
        text(Gaussian::fit(&[1.0, 2.0, 3.0], 2).unwrap_err()),
        "found 3 values, expected whole rows of 2 features"
    );
    assert_eq!(text(KernelDensity::fit(&[1.0], 1).unwrap_err()), "found 1 rows, expected at least 2");
    assert_eq!(
        text(AdaptiveKernelDensity::fit(&[1.0, 2.0], 1).unwrap_err()),
        "found 2 rows, expected at least 3"
    );
    let rows = [1.0, 2.0, f64::NAN, 4.0];
    assert_eq!(
        text(Gaussian::fit(&rows, 2).unwrap_err()),
        "row 1, column 0 (both from 0) is not a finite number"
    );
    let rows: Vec<f64> = (0..20).flat_map(|i| [f64::from(i), 2.0]).collect();
    for error in [Gaussian::fit(&rows, 2).unwrap_err(), KernelDensity::fit(&rows, 2).unwrap_err()] {
        assert_eq!(
            text(error),
            "column 1 (from 0) is constant or a linear combination of the columns before it, expected a covariance of \
             full rank: leave the column out"
        );
    }
}

#[test]
fn copied_columns_leave_the_kernels_their_variances() {
    let rows: Vec<f64> =
        normals(60, &mut ChaCha8Rng::seed_from_u64(6)).iter().flat_map(|v| [*v, *v]).collect();
    assert!(Gaussian::fit(&rows, 2).is_err());
    for density in [
        KernelDensity::fit(&rows, 2).unwrap().describe(),
        AdaptiveKernelDensity::fit(&rows, 2).unwrap().describe(),
    ] {
        assert!(density.ends_with("the variances"), "{density}");
    }
}
