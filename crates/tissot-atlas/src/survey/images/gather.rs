//! From a model of images and some images to a survey.

use super::directions::directions;
use super::{Images, Level, PixelMaps};
use crate::survey::rows::terms;
use crate::survey::{About, Books, Metric, Ribbon, Survey, SurveyError, round};
use burn::tensor::{FloatDType, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::f64::consts::LN_2;
use tissot::Context;
use tissot::image::{ImageModel, PixelAccount, Squash, mean_and_error, one_hot};
use tissot::inspect::Ledger;

/// What a survey of images is made of.
#[derive(Debug, Clone, Default)]
pub struct ImageSurveyOptions<'a> {
    /// The images, bytes `[n, height, width, channels]`.
    pub images: &'a [u8],
    /// The class of each, for a model with classes.
    pub labels: Option<&'a [usize]>,
    /// Where they come from, in words.
    pub images_from: String,
    /// A title for the report.
    pub title: String,
}

/// The images that are shown, by the share of images with fewer bits; and which of these have their directions shown.
const SHOWN: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
const TURNED: [usize; 3] = [0, 3, 5];
/// The seed of the noise.
const SEED: u64 = 0;

/// Everything about a model of images, in numbers: [`Survey::images`], and the ledger of the levels.
///
/// Bits are an upper bound by one draw of the noise. Numbers are f64 where the device has it.
///
/// # Errors
/// [`SurveyError::Rows`] for no images, [`SurveyError::Model`] for images or labels that do not fit the model.
///
/// # Panics
/// Where the bytes are no whole images.
///
/// # Cost
/// Two passes of each image, and for three images about 200 passes forward or back.
pub fn survey_images(model: &ImageModel, options: &ImageSurveyOptions<'_>) -> Result<Survey, SurveyError> {
    let exact = model.clone().to_dtype(FloatDType::F64).unwrap_or_else(|_| model.clone());
    let d = model.pixels.dimensions();
    let count = options.images.len() / d;
    if count == 0 {
        return Err(SurveyError::Rows { found: 0, expected: 1 });
    }
    let refused = |error: tissot::Error| SurveyError::Model(error.to_string());
    let noise = || ChaCha8Rng::seed_from_u64(SEED);
    let accounts = exact.accounts(options.images, options.labels, &mut noise()).map_err(refused)?;
    let own = exact.bits_per_dim(options.images, options.labels, 1, &mut noise()).map_err(refused)?;
    let bits: Vec<f64> = accounts.iter().map(|at| model.pixels.bits_per_dim(at.log_prob())).collect();
    let gap = bits.iter().zip(&own).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let (mean, error) = mean_and_error(&bits);
    let found = Found { model: &exact, options, accounts: &accounts, bits: &bits };
    let shown = found.shown();
    let known = &model.provenance;
    let images = Images {
        shape: [model.pixels.height, model.pixels.width, model.pixels.channels],
        values: model.pixels.source_levels,
        count,
        bits_per_dim: (round::decimals(mean, 4), round::decimals(error, 4)),
        books_gap: round::digits(gap, 2),
        levels: found.levels(),
        maps: std::iter::once(found.mean(mean)).chain(shown.iter().map(|&k| found.maps(k))).collect(),
        directions: found.directions(&shown),
    };
    Ok(Survey {
        model: About {
            title: options.title.clone(),
            source: known.source.clone(),
            preset: known.preset.clone(),
            parameters: model.num_params(),
            steps: known.steps,
            held_out: None,
            rows: [known.train_rows, known.validation_rows, known.test_rows],
            version: known.version.clone(),
        },
        columns: Vec::new(),
        metric: Metric::Units,
        metric_words: match model.pixels.squash {
            Squash::Centred => "the whole range of a number, from black to white".into(),
            _ => "units of the logit that the flow sees".into(),
        },
        given: Vec::new(),
        rows_from: options.images_from.clone(),
        map: None,
        layers: Vec::new(),
        rows: Vec::new(),
        ribbon: Ribbon::default(),
        ledger: terms(&found.ledger(), "pixels"),
        books: Books::default(),
        training: Vec::new(),
        audit: None,
        images: Some(images),
    })
}

/// What was found of each image.
struct Found<'a> {
    model: &'a ImageModel,
    options: &'a ImageSurveyOptions<'a>,
    accounts: &'a [PixelAccount],
    bits: &'a [f64],
}

