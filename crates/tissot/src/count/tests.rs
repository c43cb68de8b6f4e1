use super::*;
use crate::Error;
use crate::presets::{self, ImageSize, Size};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The numbers that a module records.
fn recorded(module: &impl Module) -> u64 {
    struct Sum(u64);
    impl ModuleVisitor for Sum {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 += param.val().shape().num_elements() as u64;
        }
        fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
            self.0 += param.val().shape().num_elements() as u64;
        }
    }
    let mut sum = Sum(0);
    module.visit(&mut sum);
    sum.0
}

fn init(config: &FlowConfig) -> Result<crate::AnyFlow, Error> {
    config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0))
}

fn check(what: &str, config: &FlowConfig) {
    let made = init(config).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(config.num_weights(), recorded(&made), "{what}");
}

fn from(json: &str) -> FlowConfig {
    FlowConfig::from_json(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn the_count_is_that_of_the_weights_that_are_made() {
    for (features, context) in [(5, 0), (5, 3), (2, 1), (2, 0)] {
        let size = Size::new(features).with_context(context).with_transforms(3).with_hidden([7, 4]);
        let presets = [
            presets::nice,
            presets::real_nvp,
            presets::maf,
            presets::iaf,
            presets::nsf_coupling,
            presets::nsf_autoregressive,
        ];
        for (i, preset) in presets.into_iter().enumerate() {
            check(&format!("preset {i} of {features} under {context}"), &preset(&size));
        }
        for preset in [presets::nsf_circular_coupling, presets::nsf_circular_autoregressive] {
            for circular in [&[0][..], &[1], &[1, 0]] {
                check(&format!("{circular:?} of {features} under {context}"), &preset(&size, circular));
            }
        }
    }
    let size = ImageSize::new([3, 8, 4]).with_levels(2, 2).with_hidden(6);
    for (i, preset) in [presets::glow, presets::nsf_image, presets::real_nvp_image].into_iter().enumerate() {
        check(&format!("preset {i} of images"), &preset(&size));
        check(&format!("preset {i} of images under 2"), &preset(&size.clone().with_context(2)));
    }
    check("dequantiser", &presets::dequantiser(&size.with_context_maps(3)));
}

#[test]
fn every_part_is_counted() {
    let layers = [
        r#"{"ActNorm": {}}"#,
        r#"{"Permutation": {"Given": [2, 0, 1, 4, 3]}}"#,
        r#"{"LuLinear": {}}"#,
        r#"{"FullLinear": {}}"#,
        r#"{"FullLinear": {"bias": false, "start": "RandomRotation"}}"#,
        r#"{"LuLinear": {"place": "None", "bias": false, "start": "RandomRotation"}}"#,
        r#"{"Coupling": {"mask": {"Kept": [4, 0, 4]}, "kept_univariate": {"Affine": {}}}}"#,
        r#"{"Coupling": {"mask": "Odd", "conditioner": {"Mlp": {"hidden": []}}}}"#,
        r#"{"Coupling": {"conditioner": {"Residual": {"hidden": 3, "blocks": 4}}}}"#,
        r#"{"Coupling": {"mask": "SecondHalf", "conditioner": {"Residual": {"context": "Concat"}}}}"#,
        r#"{"Autoregressive": {"made": {"hidden": []}}}"#,
        r#"{"Autoregressive": {"made": {"hidden": [6], "blocks": 3, "context_rule": "Nflows"}}}"#,
        r#"{"Autoregressive": {"made": {"hidden": [9, 2], "context_rule": "Nflows"}, "univariate": {"Shift": null}}}"#,
        r#"{"CircularCoupling": {"circular": [3, 0], "mask": {"Kept": [4, 0, 4]}, "univariate": {"Affine": {}}}}"#,
        r#"{"CircularCoupling": {"circular": [2], "mask": "SecondHalf", "conditioner": {"Residual": {}}}}"#,
        r#"{"CircularCoupling": {"circular": [1, 2, 3], "mask": "FirstHalf"}}"#,
        r#"{"CircularCoupling": {"circular": [1, 2, 3], "mask": "Odd"}}"#,
        r#"{"CircularAutoregressive": {"circular": [0], "made": {"hidden": [6], "context_rule": "Nflows"}}}"#,
        r#"{"Rotation": {"circular": [0]}}"#,
        r#"{"Split": {"on": "Second", "layers": [{"ActNorm": {}}, {"Inverse": [{"LuLinear": {}}]}]}}"#,
        r#"{"Chain": [{"ActNorm": {}}, {"Split": {"layers": [{"Coupling": {}}]}}]}"#,
    ];
    let heads = [
        "",
        r#""context": 2,"#,
        r#""context": 2, "embedding": {"features": 3},"#,
        r#""context": 2, "base": {"DiagNormal": {"conditioner": {"Residual": {"hidden": 4}}}},"#,
        r#""context": 1, "embedding": {"features": 4, "net": {"Residual": {}}}, "base": {"DiagNormal": {}},"#,
        r#""base": {"StudentT": {}},"#,
    ];
    for (layer, head) in layers.iter().flat_map(|layer| heads.map(|head| (layer, head))) {
        let json = format!(r#"{{"features": 5, {head} "layers": [{layer}]}}"#);
        check(&json, &from(&json));
        if layer.contains("Autoregressive") || layer.contains("Rotation") {
            let json = json.replace(r#""features": 5"#, r#""features": 1"#);
            check(&json, &from(&json));
        }
    }
    for layer in [
        r#"{"Checkerboard": {"odd": true}}"#,
        r#"{"Checkerboard": {"conditioner": {"ResidualConv": {"hidden": 3, "blocks": 2}}}}"#,
        r#"{"Squeezed": {"layers": [{"Coupling": {"conditioner": {"Conv": {"learned_scale": false}}}}]}}"#,
        r#"{"Squeezed": {"layers": [{"Checkerboard": {}}, {"Split": {"layers": [{"LuLinear": {}}]}}]}}"#,
    ] {
        for context in [r#""context": 2,"#, r#""context_maps": 1,"#, ""] {
            let json = format!(r#"{{"features": 3, "positions": [4, 2], {context} "layers": [{layer}]}}"#);
            check(&json, &from(&json));
        }
    }
}

/// What each asks for would end the program, were it made.
#[test]
fn too_much_is_refused_before_it_is_made() {
    let most = u64::MAX;
    for (json, what) in [
        (r#"{"features": 3000000000, "layers": []}"#.to_owned(), "features"),
        (format!(r#"{{"features": {most}, "layers": [{{"Squeezed": {{}}}}]}}"#), "features"),
        (r#"{"features": 1, "positions": [4294967296, 4294967296], "layers": []}"#.to_owned(), "features"),
        (format!(r#"{{"features": 1, "context": {most}, "layers": []}}"#), "context"),
        (
            format!(r#"{{"features": 4, "positions": [2, 2], "context_maps": {most}, "layers": []}}"#),
            "context_maps",
        ),
        (r#"{"features": 1000000000, "layers": [{"Coupling": {"mask": {"Kept": []}}}]}"#.to_owned(), "flow"),
        (r#"{"features": 100000, "layers": [{"LuLinear": {}}]}"#.to_owned(), "flow"),
        (
            format!(
                r#"{{"features": 4, "layers": [{{"Coupling": {{"conditioner": {{"Residual": {{"blocks": {most}}}}}}}}}]}}"#
            ),
            "flow",
        ),
        (
            format!(
                r#"{{"features": 2, "layers": [{{"Autoregressive": {{"made": {{"hidden": [{most}, {most}]}}}}}}]}}"#
            ),
            "flow",
        ),
        (
            format!(
                r#"{{"features": 2, "layers": [{{"Coupling": {{"univariate": {{"RationalQuadratic": {{"bins": {most}, "parameters": {{"Zuko": {{"slope": 0.001}}}}}}}}}}}}]}}"#
            ),
            "flow",
        ),
        (
            format!(r#"{{"features": 1, "context": 1, "embedding": {{"features": {most}}}, "layers": []}}"#),
            "flow",
        ),
    ] {
        let error = init(&from(&json)).expect_err(&json).to_string();
        assert!(error.starts_with(what) && error.contains("at most 2147483648"), "{json}: {error}");
    }
}
