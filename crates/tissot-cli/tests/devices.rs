//! `tissot devices --check`, with whatever devices are built in: with Flex alone in `cargo test --workspace`, with ndarray and wgpu in
//! the stage "device parity" of `.ci/run`.

mod common;

use common::Folder;

#[test]
fn every_device_that_is_here_agrees_with_the_cpu_in_f64() {
    let folder = Folder::new();
    let table = folder.good(&["devices", "--check"]);
    println!("{table}");
    let devices = folder.good(&["devices"]);
    let here: Vec<&str> = devices
        .lines()
        .filter(|line| line.ends_with(" here"))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(here.contains(&"flex"), "{devices}");
    let header = table.lines().next().unwrap();
    for device in here {
        assert!(header.contains(&format!("{device} f32")), "{device} is not in the table:\n{table}");
    }
    assert!(table.contains("\nall agree; "), "{table}");
    let rows =
        table.lines().filter(|line| line.contains("50 training steps ") && !line.starts_with("all")).count();
    assert_eq!(rows, 4, "{table}");
}
