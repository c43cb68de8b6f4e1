//! The sentences of the report.

use super::{Item, images};
use crate::figures::{self, Coloured, Figure, MARKED};
use crate::numbers::{fixed, grouped};
use crate::survey::{Map, Principal, Survey};

/// A number with a true minus sign, as the page's script writes it.
pub fn number(value: f64) -> String {
    value.to_string().replace('-', "−")
}

/// What the colours mean, as HTML.
pub const LEGEND: &str = r#"<span class="up">Orange, log&nbsp;|det&nbsp;J|&nbsp;&gt;&nbsp;0: stretched, density amplified.</span> <span class="down">Blue, below 0: squeezed, density thinned.</span>"#;

pub fn lead(survey: &Survey) -> String {
    let model = &survey.model;
    let mut parts: Vec<String> = Vec::new();
    if !model.preset.is_empty() {
        parts.push(format!("A flow ({})", model.preset));
    }
    if !model.source.is_empty() {
        parts.push(format!("fitted to {}", model.source));
    }
    let start = if parts.is_empty() { "A bijection".to_owned() } else { parts.join(" ") };
    let given: Vec<String> =
        survey.given.iter().map(|(name, v)| format!("{name} = {}", number(*v))).collect();
    let under =
        if given.is_empty() { String::new() } else { format!(" The maps hold {}.", given.join(", ")) };
    let over = match &survey.images {
        None => list(&survey.columns, 6),
        Some(images) => images::over(images),
    };
    format!("{start}, over {over}. Looked at with {}.{under}", survey.rows_from)
}

/// Names, at most so many.
fn list(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > most { format!("{shown} and {} more columns", names.len() - most) } else { shown }
}

pub fn facts(survey: &Survey) -> Vec<Item> {
    let model = &survey.model;
    let mut facts = Vec::new();
    if let Some((mean, error)) = model.held_out {
        let note =
            format!("± {} nats a row, on {} held-out rows", fixed(error, 3), grouped(model.rows[2] as usize));
        facts.push(Item::new("log p", fixed(mean, 3), note));
    }
    if let Some(first) = survey.ribbon.quantiles.first()
        && let Some(last) = survey.ribbon.quantiles.last()
    {
        let range = format!("{} to {}", three(last[0]), three(first[4]));
        facts.push(Item::new("stretches", range, "of the data, nine rows in ten"));
    }
    let mut digits: Vec<f64> = survey.rows.iter().map(|row| row.digits).filter(|v| v.is_finite()).collect();
    digits.sort_by(f64::total_cmp);
    if let Some(least) = digits.first() {
        let middle = digits[digits.len() / 2];
        facts.push(Item::new(
            "digits left",
            fixed(middle, 1),
            format!("median in f32; least {}", fixed(*least, 1)),
        ));
    }
    if let Some(images) = &survey.images {
        facts.extend(images::facts(images));
    } else {
        facts.push(Item::new(
            "books: log-dets against the exact Jacobian",
            format!("{:.0e}", survey.books.jacobian_gap).replace('-', "−"),
            format!("largest gap of {} rows, {}", survey.books.rows, survey.books.digits),
        ));
    }
    if let Some(mass) = survey.books.mass {
        let error = survey.books.mass_error.unwrap_or(f64::NAN);
        let note = format!("integral of the density; ± {} by the grid", number(error));
        facts.push(Item::new("books: probability in all", fixed(mass, 4), note));
    }
    if model.parameters > 0 {
        let note = format!("{} steps of training", grouped(model.steps as usize));
        facts.push(Item::new("parameters", grouped(model.parameters), note));
    }
    facts
}

/// Three significant digits, or a power.
pub fn three(value: f64) -> String {
    if (0.001..10_000.0).contains(&value) {
        let decimals = (2.0 - value.log10().floor()).clamp(0.0, 5.0) as usize;
        fixed(value, decimals)
    } else {
        format!("{value:.1e}").replace('-', "−")
    }
}

