//! Classes from the numbers that label images.

/// The label of each image as an index of the classes, and the classes: the numbers that occur, in order.
pub(super) fn classes(numbers: &[i64]) -> (Vec<usize>, Vec<String>) {
    let mut distinct = numbers.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let labels = numbers.iter().map(|number| distinct.partition_point(|other| other < number)).collect();
    (labels, distinct.iter().map(i64::to_string).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_the_numbers_that_occur() {
        let (labels, names) = classes(&[7, -1, 10, 7]);
        assert_eq!((labels, names.join(" ")), (vec![1, 0, 2, 1], "-1 7 10".to_owned()));
    }
}
