//! Starts, masks, gradients and number types.

use super::*;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{FloatDType, Gradients};
use tissot::dtype::cast;

/// The gradients of all weights; a weight without one counts as having 0.
fn gradients<M: Module>(net: &M, grads: &Gradients) -> Vec<f64> {
    struct All<'a>(Vec<f64>, &'a Gradients);
    impl ModuleVisitor for All<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            self.0.extend(numbers(value.grad(self.1).unwrap_or_else(|| value.zeros_like().inner())));
        }
    }
    let mut all = All(Vec::new(), grads);
    net.visit(&mut all);
    all.0
}

fn zeros(values: &[f64]) -> usize {
    values.iter().filter(|&&v| v == 0.0).count()
}

fn forbidden(net: &Made) -> usize {
    let blocks = net.blocks.iter().flat_map(|block| [&block.first, &block.second]);
    let all = net.layers.iter().chain(blocks).chain([&net.last]);
    all.map(|layer| layer.forbidden().int().sum().into_scalar::<i64>() as usize).sum()
}

/// d out / d (x, c) at one point, `[outputs][inputs]`, in f64.
fn jacobian(net: &Made, x: &Tensor<2>, c: &Tensor<2>) -> Vec<Vec<f64>> {
    let n = run(net, x, c).dims()[1];
    let x = x.clone().repeat_dim(0, n).require_grad();
    let c = c.clone().repeat_dim(0, n).require_grad();
    let eye = Tensor::<2>::eye(n, &x.device()).cast(DType::F64);
    let grads = (run(net, &x, &c) * eye).sum().backward();
    let part = |t: &Tensor<2>| t.grad(&grads).map_or(vec![0.0; n * t.dims()[1]], numbers);
    let (dx, dc, f, w) = (part(&x), part(&c), x.dims()[1], c.dims()[1]);
    (0..n).map(|i| [&dx[i * f..(i + 1) * f], &dc[i * w..(i + 1) * w]].concat()).collect()
}

#[test]
fn made_starts_at_the_identity_s_parameters() {
    let device = Device::flex();
    for (config, features, context) in every_made() {
        let net = config.init(features, context, &[0.5, -2.0], &device, &mut rng(1)).expect("a network");
        let (x, c) = (draw(4, features, 2, &device, DType::F32), draw(4, context, 3, &device, DType::F32));
        assert_eq!(numbers(run(&net, &x, &c)), [0.5, -2.0].repeat(4 * features), "{config:?}");
    }
}

#[test]
fn others_start_at_their_last_bias() {
    let device = Device::flex();
    for config in every_any() {
        for (inputs, context) in [(3, 0), (3, 2), (0, 2), (0, 0)] {
            let net = config
                .init(Inputs::table(inputs, context), &[0.5, -2.0, 3.0], &device, &mut rng(1))
                .expect("a network");
            let (x, c) = (draw(4, inputs, 2, &device, DType::F32), draw(4, context, 3, &device, DType::F32));
            assert_eq!(
                numbers(run(&net, &x, &c)),
                [0.5, -2.0, 3.0].repeat(4),
                "{config:?} {inputs} {context}"
            );
        }
    }
}

#[test]
fn made_depends_on_what_it_may_and_on_nothing_else() {
    let device = Device::flex().autodiff();
    for (config, features, context) in every_made() {
        let net = config.init(features, context, &[0.0, 0.0], &device, &mut rng(4)).expect("a network");
        let net = cast(randomised(net, 5), FloatDType::F64).expect("f64");
        let (x, c) = (draw(1, features, 6, &device, DType::F64), draw(1, context, 7, &device, DType::F64));
        let order = net.order().to_vec();
        let place = |feature| order.iter().position(|&f| f == feature).expect("a permutation");
        for (row, entries) in jacobian(&net, &x, &c).into_iter().enumerate() {
            let i = row / 2;
            for (j, entry) in entries.into_iter().enumerate() {
                let nflows = config.context_rule == ContextRule::Nflows && features > 1;
                let may = if j < features { place(j) < place(i) } else { !nflows || place(i) > 0 };
                assert_eq!(entry != 0.0, may, "output {row}, input {j}: {entry} in {config:?}");
            }
        }
    }
}

