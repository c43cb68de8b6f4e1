"""FlowJAX's flows for make_more_golden.py, in float64: data to latent is the inverse of `flow.bijection`."""
import os
from importlib.metadata import version

import jax

jax.config.update("jax_enable_x64", True)

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import StandardNormal
from flowjax.flows import coupling_flow, masked_autoregressive_flow
from jax.tree_util import keystr, tree_flatten_with_path, tree_map, tree_map_with_path
from paramax import unwrap

D, HIDDEN, DEPTH, CONTEXT = 6, 32, 2, 3


class Flowjax:
    """One flow as numpy functions. `gain` = (factor of the networks' weights, noise of their biases)."""

    keeps_volume = False

    def __init__(self, flow, context, gain, architecture):
        self.flow, self.context, self.gain = flow, context, gain
        common = dict(features=D, context=context, nn_width=HIDDEN, nn_depth=DEPTH, nn_activation="relu", invert=True,
                      base="StandardNormal", forward="data to latent: layer 0 first; in a layer bijections.0, then bijections.1")
        packages = {p: version(p) for p in ("jax", "equinox", "paramax")}
        self.facts = dict(library="flowjax", version=version("flowjax"), **packages, architecture=common | architecture, leaves=self.leaves())

    def leaves(self):
        """Path, kind and shape of every leaf in the order of the tree; the functions are not written to files."""
        kind = lambda v: f"{v.dtype} {list(v.shape)}" if eqx.is_array(v) else f"{type(v).__name__} {v}" if eqx.is_array_like(v) else "function"
        return [[dotted(path), kind(v)] for path, v in tree_flatten_with_path(self.flow)[0]]

    def perturb(self, rng):
        def move(path, v):
            if not eqx.is_inexact_array(v):
                return v
            gain, noise = (1.0, self.gain[1]) if dotted(path).endswith("bias") else (self.gain[0], 0.1)
            v = np.asarray(v) * gain + noise * rng.standard_normal(v.shape)
            return jnp.asarray(v.astype(np.float32).astype(np.float64))

        self.flow = tree_map_with_path(move, self.flow)
        self.bijection = unwrap(self.flow).bijection

    def _map(self, f, x, c):
        return tuple(np.array(v) for v in (jax.vmap(f)(x) if c is None else jax.vmap(f)(x, c)))

    def forward(self, x, c):
        return self._map(self.bijection.inverse_and_log_det, x, c)

    def inverse(self, z, c):
        return self._map(self.bijection.transform_and_log_det, z, c)

    def log_prob(self, x, c, _):
        return np.array(self.flow.log_prob(x) if c is None else self.flow.log_prob(x, c))

    def layers(self, x, c):
        stack = self.bijection.bijection.bijection  # Invert, Scan, Chain
        for i in range(len(stack.bijections[1].permutation[0])):
            layer = tree_map(lambda v: v[i] if eqx.is_array(v) else v, stack)
            for b in layer.bijections:
                x, ladj = self._map(b.transform_and_log_det, x, c)
                yield x, ladj

    def jacobian(self, x, c):
        return self._map(lambda *v: (jax.jacfwd(self.bijection.inverse)(*v),), x, c)[0]

    def unsaid_log_det(self):
        return 0.0

    def weights(self):
        return {dotted(path): np.array(v) for path, v in tree_flatten_with_path(self.flow)[0] if eqx.is_array(v)}

    def extra_files(self, out, name):
        if name == "flowjax_maf":
            small = {"float64": jnp.float32, "int64": jnp.int32}
            cast = lambda v: v.astype(small.get(str(v.dtype), v.dtype)) if eqx.is_array(v) else v
            for file, flow in ((name, self.flow), (name + "_f32", tree_map(cast, self.flow))):
                path = os.path.join(out, file + ".eqx")
                eqx.tree_serialise_leaves(path, flow)
                yield path


def dotted(path):
    return keystr(path, simple=True, separator=".")


def models():
    settings = dict(base_dist=StandardNormal((D,)), nn_width=HIDDEN, nn_depth=DEPTH)
    spline = lambda: RationalQuadraticSpline(knots=7, interval=3)
    affine = dict(transformer="affine, the default", output="per feature [loc, u]", z="x * scale + loc",
                  scale="softplus(u + ln(exp(0.99) - 1)) + 0.01", min_scale=0.01)
    rqs = dict(transformer="RationalQuadraticSpline", knots=7, interval=[-3, 3], min_width=0.001, min_derivative=0.001,
               output="per feature [8 width logits, 8 height logits, 9 slopes t]", slopes="softplus(t + ln(exp(0.999) - 1)) + 0.001, the ends included")
    coupling = dict(layers=4, layer=["Coupling", "Permute"], untransformed_dim=3, network="input [first 3 features, context]")
    maf = dict(layers=3, layer=["MaskedAutoregressive", "Permute"], network="input [x, context], masked")
    yield "flowjax_coupling_affine", Flowjax(
        coupling_flow(jr.key(201), flow_layers=4, **settings), 0, (1.4, 0.5), coupling | affine | dict(key=201))
    yield "flowjax_coupling_spline", Flowjax(
        coupling_flow(jr.key(202), transformer=spline(), cond_dim=CONTEXT, flow_layers=4, **settings), CONTEXT, (1.2, 0.2), coupling | rqs | dict(key=202))
    yield "flowjax_maf", Flowjax(
        masked_autoregressive_flow(jr.key(203), flow_layers=3, **settings), 0, (3.0, 0.1), maf | affine | dict(key=203))
    yield "flowjax_maf_spline", Flowjax(
        masked_autoregressive_flow(jr.key(204), transformer=spline(), cond_dim=CONTEXT, flow_layers=3, **settings), CONTEXT, (1.8, 0.2),
        maf | rqs | dict(key=204))
