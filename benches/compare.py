"""Times other libraries and Tissot in turn, in one run, and prints the ratios.

  cargo build --release -p tissot-benches
  python benches/compare.py --tissot target/release/workload [--workloads W1 W4] [--peers zuko nflows] [--threads 1] [--rounds 5]

Each measurement is a process of its own: in every round each peer, then Tissot, on the same workload with the same number of
threads. A round's ratio is peer / Tissot for that round's two medians; the table has the median over the rounds and, in
brackets, the least and the largest. Above 1 Tissot is faster. `first step` is the time from the start of the program to the end of the
first training step. Peers are installed by

  pip install torch==2.15.0 zuko==1.6.0 nflows==0.14 normflows==1.7.3 flowjax==19.1.2

and those that are missing are named and left out. peers/peer_models.py says where a peer's architecture differs. --json FILE
keeps every measurement, one a line.
"""
import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
WORKLOADS = ["W1", "W2", "W3", "W4", "W5", "W7"]
PEERS = ["flowjax", "nflows", "zuko", "normflows"]
KINDS = ["train_step", "log_prob", "sample"]


def peer(name, workload, threads, budget):
    env = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "NPROC": str(threads)}
    # variables that tune an older OpenBLAS slow a current numpy
    env = {k: v for k, v in env.items() if not k.startswith("OPENBLAS_")}
    script = os.path.join(HERE, "peers", "bench_peers.py")
    command = [sys.executable, script, "--one", name, workload, str(threads), "--budget", str(budget)]
    return last_line(subprocess.run(command, env=env, capture_output=True, text=True), name)


def tissot(program, workload, threads, budget):
    command = [program, workload, str(threads), str(budget)]
    return last_line(subprocess.run(command, capture_output=True, text=True), "tissot")


def last_line(done, who):
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        sys.exit(f"{who} failed: {done.stderr.strip().splitlines()[-1:]}")
    return json.loads(lines[-1])


def ratio(pairs, kind):
    values = [theirs["ms_" + kind] / ours["ms_" + kind] for theirs, ours in pairs]
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--tissot", required=True)
    ap.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS)
    ap.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--budget", type=float, default=1.0, help="seconds for each figure")
    ap.add_argument("--json")
    a = ap.parse_args()
    missing = [p for p in a.peers if importlib.util.find_spec(p) is None]
    if missing:
        print(f"not installed, left out: {', '.join(missing)}", file=sys.stderr)
    peers = [p for p in a.peers if p not in missing]
    print("| workload | peer | parameters: peer, Tissot | training step | log_prob | sample | peak memory, MB | first step, s |")
    print("|---|---|---|---|---|---|---|---|")
    for workload in a.workloads:
        rounds = []
        for _ in range(a.rounds):
            rounds.append({p: peer(p, workload, a.threads, a.budget) for p in peers})
            rounds[-1]["tissot"] = tissot(a.tissot, workload, a.threads, a.budget)
        if a.json:
            with open(a.json, "a") as f:
                f.writelines(json.dumps(line) + "\n" for r in rounds for line in r.values())
        for name in peers:
            pairs = [(r[name], r["tissot"]) for r in rounds]
            theirs, ours = pairs[-1]
            cells = [workload, name, f"{theirs['params']}, {ours['params']}"] + [ratio(pairs, k) for k in KINDS]
            cells += [f"{theirs['peak_rss_mb']:.0f}, {ours['peak_rss_mb']:.0f}", f"{theirs['first_step_s'] + theirs['import_and_build_s']:.2f}, {ours['first_step_s']:.3f}"]
            print("| " + " | ".join(cells) + " |", flush=True)
        ms = ", ".join(f"{k} {statistics.median(r['tissot']['ms_' + k] for r in rounds):.3g}" for k in KINDS)
        print(f"| {workload} | Tissot, ms | | {ms} | | | | |", flush=True)


if __name__ == "__main__":
    main()
