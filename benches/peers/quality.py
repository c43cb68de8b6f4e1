"""Fit zuko and nflows to the sets of quality_data.py and keep the log-density of every test row.

  python quality.py --data DIR --export SPLITS                          only write the splits as CSV
  python quality.py --data DIR --out RESULTS [--seconds 120] [--seeds 5] [--sets moons power ..] [--peers zuko nflows]

RESULTS gets SET.PEER.seedS.npy, the log-density of each test row in nats and in the data's own units, in the order
of SPLITS/SET.test.csv, and results.jsonl with a line per fit. --data is the folder that holds power-40k, sdss and
gw170608; the three 2-D sets do not need it.

Both peers see the same rows, standardised with the training part's mean and standard deviation; the log-density in data
units is that of the standardised row minus sum ln std.
  zuko    zuko.flows.NSF(features) with all its defaults: 3 autoregressive spline layers, 8 bins, bound 5, hidden 64, 64;
          Adam 1e-3, as in its tutorials
  nflows  has no ready-made spline flow; what its authors use (Durkan et al. 2019, Neural Spline Flows): per layer a random permutation,
          an LU linear layer and a spline coupling with 8 bins, bound 3, a residual network of 2 blocks; a last permutation
          and LU layer. Here 5 layers of width 64 for two columns, 128 for tables; Adam 5e-4
Both: batches of 256 rows drawn anew in each epoch, no weight decay, no schedule, one thread. Every 100 steps the validation
part is scored and the best weights are kept. A fit ends when its seconds are spent (validation included), when 50
scores in a row brought nothing better, or when the loss is not finite.
"""
import argparse
import copy
import json
import math
import os
import time
from importlib.metadata import version

import numpy as np
import torch
from torch import nn

import quality_data

BATCH, EVERY, PATIENCE = 256, 100, 50
RATE = {"zuko": 1e-3, "nflows": 5e-4}


class Zuko(nn.Module):
    def __init__(self, features):
        super().__init__()
        import zuko

        self.flow = zuko.flows.NSF(features)

    def log_prob(self, x):
        return self.flow().log_prob(x)


class Nflows(nn.Module):
    def __init__(self, features, layers=5):
        super().__init__()
        from nflows import transforms as T
        from nflows.nn.nets import ResidualNet

        width = 64 if features == 2 else 128
        net = lambda a, b: ResidualNet(a, b, hidden_features=width, num_blocks=2)
        mask = lambda i: [(j + i) % 2 for j in range(features)]
        linear = lambda: [T.RandomPermutation(features), T.LULinear(features, identity_init=True)]
        parts = []
        for i in range(layers):
            parts += linear() + [T.PiecewiseRationalQuadraticCouplingTransform(mask(i), net, num_bins=8, tails="linear", tail_bound=3.0)]
        self.transform = T.CompositeTransform(parts + linear())

    def log_prob(self, x):
        z, ladj = self.transform(x)
        return ladj - 0.5 * (z * z).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)


BUILD = {"zuko": Zuko, "nflows": Nflows}


def score(model, x):
    with torch.no_grad():
        return torch.cat([model.log_prob(b) for b in x.split(4096)]).double().numpy()


def fit(peer, name, parts, seed, seconds, out):
    mean, std = parts["train"].mean(0), parts["train"].std(0)
    train, validation, test = (torch.from_numpy(((parts[k] - mean) / std).astype(np.float32)) for k in quality_data.PARTS)
    units = np.log(std).sum()
    torch.manual_seed(seed)
    model = BUILD[peer](train.shape[1])
    opt = torch.optim.Adam(model.parameters(), lr=RATE[peer])
    shuffle = torch.Generator().manual_seed(seed)
    best, best_step, best_state, since = math.inf, 0, copy.deepcopy(model.state_dict()), 0
    start, step, why = time.perf_counter(), 0, None
    while why is None:
        for rows in torch.randperm(len(train), generator=shuffle).split(BATCH):
            opt.zero_grad()
            loss = -model.log_prob(train[rows]).mean()
            if not math.isfinite(loss.item()):
                why = "not finite"
                break
            loss.backward()
            opt.step()
            step += 1
            spent = time.perf_counter() - start
            if step % EVERY == 0 or spent >= seconds:
                now = -score(model, validation).mean()
                since += 1
                if now < best:  # false for NaN
                    best, best_step, best_state, since = now, step, copy.deepcopy(model.state_dict()), 0
                why = "patience" if since >= PATIENCE else "time" if time.perf_counter() - start >= seconds else None
            if why:
                break
    spent = time.perf_counter() - start
    model.load_state_dict(best_state)
    logs = score(model, test) - units
    np.save(os.path.join(out, f"{name}.{peer}.seed{seed}.npy"), logs)
    number = lambda v: round(float(v), 5) if math.isfinite(v) else None  # JSON has no infinity
    line = dict(
        set=name, peer=peer, version=version(peer), torch=torch.__version__, seed=seed, columns=train.shape[1],
        rows=[len(train), len(validation), len(test)], params=sum(p.numel() for p in model.parameters()),
        test_nll=number(-logs.mean()), validation_nll=number(best + units), non_finite=int((~np.isfinite(logs)).sum()),
        seconds=round(spent, 2), budget=seconds, steps=step, best_step=best_step, stopped=why,
    )
    text = json.dumps(line)
    with open(os.path.join(out, "results.jsonl"), "a") as f:
        f.write(text + "\n")
    print(text, flush=True)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--data", default=".")
    ap.add_argument("--export")
    ap.add_argument("--out")
    ap.add_argument("--seconds", type=float, default=120)
    ap.add_argument("--seeds", type=int, default=5)
    ap.add_argument("--sets", nargs="+", choices=quality_data.SETS, default=quality_data.SETS)
    ap.add_argument("--peers", nargs="+", choices=list(BUILD), default=list(BUILD))
    a = ap.parse_args()
    if not (a.export or a.out):
        ap.error("give --export, --out or both")
    if a.export:
        for name in a.sets:
            columns, rows = quality_data.export(name, a.data, a.export)
            print(json.dumps(dict(set=name, columns=columns, rows=rows)), flush=True)
    if a.out:
        torch.set_num_threads(1)
        os.makedirs(a.out, exist_ok=True)
        for name in a.sets:
            parts = quality_data.load(name, a.data)[1]
            for seed in range(a.seeds):
                for peer in a.peers:
                    fit(peer, name, parts, seed, a.seconds, a.out)
