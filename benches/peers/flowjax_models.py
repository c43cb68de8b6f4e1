"""The workloads built with FlowJAX."""
import jax.numpy as jnp
import jax.random as jr
from flowjax import bijections as B
from flowjax.distributions import StandardNormal, Transformed
from flowjax.flows import coupling_flow, masked_autoregressive_flow

from peer_models import AFFINE, MAF, NSF_AR, NSF_C, SHAPES


def build(workload, key):
    (d,), _ = SHAPES[workload]
    base = StandardNormal((d,))
    rqs = B.RationalQuadraticSpline(knots=7, interval=3)  # 7 inner knots = 8 bins
    net = lambda c: dict(flow_layers=c["layers"], nn_width=c["hidden"][0], nn_depth=len(c["hidden"]))
    if workload in AFFINE:
        return coupling_flow(key, base_dist=base, **net(AFFINE[workload]))
    if workload == "W3":
        return masked_autoregressive_flow(key, base_dist=base, **net(MAF))
    if workload == "W4":
        return coupling_flow(key, base_dist=base, transformer=rqs, **net(NSF_C))
    if workload == "W5":
        return masked_autoregressive_flow(key, base_dist=base, transformer=rqs, **net(NSF_AR))
    a = jnp.eye(d) + 0.05 * jr.normal(key, (d, d))
    chain = B.Chain([B.TriangularAffine(jnp.zeros(d), a, lower=False), B.TriangularAffine(jnp.zeros(d), a)])
    return Transformed(base, B.Invert(chain))  # log_prob is then the matmul direction of Invert(...).inverse
