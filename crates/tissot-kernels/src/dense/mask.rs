//! Which weights of a linear map are always 0, as the blocks that are not.

use std::ops::Range;

/// The width of panels before neighbours are joined: whole tiles of `gemm`'s kernels, which are 16 wide with AVX2 and
/// fast from 32 on with AVX-512 (f32).
const WIDTH: usize = 32;

/// The width where there are few units, so that there are still some panels.
const NARROW: usize = 16;

/// Fewer units than this are few.
const FEW: usize = 128;

/// Ranges of columns begin and end at multiples of this, so that `gemm` need not copy them into tiles of its own.
const TILE: usize = 16;

/// So many weights cost about as much as one more product, at a few hundred rows.
const SLACK: usize = 256;

/// Which weights of a linear map `x W` may be other than 0.
///
/// Kept as *panels*: blocks of neighbouring columns (rows, for the gradients) with the ranges of rows (columns)
/// that hold any such weight. What lies outside of panels is not multiplied, in neither direction; where units are sorted by
/// degree, as the hidden units of a masked autoencoder, that saves almost half. For inputs in
/// another order the ranges are what covers them, which saves less.
///
/// ```
/// use tissot_kernels::dense::Mask;
///
/// let degrees: Vec<usize> = (0..512).collect();
/// let mask = Mask::from_degrees(&degrees, &degrees);
/// assert_eq!(mask.shape(), [512, 512]);
/// assert!(mask.multiplied() < 512 * 512 * 56 / 100);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    inputs: usize,
    outputs: usize,
    by_outputs: Vec<Panel>,
    by_inputs: Vec<Panel>,
    runs: Vec<(usize, Range<usize>)>,
}

/// Neighbouring columns (or rows) of a weight and the rows (columns) to multiply for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Panel {
    /// The columns (rows) of the panel. Panels follow one another without a gap.
    pub(super) along: Range<usize>,
    /// The ranges of rows (columns) with any weight that may be other than 0, sorted and apart.
    pub(super) across: Vec<Range<usize>>,
    /// Runs of weights within the panel that are always 0: a row of the weight, and columns of it.
    pub(super) zeros: Vec<(usize, Range<usize>)>,
}

impl Panel {
    /// The panel of a weight without a mask.
    pub(super) fn whole(along: usize, across: usize) -> Self {
        Self { along: 0..along, across: std::iter::once(0..across).collect(), zeros: Vec::new() }
    }
}

impl Mask {
    /// A mask of `inputs x outputs` weights of which those may be other than 0 that are `allowed(input, output)`.
    pub fn new(inputs: usize, outputs: usize, allowed: impl Fn(usize, usize) -> bool) -> Self {
        let by_outputs = panels(outputs, inputs, |output, input| allowed(input, output))
            .map(|(along, across)| {
                let (along, allowed) = (&along, &allowed);
                let zeros = across.iter().cloned().flatten().flat_map(|row| {
                    runs(along.clone(), move |col| !allowed(row, col)).map(move |run| (row, run))
                });
                Panel { zeros: zeros.collect(), along: along.clone(), across }
            })
            .collect();
        let by_inputs = panels(inputs, outputs, &allowed)
            .map(|(along, across)| {
                let across = tiled(across, outputs);
                let zeros = along.clone().flat_map(|row| {
                    let allowed = &allowed;
                    let runs = across
                        .iter()
                        .flat_map(move |range| runs(range.clone(), move |col| !allowed(row, col)));
                    runs.map(move |run| (row, run))
                });
                Panel { zeros: zeros.collect(), along, across }
            })
            .collect();
        let allowed = &allowed;
        let runs = (0..inputs)
            .flat_map(|row| runs(0..outputs, move |col| allowed(row, col)).map(move |run| (row, run)))
            .collect();
        Self { inputs, outputs, by_outputs, by_inputs, runs }
    }

    /// The mask between units with degrees: a weight may be other than 0 where `from[input] <= to[output]`.
    pub fn from_degrees(from: &[usize], to: &[usize]) -> Self {
        Self::new(from.len(), to.len(), |input, output| from[input] <= to[output])
    }

    /// The shape of the weight, `[inputs, outputs]`.
    pub fn shape(&self) -> [usize; 2] {
        [self.inputs, self.outputs]
    }

    /// The number of weights that are multiplied, zeros within panels included.
    pub fn multiplied(&self) -> usize {
        self.by_outputs.iter().map(|panel| panel.along.len() * depth(&panel.across)).sum()
    }

    /// Panels of columns, each with its ranges of rows.
    pub(super) fn by_outputs(&self) -> &[Panel] {
        &self.by_outputs
    }

    /// The runs of columns that may be other than 0, each with its row, row by row.
    pub(crate) fn runs(&self) -> &[(usize, Range<usize>)] {
        &self.runs
    }

    /// Panels of rows, each with its ranges of columns.
    pub(super) fn by_inputs(&self) -> &[Panel] {
        &self.by_inputs
    }
}

/// The number of places in the ranges.
fn depth(ranges: &[Range<usize>]) -> usize {
    ranges.iter().map(Range::len).sum()
}

/// The runs of neighbours in `range` that are `member`s.
fn runs(range: Range<usize>, member: impl Fn(usize) -> bool) -> impl Iterator<Item = Range<usize>> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        while at < range.end && !member(at) {
            at += 1;
        }
        let start = at;
        while at < range.end && member(at) {
            at += 1;
        }
        (start < at).then_some(start..at)
    })
}

