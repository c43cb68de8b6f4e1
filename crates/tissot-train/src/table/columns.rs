//! Which columns of a file are read.

use std::collections::HashMap;

use super::error::list;
use super::labels::Labels;
use super::{ReadOptions, TableError};

/// The most columns that an array or a text may have.
pub(super) const MOST_COLUMNS: usize = 1 << 20;

/// `x1` .. `xn`: the names of columns without names.
pub(super) fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|i| format!("x{i}")).collect()
}

/// The places of the wanted columns among `names`, in the order asked for; all places for `None`.
///
/// Only a column that is read needs a name of its own.
pub(super) fn choose(
    file: &str,
    names: &[String],
    wanted: Option<&[String]>,
) -> Result<Vec<usize>, TableError> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(names.len());
    let mut doubles: HashMap<&str, usize> = HashMap::new();
    for (i, name) in names.iter().enumerate() {
        if places.contains_key(name.as_str()) {
            doubles.entry(name).or_insert(i);
        } else {
            places.insert(name, i);
        }
    }
    let asked = wanted.unwrap_or(names);
    if asked.is_empty() {
        return Err(TableError::NoColumns { file: file.to_owned() });
    }
    let mut chosen = Vec::with_capacity(asked.len());
    for (i, name) in asked.iter().enumerate() {
        let file = || file.to_owned();
        let column = || name.clone();
        let Some(&place) = places.get(name.as_str()) else {
            let hint =
                nearest(name, names).map(|near| format!(" (did you mean {near:?}?)")).unwrap_or_default();
            let existing = list(names);
            return Err(TableError::UnknownColumn { file: file(), column: column(), hint, existing });
        };
        if let Some(&double) = doubles.get(name.as_str()) {
            let (first, second) = (place + 1, double + 1);
            return Err(TableError::DuplicateColumn { file: file(), column: column(), first, second });
        }
        if wanted.is_some() && asked[..i].contains(name) {
            return Err(TableError::DuplicateWanted { file: file(), column: column() });
        }
        chosen.push(place);
    }
    Ok(chosen)
}

/// The places of the wanted columns, and of the column of labels: that is no wanted one unless it is named as one.
pub(super) fn choose_with_labels(
    file: &str,
    names: &[String],
    options: &ReadOptions,
) -> Result<(Vec<usize>, Option<Labels>), TableError> {
    let Some(label) = &options.labels else {
        return Ok((choose(file, names, options.columns.as_deref())?, None));
    };
    let place = choose(file, names, Some(std::slice::from_ref(&label.name)))?[0];
    let all = || names.iter().filter(|name| label.is_number || **name != label.name).cloned().collect();
    let wanted: Vec<String> = options.columns.clone().unwrap_or_else(all);
    Ok((choose(file, names, Some(&wanted))?, Some(Labels::new(place))))
}

/// The name that a slip of the finger most likely meant: at most a third of its letters differ.
fn nearest<'a>(wanted: &str, names: &'a [String]) -> Option<&'a str> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().collect();
    let bound = (wanted.len() / 3).max(1);
    names
        .iter()
        .map(|name| (distance(&wanted, &name.to_lowercase().chars().collect::<Vec<_>>()), name.as_str()))
        .filter(|&(distance, name)| distance <= bound && distance < name.chars().count())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out or changed to make `b` of `a`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn columns_come_in_the_order_asked_for() {
        let all = names("a,b,c");
        assert_eq!(choose("f", &all, None).unwrap(), [0, 1, 2]);
        assert_eq!(choose("f", &all, Some(&names("c,a"))).unwrap(), [2, 0]);
    }

    #[test]
    fn doubles_matter_only_where_they_are_read() {
        let all = names("a,b,a");
        assert_eq!(choose("f", &all, Some(&names("b"))).unwrap(), [1]);
        for wanted in [None, Some(&names("a")[..])] {
            let error = choose("f", &all, wanted).unwrap_err().to_string();
            assert_eq!(error, "f: columns 1 and 3 are both named \"a\"; rename one of them");
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        let all = names("sepal_length,Energy,x");
        assert_eq!(nearest("sepal_lenght", &all), Some("sepal_length"));
        assert_eq!(nearest("energy", &all), Some("Energy"));
        assert_eq!(nearest("y", &all), None);
        assert_eq!(nearest("width", &all), None);
    }

    #[test]
    fn distances_are_edit_distances() {
        let d = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!((d("", "abc"), d("abc", ""), d("kitten", "sitting"), d("abc", "abc")), (3, 3, 3, 0));
    }
}
