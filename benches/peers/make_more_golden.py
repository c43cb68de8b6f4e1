"""Write golden files of FrEIA and FlowJAX: weights, inputs and results in float64.

  python make_more_golden.py [--out DIR] [NAME ..]      default DIR: crates/tissot/tests/golden

Each NAME.safetensors has the keys of the other golden files (see README.md there) and one metadata entry, `facts`: JSON with
`library`, `version`, `architecture` (all that the weights do not say) and for FlowJAX `leaves` (the leaves of the tree in order).
Besides, freia_glow_coupling.pt is the state dict through torch.save, in float32; flowjax_maf.eqx is the whole flow through
equinox.tree_serialise_leaves in float64, and flowjax_maf_f32.eqx the same in JAX's default types.
What the numbers mean: crates/tissot/tests/golden/PEERS.md.

Weights and inputs are rounded to float32 values first. Every log-determinant is held against a dense Jacobian.
"""
import argparse
import json
import os

import numpy as np
import torch
from safetensors.numpy import save_file

import golden_flowjax
import golden_freia
from make_golden import OUT, SCALES

D, BATCH, HEAVY, LIMIT = 6, 64, 16, 400e3
f32able = lambda a: a.astype(np.float32).astype(np.float64)


def student_t(rng, *shape):
    return rng.standard_normal(shape) / np.sqrt((rng.standard_normal((3, *shape)) ** 2).sum(0) / 3)


def normal(z):
    return -0.5 * (z**2).sum(1) - 0.5 * np.log(2 * np.pi) * z.shape[1]


def checks(name, m, x, c, io):
    """Hold the results against a dense Jacobian, each other, and the identity; print what was found."""
    dense = np.linalg.slogdet(m.jacobian(x, c))[1]
    gap = np.abs(dense - io["ladj"] - m.unsaid_log_det()).max()
    assert gap < 1e-12, f"{name}: log-determinant off by {gap} from the dense Jacobian's"
    parts = sum(v for k, v in io.items() if k.startswith("layer_ladj."))
    last = max(int(k.split(".")[1]) for k in io if k.startswith("layer_out."))
    assert np.abs(parts - io["ladj"]).max() < 1e-12 and np.abs(io[f"layer_out.{last}"] - io["z"]).max() < 1e-12, name
    assert np.abs(normal(io["z"]) + io["ladj"] - io["log_prob"]).max() < 1e-11, name
    back = np.abs(io["x_inv"] - x).max()
    assert back < (1e-5 if m.unsaid_log_det() else 1e-11), f"{name}: round trip off by {back}"
    stretch, shift = np.abs(io["ladj"]).mean() / D, np.abs(io["z"] - x).mean()
    assert stretch > 0.3 or (m.keeps_volume and shift > 0.3), f"{name}: too near the identity, {stretch} {shift}"
    return dict(ladj_gap=f"{gap:.1e}", round_trip=f"{back:.1e}", mean_abs_ladj_per_dim=f"{stretch:.2f}", mean_abs_shift=f"{shift:.2f}")


def golden(name, m, seed):
    """All tensors of one file, and what the checks found."""
    rng = np.random.default_rng(seed)
    m.perturb(rng)
    draw = lambda n: f32able(rng.standard_normal((n, m.context))) if m.context else None
    x, c = f32able(rng.standard_normal((BATCH, D))), draw(BATCH)
    io = {"x": x} | ({} if c is None else {"context": c})
    io["z"], io["ladj"] = m.forward(x, c)
    io["log_prob"] = m.log_prob(x, c, normal)
    io["x_inv"], io["ladj_inv"] = m.inverse(io["z"], c)
    for k, (out, ladj) in enumerate(m.layers(x, c)):
        io[f"layer_out.{k}"], io[f"layer_ladj.{k}"] = out, ladj
    found = checks(name, m, x, c, io)
    for s in SCALES:
        hx, hc = f32able(s * student_t(rng, HEAVY, D)), draw(HEAVY)
        part = {"x": hx, "z": m.forward(hx, hc)[0], "log_prob": m.log_prob(hx, hc, normal)} | ({} if hc is None else {"context": hc})
        io |= {f"heavy_{s}.{k}": v for k, v in part.items()}
    for k, v in io.items():
        assert v.dtype == np.float64 and np.isfinite(v).all(), f"{name} {k}"
    return {"io." + k: np.ascontiguousarray(v) for k, v in io.items()}, found


def weights(name, m):
    out = {}
    for key, v in m.weights().items():
        if v.dtype == np.float64:
            assert np.array_equal(f32able(v), v), f"{name} {key} is not exact in float32"
            v = v.astype(np.float32)
        else:
            assert v.dtype in (np.int64, np.bool_), (name, key, v.dtype)
        out["weights." + key] = np.ascontiguousarray(v)
    return out


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("names", nargs="*")
    ap.add_argument("--out", default=OUT)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    torch.set_num_threads(1)
    for i, (name, m) in enumerate([*golden_freia.models(), *golden_flowjax.models()]):
        if a.names and name not in a.names:
            continue
        io, found = golden(name, m, 3000 + i)
        path = os.path.join(a.out, name + ".safetensors")
        save_file(weights(name, m) | io, path, metadata={"facts": json.dumps(m.facts)})
        size = os.path.getsize(path)
        assert size <= LIMIT, f"{name}: {size} bytes"
        print(f"{size:7d}  {name}  {json.dumps(found)}", flush=True)
        for extra in m.extra_files(a.out, name):
            print(f"{os.path.getsize(extra):7d}  {os.path.basename(extra)}", flush=True)
