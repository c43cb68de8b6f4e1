//! Maps of more than two columns: slices, principal components, averages over the data.

mod common;

use burn::module::Module;
use burn::tensor::Device;
use common::Shake;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tissot::columns::{Column, Columns, Domain};
use tissot::{Model, Provenance, presets};
use tissot_atlas::survey::{Map, Metric, SurveyError, SurveyOptions, survey};
use tissot_atlas::{Figure, draw, report};

const MEANS: [f64; 3] = [1.0, -2.0, 0.5];
const STDS: [f64; 3] = [2.0, 0.5, 1.5];

/// A bent flow of three columns, and rows drawn from it.
fn bent() -> (Model, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut config = presets::maf(&presets::Size::new(3).with_transforms(2).with_hidden([16]));
    config.embedding = None;
    let flow = config.init(&Device::flex(), &mut rng).unwrap().map(&mut Shake(rng.clone(), 1.0));
    let column = |k: usize| Column {
        name: ["a", "b", "c"][k].into(),
        domain: Domain::Real,
        cut: 0.0,
        mean: MEANS[k],
        std: STDS[k],
    };
    let columns = Columns((0..3).map(column).collect());
    let model =
        Model { flow, config, columns, context: Columns::default(), provenance: Provenance::default() };
    let rows = model.sample(4_000, &[], &mut rng);
    (model, rows)
}

fn map(model: &Model, options: &SurveyOptions<'_>) -> Map {
    let found = survey(model, options).unwrap();
    assert!(report(&found).unwrap().contains("id=\"map\""));
    draw(&found, Figure::Stretch, 120.0).unwrap();
    found.map.unwrap()
}

/// The centres of the cells of a map, and a cell's area.
fn cells(map: &Map) -> (Vec<[f64; 2]>, f64) {
    let (columns, rows) = (map.log_det.columns, map.log_det.rows);
    let at = |from: f64, to: f64, k: usize, n: usize| from + (to - from) * (k as f64 + 0.5) / n as f64;
    let place = |n: usize| {
        [at(map.x.from, map.x.to, n % columns, columns), at(map.y.from, map.y.to, n / columns, rows)]
    };
    let area = (map.x.to - map.x.from) * (map.y.to - map.y.from) / (columns * rows) as f64;
    ((0..columns * rows).map(place).collect(), area)
}

/// Half of the integral of the difference of two densities over the cells.
fn apart(a: &[f64], b: &[f64], area: f64) -> f64 {
    0.5 * area * a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum::<f64>()
}

#[test]
fn an_average_over_rows_of_the_model_is_its_marginal() {
    let (model, rows) = bent();
    let pair = Some(["a".into(), "c".into()]);
    let options = SurveyOptions { rows: &rows, columns: pair, marginal: true, ..SurveyOptions::default() };
    let averaged = map(&model, &options);
    assert_eq!((averaged.averaged, averaged.held.len()), (Some(128), 0));
    let (places, area) = cells(&averaged);
    let found: Vec<f64> = averaged.log_density.values.iter().map(|log| log.exp()).collect();
    let mass = area * found.iter().sum::<f64>();
    assert!((mass - 1.0).abs() < 1e-3, "the map holds {mass}");
    // The marginal by adding up the column that is not shown.
    let step = 0.1 * STDS[1];
    let others: Vec<f64> = (-100..=100).map(|k| MEANS[1] + step * f64::from(k)).collect();
    let joint: Vec<f64> =
        places.iter().flat_map(|&[a, c]| others.iter().flat_map(move |&b| [a, b, c])).collect();
    let logs = model.log_prob(&joint, &[]);
    let exact: Vec<f64> =
        logs.chunks(others.len()).map(|logs| step * logs.iter().map(|log| log.exp()).sum::<f64>()).collect();
    let distance = apart(&found, &exact, area);
    assert!(distance < 0.08, "the average is {distance} from the marginal");
    // A slice is none: the same measure tells.
    let slice = map(&model, &SurveyOptions { marginal: false, ..options });
    let (_, area) = cells(&slice);
    let density: Vec<f64> = slice.log_density.values.iter().map(|log| log.exp()).collect();
    let mass = area * density.iter().sum::<f64>();
    assert!((mass - 1.0).abs() > 0.1, "a slice's density is no density of two columns: {mass}");
}

