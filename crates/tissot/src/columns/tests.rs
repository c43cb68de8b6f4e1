use super::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn column(domain: Domain) -> Columns {
    Columns(vec![Column { name: "a".into(), domain, cut: 10.0, mean: 0.3, std: 1.7 }])
}

#[test]
fn every_domain_returns_and_its_log_det_is_its_slope() {
    let domains = [Domain::Real, Domain::Positive, Domain::Bounded(-1.0, 9.0), Domain::Periodic(0.0, 12.0)];
    for domain in domains {
        let columns = column(domain);
        let rng = &mut ChaCha8Rng::seed_from_u64(0);
        for x in [0.5, 2.0, 8.5] {
            let mut at = |x: f64| {
                let mut z = Vec::new();
                (columns.forward(&[x], &mut z, rng).unwrap(), z[0])
            };
            let (log_det, z) = at(x);
            let slope = (at(x + 1e-6).1 - at(x - 1e-6).1) / 2e-6;
            assert!((log_det - slope.abs().ln()).abs() < 1e-7, "{domain}: {log_det} is not log {slope}");
            assert!((columns.slopes(&[x])[0].ln() - log_det).abs() < 1e-12, "{domain}: {log_det}");
            let mut back = Vec::new();
            columns.inverse(&[z], &mut back);
            assert!((back[0] - x).abs() < 1e-12 * x.max(1.0), "{domain}: {x} came back as {}", back[0]);
        }
    }
}

#[test]
fn whole_numbers_come_back_whole_and_others_have_no_density() {
    let columns = column(Domain::Integer);
    let rng = &mut ChaCha8Rng::seed_from_u64(0);
    let (mut z, mut back) = (Vec::new(), Vec::new());
    columns.forward(&[-3.0], &mut z, rng).unwrap();
    columns.inverse(&z, &mut back);
    assert_eq!(back, [-3.0]);
    assert_eq!(columns.forward(&[0.5], &mut z, rng), Err(0));
    assert_eq!(column(Domain::Positive).forward(&[-1.0], &mut z, rng), Err(0));
    assert_eq!(column(Domain::Bounded(0.0, 1.0)).forward(&[1.5], &mut z, rng), Err(0));
}

#[test]
fn columns_that_map_nothing_are_refused() {
    let column = |domain, mean, std| Columns(vec![Column { name: "a".into(), domain, cut: 0.0, mean, std }]);
    assert!(column(Domain::Bounded(0.0, 1.0), -1e300, 1e-300).validate().is_ok());
    for (columns, what) in [
        (column(Domain::Real, 0.0, 0.0), "columns[0].std: found 0,"),
        (column(Domain::Real, 0.0, -1.0), "columns[0].std: found -1,"),
        (column(Domain::Real, 0.0, f64::NAN), "columns[0].std: found NaN,"),
        (column(Domain::Real, f64::INFINITY, 1.0), "columns[0].mean: found inf,"),
        (column(Domain::Bounded(1.0, 1.0), 0.0, 1.0), "columns[0].domain: found bounded(1,1),"),
        (column(Domain::Periodic(2.0, 1.0), 0.0, 1.0), "columns[0].domain: found periodic(2,1),"),
        (column(Domain::Bounded(-1e308, 1e308), 0.0, 1.0), "columns[0].domain:"),
    ] {
        let error = columns.validate().unwrap_err().to_string();
        assert!(error.starts_with(what), "{error}");
    }
}

#[test]
fn domains_are_read_as_they_are_written() {
    for text in ["real", "positive", "integer", "bounded(0,700)", "periodic(-180,180)"] {
        assert_eq!(text.parse::<Domain>().unwrap().to_string(), text);
    }
    let error = "bounded(3,1)".parse::<Domain>().unwrap_err().to_string();
    assert_eq!(
        error,
        "domain: found 'bounded(3,1)', expected real, positive, integer, bounded(a,b) or periodic(a,b), a < b"
    );
}
