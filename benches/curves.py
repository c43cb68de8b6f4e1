"""How Tissot's times and memory grow with features, rows, layers, bins and the sides of images.

  cargo build --release -p tissot-benches
  python benches/curves.py --tissot target/release/workload [--curves features layers] [--threads 1] [--budget 0.3] [--json FILE]

Each point is a process of its own. Beside the times stands the useful arithmetic (matrix products, blocks of masked weights that
are all 0 left out) of a pass and of a training step, and the rate that follows. A sample that took a pass for every feature
would fall to a rate `features` times lower. Memory is the peak above the idle program up to the end of the training steps.
"""
import argparse

import rig

CURVES = {
    "features": ("W3:hidden=1024", [8, 16, 32, 64, 128, 256, 533, 1024], "5 affine autoregressive layers, hidden 1,024, 1,024; 256 rows"),
    "batch": ("W5", [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536], "5 autoregressive spline layers, 6 features, hidden 128, 128, 8 bins"),
    "layers": ("W4", [2, 4, 8, 16, 32, 64], "spline couplings, 43 features, hidden 128, 128, 8 bins; 256 rows"),
    "bins": ("W4", [4, 8, 16, 32, 64], "10 spline couplings, 43 features, hidden 128, 128; 256 rows"),
    "side": ("W6", [8, 16, 32, 64], "Glow, 3 levels of 8 steps, 3 channels, hidden 128; 16 images"),
}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tissot", required=True, help="the workload program")
    ap.add_argument("--curves", nargs="+", choices=CURVES, default=list(CURVES))
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--budget", type=float, default=0.3, help="seconds for each figure")
    ap.add_argument("--json")
    a = ap.parse_args()
    for name in a.curves:
        base, values, what = CURVES[name]
        print(f"\n{name[0].upper()}{name[1:]}: {what}; {a.threads} thread{'s' * (a.threads > 1)}.\n")
        rig.head([name, "GFLOP a pass", "training step, ms", "log_prob, ms", "sample, ms", "GFLOP/s: step, log_prob, sample", "memory, MB", "first result, s"])
        for value in values:
            line = rig.tissot(a.tissot, f"{base}{',' if ':' in base else ':'}{name}={value}", a.threads, a.budget)
            rig.keep(a.json, [line])
            times = [line["ms_" + kind] for kind in rig.KINDS]
            work = [line["gflop_train_step"], line["gflop_pass"], line["gflop_pass"]]
            rates = ", ".join(rig.number(1e3 * w / t) for w, t in zip(work, times))
            memory = line["train_rss_mb"] - line["idle_rss_mb"]
            rig.row([f"{value:,}", rig.number(line["gflop_pass"]), *map(rig.number, times), rates, f"{memory:.0f}", rig.number(line["first_result_s"])])


if __name__ == "__main__":
    main()