pub fn books(survey: &Survey) -> String {
    if let Some(images) = &survey.images {
        return images::books(images);
    }
    let gap = format!("{:.1e}", survey.books.jacobian_gap).replace('-', "−");
    let mass = survey.books.mass.map_or(String::new(), |mass| {
        format!(
            " The density integrates to {} over everything (on a grid half as fine it differs by {}).",
            number(mass),
            number(survey.books.mass_error.unwrap_or(f64::NAN))
        )
    });
    format!(
        "The books: over {} rows the sum of the layers' log-dets and log |det| of the exact Jacobian differ by at most {gap}, relative, in {}.{mass}",
        survey.books.rows, survey.books.digits
    )
}

pub fn coloured(coloured: Coloured) -> Item {
    let words = match coloured {
        Coloured::Stretch => "stretch: log |det J|",
        Coloured::Density => "density: log p",
        Coloured::Digits => "digits left",
    };
    Item::new(coloured.name(), words, "")
}

pub fn overlays(map: &Map) -> Vec<Item> {
    let mut overlays =
        vec![Item::new("indicatrices", "Tissot's indicatrices", "on"), Item::new("points", "data", "on")];
    if !map.latent_grid.is_empty() {
        overlays.push(Item::new("latent-grid", "the latent's grid", ""));
    }
    overlays
}

pub fn map_caption(survey: &Survey, map: &Map) -> Vec<String> {
    let size = if figures::true_to_scale(survey) {
        "all drawn at one scale"
    } else {
        "shapes and directions are true; sizes go with the fourth root, or most could not be seen"
    };
    let mut caption = vec![
        format!(
            "Colour: by how much the flow stretches (orange) or squeezes (blue) the neighbourhood of each place, as log |det J|; 1 nat is a factor of 2.7 in density. Lengths in the data are measured in {}.",
            survey.metric_words
        ),
        format!(
            "Each ellipse is one of Tissot's indicatrices: the patch of data space that the flow turns into a round disc of the latent. Small ellipses mean strong stretching, long thin ones that directions are treated differently ({size})."
        ),
    ];
    caption.extend(plane(survey, map));
    caption
}

/// Which plane the map is of, and what becomes of what is off it.
fn plane(survey: &Survey, map: &Map) -> Vec<String> {
    let read = "Hover, tap, or use the arrow keys to read values.";
    let mut words: Vec<String> =
        map.principal.iter().map(|principal| components(survey, principal)).collect();
    words.push(match (map.averaged, &map.principal) {
        (Some(rows), _) => format!(
            "Averaged: at each place the values off the map are those of {rows} rows of the data, one after the other, each counted by how likely the place is given its values. log p is then that of the two axes alone; log |det J| and the ellipses' squared stretches are means."
        ),
        (None, Some(_)) => "A slice through one row of the data, whose place off the plane is kept. The dots are all rows, seen along the other directions. The ellipses belong to the plane, log |det J| to all columns.".into(),
        (None, None) if map.held.is_empty() => read.into(),
        (None, None) => {
            let held: Vec<String> =
                map.held.iter().take(8).map(|(name, v)| format!("{name} = {}", number(*v))).collect();
            let more = map.held.len().saturating_sub(8);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!(
                "A slice: the other columns are held at {}{more}, one row of the data. The dots are all rows, whatever their other columns are. The ellipses belong to the two columns of the slice, log |det J| to all columns.",
                held.join(", ")
            )
        }
    });
    words
}

/// The two principal components in the columns' names.
fn components(survey: &Survey, principal: &Principal) -> String {
    let one = |k: usize| {
        let mut parts: Vec<(f64, &String)> =
            principal.directions[k].iter().copied().zip(&survey.columns).collect();
        parts.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let shown = parts.iter().take(5).filter(|(v, _)| v.abs() >= 0.1);
        let sum = shown.map(|(v, name)| format!("{} {name}", fixed(*v, 2))).collect::<Vec<_>>().join(" + ");
        let share = fixed(100.0 * principal.shares[k], 0);
        format!("component {} ({share} % of the variance) is {}", k + 1, sum.replace("+ −", "− "))
    };
    format!("The first two principal components of the data: {}; {}, in standard deviations.", one(0), one(1))
}

pub fn layer_caption() -> Vec<String> {
    vec![
        "Left: how much this one layer adds to the log-density, shown where the data are before any layer. Right: the data (dots) and the grid of the data (lines) after it. From the first layer to the last, the data turn into the base distribution.".into(),
    ]
}

