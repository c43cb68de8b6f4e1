"""Holds tissot_torch.py and tissot_torch_images.py against Tissot's own numbers.

    python3 test_tissot_torch.py FOLDER

FOLDER has NAME.f64.safetensors and NAME.f32.safetensors, exports of models, and beside each NAME.f64.expected with what
Tissot says of it; crates/tissot/tests/export writes them and runs this.
"""

import json
import pathlib
import sys
import tempfile

import torch

import tissot_torch
import tissot_torch_images

TOLERANCES = {"f64": 1e-9, "f32": 1e-5}
ERRORS = {"f64": 0.0, "f32": 0.0}
FAILURES = []


def close(name, what, found, expected):
    """The largest difference must be within the tolerance of the number type.

    It is relative, in f64 to each number and in f32, which has 7 digits of what a number is a sum of, to the largest one in its
    place; to 1 where these are smaller.
    """
    kind = name.rsplit(".", 1)[1]
    found, expected = found.detach().double(), expected.double()
    same = (found == expected) | (found.isnan() & expected.isnan())
    size = expected.abs() if kind == "f64" else expected.nan_to_num(0, 0, 0).abs().amax(0, keepdim=True)
    error = ((found - expected).abs() / size.clamp(min=1)).masked_fill(same, 0)
    worst = error.max().item()
    if not worst <= TOLERANCES[kind]:
        FAILURES.append(f"{name}: {what}: differs by {worst:.1e}, expected at most {TOLERANCES[kind]:.0e}")
    ERRORS[kind] = max(ERRORS[kind], worst)


def check_log_dets(name, flow, z, context):
    """The log-dets of both directions cancel."""
    if name.endswith(".f64"):
        x, back = flow.inverse(z, context)
        close(name, "log_det", flow(x, context)[1], -back)


def check_table(name, model, said):
    at = {key: said[key] for key in ("context", "context_noise") if key in said}
    draws = said.get("noise")
    close(name, "log_prob", model.log_prob(said["rows"], noise=draws, **at), said["log_prob"])
    one = None if draws is None else draws[0]
    close(name, "latents", model.transform(said["rows"], noise=one, **at), said["latents"])
    close(name, "samples", model.inverse_transform(said["z"], **at), said["samples"])
    context = model.conditions(said.get("context"), said.get("context_noise"), len(said["z"]))
    check_log_dets(name, model, model.shaped(said["z"]), context)
    drawn = model.sample(len(said["rows"]), **at)
    assert drawn.shape == said["rows"].shape and drawn.isfinite().all(), f"{name}: samples"


def check_images(name, model, said):
    images, labels = said["images"].to(torch.uint8), said.get("labels")
    labels = None if labels is None else labels.long()
    close(name, "bits", model.bits_per_dim(images, labels, noise=said["noise"]), said["bits"])
    context = model.conditions(labels, len(images))
    values = model.pixels.values(images).to(model.flow.like())
    y, _ = model.pixels.forward(values, model.dequantise(values, context, said["noise"][0])[0])
    close(name, "latents", model.flow(y, context)[0], said["latents"])
    y, _ = model.flow.inverse(said["z"].to(values), context)
    close(name, "samples", y, said["samples"])
    check_log_dets(name, model.flow, said["z"].to(values), context)
    if "bytes" in said:
        close(name, "bytes", model.pixels.inverse(y), said["bytes"])
    assert model.sample(3).shape == images[:3].shape and model.sample(3).dtype == torch.uint8, f"{name}: samples"
    assert model.bits_per_dim(images, labels, draws=2).isfinite().all(), f"{name}: bits"


def check(path):
    name = path.name.removesuffix(".safetensors")
    said, _ = tissot_torch.read(path.with_suffix(".expected"))
    tensors, _ = tissot_torch.read(path)
    model = tissot_torch_images.load(path)
    assert model.state_dict().keys() == tensors.keys(), f"{name}: state_dict has other names than the file"
    assert all(torch.equal(value, tensors[key]) for key, value in model.state_dict().items()), f"{name}: values"
    (check_images if "images" in said else check_table)(name, model, said)
    return model, said


def check_training(path):
    """Gradients reach every parameter, and a step of Adam makes the rows more likely."""
    model, said = check(path)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    with torch.no_grad():
        before = model.log_prob(said["rows"]).mean()
    loss = -model.train().log_prob(said["rows"]).mean()
    loss.backward()
    missing = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.isfinite().all()]
    assert not missing, f"{path.name}: no gradient for {missing}"
    optimizer.step()
    after = model.eval().log_prob(said["rows"]).mean()
    assert after > before, f"{path.name}: {before} before a step, {after} after it"


def rewritten(path, folder, edit):
    """A copy of an export whose header was edited."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    edit(header)
    text = json.dumps(header).encode()
    copy = pathlib.Path(folder) / "copy.safetensors"
    copy.write_bytes(len(text).to_bytes(8, "little") + text + data[start:])
    return copy


def check_refusals(path, images):
    """What is not known is refused by its name."""
    def unknown_layer(header):
        model = json.loads(header["__metadata__"]["model"])
        model["flow"]["layers"][0] = {"Planar": {}}
        header["__metadata__"]["model"] = json.dumps(model)

    def renamed(header):
        name = next(name for name in header if name != "__metadata__")
        header["strange"] = header.pop(name)

    def another(header):
        header["__metadata__"]["format"] = "pt"

    def newer(header):
        header["__metadata__"]["version"] = "2"

    def refused(path, words):
        try:
            tissot_torch.load(path)
        except ValueError as error:
            assert words in str(error), f"{error}: expected {words}"
        else:
            raise AssertionError(f"{path.name}: expected to be refused: {words}")

    with tempfile.TemporaryDirectory() as folder:
        refused(rewritten(path, folder, unknown_layer), "layer: found Planar, expected one of ActNorm")
        refused(rewritten(path, folder, renamed), "the file has no such tensor")
        refused(rewritten(path, folder, lambda header: header.update(more=header["base.mean"])), "more: no part")
        refused(rewritten(path, folder, another), "found no model of Tissot")
        refused(rewritten(path, folder, newer), "found version 2, expected version 1")
        refused(images, "tissot_torch_images.load")


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)  # Of tensors this small, threads wait for one another.
    folder = pathlib.Path(sys.argv[1])
    paths = sorted(folder.glob("*.safetensors"))
    assert paths, f"{folder}: no exports"
    for path in paths:
        check(path)
    check_training(folder / "nested.f32.safetensors")
    check_refusals(folder / "diag.f64.safetensors", folder / "image_glow.f64.safetensors")
    print(f"{len(paths)} exports; largest differences {ERRORS['f64']:.1e} in f64, {ERRORS['f32']:.1e} in f32")
    if FAILURES:
        sys.exit("\n".join(FAILURES))


if __name__ == "__main__":
    main()