impl Found<'_> {
    /// The levels that have layers.
    fn used(&self) -> Vec<usize> {
        let levels = self.accounts[0].log_dets.len();
        let works =
            |level: &usize| self.accounts.iter().any(|at| at.log_dets[*level].iter().any(|&v| v != 0.0));
        (0..levels).filter(works).collect()
    }

    fn name(&self, squeezes: usize) -> String {
        format!("{} x {}", self.model.pixels.height >> squeezes, self.model.pixels.width >> squeezes)
    }

    fn levels(&self) -> Vec<Level> {
        let mean = |k: usize| {
            let values = self.accounts.iter().flat_map(|at| &at.log_dets[k]);
            values.sum::<f64>() / (self.accounts.len() * self.accounts[0].base.len()) as f64
        };
        let level = |k: usize| Level { name: self.name(k), squeezes: k, mean: round::decimals(mean(k), 4) };
        self.used().into_iter().map(level).collect()
    }

    /// Which images are shown.
    fn shown(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.bits.len()).collect();
        order.sort_by(|&a, &b| self.bits[a].total_cmp(&self.bits[b]));
        let last = (order.len() - 1) as f64;
        let mut shown: Vec<usize> =
            SHOWN.iter().map(|share| order[(share * last).round() as usize]).collect();
        shown.dedup();
        shown
    }

    fn bytes(&self, k: usize) -> Vec<f64> {
        let d = self.model.pixels.dimensions();
        self.options.images[k * d..(k + 1) * d].iter().map(|&byte| f64::from(byte)).collect()
    }

    fn maps(&self, k: usize) -> PixelMaps {
        let account = &self.accounts[k];
        let (area, channels) = (account.base.len() as f64, self.model.pixels.channels as f64);
        let nats = |values: &[f64]| -> Vec<f64> { values.iter().map(|&v| round::decimals(v, 3)).collect() };
        let bits = |v: f64| round::decimals(-(v + account.noise / area) / (LN_2 * channels), 3);
        let label = self.options.labels.and_then(|labels| labels.get(k));
        PixelMaps {
            image: Some(k + 1),
            class: label.and_then(|&label| self.model.classes.get(label)).cloned(),
            bits_per_dim: round::decimals(self.bits[k], 4),
            pixels: self.bytes(k),
            bits: account.pixels().into_iter().map(bits).collect(),
            log_det: nats(&account.log_det()),
            base: nats(&account.base),
            levels: self.used().into_iter().map(|level| nats(&account.log_dets[level])).collect(),
        }
    }

    /// The mean over all images.
    fn mean(&self, bits_per_dim: f64) -> PixelMaps {
        let all: Vec<PixelMaps> = (0..self.accounts.len()).map(|k| self.maps(k)).collect();
        let over = |of: &dyn Fn(&PixelMaps) -> &[f64]| -> Vec<f64> {
            let mut sum = vec![0.0; of(&all[0]).len()];
            all.iter().for_each(|maps| sum.iter_mut().zip(of(maps)).for_each(|(sum, v)| *sum += v));
            sum.into_iter().map(|v| round::decimals(v / all.len() as f64, 3)).collect()
        };
        PixelMaps {
            image: None,
            class: None,
            bits_per_dim: round::decimals(bits_per_dim, 4),
            pixels: over(&|maps| &maps.pixels),
            bits: over(&|maps| &maps.bits),
            log_det: over(&|maps| &maps.log_det),
            base: over(&|maps| &maps.base),
            levels: (0..all[0].levels.len()).map(|k| over(&|maps| &maps.levels[k])).collect(),
        }
    }

    fn ledger(&self) -> Ledger {
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let each = |of: &dyn Fn(&PixelAccount) -> f64| -> Vec<f64> { self.accounts.iter().map(of).collect() };
        Ledger {
            layers: self.used().into_iter().map(|k| self.name(k)).collect(),
            log_dets: self.used().into_iter().map(|k| each(&|at| sum(&at.log_dets[k]))).collect(),
            preprocessing: each(&|at| sum(&at.squash) + at.noise),
            base: each(&|at| sum(&at.base)),
            total: each(&|at| sum(&at.log_det())),
            log_prob: each(&PixelAccount::log_prob),
        }
    }

    /// The principal directions of some of the images that are shown, in the middles of their cells.
    fn directions(&self, shown: &[usize]) -> Vec<super::Directions> {
        let chosen: Vec<usize> = TURNED.iter().filter_map(|&k| shown.get(k).copied()).collect();
        let (d, pixels, flow) = (self.model.pixels.dimensions(), &self.model.pixels, &self.model.flow.flow);
        let bytes: Vec<u8> =
            chosen.iter().flat_map(|&k| self.options.images[k * d..(k + 1) * d].iter().copied()).collect();
        let site = (&flow.device(), flow.dtype());
        let Ok(values) = pixels.values(&bytes, site.0, site.1) else { return Vec::new() };
        let middle = Tensor::from_data(TensorData::new(vec![0.5; bytes.len()], values.dims()), site);
        let x = pixels.forward(values, middle).0;
        let features = self.options.labels.map(|labels| {
            let labels: Vec<usize> = chosen.iter().map(|&k| labels[k]).collect();
            one_hot(&labels, self.model.classes.len(), site.0, site.1)
        });
        let context = Context { features: features.as_ref(), maps: None };
        let pictures: Vec<Vec<f64>> = chosen.iter().map(|&k| self.bytes(k)).collect();
        let numbers: Vec<usize> = chosen.iter().map(|k| k + 1).collect();
        directions(flow, &x, context, &numbers, &pictures)
    }
}
