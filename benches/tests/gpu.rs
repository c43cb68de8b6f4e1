//! The program `gpu` on whatever device there is: its checks pass, and it counts and times.

use std::process::Command;

fn gpu(args: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_gpu")).args(args).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (done.status.code(), text(done.stdout), text(done.stderr))
}

#[test]
fn it_checks_counts_and_times() {
    let (code, page, errors) = gpu(&["--rows", "8", "--seconds", "0.05", "W1"]);
    assert_eq!(code, Some(0), "{page}\n{errors}");
    for heading in ["# Tissot", "## Kernels launched", "## Milliseconds"] {
        assert!(page.contains(heading), "no {heading:?} in\n{page}");
    }
    assert!(page.lines().any(|line| line.starts_with("| W1 | kernels |")), "no launches of W1 in\n{page}");
}

#[test]
fn a_wrong_argument_is_named() {
    let (code, _, errors) = gpu(&["W9"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        errors.trim_end(),
        "gpu: found \"W9\", expected --rows, --seconds or one of W1, W2, W3, W4, W5, W7"
    );
}
