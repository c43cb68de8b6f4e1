"""Train three peer models for 200 Adam steps on fixed batches and keep the loss curves.

  python parity.py [--out DIR]          default: crates/tissot/tests/golden

A test of ours loads the same starting weights and rows, takes the same batches and must follow the same curve.
Each parity_NAME.safetensors holds
  weights.KEY   the starting weights (float32, index tensors int64, zuko's MADE masks uint8)
  data          [512, 6] float32, standardised
  batches       [200, 128] int64: the rows of each step
  losses        [200] float64: mean negative log-likelihood of step k's batch before the update of step k, trained in float32
  losses_f64    [200] float64: the same training in float64 from the same starting weights
Loss: the mean over the batch of -(log N(z; 0, I) + ladj). Adam, learning rate 1e-3, betas 0.9 and 0.999, eps 1e-8,
no weight decay, no clipping, no schedule.

Rounding: the MAFs' float32 and float64 curves stay within 2e-6 for most seeds. The spline's do not: for most seeds the gap jumps from
1e-5 to 1e-2 after about 140 steps (seeds 20261 to 20268: 4e-5 to 3e-2), as happens to any two float32 programs. The seed
below was chosen among those eight because its gap is the smallest, so that a curve can be compared at all.
"""
import argparse
import copy
import math
import os

import numpy as np
import torch
import zuko
from nflows import transforms as T
from safetensors.numpy import save_file
from torch import nn

from make_golden import OUT, weights

D, ROWS, BATCH, STEPS, SEED = 6, 512, 128, 200, 20262


def data():
    """Six correlated columns: a random linear mix of three normals, one of them bent, and noise; standardised."""
    rng = np.random.default_rng(SEED)
    s = rng.standard_normal((ROWS, 3))
    s[:, 2] = np.sin(2 * s[:, 0]) + 0.3 * s[:, 2]
    x = s @ rng.standard_normal((3, D)) + 0.4 * rng.standard_normal((ROWS, D))
    return ((x - x.mean(0)) / x.std(0)).astype(np.float32)


class Mlp(nn.Sequential):
    """in-32-32-out with ReLU. nflows divides width and height logits by sqrt(hidden_features)."""

    hidden_features = 32

    def __init__(self, a, b):
        super().__init__(nn.Linear(a, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, b))

    def forward(self, x, context=None):  # nflows passes a context, here always None
        return super().forward(x)


def nflows_rqs_coupling():
    mask = lambda i: [(j + i) % 2 for j in range(D)]
    return T.CompositeTransform([
        T.PiecewiseRationalQuadraticCouplingTransform(mask(i), Mlp, num_bins=8, tails="linear", tail_bound=3.0) for i in range(4)
    ])


def nflows_maf():
    layers = []
    for i in range(3):
        layers += [T.ReversePermutation(D)] if i else []
        layers += [T.MaskedAffineAutoregressiveTransform(D, 32, num_blocks=1, use_residual_blocks=False)]
    return T.CompositeTransform(layers)


def zuko_maf():
    return zuko.flows.MAF(D, 0, transforms=3, hidden_features=(32, 32))


def forward(model, x):
    return model().transform.call_and_ladj(x) if isinstance(model, zuko.flows.MAF) else model(x)


def train(model, rows, batches):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    curve = []
    for batch in batches:
        opt.zero_grad()
        z, ladj = forward(model, rows[batch])
        loss = -(ladj - 0.5 * (z * z).sum(1) - 0.5 * D * math.log(2 * math.pi)).mean()
        loss.backward()
        opt.step()
        curve.append(float(loss.detach()))
    return np.array(curve, dtype=np.float64)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", default=OUT)
    out = ap.parse_args().out
    os.makedirs(out, exist_ok=True)
    torch.set_num_threads(1)
    rows = data()
    rng = np.random.default_rng(SEED + 1)
    batches = np.stack([rng.permutation(ROWS)[:BATCH] for _ in range(STEPS)]).astype(np.int64)
    for make in (nflows_rqs_coupling, nflows_maf, zuko_maf):
        name = make.__name__
        torch.manual_seed(SEED)
        model = make()
        state = {k: v.clone().numpy() for k, v in model.state_dict().items()}
        state = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in state.items()}
        curves = {
            key: train(copy.deepcopy(model).to(dtype), torch.from_numpy(rows).to(dtype), torch.from_numpy(batches))
            for key, dtype in (("losses", torch.float32), ("losses_f64", torch.float64))
        }
        path = os.path.join(out, f"parity_{name}.safetensors")
        save_file(weights(name, state) | dict(data=rows, batches=batches) | curves, path)
        a, b = curves["losses"], curves["losses_f64"]
        print(f"{os.path.getsize(path):8d}  {name}: loss {b[0]:.6f} -> {b[-1]:.6f}, float32 and float64 differ by at most {abs(a - b).max():.2e}")
