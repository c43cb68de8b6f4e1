"""Print the quality table from per-row log-densities of ours and of the peers.

  python quality_table.py --ours DIR --peers DIR [--seeds 5]

--ours holds SET.seedS.csv with a column log_density, --peers holds SET.PEER.seedS.npy; all rows in the order of
SET.test.csv and in the data's units. Sets or seeds that either side lacks are named, not passed over.

d[s, r] = ours - better peer, in nats, for seed s and test row r; above 0 ours is better. The better peer is the one with the lower mean
negative log-likelihood on the test rows over all seeds: a choice that can only be against us. The standard error has two parts,
added in squares: rows, std over rows of mean_s d / sqrt(rows), and seeds, std over seeds of mean_r d / sqrt(seeds). With one seed
the second part is unknown and the figure is marked "rows only".
"""
import argparse
import csv
import os
import sys

import numpy as np

PEERS = ["zuko", "nflows"]
ORDER = ["moons", "checkerboard", "gaussians", "power", "sdss", "gw"]


def ours_rows(path):
    with open(path, newline="") as f:
        reader = csv.DictReader(f)
        if "log_density" not in (reader.fieldnames or []):
            sys.exit(f"{path}: found columns {reader.fieldnames}, expected one named log_density")
        return np.array([float(r["log_density"]) for r in reader])


def stack(paths, read):
    """[seeds, rows] of the files that exist, and the numbers of the seeds that do."""
    have = [s for s, p in enumerate(paths) if os.path.exists(p)]
    rows = [read(paths[s]) for s in have]
    if len({len(r) for r in rows}) > 1:
        sys.exit(f"{paths[have[0]]} and its other seeds have {[len(r) for r in rows]} rows, expected the same number")
    return (np.stack(rows) if rows else None), have


def standard_error(d):
    """Rows and seeds as two independent sources of chance; a lone seed leaves only the rows."""
    rows = d.mean(0).std(ddof=1) / np.sqrt(d.shape[1])
    if d.shape[0] == 1:
        return rows, " (rows only)"
    seeds = d.mean(1).std(ddof=1) / np.sqrt(d.shape[0])
    return float(np.hypot(rows, seeds)), ""


def line(name, ours, peers, seeds):
    if ours is None or not peers:
        return [name] + ["-"] * 7 + ["ours missing" if ours is None else "peers missing"]
    nll = {k: -v.mean() for k, v in peers.items()}
    best = min(nll, key=lambda k: nll[k] if np.isfinite(nll[k]) else np.inf)
    if ours.shape != peers[best].shape:
        sys.exit(f"{name}: ours has shape {ours.shape}, {best} {peers[best].shape} (seeds, rows): expected the same")
    bad = [f"{k} {int((~np.isfinite(v)).sum())} not finite" for k, v in [("ours", ours), *peers.items()] if not np.isfinite(v).all()]
    cells = [name, str(ours.shape[1]), ",".join(map(str, seeds)), f"{-ours.mean():.4f}"] + [f"{nll[k]:.4f}" if k in nll else "-" for k in PEERS]
    d = ours - peers[best]
    if not np.isfinite(d).all():
        return cells + [best, "-", "; ".join(bad)]
    error, note = standard_error(d)
    return cells + [best, f"{d.mean():+.4f} ± {error:.4f}{note}", "; ".join(bad) or ""]


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--ours", required=True)
    ap.add_argument("--peers", required=True)
    ap.add_argument("--seeds", type=int, default=5)
    a = ap.parse_args()
    print("Mean negative log-likelihood in nats per row, in the data's units; lower is better.\n")
    print("| set | test rows | seeds | ours | " + " | ".join(PEERS) + " | better peer | ours - better peer, log-density | notes |")
    print("|---|---|---|---|" + "---|" * len(PEERS) + "---|---|---|")
    for name in ORDER:
        path = lambda folder, middle, s, end: os.path.join(folder, f"{name}{middle}.seed{s}.{end}")
        sides = {"ours": stack([path(a.ours, "", s, "csv") for s in range(a.seeds)], ours_rows)}
        sides |= {k: stack([path(a.peers, "." + k, s, "npy") for s in range(a.seeds)], np.load) for k in PEERS}
        sides = {k: v for k, v in sides.items() if v[1]}
        common = [s for s in range(a.seeds) if sides and all(s in have for _, have in sides.values())]
        pick = {k: v[[have.index(s) for s in common]] for k, (v, have) in sides.items()} if common else {}
        ours = pick.pop("ours", None)
        cells = line(name, ours, pick, common)
        if common and len(common) < a.seeds:
            cells[-1] = "; ".join(filter(None, [cells[-1], f"{a.seeds - len(common)} seeds missing"]))
        print("| " + " | ".join(cells) + " |")
