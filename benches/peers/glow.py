"""Trains Glow of nflows or of normflows on images, as `benches/src/bin/glow.rs` trains Tissot's.

  python glow.py PEER DATA --seed 0 [--folder DIR] [--steps N] [--grid FILE.png] [--threads 1]

PEER is nflows or normflows, DATA is digits (the 8 x 8 digits in crates/tissot-train/data; the last 360 are held out), fashion
(DIR has the IDX files of Fashion-MNIST: train-20k-* trains, valid-2k-* is held out) or stacked (three of its garments, one a channel,
each with a black border of 2 pixels).

Both: uniform dequantisation, x = (v + u) / levels - 1/2; 2 levels of 4 (digits) or 8 steps; networks 3x3, 1x1, 3x3 of 64 channels with
ReLU, the last convolution 0 at its start; ActNorm from 256 images; LU 1x1 convolutions; s = sigmoid(u + 2). Stacked images go
through the workload W6: 3 levels of 8 steps, 128 channels. Batches of 64, 32 and 16, without replacement in an epoch; Adam at 1e-3
after 100 steps of linear warm-up; the gradient of nats a dimension clipped to the norm 1. The base is a standard normal (nflows) or one
with learned means and deviations a channel (normflows).

Prints one line of JSON: bits per dimension of the held-out images with one fixed draw of u (an upper bound), their standard error over
the images, the same of a moving average of the weights (0.99, as ours), and the curve.
"""
import argparse
import copy
import gzip
import json
import math
import os
import time

import numpy as np
import torch

from peer_models import Cnn, NflowsFlow, normflows_glow

HERE = os.path.dirname(os.path.abspath(__file__))
DIGITS = os.path.join(HERE, "..", "..", "crates", "tissot-train", "data", "digits.csv.gz")
# levels, steps a level, hidden channels; batch, levels of a number, shape, steps of training
SETS = {
    "digits": ((2, 4, 64), 64, 17, (1, 8, 8), 1500),
    "fashion": ((2, 8, 64), 32, 256, (1, 28, 28), 1500),
    "stacked": ((3, 8, 128), 16, 256, (3, 32, 32), 1000),
}


def nflows_glow(levels, steps, hidden, shape):
    from nflows import transforms as T

    c, h, w = shape
    multi = T.MultiscaleCompositeTransform(levels)
    for _ in range(levels):
        ts = [T.SqueezeTransform()]
        c, h, w = 4 * c, h // 2, w // 2
        for _ in range(steps):
            mask = [0] * (c // 2) + [1] * (c - c // 2)
            ts += [T.ActNorm(c), T.OneByOneConvolution(c), T.AffineCouplingTransform(mask, lambda a, b: Cnn(a, b, hidden))]
        out = multi.add_transform(T.CompositeTransform(ts), (c, h, w))
        if out is not None:
            c, h, w = out
    return NflowsFlow(multi, (math.prod(shape),))


def load(data, folder):
    """Training and held-out images as integers [n, channels, side, side]."""
    if data == "digits":
        x = np.loadtxt(gzip.open(DIGITS), delimiter=",")[:, :64].reshape(-1, 1, 8, 8)
        return x[:-360], x[-360:]
    read = lambda name: np.frombuffer(gzip.open(os.path.join(folder, name)).read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    parts = read("train-20k-images-idx3-ubyte.gz"), read("valid-2k-images-idx3-ubyte.gz")
    return parts if data == "fashion" else [stack(x) for x in parts]


def stack(x):
    """The k-th image of each third, one a channel, in a black border of 2 pixels."""
    n = len(x) // 3
    return np.pad(np.concatenate([x[i * n : (i + 1) * n] for i in range(3)], 1), ((0, 0), (0, 0), (2, 2), (2, 2)))


class Bits:
    """Bits per dimension of images, by draws of u from a generator."""

    def __init__(self, levels, dims):
        self.levels, self.dims = levels, dims

    def nats(self, model, x, generator):
        """-log P, a bound, in nats a dimension, of each image."""
        u = torch.rand(x.shape, generator=generator)
        return -model.log_prob((x + u) / self.levels - 0.5) / self.dims + math.log(self.levels)

    def score(self, model, x):
        generator = torch.Generator().manual_seed(0)
        model.eval()
        with torch.no_grad():
            bits = torch.cat([self.nats(model, b, generator) for b in x.split(100)]).double().numpy() / math.log(2)
        model.train()
        return float(bits.mean()), float(bits.std(ddof=1) / math.sqrt(len(bits)))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("peer", choices=["nflows", "normflows"])
    ap.add_argument("data", choices=list(SETS))
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--folder")
    ap.add_argument("--steps", type=int, help="of training; the set's own by default")
    ap.add_argument("--grid")
    ap.add_argument("--threads", type=int, default=1)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    glow, batch, levels, shape, steps = SETS[a.data]
    steps = a.steps or steps
    train, held_out = (torch.tensor(np.ascontiguousarray(x), dtype=torch.float32) for x in load(a.data, a.folder))
    bits = Bits(levels, math.prod(shape))
    model = nflows_glow(*glow, shape) if a.peer == "nflows" else normflows_glow(*glow, shape)
    model.train()
    generator = torch.Generator().manual_seed(a.seed)
    with torch.no_grad():  # ActNorm is set by the first images it sees
        bits.nats(model, train[torch.randperm(len(train), generator=generator)[:256]], generator)
    average = copy.deepcopy(model)
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    curve, started, order = [], time.time(), torch.empty(0, dtype=torch.long)
    for step in range(steps):
        if step % max(steps // 8, 1) == 0:
            pause = time.time()
            curve.append((step, bits.score(average, held_out)[0]))
            started += time.time() - pause
        if len(order) < batch:
            order = torch.randperm(len(train), generator=generator)
        rows, order = order[:batch], order[batch:]
        for group in opt.param_groups:
            group["lr"] = 1e-3 * min(1.0, (step + 1) / 100)
        loss = bits.nats(model, train[rows], generator).mean()
        opt.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        decay = min(0.99, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, weight in zip(average.parameters(), model.parameters()):
                mean.lerp_(weight, 1 - decay)
    seconds = time.time() - started
    mean, error = bits.score(model, held_out)
    ema, ema_error = bits.score(average, held_out)
    if a.grid:
        from PIL import Image

        channels, side, _ = shape
        average.eval()
        with torch.no_grad():
            x = average.sample(64).reshape(-1, *shape)
        v = ((x + 0.5).clamp(0, 1) * 255).byte().numpy().reshape(8, 8, *shape).transpose(0, 3, 1, 4, 2).reshape(8 * side, 8 * side, channels)
        Image.fromarray(v.squeeze()).resize((8 * max(side, 32),) * 2, Image.NEAREST).save(a.grid)
    print(json.dumps(dict(
        library=a.peer, data=a.data, seed=a.seed, params=sum(p.numel() for p in model.parameters() if p.requires_grad), steps=steps,
        seconds=seconds, bits=mean, error=error, ema_bits=ema, ema_error=ema_error, curve=curve)), flush=True)


if __name__ == "__main__":
    main()
