"""Compare log-scale laws of affine couplings, and laws of the spline, with everything else equal.

  python evidence.py --tissot PROGRAM --out RESULTS [--parts laws cosine defaults splines] [--seeds 0 1 2] [--sets ..] [--laws ..]

Trains with `tissot fit` only: no peer library and no network. RESULTS gets the tables as .npy and a line per fit in
results.jsonl; fits that are there already are not done again, so a run that was stopped goes on. The tables of all lines
are printed at the end (`--parts` without a name prints them and fits nothing).

laws      RealNVP of 8 affine couplings, alternating masks, hidden 64, 64 (digits: 128, 128), nothing else in the flow;
          the plain loop: Adam at a constant rate, no clipping, the last weights themselves, no early stopping
cosine    the same flows, steps, batches and rates with our other settings (cosine, warm-up, clipping, moving average), to the end
defaults  what a user gets: `tissot fit --flow realnvp` with 8 transforms (ActNorm before each coupling) and the default
          settings: 4,000 steps of 256 rows at 2e-3, warm-up, cosine, clipping, moving average, early stopping
splines   5 couplings, hidden 64, 64, 8 bins on [-5, 5] for each law, the plain loop
Sets      gaussians, moons, checkerboard: quality_data.py's formulas, 20,000 training and 10,000 test rows, numpy seed 0
          wine, digits: scikit-learn's, shuffled with seed 0, 20 % test, standardised by the training rows (digits: pixel
          + U(0, 1) first)
The last tenth of the training rows validates, every 50 steps (10 on wine and digits; 100 in `defaults`). A seed drives
the weights at first and the batches.

The best model is that of the best validation. The last one needs a fit of its own, whose only validation is the last; it
is made where --last names the set, and must end with the same validation score as the first fit, or the script stops.
Nats are negative log-likelihoods a row of the arrays in RESULTS.
"""
import argparse
import json
import os
import subprocess
import sys

import numpy as np

import quality_data

TOY = ["gaussians", "moons", "checkerboard"]
SMALL = ["wine", "digits"]
LAWS = {
    "Exp": "Exp",
    "SoftClip 1e-3 (zuko)": {"SoftClip": {"floor": 1e-3}},
    "Sigmoid 2, 1e-3 (nflows)": {"Sigmoid": {"offset": 2.0, "epsilon": 1e-3}},
    "Softplus 1e-3": {"Softplus": {"epsilon": 1e-3}},
    "Tanh 0.5": {"Tanh": {"bound": 0.5}},
    "Tanh 1": {"Tanh": {"bound": 1.0}},
    "Tanh 2": {"Tanh": {"bound": 2.0}},
    "Tanh 3": {"Tanh": {"bound": 3.0}},
    "Tanh 5": {"Tanh": {"bound": 5.0}},
    "Atan 2": {"Atan": {"clamp": 2.0}},
}
SPLINES = {
    "Bounded": None,  # the default
    # nflows divides by the root of the number of hidden features
    "nflows": {"Nflows": {"min_width": 1e-3, "min_height": 1e-3, "min_derivative": 1e-3, "logit_scale": 8.0}},
    "zuko": {"Zuko": {"slope": 1e-3}},
}
PLAIN = dict(schedule="constant", warmup=0, clip=1e30, ema=0.0, patience=0)
SETS = {"laws": ["gaussians"] + SMALL, "cosine": ["gaussians"] + SMALL, "defaults": ["gaussians"] + SMALL, "splines": TOY}


def arrays(name):
    """Training and test rows, float32."""
    rng = np.random.default_rng(0)
    if name in TOY:
        train, test = (quality_data.toy(name, n, rng) for n in (20000, 10000))
    else:
        from sklearn import datasets

        x = getattr(datasets, "load_" + name)().data.astype(np.float64)
        if name == "digits":
            x = x + rng.uniform(0, 1, x.shape)
        x = x[rng.permutation(len(x))]
        cut = len(x) * 4 // 5
        mean, std = x[:cut].mean(0), x[:cut].std(0)
        train, test = (x[:cut] - mean) / std, (x[cut:] - mean) / std
    return train.astype(np.float32), test.astype(np.float32)


def config(part, name, law, columns):
    hidden = [128, 128] if name == "digits" else [64, 64]
    if part == "splines":
        spline = dict(bins=8, bound=5.0) | ({"parameters": SPLINES[law]} if SPLINES[law] else {})
        count, univariate = 5, {"RationalQuadratic": spline}
    else:
        count, univariate = 8, {"Affine": {"scale": LAWS[law]}}
    layers = []
    for i in range(count):
        layers += [{"ActNorm": {"epsilon": 1e-6}}] if part == "defaults" else []
        layers.append({"Coupling": {"mask": ["Even", "Odd"][i % 2], "univariate": univariate, "conditioner": {"Mlp": {"hidden": hidden}}}})
    toy = name in TOY
    steps = {"wine": 400, "digits": 600}.get(name, 1500)
    plain = (dict(patience=0) if part == "cosine" else PLAIN) | dict(steps=steps, batch=256 if toy else 128, learning_rate=1e-3 if toy else 5e-4, validate_every=50 if toy else 10)
    return {"flow": {"features": columns, "layers": layers}, "settings": {} if part == "defaults" else plain}


def tissot(a, *words):
    return subprocess.run([a.tissot, *words, "--threads", "1", "--json"], capture_output=True, text=True)


