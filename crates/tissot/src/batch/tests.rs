use super::*;
use crate::presets::{self, Size};
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

#[test]
fn parts_are_made_where_they_pay() {
    let device = Device::flex();
    let flow = presets::maf(&Size::new(6).with_hidden([256, 256]));
    let flow = flow.init(&device, &mut ChaCha8Rng::seed_from_u64(0)).expect("a flow");
    let count = |n, context: Context<'_>| parts(&flow, &Tensor::<2>::zeros([n, 6], &device), context);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().expect("threads");
    pool.install(|| {
        assert_eq!([1, 127, 128, 200, 256, 1_000].map(|n| count(n, Context::NONE)), [1, 1, 2, 3, 4, 4]);
        let tracked = Tensor::<2>::zeros([1_000, 2], &device.clone().autodiff());
        assert_eq!(count(1_000, Context::of(&tracked)), 1, "a graph is made on one thread");
        let x = Tensor::<2>::zeros([1_000, 6], &device);
        assert_eq!(parts(&flow.clone().train(), &x, Context::NONE), 1, "gradients are wanted");
        let small = presets::maf(&Size::new(6).with_hidden([16, 16]));
        let small = small.init(&device, &mut ChaCha8Rng::seed_from_u64(0)).expect("a flow");
        assert_eq!(parts(&small, &x, Context::NONE), 1, "too little to do");
        let inside = threads::parts(vec![(); 2], |()| count(1_000, Context::NONE));
        assert_eq!(inside, [2, 2], "a part has its share of the threads");
    });
}
