"""Models of Tissot for images in PyTorch, beside tissot_torch.py.

    model = load("digits.safetensors")              # made by `tissot export digits.tissot -o digits.safetensors`
    model.bits_per_dim(images, labels)              # images: bytes [n, height, width, channels]
    model.sample(16, temperature=0.7)
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

import tissot_torch
from tissot_torch import (
    ACTIVATIONS, LAYERS, NETS, UNIVARIATES, Chain, Context, Flow, Tensors, choose, described, sum_event, variant)

# Uniform noise is a multiple of 1 / STEPS and a half, so that f32 tells it from 0 and 1.
STEPS = 1 << 15


class Convolution(nn.Module):
    """Stride 1, padded with zeros so that height and width stay."""

    def __init__(self, tensors):
        super().__init__()
        self.weight, self.bias = tensors.parameter("weight"), tensors.parameter("bias")

    def forward(self, x):
        return F.conv2d(x, self.weight, self.bias, padding=self.weight.shape[-1] // 2)


def join(x, context):
    """An image, context features as constant channels, context maps."""
    parts = [x]
    if context.features is not None:
        parts.append(context.features[:, :, None, None].expand(-1, -1, *x.shape[2:]))
    return torch.cat(parts if context.maps is None else [*parts, context.maps], 1)


class ConvNet(nn.Module):
    def __init__(self, config, tensors, context):
        super().__init__()
        self.first, self.middle, self.last = (Convolution(tensors.at(name)) for name in ("first", "middle", "last"))
        self.log_scale = tensors.parameter("log_scale") if config["learned_scale"] else None
        self.activation = choose("activation", ACTIVATIONS, config["activation"])

    def forward(self, x, context):
        h = self.activation(self.first(join(x, context)))
        out = self.last(self.activation(self.middle(h)))
        return out if self.log_scale is None else out * (3 * self.log_scale).exp()[:, None, None]


class GatedBlock(nn.Module):
    def __init__(self, tensors):
        super().__init__()
        self.first, self.second, self.gate = (Convolution(tensors.at(name)) for name in ("first", "second", "gate"))


class ResidualConvNet(nn.Module):
    def __init__(self, config, tensors, context):
        super().__init__()
        self.initial, self.last = Convolution(tensors.at("initial")), Convolution(tensors.at("last"))
        self.blocks = nn.ModuleList(GatedBlock(tensors.at("blocks", i)) for i in range(config["blocks"]))
        self.activation = choose("activation", ACTIVATIONS, config["activation"])

    def forward(self, x, context):
        h = self.initial(join(x, context))
        for block in self.blocks:
            t = self.activation(block.first(self.activation(h)))
            h = h + block.second(t) * block.gate(t).sigmoid()
        return self.last(self.activation(h))


def squeeze(x, order):
    """[n, c, h, w] as [n, 4 c, h / 2, w / 2]."""
    n, c, h, w = x.shape
    axes = (0, 1, 3, 5, 2, 4) if order == "ChannelMajor" else (0, 3, 5, 1, 2, 4)
    return x.reshape(n, c, h // 2, 2, w // 2, 2).permute(axes).reshape(n, 4 * c, h // 2, w // 2)


def unsqueeze(x, order):
    n, c, h, w = x.shape
    if order == "ChannelMajor":
        x = x.reshape(n, c // 4, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3)
    else:
        x = x.reshape(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2)
    return x.reshape(n, c // 4, 2 * h, 2 * w)


class Squeezed(nn.Module):
    """Layers at half the resolution."""

    def __init__(self, config, tensors, place):
        super().__init__()
        self.order = config["order"]
        self.inner = Chain(config["layers"], tensors.at("inner"), place._replace(features=4 * place.features))

    def through(self, go, x, context):
        if context.maps is not None:
            context = context._replace(maps=squeeze(context.maps, self.order))
        z, log_det = go(squeeze(x, self.order), context)
        return unsqueeze(z, self.order), log_det

    def forward(self, x, context):
        return self.through(self.inner, x, context)

    def undo(self, z, context):
        return self.through(self.inner.undo, z, context)


class Checkerboard(nn.Module):
    """Every other pixel makes the parameters of those between."""

    def __init__(self, config, tensors, place):
        super().__init__()
        self.univariate = choose("univariate", UNIVARIATES, config["univariate"])
        self.net = choose("conditioner", NETS, config["conditioner"], tensors.at("net"), place.context)
        self.register_buffer("kept", tensors.take("kept"))

    def through(self, go, x, context):
        raw = self.net(x * self.kept, context)
        params = raw.reshape(*x.shape[:2], self.univariate.count, *x.shape[2:]).movedim(2, -1)
        y, slopes = go(x, params)
        kept = self.kept.bool()
        return torch.where(kept, x, y), sum_event(slopes.masked_fill(kept, 0))

    def forward(self, x, context):
        return self.through(self.univariate.forward, x, context)

    def undo(self, z, context):
        return self.through(self.univariate.undo, z, context)


NETS.update(Conv=ConvNet, ResidualConv=ResidualConvNet)
LAYERS.update(Squeezed=Squeezed, Checkerboard=Checkerboard)


class Pixels:
    """From whole numbers to what a flow sees, and back."""

    def __init__(self, config):
        self.levels, self.source_levels = config["levels"], config["source_levels"]
        self.event = [config["channels"], config["height"], config["width"]]
        name, fields = variant(config["squash"])
        # A logit is taken of offset + slope x.
        self.line = {
            "Centred": lambda: None,
            "Logit": lambda: (fields["alpha"], 1 - fields["alpha"]),
            "LogitBoth": lambda: (fields["lambda"], 1 - 2 * fields["lambda"]),
        }[name]()

    def values(self, images):
        """Bytes [n, height, width, channels] as whole numbers [n, channels, height, width]."""
        images = torch.as_tensor(images)
        channels, height, width = self.event
        if list(images.shape[1:]) != [height, width, channels]:
            raise ValueError(f"images: found the shape {list(images.shape)}, expected [n, {height}, {width}, {channels}]")
        return images.long().movedim(-1, 1) * self.levels // self.source_levels

    def forward(self, values, noise):
        """What a flow sees, and its log|det|."""
        total, dimensions = values + noise, math.prod(self.event)
        log_det = total.new_full([len(total)], -dimensions * math.log(self.levels))
        if self.line is None:
            return total / self.levels - 0.5, log_det
        offset, slope = self.line
        log_s = (offset + total * slope / self.levels).log()
        log_rest = ((self.levels - total) * slope / self.levels + max(1 - offset - slope, 0)).log()
        return log_s - log_rest, log_det + dimensions * math.log(slope) - sum_event(log_s + log_rest)

    def inverse(self, y):
        """The images nearest to y, as bytes."""
        x = y + 0.5 if self.line is None else (y.sigmoid() - self.line[0]) / self.line[1]
        last = self.levels - 1
        values = (x * self.levels).floor().clamp(0, last).long()
        return ((values * (self.source_levels - 1) + last // 2) // last).to(torch.uint8).movedim(1, -1)


class ImageModel(nn.Module):
    """A flow of images; where it has classes, an image stands under the number of one.

    `noise` gives the noise that makes whole numbers continuous, [draws, n, channels, height, width]: in (0, 1) without a
    dequantiser, of the standard normal distribution with one. Without it torch draws.
    """

    def __init__(self, description, tensors):
        super().__init__()
        self.flow = Flow(description["flow"], tensors.at("flow"))
        self.dequantiser = None
        if description.get("dequantiser") is not None:
            self.dequantiser = Flow(description["dequantiser"], tensors.at("dequantiser"))
        self.pixels, self.classes = Pixels(description["pixels"]), description["classes"]
        self.provenance = description["provenance"]

    def conditions(self, labels, n):
        if not self.classes:
            return Context()
        if labels is None:
            raise ValueError(f"labels: found none, expected one for each image: there are {len(self.classes)} classes")
        labels = torch.as_tensor(labels, device=self.flow.like().device)
        return Context(F.one_hot(labels, len(self.classes)).to(self.flow.like()))

    def dequantise(self, values, context, noise=None):
        """Noise in (0, 1), and its log-density."""
        if self.dequantiser is None:
            if noise is None:
                noise = (torch.randint(STEPS, values.shape, device=values.device) + 0.5) / STEPS
            return noise.to(values), 0
        maps = context._replace(maps=values / self.pixels.levels - 0.5)
        base = self.dequantiser.base
        noise = base.sample(len(values), maps, values) if noise is None else noise.to(values)
        a, log_det = self.dequantiser.inverse(noise, maps)
        log_q = base.log_prob(noise, maps) - log_det - sum_event(F.logsigmoid(a) + F.logsigmoid(-a))
        return a.sigmoid().clamp(0.5 / STEPS, 1 - 0.5 / STEPS), log_q

    def bound(self, images, labels=None, noise=None):
        """Nats of each image from below, by one draw of the noise [n, channels, height, width]."""
        values = self.pixels.values(images).to(self.flow.like())
        context = self.conditions(labels, len(values))
        noise, log_q = self.dequantise(values, context, noise)
        y, log_det = self.pixels.forward(values, noise)
        return self.flow.log_density(y, context) + log_det - log_q

    def bits_per_dim(self, images, labels=None, draws=1, noise=None):
        """Bits per dimension of each image from above, [n]."""
        noise = [None] * draws if noise is None else noise
        found = torch.stack([self.bound(images, labels, one) for one in noise]).double()
        nats = found.logsumexp(0) - math.log(len(noise))
        return -nats / (math.prod(self.pixels.event) * math.log(2))

    @torch.no_grad()
    def sample(self, n, labels=None, temperature=1.0):
        """n images, of the classes in turn without labels."""
        if labels is None and self.classes:
            labels = [i % len(self.classes) for i in range(n)]
        context = self.conditions(labels, n)
        z = temperature * self.flow.base.sample(n, context, self.flow.like())
        return self.pixels.inverse(self.flow.inverse(z, context)[0]).cpu()


def load(path):
    """The model of a file that `tissot export` wrote, of images or of a table."""
    tensors, description = described(path)
    if "pixels" not in description:
        return tissot_torch.load(path)
    model = ImageModel(description, Tensors(tensors))
    Tensors(tensors).all_taken()
    return model.eval()