#[test]
fn gradients_reach_every_weight_that_is_not_masked() {
    let device = Device::flex().autodiff();
    for (config, features, context) in every_made() {
        let net = config.init(features, context, &[0.0, 0.0], &device, &mut rng(8)).expect("a network");
        let net = randomised(net, 9);
        let (x, c) = (draw(6, features, 1, &device, DType::F32), draw(6, context, 2, &device, DType::F32));
        let grads = (run(&net, &x, &c) * draw(6, 2 * features, 3, &device, DType::F32)).sum().backward();
        assert_eq!(zeros(&gradients(&net, &grads)), forbidden(&net), "{config:?}, {features} features");
    }
    for config in every_any() {
        for (inputs, context) in [(3, 0), (3, 2), (0, 2), (0, 0)] {
            let net = config
                .init(Inputs::table(inputs, context), &[0.0, 0.0], &device, &mut rng(8))
                .expect("a network");
            let net = randomised(net, 9);
            let (x, c) = (draw(6, inputs, 1, &device, DType::F32), draw(6, context, 2, &device, DType::F32));
            let grads = (run(&net, &x, &c) * draw(6, 2, 3, &device, DType::F32)).sum().backward();
            assert_eq!(zeros(&gradients(&net, &grads)), 0, "{config:?}, {inputs} inputs, {context} context");
        }
    }
}

#[test]
fn masked_weights_stay_zero_while_training() {
    let device = Device::flex().autodiff();
    let config = MadeConfig { hidden: vec![16], blocks: 2, ..Default::default() };
    let net = config.init(5, 2, &[0.0, 0.0], &device, &mut rng(1)).expect("a network");
    let mut net = randomised(net, 2);
    assert_eq!(zeros(&weights(&net)), 0, "the draw fills masked places too");
    net = net.rezero();
    let (before, masked) = (weights(&net), forbidden(&net));
    assert_eq!(zeros(&before), masked);

    let (x, c) = (draw(8, 5, 3, &device, DType::F32), draw(8, 2, 4, &device, DType::F32));
    let mut optimiser = AdamWConfig::new().with_weight_decay(0.1).init();
    for _ in 0..3 {
        let grads = run(&net, &x, &c).square().mean().backward();
        let grads = GradientsParams::from_grads(grads, &net);
        net = optimiser.step(0.01, net, grads);
    }
    let after = weights(&net);
    assert!(before.iter().zip(&after).all(|(b, a)| (*b == 0.0) == (*a == 0.0)));
    assert_eq!(before.iter().zip(&after).filter(|(b, a)| b == a).count(), masked, "all others have moved");
}

#[test]
fn masked_weights_have_no_effect() {
    let device = Device::flex();
    for (config, features, context) in every_made() {
        let net = config.init(features, context, &[0.0], &device, &mut rng(1)).expect("a network");
        assert!(zeros(&weights(&net)) >= forbidden(&net), "zero from the start");
        let net = randomised(net, 2);
        let (x, c) = (draw(3, features, 3, &device, DType::F32), draw(3, context, 4, &device, DType::F32));
        let before = numbers(run(&net, &x, &c));
        let net = net.rezero();
        assert_eq!(zeros(&weights(&net)), forbidden(&net));
        assert_eq!(numbers(run(&net, &x, &c)), before, "{config:?}");
    }
}

#[test]
fn hidden_units_are_sorted_by_degree() {
    let device = Device::flex();
    let config = MadeConfig { hidden: vec![7, 3], ..Default::default() };
    let degrees = |features, context| {
        let net = config.init(features, context, &[0.0], &device, &mut rng(1)).expect("a network");
        net.degrees().to_vec()
    };
    assert_eq!(degrees(4, 0), [vec![1, 1, 1, 2, 2, 3, 3], vec![1, 2, 3]]);
    assert_eq!(degrees(4, 1), [vec![0, 0, 1, 1, 2, 2, 3], vec![0, 1, 2]]);
    assert_eq!(degrees(1, 1), [vec![0; 7], vec![0; 3]]);
    assert_eq!(degrees(1, 0), Vec::<Vec<usize>>::new());
}

#[test]
fn a_cast_network_computes_in_f64() {
    fn check(net: impl Conditioner<2>, inputs: usize, context: usize) {
        let device = Device::flex();
        let net = randomised(net, 2);
        let (x, c) = (draw(3, inputs, 3, &device, DType::F64), draw(3, context, 4, &device, DType::F64));
        let low = numbers(run(&net, &x.clone().cast(DType::F32), &c.clone().cast(DType::F32)));
        let high = run(&cast(net, FloatDType::F64).expect("f64"), &x, &c);
        assert_eq!(high.dtype(), DType::F64);
        let high = numbers(high);
        assert!(low.iter().zip(&high).all(|(a, b)| (a - b).abs() < 1e-4 * b.abs().max(1.0)));
    }
    let device = Device::flex();
    for (config, features, context) in every_made() {
        check(
            config.init(features, context, &[0.0, 0.0], &device, &mut rng(1)).expect("a network"),
            features,
            context,
        );
    }
    for config in every_any() {
        check(config.init(Inputs::table(3, 2), &[0.0, 0.0], &device, &mut rng(1)).expect("a network"), 3, 2);
        check(config.init(Inputs::table(0, 0), &[0.0, 0.0], &device, &mut rng(1)).expect("a network"), 0, 0);
    }
}
