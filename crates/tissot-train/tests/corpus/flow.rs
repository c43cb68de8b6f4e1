//! Configurations of flows, and a short training.

use super::{Answer, answer};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::ops::ControlFlow;
use tissot::columns::Columns;
use tissot::presets::{self, Size};
use tissot::{AnyFlow, Context, FlowConfig, Provenance};
use tissot_train::{Fit, Rows, Settings, SplitBy, Splits, fit_columns};

/// The most weights times positions of a flow that is made and used here.
const MOST_WORK: u64 = 1 << 18;
/// The most numbers of a sample or of its context.
const MOST_NUMBERS: usize = 1 << 10;

/// The configuration of a flow as JSON: the flow is made, and used, where it is small or too large to be made.
pub fn flow_config(bytes: &[u8]) -> Answer {
    let Ok(text) = std::str::from_utf8(bytes) else { return Answer::Refused };
    let config = match FlowConfig::from_json(text) {
        Ok(config) => config,
        Err(error) => return answer::<(), _>(Err(error)),
    };
    let again = config.to_json().expect("numbers from JSON are finite");
    assert_eq!(config, FlowConfig::from_json(&again).expect("its own JSON"));
    let weights = config.num_weights();
    let area = config.positions.iter().fold(1, |area: usize, &side| area.saturating_mul(side));
    let numbers = config.features.max(config.context_maps).saturating_mul(area).max(config.context);
    let small = numbers <= MOST_NUMBERS && weights.saturating_mul(area as u64) <= MOST_WORK;
    if !small && weights <= FlowConfig::MOST_WEIGHTS {
        return Answer::Refused;
    }
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0));
    if let Ok(flow) = &flow {
        assert!(small, "a flow of {weights} weights was made");
        match config.positions[..] {
            [] => table(&config, flow),
            [height, width] => images(&config, flow, [height, width]),
            _ => unreachable!("refused by init"),
        }
    }
    answer(flow)
}

fn features(config: &FlowConfig, rows: usize) -> Option<Tensor<2>> {
    (config.context > 0).then(|| Tensor::full([rows, config.context], 0.5, &Device::flex()))
}

fn table(config: &FlowConfig, flow: &AnyFlow) {
    let features = features(config, 2);
    let context = Context { features: features.as_ref(), maps: None };
    let x: Tensor<2> = flow.sample(2, context, &mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!(x.dims(), [2, config.features]);
    assert_eq!(flow.log_prob(x, context).dims(), [2]);
}

fn images(config: &FlowConfig, flow: &AnyFlow, [height, width]: [usize; 2]) {
    let features = features(config, 2);
    let maps = (config.context_maps > 0)
        .then(|| Tensor::full([2, config.context_maps, height, width], 0.5, &Device::flex()));
    let context = Context { features: features.as_ref(), maps: maps.as_ref() };
    let x: Tensor<4> = flow.sample(2, context, &mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!(x.dims(), [2, config.features, height, width]);
    assert_eq!(flow.log_prob(x, context).dims(), [2]);
}

/// A fit of a few rows under these settings.
pub(super) fn train(settings: Settings) {
    let values = vec![0.5, 2.0, -1.0, 0.25, 3.0, -0.5, 1.5, 0.0];
    let rows = Rows { n: values.len(), values, context: Vec::new() };
    let splits = Splits::new(&rows, 0.25, 0.0, &SplitBy::Order, 0).expect("enough rows");
    let columns = fit_columns(&["x".to_owned()], &[Default::default()], &splits.train.values);
    let fit = Fit {
        config: presets::maf(&Size::new(1).with_transforms(1)),
        columns: columns.expect("finite rows"),
        context: Columns::default(),
        splits: &splits,
        settings,
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Provenance::default(),
    };
    answer(fit.run(&mut |_| ControlFlow::Continue(())));
}