#[test]
fn what_is_averaged_is_weighted_by_how_likely_it_is() {
    let (model, rows) = bent();
    let options = SurveyOptions { rows: &rows[..6], marginal: true, ..SurveyOptions::default() };
    let averaged = map(&model, &options);
    let (places, area) = cells(&averaged);
    // Two rows: p(u | r) by hand.
    let given = |row: &[f64]| -> (Vec<f64>, Vec<f64>) {
        let joint: Vec<f64> = places.iter().flat_map(|&[a, b]| [a, b, row[2]]).collect();
        let weights: Vec<f64> = model.log_prob(&joint, &[]).iter().map(|log| log.exp()).collect();
        let mass = area * weights.iter().sum::<f64>();
        let z = model.transform(&joint, &[]);
        let base = |z: &[f64]| -0.5 * z.iter().map(|z| z * z).sum::<f64>() - 1.5 * std::f64::consts::TAU.ln();
        // log |det J| in standard deviations: log p less the base and the columns' scales.
        let scales: f64 = STDS.iter().map(|s| s.ln()).sum();
        let log_det = weights.iter().zip(z.chunks(3)).map(|(w, z)| w.ln() - base(z) + scales).collect();
        (weights.into_iter().map(|w| w / mass).collect(), log_det)
    };
    let (first, second) = (given(&rows[..3]), given(&rows[3..6]));
    for n in (0..places.len()).step_by(97) {
        let (p, q) = (first.0[n], second.0[n]);
        if p + q > 1e-6 {
            let expected = (p * first.1[n] + q * second.1[n]) / (p + q);
            let found = averaged.log_det.values[n];
            assert!((found - expected).abs() < 2e-3, "{found}, not {expected}, at {:?}", places[n]);
            let log = (0.5 * (p + q)).ln();
            assert!((averaged.log_density.values[n] - log).abs() < 2e-3);
        }
    }
}

#[test]
fn the_plane_of_the_principal_components_goes_through_a_row() {
    let (model, rows) = bent();
    let options = SurveyOptions { rows: &rows, principal: true, at: Some(7), ..SurveyOptions::default() };
    let found = map(&model, &options);
    let principal = found.principal.clone().unwrap();
    let [e, f] = &principal.directions;
    let standard = |row: &[f64]| -> Vec<f64> { (0..3).map(|k| (row[k] - MEANS[k]) / STDS[k]).collect() };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let held = standard(&rows[21..24]);
    let off: Vec<f64> = (0..3).map(|k| held[k] - dot(e, &held) * e[k] - dot(f, &held) * f[k]).collect();
    let (places, _) = cells(&found);
    let joint: Vec<f64> = places
        .iter()
        .flat_map(|&[u, v]| (0..3).map(move |k| (k, u, v)))
        .map(|(k, u, v)| MEANS[k] + STDS[k] * (off[k] + u * e[k] + v * f[k]))
        .collect();
    for (found, expected) in found.log_density.values.iter().zip(model.log_prob(&joint, &[])) {
        assert!((found - expected).abs() < 2e-3, "{found}, not {expected}");
    }
    for (point, row) in found.points.iter().zip(rows.chunks(6)) {
        let y = standard(&row[..3]);
        assert!((point[0] - dot(e, &y)).abs() < 1e-4 && (point[1] - dot(f, &y)).abs() < 1e-4);
    }
    // The ellipse in the middle of the lattice, by differences.
    let middle = &found.indicatrices[found.indicatrices.len() / 2];
    let place = |u: f64, v: f64| -> Vec<f64> {
        let row: Vec<f64> = (0..3).map(|k| MEANS[k] + STDS[k] * (off[k] + u * e[k] + v * f[k])).collect();
        model.transform(&row, &[])
    };
    let h = 1e-3;
    let [u, v] = middle.at;
    let [du, dv] = middle.data_axes[0];
    let (ahead, behind) = (place(u + h * du, v + h * dv), place(u - h * du, v - h * dv));
    let stretch = ahead.iter().zip(&behind).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt() / (2.0 * h);
    assert!((stretch / middle.stretch[0] - 1.0).abs() < 0.02, "{stretch}, not {}", middle.stretch[0]);
}

#[test]
fn what_makes_no_plane_is_refused() {
    let (model, rows) = bent();
    let refused = |options: SurveyOptions<'_>| match survey(&model, &options) {
        Err(SurveyError::Plane(message)) => message,
        other => panic!("{:?}", other.map(|_| ())),
    };
    let units =
        SurveyOptions { rows: &rows, principal: true, metric: Metric::Units, ..SurveyOptions::default() };
    assert_eq!(refused(units), "--principal: its lengths are standard deviations; leave --metric out");
}
