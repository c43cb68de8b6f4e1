//! Whatever happens to a file, it is read or there is one line about it.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot_train::images::{ImageOptions, recognises};

use super::{Files, arrays::npy, cifar, gzip, idx::idx, noise, on_disk, pictures::jpeg, png};

/// Cuts bytes, changes some, or makes them longer.
fn damage(bytes: &[u8], rng: &mut impl Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..4) {
        let place = rng.random_range(0..bytes.len().max(1));
        // Most of what can go wrong is in the first bytes.
        let place = if rng.random() { place.min(rng.random_range(0..128)) } else { place };
        match rng.random_range(0..4) {
            0 => bytes.truncate(place),
            1 => bytes.extend(noise(place + 1)),
            _ => bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte = rng.random()),
        }
    }
    bytes
}

#[test]
fn damaged_files_never_panic() {
    let files = Files::new();
    let whole = [
        ("i", idx(&[3, 4, 4], &noise(48))),
        ("i.gz", gzip(&idx(&[3, 4, 4], &noise(48)))),
        ("c.bin", cifar::image(3, 1).0),
        ("a.npy", npy("|u1", "(3, 4, 4)", &noise(48))),
        ("w.npy", npy("<i4", "(3, 2, 2)", &[0; 48])),
        ("p.png", png(&noise(300), [10, 10, 3])),
        ("j.jpg", jpeg(&noise(300), [10, 10, 3])),
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut read, mut refused) = (0, 0);
    for (name, bytes) in &whole {
        files.write(name, bytes);
        files.good(name);
        for case in 0..300 {
            files.write(name, &damage(bytes, &mut rng));
            let options = ImageOptions { memory: 1 << 16, ..Default::default() };
            let options = if case % 2 == 0 { options } else { on_disk() };
            let _ = recognises(files.path(name));
            match files.open(name, &options) {
                Ok(set) => {
                    read += 1;
                    let _ = set.read(&(0..set.len().min(9)).collect::<Vec<_>>(), &mut Vec::new());
                }
                Err(message) => {
                    refused += 1;
                    assert!(message.contains(name) && message.len() < 400, "{message}");
                }
            }
        }
    }
    assert!(read > 200 && refused > 800, "{read} read, {refused} refused");
}
