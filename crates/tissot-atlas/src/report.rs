//! The report: one page that needs nothing else.

mod images;
mod words;

use crate::AtlasError;
use crate::colour::{BAND, FAMILIES, INK, LINE, OVER, PAPER, SOFT_INK};
use crate::figures::{self, Coloured, Figure, WIDE};
use crate::sheet::Sheet;
use crate::survey::{Checked, Survey};
use askama::Template;

/// A name, what stands for it, and a remark.
struct Item {
    name: String,
    value: String,
    note: String,
}

impl Item {
    fn new(name: &str, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), note: note.into() }
    }
}

struct Frame {
    label: String,
    svg: String,
}

struct FigureOnPage {
    id: &'static str,
    half: bool,
    frames: Vec<Frame>,
    first: usize,
    slider: &'static str,
    caption: Vec<String>,
    colours: Vec<Item>,
    overlays: Vec<Item>,
}

struct Section {
    id: &'static str,
    title: &'static str,
    figures: Vec<FigureOnPage>,
}

struct LedgerLine {
    name: String,
    mean: f64,
    quantiles: Vec<f64>,
    share: String,
    constant: &'static str,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    title: String,
    lead: String,
    metric: String,
    legend: &'static str,
    facts: Vec<Item>,
    sections: Vec<Section>,
    ledger: Vec<LedgerLine>,
    last_row: usize,
    books: String,
    audit: Option<Checked>,
    version: &'static str,
    css: &'static str,
    js: &'static str,
    json: String,
}

/// Names of the inks in the page's style.
const INKS: [([u8; 3], &str); 8] = [
    (INK, "ink"),
    (OVER, "over"),
    (SOFT_INK, "soft"),
    (LINE, "line"),
    (PAPER, "paper"),
    (BAND, "band"),
    (FAMILIES[0], "a"),
    (FAMILIES[1], "b"),
];

/// The report of a survey as one HTML page: it opens from disk, loads nothing, and holds the survey as JSON.
///
/// # Errors
/// [`AtlasError::Draw`] where a picture cannot be drawn, which is a fault of this library.
pub fn report(survey: &Survey) -> Result<String, AtlasError> {
    let failed = |error: &dyn std::fmt::Display| AtlasError::Draw(error.to_string());
    let json = serde_json::to_string(survey).map_err(|error| failed(&error))?;
    let title = if survey.model.title.is_empty() { "A flow" } else { &survey.model.title };
    let page = Page {
        title: title.to_owned(),
        lead: words::lead(survey),
        metric: survey.metric_words.clone(),
        legend: if survey.images.is_some() { images::LEGEND } else { words::LEGEND },
        facts: words::facts(survey),
        sections: sections(survey)?,
        ledger: survey.ledger.iter().map(line).collect(),
        last_row: survey.rows.len().saturating_sub(1),
        books: words::books(survey),
        audit: survey.audit.clone(),
        version: env!("CARGO_PKG_VERSION"),
        css: include_str!("../templates/report.css"),
        js: include_str!("../templates/report.js"),
        // A page's script ends at the first `</`, whatever it is.
        json: json.replace('<', "\\u003c"),
    };
    page.render().map_err(|error| failed(&error))
}

fn line(term: &crate::survey::Term) -> LedgerLine {
    LedgerLine {
        name: term.name.clone(),
        mean: term.mean,
        quantiles: term.quantiles.clone(),
        share: if term.constant { "–".into() } else { format!("{:.1} %", 100.0 * term.share) },
        constant: if term.constant { "yes" } else { "" },
    }
}

