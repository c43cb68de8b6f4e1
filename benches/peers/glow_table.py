"""Compares the trainings of `glow` and `glow.py`: a table, and the curves as an SVG.

  python glow_table.py LINES.jsonl .. [--curves FILE.svg]

Needs matplotlib for the curves. A peer counts with the better of its weights and their moving average, Tissot with the average.
"""
import argparse
import json
import statistics

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("lines", nargs="+")
ap.add_argument("--curves")
a = ap.parse_args()
runs = [json.loads(line) for path in a.lines for line in open(path)]
sets = [data for data in ["digits", "fashion", "stacked"] if any(run["data"] == data for run in runs)]
libraries = ["tissot", "normflows", "nflows"]
bits = lambda run: min(run.get("bits", float("inf")), run["ema_bits"])
print("| images | library | parameters | bits per dimension, by seed | mean | seconds a run, median |")
print("|---|---|---|---|---|---|")
plt.rcParams.update({"font.family": "sans-serif", "svg.fonttype": "none", "svg.hashsalt": "tissot"})
figure, axes = plt.subplots(1, len(sets), figsize=(4 * len(sets), 3.2), squeeze=False)
# Okabe and Ito's colours, told apart by colour-blind people.
colours = {"tissot": "#D55E00", "normflows": "#0072B2", "nflows": "#999999"}
for axis, data in zip(axes[0], sets):
    for library in libraries:
        some = sorted((r for r in runs if (r["library"], r["data"]) == (library, data)), key=lambda r: r["seed"])
        if not some:
            continue
        scores = [bits(r) for r in some]
        seconds = statistics.median(r["seconds"] for r in some)
        print(f"| {data} | {library} | {some[0]['params']} | {', '.join(f'{s:.3f}' for s in scores)} | {statistics.mean(scores):.3f} | {seconds:.0f} |")
        for r in some:
            steps, values = zip(*r["curve"], (r["steps"], r["ema_bits"]))
            axis.plot(steps, values, color=colours[library], lw=1.2, label=library if r is some[0] else None)
    axis.set(title=data, xlabel="step", ylabel="held-out bits per dimension")
    axis.spines[["top", "right"]].set_visible(False)
axes[0, 0].legend(frameon=False)
figure.tight_layout()
if a.curves:
    figure.savefig(a.curves, metadata={"Date": None})
