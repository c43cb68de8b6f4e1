"""What held_out.py trains in Python: each has `params`, `step(rows)`, `score(x)`, `keep()` and `go_back()` to what was kept."""
import numpy as np

from peer_models import BUILD


class Torch:
    def __init__(self, peer, workload, rate, seed):
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.torch, self.model = torch, BUILD[peer](workload)
        self.opt = torch.optim.Adam(self.model.parameters(), lr=rate, fused=True)
        self.params = sum(p.numel() for p in self.model.parameters())

    def step(self, rows):
        self.opt.zero_grad()
        (-self.model.log_prob(self.torch.from_numpy(rows)).mean()).backward()
        self.opt.step()

    def score(self, x):
        with self.torch.no_grad():
            return self.torch.cat([self.model.log_prob(b) for b in self.torch.from_numpy(x).split(4096)]).double().numpy()

    def keep(self):
        self.kept = {k: v.clone() for k, v in self.model.state_dict().items()}

    def go_back(self):
        self.model.load_state_dict(self.kept)


class FlowJax:
    def __init__(self, workload, rate, seed):
        import equinox as eqx
        import jax
        import jax.random as jr
        import optax
        import paramax
        from flowjax.train.losses import MaximumLikelihoodLoss
        from flowjax.train.train_utils import step

        from flowjax_models import build

        fixed = lambda leaf: isinstance(leaf, paramax.NonTrainable)
        self.weights, self.rest = eqx.partition(build(workload, jr.key(seed)), eqx.is_inexact_array, is_leaf=fixed)
        self.opt, self.loss, self.key = optax.adam(rate), MaximumLikelihoodLoss(), jr.key(seed)
        self.state, self.one_step, self.combine = self.opt.init(self.weights), step, eqx.combine
        self.log_prob = eqx.filter_jit(lambda model, v: model.log_prob(v))
        self.params = sum(leaf.size for leaf in jax.tree_util.tree_leaves(self.weights))

    def step(self, rows):
        self.weights, self.state, _ = self.one_step(
            self.weights, self.rest, rows, optimizer=self.opt, opt_state=self.state, loss_fn=self.loss, key=self.key
        )

    def score(self, x):
        model = self.combine(self.weights, self.rest)
        return np.concatenate([np.asarray(self.log_prob(model, b), np.float64) for b in np.array_split(x, -(-len(x) // 4096))])

    def keep(self):
        self.kept = self.weights

    def go_back(self):
        self.weights = self.kept


def side(peer, workload, rate, seed):
    return FlowJax(workload, rate, seed) if peer == "flowjax" else Torch(peer, workload, rate, seed)
