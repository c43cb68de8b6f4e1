"""FrEIA's flows for make_more_golden.py: a SequenceINN each, data to latent by rev=False."""
import os
from importlib.metadata import version

import FrEIA.framework as Ff
import FrEIA.modules as Fm
import numpy as np
import torch
from torch import nn

D, HIDDEN, CONTEXT, BLOCKS = 6, 32, 3, 4
ATAN = "log_scale = clamp * 0.636 * atan(s)"


def subnet(a, b):
    return nn.Sequential(nn.Linear(a, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, b))


class Freia:
    """One flow as numpy functions. `gain` enlarges the weights of the subnets."""

    def __init__(self, inn, context, gain, architecture, keeps_volume=False):
        self.inn, self.context, self.gain, self.keeps_volume = inn, context, gain, keeps_volume
        layers = [type(m).__name__ for m in inn.module_list]
        common = dict(layers=layers, features=D, context=context, subnet=f"Linear-ReLU-Linear-ReLU-Linear, {HIDDEN} units",
                      forward="data to latent is rev=False, module 0 first")
        self.facts = dict(library="FrEIA", version=version("FrEIA"), torch=version("torch"), architecture=common | architecture)

    def perturb(self, rng):
        noise = lambda p, s: torch.from_numpy(s * rng.standard_normal(p.shape))
        self.inn.double()
        with torch.no_grad():
            for key, p in self.inn.named_parameters():
                if not p.is_floating_point() or ".w_perm" in key:
                    continue
                if key.endswith("global_scale"):
                    p.add_(noise(p, 2.0) - 1.5)
                elif key.endswith(("global_offset", "bias")):
                    p.add_(noise(p, 0.5))
                else:
                    p.mul_(self.gain).add_(noise(p, 0.1))
                p.copy_(p.float().double())

    def _run(self, x, c, rev, module=None):
        x = torch.from_numpy(x)
        c = [] if c is None else [torch.from_numpy(c)]
        with torch.no_grad():
            if module is None:
                y, ladj = self.inn(x, c=c, rev=rev)
            else:
                (y,), ladj = module((x,), c=c, rev=rev) if c else module((x,), rev=rev)
        ladj = torch.as_tensor(ladj, dtype=torch.float64).expand(len(x))
        return y.numpy(), ladj.numpy().copy()

    def forward(self, x, c):
        return self._run(x, c, False)

    def inverse(self, z, c):
        return self._run(z, c, True)

    def log_prob(self, x, c, normal):
        """FrEIA has none: the density is up to the caller."""
        z, ladj = self.forward(x, c)
        return normal(z) + ladj

    def layers(self, x, c):
        for m in self.inn.module_list:
            x, ladj = self._run(x, c, False, m)
            yield x, ladj

    def jacobian(self, x, c):
        one = lambda v, b: self.inn(v[None], c=[] if c is None else [torch.from_numpy(c[b : b + 1])])[0][0]
        rows = [torch.autograd.functional.jacobian(lambda v: one(v, b), torch.from_numpy(x[b])) for b in range(len(x))]
        return torch.stack(rows).numpy()

    def unsaid_log_det(self):
        """Soft permutations are stored in float32: their log|det|, about 1e-7, is not in FrEIA's result."""
        w = [v.numpy() for k, v in self.inn.state_dict().items() if k.endswith("w_perm")]
        return float(sum(np.linalg.slogdet(v)[1] for v in w))

    def weights(self):
        return {k: v.numpy() for k, v in self.inn.state_dict().items()}

    def extra_files(self, out, name):
        if name == "freia_glow_coupling":
            path = os.path.join(out, name + ".pt")
            torch.save({k: v.float() if v.is_floating_point() else v for k, v in self.inn.state_dict().items()}, path)
            yield path


def sequence(block, seed, permute=False, context=0, **settings):
    torch.manual_seed(seed)
    np.random.seed(seed)
    inn = Ff.SequenceINN(D)
    seeds = []
    for i in range(BLOCKS):
        if permute and i:
            seeds.append(seed + i)
            inn.append(Fm.PermuteRandom, seed=seeds[-1])
        cond = dict(cond=0, cond_shape=(context,)) if context else {}
        inn.append(block, subnet_constructor=subnet, **cond, **settings)
    return inn, seeds


def models():
    two_sided = dict(split_len=[3, 3], sides="first half moved first, given [second half, context]; then the second, given [new first half, context]")
    affine = two_sided | dict(clamp=2.0, clamp_activation="ATAN", log_scale=ATAN, z="exp(log_scale) * x + t")
    inn, seeds = sequence(Fm.GLOWCouplingBlock, 101, permute=True)
    yield "freia_glow_coupling", Freia(inn, 0, 1.4, affine | dict(
        subnets="subnet2 moves the first half, subnet1 the second", output="[s, t]", permutation_seeds=seeds))
    inn, _ = sequence(Fm.RNVPCouplingBlock, 102, context=CONTEXT)
    yield "freia_rnvp_coupling", Freia(inn, CONTEXT, 1.2, affine | dict(
        subnets="subnet_s2, subnet_t2 move the first half, subnet_s1, subnet_t1 the second"))
    inn, _ = sequence(Fm.NICECouplingBlock, 103)
    yield "freia_nice_coupling", Freia(inn, 0, 1.6, two_sided | dict(
        subnets="F moves the first half, G the second", z="x + t"), keeps_volume=True)
    one = dict(
        split_len=[3, 3], affine_clamping=2.0, gin_block=False, global_affine_init=1.0, global_affine_type="SOFTPLUS",
        learned_householder_permutation=0, reverse_permutation=False,
        sides="the second half is moved, given the first; subnet output [s, t] times 0.1", log_scale="affine_clamping * tanh(0.1 s)",
        z="W (g * u + global_offset), u the coupling's result, W = w_perm", g="0.2 ln(1 + exp(global_scale / 2))")
    inn, _ = sequence(Fm.AllInOneBlock, 104)
    yield "freia_all_in_one", Freia(inn, 0, 2.0, one | dict(permute_soft=False, numpy_seed=104))
    inn, _ = sequence(Fm.AllInOneBlock, 105, permute_soft=True, learned_householder_permutation=0, global_affine_type="SOFTPLUS")
    yield "freia_all_in_one_soft", Freia(inn, 0, 2.0, one | dict(permute_soft=True, numpy_seed=105))
