"""Cut a folder of reference fixtures down to the small golden files of our tests.

  python make_golden.py FIXTURES [--out DIR]

FIXTURES holds NAME.weights.safetensors and NAME.io.safetensors, one pair per model. The output folder
(default: crates/tissot/tests/golden) gets one NAME.safetensors per model with the keys

  weights.KEY   parameters as float32 (checked to be exact), index tensors as int64, MADE masks of zuko as uint8
  io.KEY        inputs and results in float64: the first rows of the main batch, and of each heavy set the
                first rows in which everything is finite

Tensors that follow from others are left out: nflows' masks and degrees, `eye`, `initialized`, zuko's base.
Only numpy and safetensors are needed.
"""
import argparse
import os

import numpy as np
from safetensors.numpy import load_file, save_file

MODELS = [
    "nflows_rqs_coupling", "nflows_rqs_coupling_context", "nflows_affine_coupling",
    "nflows_rqs_autoregressive", "nflows_rqs_autoregressive_context", "nflows_maf", "nflows_maf_context",
    "zuko_maf", "zuko_nsf", "zuko_nsf_coupling", "zuko_realnvp", "zuko_nice",
    "nflows_lulinear_8", "nflows_lulinear_64", "nflows_one_by_one_conv", "nflows_actnorm",
    "normflows_invertible_1x1", "normflows_glow",
]
SCALES = (1, 10, 100, 10000)
MAIN = ["x", "context", "z", "ladj", "log_prob", "x_inv", "ladj_inv"]
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "crates", "tissot", "tests", "golden")
LIMIT = 2.5e6


def rows_of(name, shape):
    """How many rows of the main batch and of each heavy set to keep."""
    if name == "nflows_lulinear_64":
        return 16, 8
    if name == "normflows_glow":
        return 4, 2
    return (8, 4) if len(shape) == 3 else (32, 16)


def weights(name, state):
    out = {}
    for key, v in state.items():
        last = key.rsplit(".", 1)[-1]
        if name.startswith("nflows") and last in ("mask", "degrees", "initialized"):
            continue
        if last == "data_dep_init_done":
            continue
        if last == "eye":
            assert np.array_equal(v, np.eye(len(v))), key
            continue
        if key in ("base.loc", "base.scale"):
            assert np.array_equal(v, np.full_like(v, float(last == "scale"))), key
            continue
        if v.dtype == bool:
            v = v.astype(np.int64 if v.ndim == 1 else np.uint8)
        elif v.dtype == np.float64:
            assert np.array_equal(v.astype(np.float32).astype(np.float64), v), f"{name} {key} is not exact in float32"
            v = v.astype(np.float32)
        else:
            assert v.dtype == np.int64, (key, v.dtype)
        out["weights." + key] = np.ascontiguousarray(v)
    return out


def io(name, src):
    n, heavy = rows_of(name, src["x"].shape[1:])
    keys = [k for k in MAIN if k in src]
    layers = sum(k.startswith("layer_out.") for k in src)
    if layers > 1:  # a single layer's output is z
        keys += [f"layer_{what}.{i}" for i in range(layers) for what in ("out", "ladj")]
    out = {"io." + k: src[k][:n] for k in keys}
    # From 100 on log sigmoid(u + 2) falls below -60, where our law ends and the peer's goes on to 0.
    for s in (1, 10) if name == "normflows_glow" else SCALES:
        part = {k: v for k, v in src.items() if k.startswith(f"heavy_{s}.")}
        ok = np.logical_and.reduce([np.isfinite(v).reshape(len(v), -1).all(1) for v in part.values()])
        keep = np.flatnonzero(ok)[:heavy]
        assert len(keep) == heavy, f"{name}: only {len(keep)} finite rows in heavy_{s}"
        out |= {"io." + k: v[keep] for k, v in part.items()}
    for k, v in out.items():
        assert v.dtype == np.float64 and np.isfinite(v).all(), k
        if k.endswith(("x", "context")):
            assert np.array_equal(v.astype(np.float32).astype(np.float64), v), f"{name} {k} is not exact in float32"
    return {k: np.ascontiguousarray(v) for k, v in out.items()}


def pointwise(src):
    """The bare spline: 46 rows of logits N(0, 1) (the first six are the edges), 40 of N(0, 25), 40 of N(0, 900)."""
    keep = np.r_[0:46, 200:240, 400:440]
    scale = np.repeat([1.0, 5.0, 30.0], [46, 40, 40])
    return {"io." + k: np.ascontiguousarray(v[keep]) for k, v in src.items()} | {"io.logit_scale": scale}


def write(out, name, tensors):
    path = os.path.join(out, name + ".safetensors")
    save_file(tensors, path)
    size = os.path.getsize(path)
    print(f"{size:9d}  {name}")
    return size


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("fixtures")
    ap.add_argument("--out", default=OUT)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    read = lambda name, kind: load_file(os.path.join(a.fixtures, f"{name}.{kind}.safetensors"))
    total = 0
    for name in MODELS:
        total += write(a.out, name, weights(name, read(name, "weights")) | io(name, read(name, "io")))
    total += write(a.out, "pointwise_rqs", pointwise(read("pointwise_rqs", "io")))
    print(f"{total:9d}  in all")
    assert total < LIMIT, f"{total} bytes, more than {LIMIT:.0f}"
