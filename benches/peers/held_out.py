"""Trains the flows that are timed in a peer and in Tissot on the same data and compares their held-out log-densities.

  cargo build --release -p tissot-benches
  python held_out.py --tissot target/release/held_out --data DIR [--workloads W1 W4 W5] [--seeds 3] [--peers nflows zuko] [--json FILE]

The peers are the fastest, flowjax, and one that has the workload's law of scales or splines.

Both sides: the same rows, standardised with the training part's mean and standard deviation; the workload's batch, drawn anew
without replacement in each epoch; plain Adam at one rate, no schedule, no clipping, no averages; every EVERY steps the validation
part is scored and the best weights are kept; one thread. The sets (see quality_data.py):
  W1  two moons, 2 columns; 1,500 steps of 512 rows
  W2, W3, W4  the first 43 pixels of 8 x 8 patches of photographs (bsds300-patches: u8 + U[0, 1), over 256); 1,500 steps of 256 rows
  W5  sdss, 6 columns; 500 steps of 512 rows
  W7  all 64 pixels of the patches; 20,000 steps of 256 rows
These are the benched architectures, not those that suit the sets best, and short runs: neither side has converged. Last layers start
at 0 in Tissot, at random in the peers.

The table has the mean log-density of the test rows in nats, in the data's units: the mean over the seeds and its standard error over
the seeds; the difference, Tissot less peer, has that of rows and seeds, as in quality_table.py. It is `level` within two
standard errors.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

import quality_data
from held_out_sides import side
from peer_models import SHAPES
from quality_table import standard_error

# workload: (set, peers, steps, rate, steps between validations)
RUNS = {
    "W1": ("moons", ["flowjax", "zuko"], 1500, 1e-3, 100),
    "W2": ("patches", ["flowjax", "zuko"], 1500, 1e-3, 100),
    "W3": ("patches", ["flowjax", "zuko"], 1500, 1e-3, 100),
    "W4": ("patches", ["flowjax", "nflows"], 1500, 1e-3, 100),
    "W5": ("sdss", ["flowjax", "nflows"], 500, 1e-3, 50),
    "W7": ("patches", ["flowjax", "nflows"], 20000, 1e-3, 500),
}


def patches(folder, pixels):
    """20,000, 2,000 and 5,000 rows of so many columns."""
    rng = np.random.default_rng(0)
    x = np.load(os.path.join(folder, "bsds300-patches", "patches8x8_u8_50k.npz"))["patches"]
    x = x.reshape(len(x), -1)[rng.permutation(len(x))[:27000], :pixels]
    x = (x + rng.uniform(0, 1, x.shape)) / 256
    nine = np.vectorize(lambda v: float(f"{v:.9g}"), otypes=[np.float64])
    return [f"p{i}" for i in range(pixels)], {k: nine(v) for k, v in zip(quality_data.PARTS, np.split(x, [20000, 22000]))}


def write(path, columns, parts):
    for part, x in parts.items():
        np.savetxt(f"{path}.{part}.csv", x, fmt="%.9g", delimiter=",", header=",".join(columns), comments="")


def fit_peer(peer, workload, parts, seed):
    _, _, steps, rate, every = RUNS[workload]
    mean, std = parts["train"].mean(0), parts["train"].std(0)
    train, validation, test = (((parts[k] - mean) / std).astype(np.float32) for k in quality_data.PARTS)
    model, batch, rng = side(peer, workload, rate, seed), SHAPES[workload][1], np.random.default_rng(seed)
    best, step = math.inf, 0
    while step < steps:
        order = rng.permutation(len(train))
        for rows in order[: len(train) // batch * batch].reshape(-1, batch):
            model.step(train[rows])
            step += 1
            if step % every == 0 or step == steps:
                now = -model.score(validation).mean()
                if now < best:
                    best = now
                    model.keep()
            if step == steps:
                break
    if best == math.inf:
        sys.exit(f"{peer}, {workload}, seed {seed}: no validation was finite")
    model.go_back()
    return model.score(test) - np.log(std).sum(), model.params


def fit_tissot(program, workload, path, seed):
    _, _, steps, rate, every = RUNS[workload]
    out = f"{path}.tissot.seed{seed}.txt"
    command = [program, workload, path, out, *map(str, (seed, steps, SHAPES[workload][1], rate, every))]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return np.loadtxt(out), int(done.stdout)


def over_seeds(scores):
    means = scores.mean(1)
    error = means.std(ddof=1) / math.sqrt(len(means)) if len(means) > 1 else math.nan
    return f"{means.mean():.4f} ± {error:.4f}"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tissot", required=True, help="the held_out program")
    ap.add_argument("--data", required=True)
    ap.add_argument("--workloads", nargs="+", choices=RUNS, default=list(RUNS))
    ap.add_argument("--peers", nargs="+", choices=["flowjax", "zuko", "nflows", "normflows"], help="instead of the ones chosen for each workload")
    ap.add_argument("--seeds", type=int, default=3)
    ap.add_argument("--json")
    a = ap.parse_args()
    print("| workload, set | steps | peer | parameters: peer, Tissot | peer, nats | Tissot, nats | Tissot less peer | s a fit: peer, Tissot |")
    print("|---|---|---|---|---|---|---|---|")
    for workload in a.workloads:
        name, peers, steps, *_ = RUNS[workload]
        columns, parts = patches(a.data, SHAPES[workload][0][0]) if name == "patches" else quality_data.load(name, a.data)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name)
            write(path, columns, parts)
            start = time.perf_counter()
            fits = [fit_tissot(a.tissot, workload, path, seed) for seed in range(a.seeds)]
            ours_s = (time.perf_counter() - start) / a.seeds
        ours = np.stack([scores for scores, _ in fits])
        for peer in a.peers or peers:
            start = time.perf_counter()
            theirs_fits = [fit_peer(peer, workload, parts, seed) for seed in range(a.seeds)]
            theirs_s = (time.perf_counter() - start) / a.seeds
            theirs = np.stack([scores for scores, _ in theirs_fits])
            d = ours - theirs
            error, note = standard_error(d)
            level = "level" if abs(d.mean()) <= 2 * error else "Tissot better" if d.mean() > 0 else "peer better"
            cells = [f"{workload}, {name}", f"{steps:,}", peer, f"{theirs_fits[0][1]}, {fits[0][1]}", over_seeds(theirs), over_seeds(ours)]
            cells += [f"{d.mean():+.4f} ± {error:.4f}{note}: {level}", f"{theirs_s:.0f}, {ours_s:.0f}"]
            print("| " + " | ".join(cells) + " |", flush=True)
            if a.json:
                line = dict(workload=workload, set=name, peer=peer, steps=steps, peer_nats=theirs.mean(1).tolist(), tissot_nats=ours.mean(1).tolist(), difference=d.mean(), error=error)
                with open(a.json, "a") as f:
                    f.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