type Block = (Range<usize>, Vec<Range<usize>>);

/// The panels of `n` units with `m` partners each, of which those are multiplied that are `allowed(unit, partner)`.
fn panels(n: usize, m: usize, allowed: impl Fn(usize, usize) -> bool) -> impl Iterator<Item = Block> {
    let mut panels: Vec<Block> = Vec::new();
    let width = if n <= FEW { NARROW } else { WIDTH };
    let mut start = 0;
    while start < n {
        let along = start..n.min(start + width);
        start = along.end;
        let across = covering(m, width, |partner| along.clone().any(|unit| allowed(unit, partner)));
        match panels.last_mut().map(|last| joined(last, &along, &across)) {
            Some(Some(both)) => *panels.last_mut().expect("a panel") = both,
            _ => panels.push((along, across)),
        }
    }
    panels.into_iter()
}

/// The ranges of members of `0..m`, with gaps closed that are not worth a product of their own.
fn covering(m: usize, width: usize, member: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for run in runs(0..m, member) {
        match ranges.last_mut() {
            Some(last) if (run.start - last.end) * width <= SLACK => last.end = run.end,
            _ => ranges.push(run),
        }
    }
    ranges
}

/// The ranges, widened to whole tiles within `0..m`.
fn tiled(ranges: Vec<Range<usize>>, m: usize) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        let range = range.start / TILE * TILE..m.min(range.end.next_multiple_of(TILE));
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = range.end,
            _ => all.push(range),
        }
    }
    all
}

/// Two neighbouring panels as one, if that costs little.
fn joined(last: &Block, along: &Range<usize>, across: &[Range<usize>]) -> Option<Block> {
    let along = last.0.start..along.end;
    let member = |place: usize| last.1.iter().chain(across).any(|range| range.contains(&place));
    let end = last.1.iter().chain(across).map(|range| range.end).max().unwrap_or(0);
    let both = covering(end, along.len(), member);
    let apart = last.0.len() * depth(&last.1) + (along.end - last.0.end) * depth(across);
    (along.len() * depth(&both) <= apart + SLACK).then_some((along, both))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every allowed weight must lie in one panel, every other one outside or in its zeros, exactly once.
    fn check(from: &[usize], to: &[usize]) -> Mask {
        let mask = Mask::from_degrees(from, to);
        let (n, m) = (from.len(), to.len());
        for (panels, transposed) in [(mask.by_outputs(), false), (mask.by_inputs(), true)] {
            let (mut inside, mut zero) = (vec![0; n * m], vec![0; n * m]);
            let mut next = 0;
            for panel in panels {
                assert_eq!(panel.along.start, next);
                next = panel.along.end;
                for range in &panel.across {
                    for (a, b) in panel.along.clone().flat_map(|a| range.clone().map(move |b| (a, b))) {
                        inside[if transposed { a * m + b } else { b * m + a }] += 1;
                    }
                }
                for (row, run) in &panel.zeros {
                    run.clone().for_each(|col| zero[row * m + col] += 1);
                }
            }
            assert_eq!(next, if transposed { n } else { m });
            let mut may = vec![false; n * m];
            for (row, run) in mask.runs() {
                run.clone().for_each(|col| may[row * m + col] = true);
            }
            for (i, j) in (0..n).flat_map(|i| (0..m).map(move |j| (i, j))) {
                let (inside, zero) = (inside[i * m + j], zero[i * m + j]);
                let expected = if from[i] <= to[j] { (1, 0) } else { (inside.min(1), inside) };
                assert_eq!(may[i * m + j], from[i] <= to[j], "{i}, {j}");
                assert_eq!((inside, zero), expected, "{i}, {j}, transposed: {transposed}");
            }
        }
        mask
    }

    #[test]
    fn panels_hold_each_weight_once() {
        let sorted: Vec<usize> = (0..200).map(|unit| unit / 3).collect();
        let reversed: Vec<usize> = sorted.iter().rev().copied().collect();
        let shuffled: Vec<usize> = (0..200).map(|unit| unit * 77 % 67).collect();
        let context: Vec<usize> = (1..80).chain([0; 30]).collect();
        let all = [sorted, reversed, shuffled, context, vec![0; 5], vec![9; 70], vec![3]];
        for from in &all {
            for to in &all {
                check(from, to);
            }
        }
        check(&[], &[1, 2]);
        check(&[1, 2], &[]);
    }

    #[test]
    fn nothing_allowed_is_nothing_multiplied() {
        let mask = check(&[1; 70], &[0; 90]);
        assert_eq!(mask.multiplied(), 0);
    }

    #[test]
    fn everything_allowed_is_one_panel() {
        let mask = check(&[0; 700], &[0; 900]);
        assert_eq!((mask.by_outputs().len(), mask.by_inputs().len()), (1, 1));
        assert_eq!(mask.multiplied(), 700 * 900);
    }

    #[test]
    fn a_staircase_with_context_is_two_ranges() {
        let from: Vec<usize> = (1..400).chain([0; 100]).collect();
        let to: Vec<usize> = (0..400).collect();
        let mask = check(&from, &to);
        assert!(mask.by_outputs().iter().any(|panel| panel.across.len() == 2));
        assert!(mask.multiplied() < 499 * 400 * 7 / 10, "{}", mask.multiplied());
    }
}