pub fn label(figure: Figure) -> &'static str {
    match figure {
        Figure::Stretch => "Log-determinant over two columns with Tissot's indicatrices",
        Figure::Density => "Log-density over two columns",
        Figure::Digits => "Digits left over two columns",
        Figure::LatentGrid => "The latent's grid in data space",
        Figure::DataGrid => "The data's grid in the latent",
        Figure::Layers => "Log-determinant of each layer over the data",
        Figure::Ribbon => "Quantiles of the singular values",
        Figure::Ledger => "Quantiles and variance shares of each term of the log-density",
        Figure::Heat => "Log-determinants of rows and layers",
        Figure::Pairs => "Stretch over pairs of columns",
        Figure::Training => "Change of the log-density over training",
        Figure::Pixels => "Where in images the log-probability comes from",
        Figure::Directions => "The directions in which images are stretched most and least",
    }
}

pub fn caption(survey: &Survey, figure: Figure) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match figure {
        Figure::LatentGrid => one(
            "The latent's grid in data space: lines of constant z1 (blue) and z2 (orange), a half apart from −3 to 3, the thick ones at 0. Where lines crowd, the flow stretches.",
        ),
        Figure::DataGrid => one(
            "The data's grid in the latent: lines of the first column (blue) and of the second (orange), with the latents of the data, which should look like the base. The ellipses are what small circles of the data become.",
        ),
        Figure::Layers => one(
            "Where each layer does its work, all in one scale. Layers that stretch all places alike (permutations, linear maps) are left out; the ledger has them.",
        ),
        Figure::Ledger => {
            let sum = if survey.images.is_some() {
                images::SUM
            } else {
                "columns (domains and standardisation), layers, base"
            };
            vec![format!(
                "log p is a sum: {sum}. Left: what each term adds over the rows (line: median; dark: half of the rows; light: nine in ten). Right: which term makes the differences between rows, as its covariance with log p over the variance of log p; shares sum to one, and one below 0 works against the others. Terms that are the same for all rows are in the table only."
            )]
        }
        Figure::Ribbon => ribbon(survey),
        Figure::Heat => one(
            "Each column is a row of the data, the least likely at the left; each line a layer whose log-det is not the same for all rows. Blue streaks at the left show which layer finds the unlikely rows unlikely.",
        ),
        Figure::Pairs => vec![format!(
            "Each dot is a row of the data, its colour the log |det J| of the whole flow there{}.",
            if survey.columns.len() > figures::PAIRED {
                format!("; the first {} of {} columns", figures::PAIRED, survey.columns.len())
            } else {
                String::new()
            }
        )],
        Figure::Training => {
            let slice = survey.map.as_ref().is_some_and(|map| map.averaged.is_some());
            let slice = if slice { " Here what is off the map is held at one row." } else { "" };
            vec![format!("{TRAINING}{slice}")]
        }
        Figure::Pixels => one(images::PIXELS),
        Figure::Directions => one(images::DIRECTIONS),
        Figure::Stretch | Figure::Density | Figure::Digits => Vec::new(),
    }
}

const TRAINING: &str = "log p at this step minus log p at the first snapshot, and its two parts: the base's (how much nearer to the middle of the base a place is sent) and the log-det's (how much more it is stretched). Orange regions were amplified as learning went on, blue ones suppressed.";

fn ribbon(survey: &Survey) -> Vec<String> {
    let ribbon = &survey.ribbon;
    let mut caption = vec![format!(
        "How much the flow stretches along its principal directions, over {} rows: line median, dark half of the rows, light nine in ten. 1 keeps lengths, measured in {}.",
        ribbon.rows, survey.metric_words
    )];
    caption.push(match ribbon.gap_after {
        Some(after) if ribbon.gap > MARKED => format!(
            "Between singular values {after} and {} the median falls {} times: {}.",
            after + 1,
            figures::short(ribbon.gap),
            if after * 2 < survey.columns.len() || after == 1 {
                "the directions before the gap are stretched far more than the rest, as where data lie close to a surface and the flow collapses what is across it"
            } else {
                "the directions behind it hardly count for the latent"
            }
        ),
        _ => "No gap larger than 10 times between neighbours: no direction is collapsed.".into(),
    });
    caption
}
