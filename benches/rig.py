"""Runs measurements in processes of their own, and what can be said of their ratios."""
import functools
import json
import math
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = ["flowjax", "nflows", "zuko", "normflows", "freia"]
# The workloads of FrEIA, and the peers that have images.
FREIA, IMAGES = ["W1", "W2", "W6"], ["nflows", "normflows", "freia"]
KINDS = ["train_step", "log_prob", "sample"]

# Student's t, 97.5 %, by degrees of freedom from 1.
T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093]


def has(name, workload):
    """Whether a peer has a workload."""
    return (workload != "W6" or name in IMAGES) and (name != "freia" or workload in FREIA)


def peer(name, workload, threads, budget, batch=None):
    """One measurement of another library: its line of JSON, with the seconds to its first result."""
    command = ["--one", name, workload, str(threads), "--budget", str(budget)] + (["--batch", str(batch)] if batch else [])
    return python(command, name, threads) | {"idle_rss_mb": idle(name)}


@functools.cache
def idle(name):
    """MB of a peer's idle program: see bench_peers.py."""
    return python(["--idle", name], name, 1)["idle_rss_mb"]


def python(arguments, name, threads):
    env = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    env |= {"JAX_PLATFORMS": "cpu", "NPROC": str(threads), "PJRT_NPROC": str(threads), "PYTHONWARNINGS": "ignore"}
    # variables that tune an older OpenBLAS slow a current numpy
    env = {k: v for k, v in env.items() if not k.startswith("OPENBLAS_")}
    return listen([sys.executable, os.path.join(HERE, "peers", "bench_peers.py"), *arguments], name, env)


def tissot(program, spec, threads, budget):
    """One measurement of ours; `spec` as the workload program takes it, such as W3:features=533,batch=1."""
    line = listen([program, spec, str(threads), str(budget)], "tissot", None)
    return line | {"workload": spec.partition(":")[0], "spec": spec, "idle_rss_mb": our_idle(program)}


@functools.cache
def our_idle(program):
    """MB of our idle program."""
    return listen([program, "idle"], "tissot", None)["idle_rss_mb"]


def listen(command, who, env):
    start, first, line = time.perf_counter(), None, None
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        for text in process.stdout:
            if first is None and text.startswith("first result"):
                first = time.perf_counter() - start
            elif text.startswith("{"):
                line = json.loads(text)
        error = process.stderr.read().strip().splitlines()[-1:]
    if process.returncode or line is None:
        sys.exit(f"{who} failed: {error}; {' '.join(command)}")
    return line if first is None else line | {"first_result_s": round(first, 4)}


def own_memory(line):
    """MB at the peak above the idle program."""
    return line["peak_rss_mb"] - line["idle_rss_mb"]


def ratios(pairs):
    """The geometric mean of theirs / ours and its 95 % interval, by Student's t on the logarithms of the rounds' ratios."""
    logs = [math.log(theirs / ours) for theirs, ours in pairs]
    n = len(logs)
    mean = sum(logs) / n
    if n == 1:
        return math.exp(mean), 0.0, math.inf
    deviation = math.sqrt(sum((x - mean) ** 2 for x in logs) / (n - 1))
    t = T[n - 2] if n - 2 < len(T) else 1.96 + 2.4 / (n - 1)
    half = t * deviation / math.sqrt(n)
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def number(value):
    """Three digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def row(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def head(cells):
    row(cells)
    row(["---"] * len(cells))


def keep(path, lines):
    """Appends lines of JSON to a file, where there is one."""
    if path:
        with open(path, "a") as f:
            f.writelines(json.dumps(line) + "\n" for line in lines)
