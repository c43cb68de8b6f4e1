//! The picture as its user sees it: the SVG's texts, and the pixels of the PNG.

use resvg::tiny_skia::Pixmap;
use tissot_atlas::{AtlasError, DensityMap, Field, density_map};

const DARK: f64 = -60.0;

fn world(log_density: &[f64]) -> Field<'_> {
    Field { x: (-180.0, 180.0), y: (-90.0, 90.0), columns: 36, rows: 18, log_density }
}

fn style() -> DensityMap<'static> {
    DensityMap { floor_decades: 8.0, equirectangular: true, width: 800, ..DensityMap::default() }
}

/// The texts of an SVG, without the spaces around them.
fn texts(svg: &str) -> Vec<String> {
    let parts = svg.split("<text").skip(1);
    parts
        .filter_map(|part| Some(part.split_once('>')?.1.split_once("</text>")?.0.trim().to_owned()))
        .collect()
}

fn rgb(pixels: &Pixmap, x: u32, y: u32) -> [u8; 3] {
    pixels.pixel(x, y).map(|p| [p.red(), p.green(), p.blue()]).expect("a pixel inside")
}

/// Left, top, width and height of the plot in pixels of the PNG, read from the embedded image of the SVG.
fn plot(svg: &str, width: u32) -> [f64; 4] {
    let tag = svg.split_once("<image ").expect("an image").1;
    ["x", "y", "width", "height"].map(|name| {
        let value = tag.split_once(&format!("{name}=\"")).expect(name).1;
        let units: f64 = value.split_once('"').expect(name).0.parse().expect("a number");
        units * f64::from(width) / 16_000.0
    })
}

#[test]
fn the_svg_has_the_texts_and_ticks_of_a_map() {
    let log_density = vec![-5.0 * std::f64::consts::LN_10; 36 * 18];
    let style = DensityMap {
        title: "Events & more",
        subtitle: "One week",
        colour_label: "Probability per square kilometre",
        points: &[[0.0, 0.0], [10.0, -20.0], [500.0, 0.0], [f64::NAN, 0.0]],
        points_label: "events",
        ..style()
    };
    let picture = density_map(&world(&log_density), &style).unwrap();
    let texts = texts(picture.to_svg());
    let expected = [
        "Events &amp; more",
        "One week",
        "Probability per square kilometre",
        "events",
        "180°",
        "120°W",
        "0°",
        "60°E",
        "60°S",
        "30°N",
        "90°N",
        "10⁻⁵",
        "10⁻¹³",
        "2 points lie outside of the picture.",
    ];
    for text in expected {
        assert!(texts.iter().any(|found| found == text), "{text} is not in {texts:?}");
    }
    assert_eq!(picture.to_svg().matches("<circle").count(), 2 * 2 + 2, "ring and disc, and the legend's");
}

#[test]
fn plain_axes_have_plain_numbers_and_their_labels() {
    let field = Field { x: (-3.0, 3.0), y: (0.0, 0.5), columns: 2, rows: 1, log_density: &[0.0, -1.0] };
    let style = DensityMap { x_label: "speed (m/s)", y_label: "share", ..DensityMap::default() };
    let texts = texts(density_map(&field, &style).unwrap().to_svg());
    for text in ["−1.0", "0", "2.0", "0.20", "speed (m/s)", "share", "10⁻⁶", "10⁰"] {
        assert!(texts.iter().any(|found| found == text), "{text} is not in {texts:?}");
    }
    assert!(texts.iter().all(|text| !text.contains('°')));
}

#[test]
fn the_png_has_the_size_that_was_asked_for() {
    for (width, aspect) in [(1600, 1.5), (400, 3.0), (1001, 0.5)] {
        let field = Field { x: (0.0, 1.0), y: (0.0, 1.0), columns: 1, rows: 1, log_density: &[0.0] };
        let style = DensityMap { width, aspect, ..DensityMap::default() };
        let picture = density_map(&field, &style).unwrap();
        let pixels = Pixmap::decode_png(&picture.to_png().unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (picture.width(), picture.height()));
        assert_eq!(pixels.width(), width);
        let [.., across, down] = plot(picture.to_svg(), width);
        assert!((across / down - aspect).abs() < 0.02 * aspect, "{across} x {down}");
        assert_eq!(rgb(&pixels, 0, 0), [255; 3], "paper");
    }
}