fn sections(survey: &Survey) -> Result<Vec<Section>, AtlasError> {
    let has = Figure::of(survey);
    let plain = |figure: Figure| -> Result<FigureOnPage, AtlasError> {
        let sheet = figures::sheet(survey, figure, WIDE)?;
        Ok(one(figure.name(), frame(&sheet, words::label(figure)), words::caption(survey, figure)))
    };
    let mut sections: Vec<Section> = Vec::new();
    if let Some(map) = &survey.map {
        let sheet = figures::whole_map(survey, map)?;
        let mut figure = one("map", frame(&sheet, "The map"), words::map_caption(survey, map));
        figure.colours = Coloured::of(map).into_iter().map(words::coloured).collect();
        figure.overlays = words::overlays(map);
        sections.push(Section { id: "map", title: "Where it stretches", figures: vec![figure] });
    }
    let titles = [(Figure::Pixels, "Pixel by pixel"), (Figure::Directions, "Directions")];
    for (figure, title) in titles.into_iter().filter(|(figure, _)| has.contains(figure)) {
        sections.push(Section { id: figure.name(), title, figures: vec![plain(figure)?] });
    }
    if has.contains(&Figure::LatentGrid) {
        let half = |figure| plain(figure).map(|figure| FigureOnPage { half: true, ..figure });
        let grids = vec![half(Figure::LatentGrid)?, half(Figure::DataGrid)?];
        sections.push(Section { id: "grids", title: "The two grids", figures: grids });
    }
    if has.contains(&Figure::Pairs) {
        let title = "Pairs of columns";
        sections.push(Section { id: "pairs", title, figures: vec![plain(Figure::Pairs)?] });
    }
    if let Some(map) = survey.map.as_ref().filter(|_| has.contains(&Figure::Layers)) {
        let frames = (0..survey.layers.len())
            .map(|k| {
                let label = format!("{} of {}: {}", k + 1, survey.layers.len(), survey.layers[k].name);
                Ok(frame(&figures::layer_frame(survey, map, k)?, &label))
            })
            .collect::<Result<Vec<Frame>, AtlasError>>()?;
        let slider = FigureOnPage {
            frames,
            slider: "Layer",
            first: survey.layers.iter().position(figures::varies).unwrap_or(0),
            ..one("layer", Frame { label: String::new(), svg: String::new() }, words::layer_caption())
        };
        let figures = vec![slider, plain(Figure::Layers)?];
        sections.push(Section { id: "layers", title: "Layer by layer", figures });
    }
    if has.contains(&Figure::Ledger) {
        let title = "The ledger of the log-density";
        sections.push(Section { id: "ledger", title, figures: vec![plain(Figure::Ledger)?] });
    }
    if has.contains(&Figure::Ribbon) {
        let title = "Singular values";
        sections.push(Section { id: "ribbon", title, figures: vec![plain(Figure::Ribbon)?] });
    }
    if has.contains(&Figure::Heat) {
        sections.push(Section { id: "rows", title: "Row by row", figures: vec![plain(Figure::Heat)?] });
    }
    if let Some(map) = survey.map.as_ref().filter(|_| has.contains(&Figure::Training)) {
        let frames = (0..survey.training.len())
            .map(|k| {
                let at = &survey.training[k];
                let label = format!("step {}: mean log p {}", at.step, words::number(at.mean_log_prob));
                Ok(frame(&figures::training_frame(survey, map, k)?, &label))
            })
            .collect::<Result<Vec<Frame>, AtlasError>>()?;
        let figure = FigureOnPage {
            first: frames.len() - 1,
            frames,
            slider: "Snapshot",
            ..one(
                "training",
                Frame { label: String::new(), svg: String::new() },
                words::caption(survey, Figure::Training),
            )
        };
        sections.push(Section { id: "training", title: "Over training", figures: vec![figure] });
    }
    Ok(sections)
}

fn frame(sheet: &Sheet, label: &str) -> Frame {
    Frame { label: label.to_owned(), svg: sheet.embed(label, &INKS) }
}

fn one(id: &'static str, frame: Frame, caption: Vec<String>) -> FigureOnPage {
    FigureOnPage {
        id,
        half: false,
        frames: vec![frame],
        first: 0,
        slider: "",
        caption,
        colours: Vec::new(),
        overlays: Vec::new(),
    }
}
