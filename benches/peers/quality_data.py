"""The data sets of the quality comparison and their fixed splits.

Sets made here (numpy seed 0; 20,000 train, 2,000 validation, 10,000 test rows, 2 columns)
  moons          two half circles with N(0, 0.1^2) noise, shifted and scaled
  checkerboard   every other cell of a 4 x 4 board on [-2, 2]^2; entropy ln 8 = 2.0794 nats
  gaussians      eight Gaussians of width 0.2 on a circle of radius 2; entropy about ln 8 + ln(2 pi e 0.04) = 1.6984 nats
Tables (shuffled with seed 0; 20 % test, 10 % validation, the rest train). Each is a part of a published set or has
columns left out, so never compare with published figures.
  power   power-40k: active power, voltage and the three sub-meters, as in the recipe of Papamakarios et al. (2017) but without the
          time of day; uniform noise of the resolution is added (0.001 kW, 0.01 V, 1 Wh); rows with `?` are dropped
  sdss    u, g, r, i, z and redshift of 10,000 stars, galaxies and quasars
  gw      gw170608: nine of eleven columns (without the angles psi and vphi). 2,656 of the 20,000 rows repeat others,
          as Markov chains do: repeated rows are dropped, else test rows would also be training rows
cms was not chosen: its isolation columns have many exact zeros, where a density is not defined.

All numbers are rounded to 9 digits, so that the CSV files and the arrays used here are the same numbers.
"""
import csv
import math
import os

import numpy as np

TOY = ["moons", "checkerboard", "gaussians"]
TABLES = ["power", "sdss", "gw"]
SETS = TOY + TABLES
PARTS = ["train", "validation", "test"]
POWER = ["Global_active_power", "Voltage", "Sub_metering_1", "Sub_metering_2", "Sub_metering_3"]
SDSS = ["u", "g", "r", "i", "z", "redshift"]
GW = ["mchirp", "eta", "s1z", "s2z", "ra", "dec", "psi", "iota", "vphi", "tc", "distance"]


def toy(name, n, rng):
    if name == "moons":
        t, upper = rng.uniform(0, math.pi, n), rng.integers(0, 2, n) == 1
        x = np.where(upper[:, None], np.stack([np.cos(t), np.sin(t)], 1), np.stack([1 - np.cos(t), 0.5 - np.sin(t)], 1))
        return (x + 0.1 * rng.standard_normal((n, 2)) - [0.5, 0.25]) * [1.15, 2.0]
    if name == "checkerboard":
        column = rng.integers(0, 4, n)
        row = 2 * rng.integers(0, 2, n) + column % 2
        return np.stack([column, row], 1) - 2 + rng.uniform(0, 1, (n, 2))
    angle = rng.integers(0, 8, n) * math.pi / 4
    return 2 * np.stack([np.cos(angle), np.sin(angle)], 1) + 0.2 * rng.standard_normal((n, 2))


def read_csv(path, columns):
    with open(path, newline="") as f:
        rows = [[r[c] for c in columns] for r in csv.DictReader(f)]
    return np.array([[float(v) for v in r] for r in rows if "?" not in r])


def table(name, folder, rng):
    if name == "power":
        x = read_csv(os.path.join(folder, "power-40k", "household_power_40k.csv"), POWER)
        return POWER, x + rng.uniform(0, 1, x.shape) * [0.001, 0.01, 1, 1, 1]
    if name == "sdss":
        return SDSS, read_csv(os.path.join(folder, "sdss", "Skyserver_SQL2_27_2018.csv"), SDSS)
    x = np.unique(np.load(os.path.join(folder, "gw170608", "GW170608.npy")), axis=0)
    keep = [i for i, c in enumerate(GW) if c not in ("psi", "vphi")]
    return [GW[i] for i in keep], x[:, keep]


def load(name, folder):
    """Column names and a dictionary of the three parts, float64, in the data's own units."""
    rng = np.random.default_rng(0)
    if name in TOY:
        columns, parts = ["x1", "x2"], [toy(name, n, rng) for n in (20000, 2000, 10000)]
    else:
        columns, x = table(name, folder, rng)
        x = x[rng.permutation(len(x))]
        test, validation = len(x) // 5, len(x) // 10
        parts = [x[test + validation :], x[test : test + validation], x[:test]]
    nine = np.vectorize(lambda v: float(f"{v:.9g}"), otypes=[np.float64])
    return columns, {k: nine(v) for k, v in zip(PARTS, parts)}


def export(name, folder, out):
    """Writes NAME.train.csv, NAME.validation.csv and NAME.test.csv, each with a header."""
    os.makedirs(out, exist_ok=True)
    columns, parts = load(name, folder)
    for part, x in parts.items():
        with open(os.path.join(out, f"{name}.{part}.csv"), "w", newline="") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(columns)
            w.writerows([f"{v:.9g}" for v in row] for row in x)
    return columns, {k: len(v) for k, v in parts.items()}
