//! The report in a real browser: what its tooltips say is what `--json` says, by pointer and by key, on a laptop and on
//! a phone. Skipped, with a word, where there is no Chromium; `TISSOT_BROWSER` names one that must be there.

#![cfg(unix)]

mod common;

#[path = "common/browser.rs"]
mod browser;

use browser::Page;
use common::Folder;
use serde_json::Value;

const SIZES: [[u32; 2]; 2] = [[1280, 900], [360, 740]];

/// Where on the screen the first place of a figure is that can be seen and that a pointer finds.
const PLACE: &str = "(f => { const r = [...document.querySelectorAll(`[data-figure=${f}]`)].find(r => r.getBoundingClientRect().width > 0); \
    r.scrollIntoView({block: 'center'}); \
    const b = r.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })";

fn with_report() -> Option<(Folder, std::path::PathBuf, Value)> {
    let Some(program) = browser::program() else {
        eprintln!("skipped: there is no chromium on the path, and TISSOT_BROWSER names none");
        return None;
    };
    let folder = Folder::with_model();
    folder.good(&["map", "model.tissot", "two.csv", "--out", "report.html"]);
    let json = folder.json(&["map", "model.tissot", "two.csv", "--json"]);
    Some((folder, program, json))
}

fn tip(page: &mut Page) -> String {
    page.value("document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent")
        .as_str()
        .unwrap()
        .to_owned()
}

/// As the page writes a number of the JSON.
fn said(value: &Value) -> String {
    let text = value.to_string();
    text.strip_suffix(".0").unwrap_or(&text).replace('-', "−")
}

/// The value of a grid at shares of its axes.
fn cell(grid: &Value, u: f64, v: f64) -> Value {
    let [columns, rows] = ["columns", "rows"].map(|side| grid[side].as_f64().unwrap());
    let (i, j) = ((u * columns) as usize, (v * rows) as usize);
    grid["values"][j * columns as usize + i].clone()
}

