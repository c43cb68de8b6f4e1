"""Makes the seeds of `corpus/importers`: small untrained flows of five libraries.

An input is a checkpoint and, behind a mark, the architecture that its names and shapes do not tell.

    pip install torch zuko nflows normflows FrEIA flowjax safetensors
    python corpus_importers.py
"""

import io
import json
import pathlib

import equinox
import flowjax.bijections
import flowjax.distributions
import flowjax.flows
import FrEIA.framework
import FrEIA.modules
import jax
import numpy
import safetensors.numpy
import safetensors.torch
import torch
import zuko
from nflows.transforms import CompositeTransform, MaskedAffineAutoregressiveTransform, RandomPermutation

FOLDER = pathlib.Path(__file__).parent / "corpus" / "importers"
torch.manual_seed(0)


def write(name, data, **architecture):
    mark = b"<ARCHITECTURE>" + json.dumps(architecture).encode() if architecture else b""
    (FOLDER / name).write_bytes(data + mark)


def saved(state):
    file = io.BytesIO()
    torch.save(state, file)
    return file.getvalue()


def packed(module):
    return safetensors.torch.save({name: array.contiguous() for name, array in module.state_dict().items()})


maf = CompositeTransform([
    RandomPermutation(2), MaskedAffineAutoregressiveTransform(2, 3, num_blocks=1, use_residual_blocks=False)])
write("nflows_maf", packed(maf))
write("zuko_maf", packed(zuko.flows.MAF(2, transforms=1, hidden_features=[3])))
write("zuko_nsf", packed(zuko.flows.NSF(2, transforms=1, hidden_features=[2], bins=2)), bound=3.0, columns=[
    {"name": "a", "mean": 1.0, "std": 2.0}, {"name": "b", "mean": 0.0, "std": 1.0}])
write("zuko_realnvp", packed(zuko.flows.RealNVP(2, transforms=1, hidden_features=[2])))
write("torch_save", saved({"w": zuko.flows.NICE(2, transforms=1, hidden_features=[1]).state_dict()}))


def net(inputs, outputs):
    return torch.nn.Sequential(torch.nn.Linear(inputs, 2), torch.nn.ReLU(), torch.nn.Linear(2, outputs))


freia = FrEIA.framework.SequenceINN(2)
freia.append(FrEIA.modules.AllInOneBlock, subnet_constructor=net)
write("freia", packed(freia))

flow = flowjax.flows.coupling_flow(
    jax.random.key(0), base_dist=flowjax.distributions.StandardNormal((3,)), flow_layers=1, nn_width=2, nn_depth=1)
leaves = jax.tree_util.tree_leaves_with_path(equinox.filter(flow, equinox.is_array))
named = {jax.tree_util.keystr(path, simple=True, separator="."): numpy.asarray(leaf) for path, leaf in leaves}
write("flowjax", safetensors.numpy.save(named))