def fit(a, name, seed, what, rows):
    """Test nats and standard error of the model that is kept, the validations (step, nats) and the number of steps left out."""
    path = lambda end: os.path.join(a.out, end)
    with open(path("config.json"), "w") as f:
        json.dump(what, f)
    share = str(rows // 10 / rows)
    words = ["--config", path("config.json"), "--seed", str(seed), "--split", "order", "--validation", share, "--test", "0"]
    if os.path.exists(path("model.tissot")):
        os.remove(path("model.tissot"))
    done = tissot(a, "fit", path(f"{name}.train.npy"), "--out", path("model.tissot"), *words)
    if done.returncode == 2:
        sys.exit(done.stderr)
    with open(path("model.tissot.run/metrics.jsonl")) as f:
        events = [json.loads(line) for line in f]
    curve = [(e["step"], -e["validation_log_prob"] if e["validation_log_prob"] is not None else None) for e in events if "validation_log_prob" in e]
    skipped = sum("skipped" in e for e in events)
    if not os.path.exists(path("model.tissot")):
        return None, None, curve, skipped
    score = tissot(a, "score", path("model.tissot"), path(f"{name}.test.npy"), "--out", path("scores.csv"))
    if score.returncode:
        sys.exit(score.stderr)
    found = json.loads(score.stdout)
    return -found["mean"] if found["mean"] is not None else None, found["standard_error"], curve, skipped


def compare(a, part, name, law, seed):
    train, test = arrays(name)
    for end, x in (("train", train), ("test", test)):
        np.save(os.path.join(a.out, f"{name}.{end}.npy"), x)
    what = config(part, name, law, train.shape[1])
    best, error, curve, skipped = fit(a, name, seed, what, len(train))
    finite = [(v, step) for step, v in curve if v is not None]
    line = dict(part=part, set=name, law=law, seed=seed, best=best, row_error=error, steps=curve[-1][0] if curve else 0, skipped=skipped)
    line |= dict(best_step=min(finite)[1], validation_best=min(finite)[0], validation_last=curve[-1][1]) if finite else {}
    if part != "defaults" and curve and curve[-1][0] < what["settings"]["steps"]:  # ten steps in a row had no finite loss or gradient
        line |= dict(validation_last=None, last=None)
    elif part != "defaults" and name in a.last and finite:
        what["settings"]["validate_every"] = 10**9
        last, _, again, _ = (best, None, curve[-1:], 0) if min(finite)[1] == curve[-1][0] else fit(a, name, seed, what, len(train))
        if again[-1:] != curve[-1:]:
            sys.exit(f"{line}: the second fit ended at {again[-1:]}, the first at {curve[-1:]}: expected the same")
        line["last"] = last
    with open(os.path.join(a.out, "results.jsonl"), "a") as f:
        f.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def number(v):
    return "none" if v is None else f"{v:.4f}" if abs(v) < 10 else f"{v:.2f}" if abs(v) < 1000 else f"{v:.1e}"


def tables(lines):
    mean = lambda values: None if None in values else float(np.mean(values))
    for part, sets in SETS.items():
        laws = SPLINES if part == "splines" else LAWS
        for name in sets:
            of = {law: sorted((x for x in lines if (x["part"], x["set"], x["law"]) == (part, name, law)), key=lambda x: x["seed"]) for law in laws}
            if not any(of.values()):
                continue
            print(f"\n{part}, {name}\n\n| law | best: mean | by seed | at step | last: by seed | last less best, validation |\n|" + "---|" * 6)
            for law, runs in of.items():
                if runs:
                    get = lambda key: [x.get(key) for x in runs]
                    each = lambda key: ", ".join(number(v) for v in get(key)) if any(key in x for x in runs) else "-"
                    whole = lambda key: ", ".join(map(str, get(key)))
                    gap = [None if None in (b, l) else l - b for b, l in zip(get("validation_best"), get("validation_last"))]
                    cells = [law, number(mean(get("best"))), each("best"), whole("best_step"), each("last"), number(mean(gap))]
                    print("| " + " | ".join(cells) + " |")
            if part == "splines" and of["Bounded"]:
                for law in ("nflows", "zuko"):
                    pairs = [x["best"] - y["best"] for x in of["Bounded"] for y in of[law] if x["seed"] == y["seed"]]
                    if len(pairs) > 1:
                        print(f"\nBounded less {law}: {np.mean(pairs):+.4f} +- {np.std(pairs, ddof=1) / len(pairs) ** 0.5:.4f} nats ({len(pairs)} seeds)")


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--tissot", default="tissot")
    ap.add_argument("--out", required=True)
    ap.add_argument("--parts", nargs="*", choices=list(SETS), default=list(SETS))
    ap.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    ap.add_argument("--sets", nargs="+", choices=TOY + SMALL, default=TOY + SMALL)
    ap.add_argument("--laws", nargs="+", choices=[*LAWS, *SPLINES], default=[*LAWS, *SPLINES])
    ap.add_argument("--last", nargs="*", choices=TOY + SMALL, default=SMALL)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    results = os.path.join(a.out, "results.jsonl")
    read = lambda: [json.loads(line) for line in open(results)] if os.path.exists(results) else []
    done = {(x["part"], x["set"], x["law"], x["seed"]) for x in read()}
    for part in a.parts:
        for seed in a.seeds:
            for name in [s for s in SETS[part] if s in a.sets]:
                for law in [w for w in (SPLINES if part == "splines" else LAWS) if w in a.laws]:
                    if (part, name, law, seed) not in done:
                        compare(a, part, name, law, seed)
    tables(read())
