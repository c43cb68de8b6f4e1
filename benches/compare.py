"""Times other libraries and Tissot in turn, in one run, and prints the ratios.

  cargo build --release -p tissot-benches
  python benches/compare.py --tissot target/release/workload [--workloads W1 W4] [--peers zuko nflows] [--threads 1|2|best]
                            [--batch 1] [--rounds 5] [--budget 1] [--json FILE]

Each measurement is a process of its own: in every round each peer, then Tissot, on the same workload with the same number of
rows, and with --threads N the same number of threads. With --threads best every side is measured at 1 and at 2 threads in
every round, and the faster of the two counts, for each figure. --batch 1 asks for one row at a time.

The first table has ratios, peer / Tissot, above 1 where Tissot is faster: the geometric mean of the rounds' ratios (each of two
medians) and its 95 % interval, by Student's t on their logarithms. It ends with memory in MB (the peak above the idle program, which
is one with a step of one parameter behind it; in brackets the whole process) and the seconds from the start of the program to the
first log-densities of a batch, medians over the rounds. The second table has milliseconds, medians over the rounds. --threads best
ends with both tables of the measurements at one thread. --json FILE keeps every measurement, one a line. The lines of the first
table come as each workload is done.

Peers are installed by

  pip install torch==2.15.0 zuko==1.6.0 nflows==0.14 normflows==1.7.3 FrEIA==0.2 flowjax==19.1.2 matplotlib pillow packaging tensorboard

into the Python that runs this; those that are missing are named and left out. Every peer's Adam is its fused one, and the
loss is read back. peers/peer_models.py says where a peer's architecture differs.
"""
import argparse
import importlib.util
import statistics
import sys

import rig

WORKLOADS = ["W1", "W2", "W3", "W4", "W5", "W6", "W7"]


def measure(one, threads):
    """A measurement at `threads`, or the best of each figure at 1 and at 2; all lines, and the one that counts."""
    if threads != "best":
        line = one(int(threads))
        return [line], line
    lines = [one(1), one(2)]
    best = dict(lines[0])
    for key in best:
        if key.startswith("ms_") or key == "first_result_s":
            best[key] = min(line[key] for line in lines)
    for kind in rig.KINDS:
        best["threads_" + kind] = min(lines, key=lambda line: line["ms_" + kind])["threads"]
    leanest = min(lines, key=rig.own_memory)
    return lines, best | {key: leanest[key] for key in ("peak_rss_mb", "idle_rss_mb")}


def ratio(rounds, name, kind):
    mean, low, high = rig.ratios([(r[name]["ms_" + kind], r["tissot"]["ms_" + kind]) for r in rounds])
    return f"{mean:.2f} ({low:.2f} to {high:.2f})"


def median(rounds, name, of):
    return statistics.median(of(r[name]) for r in rounds)


def ms(rounds, name):
    cells = []
    for kind in rig.KINDS:
        cell = rig.number(median(rounds, name, lambda line: line["ms_" + kind]))
        threads = [r[name].get("threads_" + kind) for r in rounds]
        cells.append(cell if threads[0] is None else f"{cell} ({statistics.mode(threads)})")
    return " / ".join(cells)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--tissot", required=True, help="the workload program")
    ap.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS)
    ap.add_argument("--peers", nargs="+", choices=rig.PEERS, default=rig.PEERS)
    ap.add_argument("--threads", choices=["1", "2", "best"], default="1")
    ap.add_argument("--batch", type=int, help="rows of a batch; each workload's own by default")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--budget", type=float, default=1.0, help="seconds for each figure")
    ap.add_argument("--json")
    a = ap.parse_args()
    missing = [p for p in a.peers if importlib.util.find_spec({"freia": "FrEIA"}.get(p, p)) is None]
    if missing:
        print(f"not installed, left out: {', '.join(missing)}; --help says how to install them", file=sys.stderr)
    peers = [p for p in a.peers if p not in missing]
    rows = f", {a.batch} row" + "s" * (a.batch != 1) if a.batch else ""
    threads = {"1": "1 thread", "2": "2 threads", "best": "best of 1 and 2 threads"}[a.threads]
    ratio_head(threads + rows)
    all_rounds, of_one = {}, {}
    for workload in a.workloads:
        spec = workload + (f":batch={a.batch}" if a.batch else "")
        having = [p for p in peers if rig.has(p, workload)]
        all_rounds[workload], of_one[workload] = [], []
        for _ in range(a.rounds):
            sides = {p: lambda t, p=p: rig.peer(p, workload, t, a.budget, a.batch) for p in having}
            sides["tissot"] = lambda t: rig.tissot(a.tissot, spec, t, a.budget)
            counted, at_one = {}, {}
            for name, one in sides.items():
                lines, counted[name] = measure(one, a.threads)
                at_one[name] = lines[0]
                rig.keep(a.json, lines)
            all_rounds[workload].append(counted)
            of_one[workload].append(at_one)
        ratio_rows(workload, all_rounds[workload])
    times(all_rounds, peers, ", each with its threads" if a.threads == "best" else "")
    if a.threads == "best":
        print()
        ratio_head("1 thread" + rows)
        for workload, rounds in of_one.items():
            ratio_rows(workload, rounds)
        times(of_one, peers, "")


def ratio_head(first):
    rig.head([first, "peer", "parameters: peer, Tissot", "training step", "log_prob", "sample", "memory: peer, Tissot", "first result, s: peer, Tissot"])


def ratio_rows(workload, rounds):
    """A row for each peer of a workload."""
    memory = lambda name: f"{median(rounds, name, rig.own_memory):.0f} ({median(rounds, name, lambda line: line['peak_rss_mb']):.0f})"
    first = lambda name: rig.number(median(rounds, name, lambda line: line["first_result_s"]))
    for name in rounds[0]:
        if name != "tissot":
            theirs, ours = rounds[-1][name], rounds[-1]["tissot"]
            cells = [workload, name, f"{theirs['params']}, {ours['params']}"] + [ratio(rounds, name, kind) for kind in rig.KINDS]
            rig.row(cells + [f"{memory(name)}, {memory('tissot')}", f"{first(name)}, {first('tissot')}"])


def times(all_rounds, peers, note):
    """The table of milliseconds."""
    print(f"\nMilliseconds: training step / log_prob / sample{note}.\n")
    rig.head(["workload", "Tissot", *peers])
    for workload, rounds in all_rounds.items():
        rig.row([workload] + [ms(rounds, name) if name in rounds[0] else "" for name in ["tissot", *peers]])


if __name__ == "__main__":
    main()
