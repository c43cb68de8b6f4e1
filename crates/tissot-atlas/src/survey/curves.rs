//! Grid lines through a map: as many places as a smooth line needs.

use super::Curve;
use super::round;

/// Places a line starts with.
const START: usize = 65;
/// How often a segment can be halved.
const HALVINGS: usize = 5;

/// Lines of constant coordinate through a square of `range`, mapped by `map` (row-major pairs to pairs).
///
/// Segments longer than a eightieth of the window are halved. What is still longer then is a jump (a period's end, or a
/// gap that the map tears open), where the line is cut if `cut` says so by coordinate. `tears` are the values of the two
/// coordinates at which the map itself jumps.
pub fn grid(
    levels: &[Vec<f64>; 2],
    range: [[f64; 2]; 2],
    window: [[f64; 2]; 2],
    cut: [bool; 2],
    tears: [Option<f64>; 2],
    map: &dyn Fn(&[f64]) -> Vec<f64>,
) -> Vec<Curve> {
    let mut lines: Vec<(usize, f64, Vec<f64>)> = Vec::new();
    for along in 0..2 {
        let [from, to] = range[1 - along];
        for &level in &levels[along] {
            let steps = (0..START).map(|k| from + (to - from) * k as f64 / (START - 1) as f64);
            lines.push((along, level, steps.collect()));
        }
    }
    let place = |along: usize, level: f64, t: f64| if along == 0 { [level, t] } else { [t, level] };
    let sides = window.map(|[from, to]| to - from);
    let distance = |a: [f64; 2], b: [f64; 2]| {
        let part = |i: usize| {
            // What is far outside does not have to be smooth.
            let at = |v: f64| ((v - window[i][0]) / sides[i]).clamp(-0.2, 1.2);
            at(a[i]) - at(b[i])
        };
        part(0).hypot(part(1))
    };
    let ask = |wanted: &[[f64; 2]]| -> Vec<[f64; 2]> {
        map(wanted.as_flattened()).chunks_exact(2).map(|p| [p[0], p[1]]).collect()
    };
    let wanted: Vec<[f64; 2]> =
        lines.iter().flat_map(|(along, level, t)| t.iter().map(|&t| place(*along, *level, t))).collect();
    let mut found = ask(&wanted).into_iter();
    let mut lines: Vec<(usize, f64, Vec<(f64, [f64; 2])>)> = lines
        .into_iter()
        .map(|(along, level, t)| (along, level, t.into_iter().zip(found.by_ref()).collect()))
        .collect();
    for _ in 0..HALVINGS {
        let middles = |line: &[(f64, [f64; 2])]| -> Vec<(usize, f64)> {
            let long = |w: &&[(f64, [f64; 2])]| distance(w[0].1, w[1].1) > 0.012;
            let halves = line.windows(2).enumerate().filter(|(_, w)| long(w));
            halves.map(|(i, w)| (i, 0.5 * (w[0].0 + w[1].0))).collect()
        };
        let halves: Vec<Vec<(usize, f64)>> = lines.iter().map(|(_, _, line)| middles(line)).collect();
        let wanted: Vec<[f64; 2]> = lines
            .iter()
            .zip(&halves)
            .flat_map(|((along, level, _), halves)| halves.iter().map(|(_, t)| place(*along, *level, *t)))
            .collect();
        if wanted.is_empty() {
            break;
        }
        let mut found = ask(&wanted).into_iter();
        for ((_, _, line), halves) in lines.iter_mut().zip(&halves) {
            for (k, (i, t)) in halves.iter().enumerate() {
                if let Some(at) = found.next() {
                    line.insert(i + 1 + k, (*t, at));
                }
            }
        }
    }
    let jump = |a: [f64; 2], b: [f64; 2]| (0..2).any(|i| cut[i] && (a[i] - b[i]).abs() > 0.5 * sides[i]);
    lines
        .into_iter()
        .map(|(along, level, line)| {
            let mut pieces: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
            let mut before: Option<[f64; 2]> = None;
            let mut behind = f64::NAN;
            for (t, at) in line {
                let torn = tears[1 - along].is_some_and(|tear| (behind < tear) && (t >= tear));
                behind = t;
                let good = at.iter().all(|v| v.is_finite());
                if (!good || torn || before.is_some_and(|before| jump(before, at)))
                    && pieces.last().is_some_and(|piece| !piece.is_empty())
                {
                    pieces.push(Vec::new());
                }
                if good && let Some(piece) = pieces.last_mut() {
                    piece.push(at.map(|v| round::digits(v, 5)));
                }
                before = good.then_some(at);
            }
            let pieces = pieces.into_iter().filter(|piece| piece.len() > 1).map(|piece| thin(&piece, sides));
            Curve { along, level, pieces: pieces.collect() }
        })
        .collect()
}

