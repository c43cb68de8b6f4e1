//! Local geometry, of whole flows and of runs of layers.

use crate::common::{flows, host, points};
use tissot::inspect::{geometry, geometry_of_layers};
use tissot::{Bijection, Context};

#[test]
fn singular_values_multiply_to_the_log_det_of_the_flow() {
    let (x, c) = (points([6, 4], 1), points([6, 2], 2));
    for (name, flow) in flows(4, 2) {
        let log_det = host(flow.forward(x.clone(), Context::of(&c)).1);
        for (at, log_det) in geometry(&flow.bijection, &x, Context::of(&c)).iter().zip(log_det) {
            let sum: f64 = at.singular_values.iter().map(|s| s.ln()).sum();
            assert!((sum - log_det).abs() < 1e-9, "{name}: {sum} is not {log_det}");
            assert!((at.log_det - log_det).abs() < 1e-9, "{name}: {} is not {log_det}", at.log_det);
        }
    }
}

#[test]
fn layers_and_runs_of_layers_add_up() {
    let x = points([3, 4], 3);
    for (name, flow) in flows(4, 0) {
        let chain = &flow.bijection;
        let whole = geometry(chain, &x, Context::NONE);
        let layers = geometry_of_layers(chain, &x, Context::NONE);
        assert_eq!(layers.len(), chain.layers.len());
        let (first, second) = (chain.part(0..2), chain.part(2..chain.layers.len()));
        let (middle, _) = first.forward(x.clone(), Context::NONE);
        let halves = [geometry(&first, &x, Context::NONE), geometry(&second, &middle, Context::NONE)];
        for row in 0..3 {
            let sum: f64 = layers.iter().map(|layer| layer[row].log_det).sum();
            assert!((sum - whole[row].log_det).abs() < 1e-9, "{name}: {sum}");
            let sum = halves[0][row].log_det + halves[1][row].log_det;
            assert!((sum - whole[row].log_det).abs() < 1e-9, "{name}: {sum}");
            let bound = halves[0][row].largest() * halves[1][row].largest();
            assert!(whole[row].largest() <= bound * (1.0 + 1e-12), "{name}: {bound}");
        }
    }
}