#[test]
fn a_bright_cell_is_painted_where_it_is() {
    // 30 to 40 degrees east, 50 to 60 degrees north; and a cell that is not a number, 100 west and 30 south.
    let mut log_density = vec![DARK; 36 * 18];
    log_density[14 * 36 + 21] = 0.0;
    log_density[5 * 36 + 7] = f64::NAN;
    log_density[0] = f64::NEG_INFINITY;
    let picture = density_map(&world(&log_density), &style()).unwrap();
    let pixels = Pixmap::decode_png(&picture.to_png().unwrap()).unwrap();
    let [left, top, width, height] = plot(picture.to_svg(), picture.width());
    let at = |longitude: f64, latitude: f64| {
        let (x, y) = (left + (longitude + 180.0) / 360.0 * width, top + (90.0 - latitude) / 180.0 * height);
        rgb(&pixels, x as u32, y as u32)
    };
    let bright = at(35.0, 55.0);
    assert!(bright[0] > 230 && bright[1] > 220 && bright[2] > 150, "{bright:?}");
    let background = at(-45.0, -45.0);
    assert!(background.iter().all(|&v| v < 50), "{background:?}");
    for mirrored in
        [(-35.0, 55.0), (35.0, -55.0), (-35.0, -55.0), (55.0, 35.0), (-175.0, -85.0), (45.0, 55.0)]
    {
        let found = at(mirrored.0, mirrored.1);
        assert!(found.iter().all(|&v| v < 50), "{found:?} at {mirrored:?}");
    }
    assert_eq!(at(-105.0, -35.0), [0x8c; 3]);
    let texts = texts(picture.to_svg());
    assert!(texts.contains(&"1 of 648 cells is not a number and drawn grey.".to_owned()), "{texts:?}");
}

#[test]
fn texts_are_drawn_with_the_embedded_font() {
    let field = Field { x: (0.0, 1.0), y: (0.0, 1.0), columns: 1, rows: 1, log_density: &[0.0] };
    let ink = |title| {
        let style = DensityMap { title, width: 400, ..DensityMap::default() };
        let pixels = Pixmap::decode_png(&density_map(&field, &style).unwrap().to_png().unwrap()).unwrap();
        (0..20)
            .flat_map(|y| (0..400).map(move |x| (x, y)))
            .filter(|&(x, y)| rgb(&pixels, x, y)[0] < 128)
            .count()
    };
    assert!(ink("HHHH") > 60, "{} dark pixels", ink("HHHH"));
    assert!(ink("HHHH") > 3 * ink("H"));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let field = Field { x: (0.0, 1.0), y: (0.0, 1.0), columns: 2, rows: 2, log_density: &[0.0; 3] };
    let found = density_map(&field, &DensityMap::default()).unwrap_err();
    assert!(matches!(found, AtlasError::FieldLength { found: 3, columns: 2, rows: 2 }), "{found}");
    let field = Field { log_density: &[0.0; 4], ..field };
    let default = DensityMap::default();
    for style in [
        DensityMap { floor_decades: 0.0, ..default },
        DensityMap { floor_decades: f64::NAN, ..default },
        DensityMap { aspect: f64::INFINITY, ..default },
        DensityMap { width: 0, ..default },
        DensityMap { width: 1_000_000, ..default },
    ] {
        assert!(matches!(density_map(&field, &style), Err(AtlasError::Setting { .. })), "{style:?}");
    }
}

#[test]
fn odd_fields_are_drawn_all_the_same() {
    let default = DensityMap { width: 200, ..DensityMap::default() };
    for values in [[0.0, f64::INFINITY], [-1e300, f64::NEG_INFINITY], [f64::NAN, 700.0], [1e308, -1e308]] {
        for floor_decades in [1e-3, 0.7, 300.0] {
            let style = DensityMap { floor_decades, equirectangular: values[0] == 0.0, ..default };
            let field =
                Field { x: (-1.0, 1.0), y: (5e9, 5e9 + 1.0), columns: 2, rows: 1, log_density: &values };
            density_map(&field, &style).and_then(|picture| picture.to_png()).unwrap();
        }
    }
}

#[test]
fn files_are_written_whole_and_errors_are_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let field = Field { x: (0.0, 1.0), y: (0.0, 1.0), columns: 1, rows: 1, log_density: &[0.0] };
    let picture = density_map(&field, &DensityMap { width: 300, ..DensityMap::default() }).unwrap();
    let (png, svg) = (folder.path().join("map.PNG"), folder.path().join("map.svg"));
    std::fs::write(&png, "what was there before").unwrap();
    picture.save(&png).unwrap();
    picture.save(&svg).unwrap();
    assert_eq!(std::fs::read(&png).unwrap(), picture.to_png().unwrap());
    assert_eq!(std::fs::read_to_string(&svg).unwrap(), picture.to_svg());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");

    let missing = folder.path().join("no/such/folder/map.png");
    let errors = [picture.save(&missing), picture.save("map.gif"), picture.save("map"), picture.save("")];
    assert!(
        matches!(errors[0], Err(AtlasError::Write { .. }))
            && matches!(errors[1], Err(AtlasError::Extension { .. }))
    );
    for error in errors {
        let message = error.unwrap_err().to_string();
        assert!(!message.contains('\n') && message.starts_with("cannot "), "{message}");
    }
}