/// Leaves out what lies on the straight line between its neighbours, to a four-thousandth of the window.
fn thin(piece: &[[f64; 2]], sides: [f64; 2]) -> Vec<[f64; 2]> {
    let mut kept = vec![piece[0]];
    let mut first = 0;
    for end in 2..piece.len() {
        let (a, b) = (piece[first], piece[end]);
        let off = |p: &[f64; 2]| {
            let v = |i: usize, q: [f64; 2]| (q[i] - a[i]) / sides[i];
            let (bx, by, px, py) = (v(0, b), v(1, b), v(0, *p), v(1, *p));
            let length = bx.hypot(by);
            if length < 1e-12 { px.hypot(py) } else { (bx * py - by * px).abs() / length }
        };
        if piece[first + 1..end].iter().any(|p| off(p) > 2.5e-4) {
            kept.push(piece[end - 1]);
            first = end - 1;
        }
    }
    kept.push(piece[piece.len() - 1]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [[f64; 2]; 2] = [[-1.0, 1.0]; 2];

    #[test]
    fn straight_lines_need_two_places_and_bent_ones_more() {
        let levels = [vec![0.5], vec![-0.5]];
        let straight = grid(&levels, SQUARE, SQUARE, [false; 2], [None; 2], &|p| p.to_vec());
        assert_eq!(straight[0].pieces, [[[0.5, -1.0], [0.5, 1.0]]]);
        assert_eq!((straight[1].along, straight[1].level), (1, -0.5));
        let bent = |p: &[f64]| p.chunks(2).flat_map(|p| [p[0], p[0] * p[0]]).collect::<Vec<_>>();
        let curves = grid(&levels, SQUARE, SQUARE, [false; 2], [None; 2], &bent);
        assert!((5..120).contains(&curves[1].pieces[0].len()), "{}", curves[1].pieces[0].len());
    }

    #[test]
    fn jumps_are_cut_only_where_they_are_jumps() {
        let levels = [vec![], vec![0.0]];
        let wrap = |p: &[f64]| {
            p.chunks(2).flat_map(|p| [(p[0] + 2.5).rem_euclid(2.0) - 1.0, p[1]]).collect::<Vec<_>>()
        };
        assert_eq!(grid(&levels, SQUARE, SQUARE, [true, false], [None; 2], &wrap)[0].pieces.len(), 2);
        let torn = grid(&levels, SQUARE, SQUARE, [false; 2], [Some(0.3), None], &|p| p.to_vec());
        assert_eq!(torn[0].pieces.len(), 2);
        let gap = |p: &[f64]| {
            p.chunks(2)
                .map(|p| if p[0].abs() < 0.3 { [f64::NAN; 2] } else { [p[0], p[1]] })
                .collect::<Vec<_>>()
                .concat()
        };
        assert_eq!(grid(&levels, SQUARE, SQUARE, [false; 2], [None; 2], &gap)[0].pieces.len(), 2);
    }
}
