//! Model files: as they are, and with checksums that fit whatever was done to their parts.

use super::{Answer, answer, folder, write};
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::Path;
use tissot::image::ImageModel;
use tissot::{AnyModel, Model};

/// How weights begin.
const WEIGHTS: &[u8] = b"NRUB";
/// The header of a model file of two parts.
const HEADER: usize = 16 + 2 * 40 + 32;
/// The most numbers of a sample of a model that is used here.
const MOST_NUMBERS: usize = 1 << 12;

/// A model file, read as it is and again as [`rebuilt`]; what comes of it is used.
pub fn model_file(bytes: &[u8]) -> Answer {
    let folder = folder();
    let as_it_is = load(&write(&folder, "model", bytes));
    let again = load(&write(&folder, "rebuilt", &rebuilt(bytes)));
    if as_it_is == Answer::Read { Answer::Read } else { again }
}

fn load(path: &Path) -> Answer {
    let loaded = AnyModel::load(path, &Device::flex());
    match &loaded {
        Ok(AnyModel::Table(model)) => table(model),
        Ok(AnyModel::Image(model)) => images(model),
        Err(_) => {}
    }
    answer(loaded)
}

/// The file with a header whose lengths and checksums are those of the parts that are there: else every change would end at
/// a checksum, and what is behind it would never be reached.
fn rebuilt(bytes: &[u8]) -> Vec<u8> {
    let (description, weights) = parts(bytes);
    let mut file = [&b"TISSOT\r\n"[..], &1_u32.to_le_bytes(), &2_u32.to_le_bytes()].concat();
    for part in [description, weights] {
        file.extend((part.len() as u64).to_le_bytes());
        file.extend(blake3::hash(part).as_bytes());
    }
    file.extend(*blake3::hash(&file).as_bytes());
    [&file, description, weights].concat()
}

/// The description and the weights of a file, whatever its header says.
fn parts(bytes: &[u8]) -> (&[u8], &[u8]) {
    let body = bytes.get(HEADER..).filter(|_| bytes.starts_with(b"TISSOT")).unwrap_or(bytes);
    let at = body.windows(WEIGHTS.len()).position(|part| part == WEIGHTS).unwrap_or(body.len());
    body.split_at(at)
}

fn table(model: &Model) {
    let (d, c) = (model.columns.len(), model.context.len());
    if d.max(c) > MOST_NUMBERS || d == 0 {
        return;
    }
    let context = vec![0.5; 2 * c];
    let rows = model.sample(2, &context, &mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!(model.log_prob(&rows, &context).len(), 2);
    assert_eq!(model.log_prob(&vec![1.0; d], &context[..c]).len(), 1);
}

fn images(model: &ImageModel) {
    if model.pixels.dimensions() > MOST_NUMBERS || model.classes.len() > MOST_NUMBERS {
        return;
    }
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let images = model.sample(1, None, 1.0, rng).expect("labels in turn");
    let labels = (!model.classes.is_empty()).then_some(&[0][..]);
    let bits = model.bits_per_dim(&images, labels, 1, rng).expect("its own image");
    assert_eq!(bits.len(), 1);
}

/// The file with its description changed by `change`; `None` where it has none.
pub fn described(bytes: &[u8], change: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let (description, weights) = parts(bytes);
    Some(rebuilt(&[&change(description)?, weights].concat()))
}