#[test]
fn tooltips_say_what_the_json_says() {
    let Some((folder, program, json)) = with_report() else { return };
    for size in SIZES {
        let mut page = Page::open(&program, &folder.path("report.html"), size, false);
        assert_eq!(page.value("innerWidth"), size[0]);
        let spread = page.value("document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(spread <= u64::from(size[0]), "the page is {spread} wide on a screen of {size:?}");
        assert_eq!(tip(&mut page), "", "nothing is said before one asks");
        for [u, v] in [[0.31, 0.62], [0.77, 0.18]] {
            // The middle of a cell: pointers stand on whole pixels.
            let side = |name: &str| json["map"]["log_det"][name].as_f64().unwrap();
            let middle = |t: f64, n: f64| ((t * n).floor() + 0.5) / n;
            let (u, v) = (middle(u, side("columns")), middle(v, side("rows")));
            let place = page.value(&format!("{PLACE}('map')"));
            let [x, y, w, h] = [0, 1, 2, 3].map(|k| place[k].as_f64().unwrap());
            page.hover(x + u * w, y + (1.0 - v) * h);
            let text = tip(&mut page);
            for (name, grid) in
                [("log |det J|", "log_det"), ("log p", "log_density"), ("digits left", "digits")]
            {
                let wanted = format!("{name} {}", said(&cell(&json["map"][grid], u, v)));
                let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
                let line = line.split(" (").next().unwrap_or_default();
                assert_eq!(line, wanted, "at {u}, {v} of {size:?}: {text}");
            }
            let bounds = page
                .value("(b => [b.left, b.right])(document.getElementById('tip').getBoundingClientRect())");
            let (left, right) = (bounds[0].as_f64().unwrap(), bounds[1].as_f64().unwrap());
            assert!(left >= 0.0 && right <= f64::from(size[0]), "{bounds} on a screen of {size:?}");
        }
    }
}

#[test]
fn keys_reach_the_map_and_read_it() {
    let Some((folder, program, json)) = with_report() else { return };
    let mut page = Page::open(&program, &folder.path("report.html"), SIZES[1], true);
    let is_map = "document.activeElement.dataset.figure === 'map'";
    let tabs = (0..60).take_while(|_| {
        page.press("Tab");
        page.value(is_map) != Value::Bool(true)
    });
    assert!(tabs.count() < 60, "Tab never reaches the map");
    let grid = &json["map"]["log_det"];
    let [columns, rows] = ["columns", "rows"].map(|side| grid[side].as_f64().unwrap());
    let middle = |n: f64| ((0.5 * n + 1e-9).floor() + 0.5) / n;
    let (mut u, mut v) = (middle(columns), middle(rows));
    for (key, step) in [("", [0.0, 0.0]), ("ArrowRight", [1.0, 0.0]), ("ArrowDown", [0.0, -1.0])] {
        if !key.is_empty() {
            page.press(key);
        }
        (u, v) = (u + step[0] / columns, v + step[1] / rows);
        let text = tip(&mut page);
        let wanted = format!("log |det J| {}", said(&cell(grid, u, v)));
        assert!(
            text.lines().any(|line| line.split(" (").next() == Some(&wanted)),
            "{wanted} is not in {text}"
        );
    }
    page.press("Escape");
    assert_eq!(tip(&mut page), "");
}

#[test]
fn every_picture_speaks_and_nothing_is_loaded() {
    let Some((folder, program, json)) = with_report() else { return };
    let mut page = Page::open(&program, &folder.path("report.html"), SIZES[0], false);
    assert_eq!(
        page.value(
            "performance.getEntriesByType('resource').filter(r => !r.name.startsWith('data:')).length"
        ),
        0
    );
    for figure in ["map", "latent_grid", "data_grid", "layer", "ribbon", "heat", "ledger"] {
        let place = page.value(&format!("{PLACE}('{figure}')"));
        let [x, y, w, h] = [0, 1, 2, 3].map(|k| place[k].as_f64().unwrap());
        page.hover(x + 0.4 * w, y + 0.6 * h);
        assert!(tip(&mut page).lines().count() >= 2, "{figure} says {:?}", tip(&mut page));
    }
    let first = &json["rows"][0];
    let row = page.value("document.getElementById('row-text').textContent");
    let text = row.as_str().unwrap();
    assert!(text.contains(&format!("log p {} =", said(&first["log_prob"]))), "{text}");
    // The slider changes the layer that is shown.
    let shown = "[...document.querySelectorAll('#figure-layer .frame')].findIndex(f => !f.hidden)";
    page.value("(s => { s.value = 3; s.dispatchEvent(new Event('input')); })(document.querySelector('[data-frames=layer]'))");
    assert_eq!(page.value(shown), 3);
}

#[test]
fn zoom_keeps_values_in_their_places() {
    let Some((folder, program, json)) = with_report() else { return };
    let mut page = Page::open(&program, &folder.path("report.html"), SIZES[0], false);
    page.value("document.querySelector('[data-zoom=in]').click()");
    let place = page.value(&format!("{PLACE}('map')"));
    let [x, y, w, h] = [0, 1, 2, 3].map(|k| place[k].as_f64().unwrap());
    page.hover(x + 0.25 * w, y + 0.75 * h);
    // A zoom of 1.6 about the middle: a quarter of the window is that far from the middle over 1.6.
    let at = 0.5 - 0.25 / 1.6;
    let wanted = format!("log |det J| {}", said(&cell(&json["map"]["log_det"], at, at)));
    let text = tip(&mut page);
    assert!(text.lines().any(|line| line.split(" (").next() == Some(&wanted)), "{wanted} is not in {text}");
    let moved = page.value("document.querySelector('#figure-map .view').getAttribute('transform')");
    assert!(moved.as_str().unwrap().contains("scale(1.6)"), "{moved}");
}

/// A middle place of a line of a grid, as shares of its figure's axes.
fn on_line(curve: &Value, x: [f64; 2], y: [f64; 2]) -> Option<[f64; 2]> {
    let pieces = curve["pieces"].as_array()?;
    pieces.iter().flat_map(|piece| piece.as_array().unwrap()).find_map(|place| {
        let share = |k: usize, [from, to]: [f64; 2]| (place[k].as_f64().unwrap() - from) / (to - from);
        let at = [share(0, x), share(1, y)];
        at.iter().all(|t| (0.2..0.8).contains(t)).then_some(at)
    })
}

#[test]
fn grids_name_the_lines_and_pairs_the_rows() {
    let Some((folder, program, json)) = with_report() else { return };
    let map = &json["map"];
    let axis = |axis: &Value| ["from", "to"].map(|end| axis[end].as_f64().unwrap());
    let range = |k: usize| [0, 1].map(|end| map["latent_range"][k][end].as_f64().unwrap());
    let [a, b] = ["x", "y"].map(|side| map[side]["name"].as_str().unwrap().to_owned());
    for size in SIZES {
        let mut page = Page::open(&program, &folder.path("report.html"), size, false);
        for (figure, x, y, names) in [
            ("latent_grid", axis(&map["x"]), axis(&map["y"]), ["z1", "z2"]),
            ("data_grid", range(0), range(1), [a.as_str(), b.as_str()]),
        ] {
            let curves = map[figure].as_array().unwrap();
            let (curve, [u, v]) =
                curves.iter().rev().find_map(|curve| Some((curve, on_line(curve, x, y)?))).unwrap();
            let place = page.value(&format!("{PLACE}('{figure}')"));
            let [left, top, w, h] = [0, 1, 2, 3].map(|k| place[k].as_f64().unwrap());
            page.hover(left + u * w, top + (1.0 - v) * h);
            let along = curve["along"].as_u64().unwrap() as usize;
            let level = curve["level"].as_f64().unwrap();
            let wanted = format!("{} = {}", names[along], level.to_string().replace('-', "−"));
            assert!(tip(&mut page).contains(&wanted), "{figure}: {wanted} is not in {}", tip(&mut page));
        }
    }
    let three = (0..120).map(|k| {
        let at = |step: usize, of: usize| (k * step % of) as f64 / of as f64 - 0.5;
        vec![at(7, 61), at(11, 53), at(5, 47)]
    });
    folder.write("three.csv", common::csv("a,b,c", three));
    folder.fit("three.csv", "three.tissot", &common::TINY);
    folder.good(&["map", "three.tissot", "three.csv", "--out", "three.html"]);
    let json = folder.json(&["map", "three.tissot", "three.csv", "--json"]);
    for size in SIZES {
        let mut page = Page::open(&program, &folder.path("three.html"), size, false);
        let place = page.value(&format!("{PLACE}('pairs')"));
        let [left, top, w, h] = [0, 1, 2, 3].map(|k| place[k].as_f64().unwrap());
        let ends = page.value("(d => [d.x0, d.x1, d.y0, d.y1].map(Number))(document.querySelector('[data-figure=pairs]').dataset)");
        let [x0, x1, y0, y1] = [0, 1, 2, 3].map(|k| ends[k].as_f64().unwrap());
        // The first panel is of the first two columns.
        for row in json["rows"].as_array().unwrap().iter().step_by(40) {
            let [a, b] = [0, 1].map(|k| row["values"][k].as_f64().unwrap());
            page.hover(left + (a - x0) / (x1 - x0) * w, top + (y1 - b) / (y1 - y0) * h);
            let wanted = [
                format!("row {}: a {}, b {}", row["row"], said(&row["values"][0]), said(&row["values"][1])),
                format!("log |det J| {}", said(&row["log_det"])),
            ];
            let text = tip(&mut page);
            assert!(wanted.iter().all(|line| text.contains(line)), "{wanted:?} are not in {text}");
        }
    }
}

#[test]
fn pixels_and_directions_speak() {
    let Some(program) = browser::program() else { return };
    let folder = Folder::new();
    let mut images: Vec<u8> = [2051, 40_u32, 4, 4].iter().flat_map(|n| n.to_be_bytes()).collect();
    images.extend((0..40 * 16).map(|k| (k * k % 200) as u8));
    folder.write("some-images-idx3-ubyte", images);
    let size = ["--levels", "1", "--level-steps", "2", "--hidden", "4", "--batch", "8", "--steps", "10"];
    folder.fit("some-images-idx3-ubyte", "m.tissot", &size);
    folder.good(&["map", "m.tissot", "some-images-idx3-ubyte", "--out", "page.html"]);
    let json = folder.json(&["map", "m.tissot", "some-images-idx3-ubyte", "--json"]);
    for size in SIZES {
        let mut page = Page::open(&program, &folder.path("page.html"), size, false);
        let spread = page.value("document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(spread <= u64::from(size[0]), "the page is {spread} wide on a screen of {size:?}");
        // The first tile is the mean over all images; its pixel in row 2, column 3.
        let place = page.value(&format!("{PLACE}('pixels')"));
        let [x, y, w, h] = [0, 1, 2, 3].map(|k| place[k].as_f64().unwrap());
        page.hover(x + 0.625 * w, y + 0.375 * h);
        let maps = &json["images"]["maps"][0];
        let text = tip(&mut page);
        for line in [
            format!("mean: pixel (2, 3), value {}", said(&maps["pixels"][6])),
            format!("bits {}", said(&maps["bits"][6])),
            format!("log |det J| {}", said(&maps["log_det"][6])),
            format!("of the level 2 x 2: {}", said(&maps["levels"][0][6])),
            format!("base {}", said(&maps["base"][6])),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
        let place = page.value(&format!("{PLACE}('direction')"));
        let [x, y, w, h] = [0, 1, 2, 3].map(|k| place[k].as_f64().unwrap());
        page.hover(x + 0.625 * w, y + 0.375 * h);
        let at = &json["images"]["directions"][0];
        let wanted = format!("pixel (2, 3): {}", said(&at["most"][0]["pixels"][6]));
        let text = tip(&mut page);
        assert!(
            text.contains(&wanted) && text.contains(&format!("image {}", at["image"])),
            "{wanted} is not in {text}"
        );
    }
}
