//! What the texts of a column say about its rows: which belong together, which came first.

use std::collections::HashMap;

/// The group of each label: equal labels, equal numbers, counted in the order in which they first appear.
#[must_use]
pub fn groups<L: AsRef<str>>(labels: &[L]) -> Vec<u64> {
    let mut known = HashMap::new();
    labels
        .iter()
        .map(|label| {
            let next = known.len() as u64;
            *known.entry(label.as_ref()).or_insert(next)
        })
        .collect()
}

/// The place of each label in time: equal times, equal numbers; earlier times, smaller ones.
///
/// Times are numbers, or texts that begin with a year and a month as ISO 8601 has them (`2018-02`,
/// `2018-02-28T09:30:00Z`), all in one time zone: these are in the order of their letters.
///
/// # Errors
/// The place of the first label that is no such time, or of another kind than the first.
pub fn times<L: AsRef<str>>(labels: &[L]) -> Result<Vec<u64>, usize> {
    let numbers: Vec<Option<f64>> = labels.iter().map(|label| number(label.as_ref())).collect();
    if numbers.first().is_some_and(Option::is_some) {
        let numbers: Vec<f64> =
            numbers.into_iter().enumerate().map(|(i, number)| number.ok_or(i)).collect::<Result<_, _>>()?;
        return Ok(ranks(&numbers, f64::total_cmp));
    }
    let dates: Vec<String> = labels
        .iter()
        .enumerate()
        .map(|(i, label)| date(label.as_ref()).ok_or(i))
        .collect::<Result<_, _>>()?;
    Ok(ranks(&dates, String::cmp))
}

fn number(label: &str) -> Option<f64> {
    label.parse().ok().filter(|number: &f64| number.is_finite()).map(|number| number + 0.0)
}

/// A date as it is compared; `None` where it does not begin with a year and a month.
fn date(label: &str) -> Option<String> {
    let digits = |range| label.get(range).is_some_and(|part: &str| part.bytes().all(|b| b.is_ascii_digit()));
    let dash = |at| matches!(label.as_bytes().get(at), Some(b'-'));
    // A day and its hour are divided by a T or a space.
    (digits(0..4) && dash(4) && digits(5..7) && (label.len() == 7 || dash(7)))
        .then(|| label.replacen([' ', 't'], "T", 1))
}

/// The place of each value among the different ones.
fn ranks<T>(values: &[T], compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> Vec<u64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| compare(&values[a], &values[b]));
    let mut ranks = vec![0; values.len()];
    let mut rank = 0;
    for pair in order.windows(2) {
        rank += u64::from(compare(&values[pair[0]], &values[pair[1]]).is_ne());
        ranks[pair[1]] = rank;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_counted_as_they_come() {
        assert_eq!(groups(&["b", "a", "b", "c"]), [0, 1, 0, 2]);
    }

    #[test]
    fn times_are_numbers_or_dates() {
        assert_eq!(times(&["10", "9", "-1e3", "9.0"]), Ok(vec![2, 1, 0, 1]));
        let dates = ["2018-03-01", "2018-02-28 10:00", "2018-02-28T09:30", "2017-12", "2018-02-28T10:00"];
        assert_eq!(times(&dates), Ok(vec![3, 2, 1, 0, 2]));
        assert_eq!(times(&["2018-02-28", "28/02/2018"]), Err(1));
        assert_eq!(times(&["3", "2018-02-28"]), Err(1));
        assert_eq!(times(&["2018-02-28", "3"]), Err(1));
        assert_eq!(times(&["monday"]), Err(0));
        assert_eq!(times::<&str>(&[]), Ok(vec![]));
    }
}
