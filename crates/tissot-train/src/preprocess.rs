//! Fitting the preprocessing: where periodic columns are cut, means and deviations, in f64.

use crate::error::FitError;
use tissot::columns::{Column, Columns, Domain};

/// The columns of training rows with their shifts and scales.
///
/// A periodic column is cut in the middle of its largest gap. Whole numbers are standardised with the half of a unit that
/// dequantisation adds.
///
/// # Errors
/// [`FitError::Data`] naming the column and the row (1 is the first training row) of a value outside its domain, and a
/// column that is constant: it has no density.
///
/// # Panics
/// Where `values` is not whole rows, or `names` and `domains` differ in length.
pub fn fit_columns(names: &[String], domains: &[Domain], values: &[f64]) -> Result<Columns, FitError> {
    assert_eq!(names.len(), domains.len(), "one domain a column");
    let width = names.len();
    let column = |i: usize| {
        let values: Vec<f64> = values.iter().skip(i).step_by(width).copied().collect();
        fit_column(&names[i], domains[i], &values)
    };
    (0..width).map(column).collect::<Result<Vec<_>, _>>().map(Columns)
}

fn fit_column(name: &str, domain: Domain, values: &[f64]) -> Result<Column, FitError> {
    let cut = match domain {
        Domain::Periodic(a, b) => cut(values, a, b),
        _ => 0.0,
    };
    let mut column = Column { name: name.to_owned(), domain, cut, mean: 0.0, std: 1.0 };
    let mut ys = Vec::with_capacity(values.len());
    for (row, &x) in values.iter().enumerate() {
        let Some((y, _)) = column.unbounded(x, || 0.5) else {
            return Err(FitError::Data(format!(
                "column {name}, row {}: {x} is outside its domain {domain}; give another with --domain {name}=..",
                row + 1
            )));
        };
        ys.push(y);
    }
    let n = ys.len().max(1) as f64;
    column.mean = ys.iter().sum::<f64>() / n;
    let grain = if domain == Domain::Integer { 1.0 / 12.0 } else { 0.0 };
    let variance = ys.iter().map(|y| (y - column.mean).powi(2)).sum::<f64>() / n + grain;
    column.std = variance.sqrt();
    if !(column.std > 0.0 && column.std.is_finite()) {
        return Err(FitError::Data(format!(
            "column {name} is constant ({}): a density does not exist there; leave it out with --columns",
            values.first().unwrap_or(&f64::NAN)
        )));
    }
    Ok(column)
}

/// The middle of the largest gap between values on a circle from `a` to `b`.
fn cut(values: &[f64], a: f64, b: f64) -> f64 {
    let period = b - a;
    let mut on: Vec<f64> = values.iter().map(|x| a + (x - a).rem_euclid(period)).collect();
    on.sort_by(f64::total_cmp);
    let Some((&first, &last)) = on.first().zip(on.last()) else { return a };
    let across = (first + period - last, last);
    let (gap, from) = on
        .windows(2)
        .map(|w| (w[1] - w[0], w[0]))
        .fold(across, |best, gap| if gap.0 > best.0 { gap } else { best });
    from + gap / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(domain: Domain, values: &[f64]) -> Result<Columns, FitError> {
        fit_columns(&["a".into()], &[domain], values)
    }

    #[test]
    fn a_circle_is_cut_where_it_is_emptiest() {
        let columns = fit(Domain::Periodic(0.0, 360.0), &[350.0, 355.0, 10.0, 20.0, 5.0]).unwrap();
        assert_eq!(columns.0[0].cut, 185.0);
    }

    #[test]
    fn timestamps_keep_their_digits() {
        let start = 1.7e9;
        let columns = fit(Domain::Real, &[start, start + 1.0, start + 2.0]).unwrap();
        assert_eq!(columns.0[0].mean, start + 1.0);
        assert!((columns.0[0].std - (2.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn values_without_a_density_are_named() {
        assert_eq!(
            fit(Domain::Positive, &[1.0, -2.0]).unwrap_err().to_string(),
            "column a, row 2: -2 is outside its domain positive; give another with --domain a=.."
        );
        assert_eq!(
            fit(Domain::Real, &[4.0, 4.0]).unwrap_err().to_string(),
            "column a is constant (4): a density does not exist there; leave it out with --columns"
        );
    }
}
