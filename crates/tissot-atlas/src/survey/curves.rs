//! Grid lines through a map: as many places as a smooth line needs.

use super::Curve;
use super::round;

/// Places a line starts with.
const START: usize = 65;
/// How often a segment can be halved.
const HALVINGS: usize = 5;

/// What a grid is drawn through, and where it is looked at.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// The values of each coordinate that have a line.
    pub levels: [Vec<f64>; 2],
    /// How far lines go, in each coordinate.
    pub range: [[f64; 2]; 2],
    /// What is seen of the image.
    pub window: [[f64; 2]; 2],
    /// Which coordinates of the image are periods: a line that jumps from one end to the other is cut there.
    pub periodic: [bool; 2],
    /// The value of each coordinate at which the map itself jumps, if there is one.
    pub tears: [Option<f64>; 2],
}

/// A line while it is refined: places by their parameter.
struct Line {
    along: usize,
    level: f64,
    places: Vec<(f64, [f64; 2])>,
}

impl Line {
    /// The place before the map.
    fn source(&self, t: f64) -> [f64; 2] {
        if self.along == 0 { [self.level, t] } else { [t, self.level] }
    }
}

/// Lines of constant coordinate, mapped by `map` (row-major pairs to pairs). Segments longer than an eightieth of the
/// window are halved, a few times.
pub fn grid(mesh: &Mesh, map: &dyn Fn(&[f64]) -> Vec<f64>) -> Vec<Curve> {
    let ask = |wanted: &[[f64; 2]]| -> Vec<[f64; 2]> {
        map(wanted.as_flattened()).chunks_exact(2).map(|p| [p[0], p[1]]).collect()
    };
    let mut lines: Vec<Line> = mesh.start();
    let wanted: Vec<[f64; 2]> =
        lines.iter().flat_map(|line| line.places.iter().map(|(t, _)| line.source(*t))).collect();
    let found = ask(&wanted);
    lines.iter_mut().flat_map(|line| &mut line.places).zip(found).for_each(|(place, at)| place.1 = at);
    for _ in 0..HALVINGS {
        let halves: Vec<Vec<(usize, f64)>> = lines.iter().map(|line| mesh.halves(line)).collect();
        let wanted: Vec<[f64; 2]> = lines
            .iter()
            .zip(&halves)
            .flat_map(|(line, halves)| halves.iter().map(|(_, t)| line.source(*t)))
            .collect();
        if wanted.is_empty() {
            break;
        }
        let mut found = ask(&wanted).into_iter();
        for (line, halves) in lines.iter_mut().zip(&halves) {
            for ((k, (i, t)), at) in halves.iter().enumerate().zip(found.by_ref()) {
                line.places.insert(i + 1 + k, (*t, at));
            }
        }
    }
    lines.into_iter().map(|line| mesh.curve(line)).collect()
}

impl Mesh {
    fn start(&self) -> Vec<Line> {
        let line = |along: usize, level: f64| {
            let [from, to] = self.range[1 - along];
            let parameter = |k: usize| from + (to - from) * k as f64 / (START - 1) as f64;
            Line { along, level, places: (0..START).map(|k| (parameter(k), [0.0; 2])).collect() }
        };
        (0..2).flat_map(|along| self.levels[along].iter().map(move |&level| line(along, level))).collect()
    }

    fn sides(&self) -> [f64; 2] {
        self.window.map(|[from, to]| to - from)
    }

    /// Where a line's segments are too long: behind which place, and the parameter of their middle.
    fn halves(&self, line: &Line) -> Vec<(usize, f64)> {
        let sides = self.sides();
        let length = |a: [f64; 2], b: [f64; 2]| {
            // What is far outside does not have to be smooth.
            let at = |v: f64, i: usize| ((v - self.window[i][0]) / sides[i]).clamp(-0.2, 1.2);
            (at(a[0], 0) - at(b[0], 0)).hypot(at(a[1], 1) - at(b[1], 1))
        };
        let segments = line.places.windows(2).enumerate();
        let long = segments.filter(|(_, w)| length(w[0].1, w[1].1) > 1.0 / 80.0);
        long.map(|(i, w)| (i, 0.5 * (w[0].0 + w[1].0))).collect()
    }

    /// The pieces of a line.
    fn curve(&self, line: Line) -> Curve {
        let sides = self.sides();
        let jump = |a: [f64; 2], b: [f64; 2]| {
            (0..2).any(|i| self.periodic[i] && (a[i] - b[i]).abs() > 0.5 * sides[i])
        };
        let mut pieces: Vec<Vec<[f64; 2]>> = vec![Vec::new()];
        let mut before: Option<[f64; 2]> = None;
        let mut behind = f64::NAN;
        for (t, at) in line.places {
            let torn = self.tears[1 - line.along].is_some_and(|tear| behind < tear && t >= tear);
            behind = t;
            let good = at.iter().all(|v| v.is_finite());
            if !good || torn || before.is_some_and(|before| jump(before, at)) {
                pieces.push(Vec::new());
            }
            if good && let Some(piece) = pieces.last_mut() {
                piece.push(at.map(|v| round::digits(v, 5)));
            }
            before = good.then_some(at);
        }
        let pieces = pieces.into_iter().filter(|piece| piece.len() > 1).map(|piece| thin(&piece, sides));
        Curve { along: line.along, level: line.level, pieces: pieces.collect() }
    }
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

    fn mesh(levels: [Vec<f64>; 2]) -> Mesh {
        Mesh { levels, range: SQUARE, window: SQUARE, periodic: [false; 2], tears: [None; 2] }
    }

    fn each(p: &[f64], f: impl Fn(f64, f64) -> [f64; 2]) -> Vec<f64> {
        p.chunks(2).flat_map(|p| f(p[0], p[1])).collect()
    }

    #[test]
    fn straight_lines_need_two_places_and_bent_ones_more() {
        let mesh = mesh([vec![0.5], vec![-0.5]]);
        let straight = grid(&mesh, &|p| p.to_vec());
        assert_eq!(straight[0].pieces, [[[0.5, -1.0], [0.5, 1.0]]]);
        assert_eq!((straight[1].along, straight[1].level), (1, -0.5));
        let bent = grid(&mesh, &|p| each(p, |x, _| [x, x * x]));
        assert!((5..120).contains(&bent[1].pieces[0].len()), "{}", bent[1].pieces[0].len());
    }

    #[test]
    fn jumps_are_cut_only_where_they_are_jumps() {
        let one = mesh([vec![], vec![0.0]]);
        let wrap = |p: &[f64]| each(p, |x, y| [(x + 2.5).rem_euclid(2.0) - 1.0, y]);
        assert_eq!(grid(&Mesh { periodic: [true, false], ..one.clone() }, &wrap)[0].pieces.len(), 2);
        assert_eq!(grid(&one, &wrap)[0].pieces.len(), 1);
        let torn = Mesh { tears: [Some(0.3), None], ..one.clone() };
        assert_eq!(grid(&torn, &|p| p.to_vec())[0].pieces.len(), 2);
        let gap = |p: &[f64]| each(p, |x, y| if x.abs() < 0.3 { [f64::NAN; 2] } else { [x, y] });
        assert_eq!(grid(&one, &gap)[0].pieces.len(), 2);
    }
}
