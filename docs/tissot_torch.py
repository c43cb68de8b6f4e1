"""Models of Tissot in PyTorch.

    model = load("quakes.safetensors")      # made by `tissot export quakes.tissot -o quakes.safetensors`
    model.log_prob(rows)                    # rows in your units, nats in your units
    model.sample(1000)

A model is a torch.nn.Module whose state_dict has the names of the file; it can be trained on. Only torch is needed. Models
of tables are here, those of images in tissot_torch_images.py. What the formulas mean is said in Tissot's documentation.
"""

import json
import math
from typing import NamedTuple, Optional

import torch
from torch import nn
from torch.nn import functional as F

NUMBERS = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "I64": torch.int64, "I32": torch.int32,
}
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
# Draws of the noise that makes whole numbers continuous.
DRAWS = 16
# Laws of scales without a bound of their own end at exp(60).
LIMIT = 60.0
# A value on a bound is put inside by this share of the range.
INSIDE = 1e-6


# The file.

def read(path):
    """The tensors of a safetensors file by name, and its metadata."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata, tensors = header.pop("__metadata__", {}), {}
    for name, entry in header.items():
        number, count = NUMBERS[entry["dtype"]], math.prod(entry["shape"])
        flat = torch.empty(0, dtype=number)
        if count > 0:
            flat = torch.frombuffer(data, dtype=number, count=count, offset=start + entry["data_offsets"][0])
        tensors[name] = flat.clone().reshape(entry["shape"])
    return tensors, metadata


def described(path):
    """The tensors of a file that `tissot export` wrote, and the model's description."""
    tensors, metadata = read(path)
    if metadata.get("format") != "tissot":
        raise ValueError(f"{path}: found no model of Tissot, expected a file that `tissot export` wrote")
    if metadata["version"] != "1":
        raise ValueError(f"{path}: found version {metadata['version']}, expected version 1")
    return tensors, json.loads(metadata["model"])


class Tensors:
    """The tensors of a file below a name; each is taken once."""

    def __init__(self, tensors, below=""):
        self.tensors, self.below = tensors, below

    def at(self, *names):
        return Tensors(self.tensors, self.below + "".join(f"{name}." for name in names))

    def take(self, name):
        if self.below + name not in self.tensors:
            raise ValueError(f"{self.below}{name}: the file has no such tensor")
        return self.tensors.pop(self.below + name)

    def parameter(self, name):
        return nn.Parameter(self.take(name))

    def all_taken(self):
        if self.tensors:
            raise ValueError(f"{', '.join(sorted(self.tensors))}: no part of the model takes these tensors")


class Place(NamedTuple):
    """What a layer sees: features (of images, channels), and context features."""
    features: int
    context: int


class Context(NamedTuple):
    """What a density is conditioned on: [n, features], and of images [n, channels, height, width]."""
    features: Optional[torch.Tensor] = None
    maps: Optional[torch.Tensor] = None


def variant(config):
    """The name and the fields of a choice, which is written "Exp" or {"Tanh": {"bound": 1.0}}."""
    if isinstance(config, str):
        return config, {}
    ((name, fields),) = config.items()
    return name, {} if fields is None else fields


def choose(what, choices, config, *rest):
    """What a choice makes of its fields."""
    name, fields = variant(config)
    if name not in choices:
        raise ValueError(f"{what}: found {name}, expected one of {', '.join(choices)}")
    return choices[name](fields, *rest)


def sum_event(x):
    return x.flatten(1).sum(1)


def along(v, x):
    """[features] as [1, features, 1, ..], to broadcast along axis 1 of x."""
    return v.reshape(1, -1, *[1] * (x.dim() - 2))


# Univariates: y and log dy/dx of each element; parameters are along the last axis.

class Shift:
    count = 1

    def __init__(self, _):
        pass

    def forward(self, x, params):
        return x + params[..., 0], torch.zeros_like(x)

    def undo(self, y, params):
        return y - params[..., 0], torch.zeros_like(y)


def sigmoid_law(offset, epsilon):
    def of(u):
        log_s = F.logsigmoid(u + offset)
        return (log_s.exp() + epsilon).log() if epsilon > 0 else log_s.clamp(min=-LIMIT)
    return of


def softplus_law(epsilon):
    def of(u):
        if epsilon > 0:
            return (F.softplus(u) + epsilon).log()
        tail = u < -40
        return torch.where(tail, u, F.softplus(u.masked_fill(tail, 0)).log()).clamp(min=-LIMIT)
    return of


# The logarithm of a scale, from its free parameter.
LOG_SCALES = {
    "Exp": lambda _: lambda u: u.clamp(-LIMIT, LIMIT),
    "SoftClip": lambda f: lambda u: u / (1 + u.abs() / -math.log(f["floor"])),
    "Sigmoid": lambda f: sigmoid_law(f["offset"], f["epsilon"]),
    "Softplus": lambda f: softplus_law(f["epsilon"]),
    "Tanh": lambda f: lambda u: f["bound"] * (u / f["bound"]).tanh(),
    "Atan": lambda f: lambda u: 0.636 * f["clamp"] * u.atan(),
}


class Affine:
    count = 2

    def __init__(self, config):
        self.log_scale = choose("scale", LOG_SCALES, config["scale"])
        self.shift_first = config["order"] == "ShiftThenScale"

    def forward(self, x, params):
        t, log_s = params[..., 0], self.log_scale(params[..., 1])
        y = (x - t) * log_s.exp() if self.shift_first else x * log_s.exp() + t
        return y, log_s.expand_as(x)

    def undo(self, y, params):
        t, log_s = params[..., 0], self.log_scale(params[..., 1])
        x = y * (-log_s).exp() + t if self.shift_first else (y - t) * (-log_s).exp()
        return x, -log_s.expand_as(y)


def at_least(shares, least):
    return least + (1 - shares.shape[-1] * least) * shares


def soft_clipped(u, bound):
    return u / (1 + (u / bound).abs())


def bounded(f, w, h, d):
    w = at_least(w.softmax(-1), f["min_width"])
    a, c = f["bin_log_slope"], f["knot_log_slope"]
    raw = (a * (h / a).tanh()).exp()
    h = w * raw
    total = h.sum(-1, keepdim=True)
    harmonic = 2 / ((1 / raw[..., :-1] + 1 / raw[..., 1:]) * total)
    return w, h / total, harmonic * (c * (d / c).tanh()).exp()


def nflows(f, w, h, d):
    w, h = (w / f["logit_scale"]).softmax(-1), (h / f["logit_scale"]).softmax(-1)
    return at_least(w, f["min_width"]), at_least(h, f["min_height"]), f["min_derivative"] + F.softplus(d)


def zuko(f, w, h, d):
    limit = -math.log(f["slope"])
    w, h = soft_clipped(w, 0.5 * limit).softmax(-1), soft_clipped(h, 0.5 * limit).softmax(-1)
    return w, h, soft_clipped(d, limit).exp()


def free_ends(f, w, h, d):
    w, h = at_least(w.softmax(-1), f["min_width"]), at_least(h.softmax(-1), f["min_width"])
    return w, h, f["min_derivative"] + F.softplus(d)


# Shares of widths and heights, and slopes, from free parameters.
SPLINES = {"Bounded": bounded, "Nflows": nflows, "FreeEnds": free_ends, "Zuko": zuko}


class RationalQuadratic:
    def __init__(self, config):
        self.bins, self.bound = config["bins"], config["bound"]
        self.law, self.constants = variant(config["parameters"])
        if self.law not in SPLINES:
            raise ValueError(f"spline parameters: found {self.law}, expected one of {', '.join(SPLINES)}")
        # Slopes at both ends, too, or 1 there.
        self.free = self.law == "FreeEnds"
        self.count = 3 * self.bins + (1 if self.free else -1)

    def find(self, at, params, along_y):
        """The bin of each element: its corners, and its slopes relative to its mean slope."""
        k = self.bins
        w, h, d = SPLINES[self.law](self.constants, params[..., :k], params[..., k:2 * k], params[..., 2 * k:])

        def places(shares):
            inner = 2 * self.bound * shares.cumsum(-1)[..., :-1] - self.bound
            return F.pad(F.pad(inner, (1, 0), value=-self.bound), (0, 1), value=self.bound)

        x, y, d = places(w), places(h), d if self.free else F.pad(d, (1, 1), value=1.0)
        x, y, d = (table.expand(*at.shape, k + 1) for table in (x, y, d))
        bin = (at.unsqueeze(-1) >= (y if along_y else x)[..., 1:-1]).sum(-1, keepdim=True)
        x_0, x_1, y_0, y_1, d_0, d_1 = (
            table.gather(-1, bin + end).squeeze(-1) for table in (x, y, d) for end in (0, 1))
        s = (y_1 - y_0) / (x_1 - x_0)
        return x_0, x_1, y_0, y_1, s, d_0 / s, d_1 / s

    @staticmethod
    def evaluate(t, rest, s, r_0, r_1):
        """The share of the height below, and log dy/dx."""
        left, right = t + r_0 * rest, rest + r_1 * t
        denominator = t * left + rest * right
        return t * left / denominator, (s * (t * right + rest * left) / denominator.square()).log()

    def forward(self, x, params):
        outside, at = x.abs() >= self.bound, x.clamp(-self.bound, self.bound)
        x_0, x_1, y_0, y_1, s, r_0, r_1 = self.find(at, params, along_y=False)
        share, slope = self.evaluate((at - x_0) / (x_1 - x_0), (x_1 - at) / (x_1 - x_0), s, r_0, r_1)
        return torch.where(outside, x, y_0 + (y_1 - y_0) * share), slope.masked_fill(outside, 0)

    def undo(self, y, params):
        outside, at = y.abs() >= self.bound, y.clamp(-self.bound, self.bound)
        x_0, x_1, y_0, y_1, s, r_0, r_1 = self.find(at, params, along_y=True)
        above, below = (at - y_0) / (y_1 - y_0), (y_1 - at) / (y_1 - y_0)
        # m t^2 + (1 - m) t = above. The bin's ends change places where m < 0, so that nothing cancels.
        m = below - above + r_1 * above - r_0 * below
        swap, m = m < 0, m.abs()
        near, far = torch.where(swap, above, below), torch.where(swap, below, above)
        root = ((1 - m).square() + 4 * m * far).clamp(min=torch.finfo(y.dtype).eps ** 2).sqrt()
        part = 2 * near / (1 + m + root)
        t, rest = torch.where(swap, part, 1 - part), torch.where(swap, 1 - part, part)
        _, slope = self.evaluate(t, rest, s, r_0, r_1)
        return torch.where(outside, y, x_0 + (x_1 - x_0) * t), -slope.masked_fill(outside, 0)


UNIVARIATES = {"Shift": Shift, "Affine": Affine, "RationalQuadratic": RationalQuadratic}


# Networks that make the parameters of univariates.

ACTIVATIONS = {
    "Relu": lambda _: F.relu,
    "LeakyRelu": lambda f: lambda u: F.leaky_relu(u, f["slope"]),
    "Elu": lambda _: F.elu,
    "Selu": lambda _: F.selu,
    "Silu": lambda _: F.silu,
    "Gelu": lambda _: F.gelu,
    "Mish": lambda _: F.mish,
    "Tanh": lambda _: torch.tanh,
    "Sigmoid": lambda _: torch.sigmoid,
    "Softplus": lambda _: F.softplus,
}


class Linear(nn.Module):
    """x W + b, W as in the file: [inputs, outputs]."""

    def __init__(self, tensors):
        super().__init__()
        self.weight, self.bias = tensors.parameter("weight"), tensors.parameter("bias")

    def forward(self, x):
        return x @ self.weight + self.bias


def join(x, context):
    return x if context.features is None else torch.cat([x, context.features], 1)


class Mlp(nn.Module):
    def __init__(self, config, tensors, context):
        super().__init__()
        self.hidden = nn.ModuleList(Linear(tensors.at("hidden", i)) for i in range(len(config["hidden"])))
        self.last = Linear(tensors.at("last"))
        self.activation = choose("activation", ACTIVATIONS, config["activation"])
        self.dropout = nn.Dropout(config["dropout"])

    def forward(self, x, context):
        h = join(x, context)
        for layer in self.hidden:
            h = self.dropout(self.activation(layer(h)))
        return self.last(h)


class ResidualBlock(nn.Module):
    def __init__(self, tensors, gated):
        super().__init__()
        self.first, self.second = Linear(tensors.at("first")), Linear(tensors.at("second"))
        self.gate = Linear(tensors.at("gate")) if gated else None


class ResidualMlp(nn.Module):
    def __init__(self, config, tensors, context):
        super().__init__()
        gated = context > 0 and config["context"] == "Gate"
        self.initial, self.last = Linear(tensors.at("initial")), Linear(tensors.at("last"))
        self.blocks = nn.ModuleList(ResidualBlock(tensors.at("blocks", i), gated) for i in range(config["blocks"]))
        self.activation = choose("activation", ACTIVATIONS, config["activation"])
        self.dropout = nn.Dropout(config["dropout"])

    def forward(self, x, context):
        h = self.initial(join(x, context))
        for block in self.blocks:
            t = self.activation(block.first(self.activation(h)))
            t = block.second(self.dropout(t))
            h = h + (t if block.gate is None else t * block.gate(context.features).sigmoid())
        return self.last(h)


NETS = {"Mlp": Mlp, "Residual": ResidualMlp}


class Masked(nn.Module):
    """A linear map between units with degrees: the weight from i to j counts where degree(i) <= degree(j)."""

    def __init__(self, tensors, inputs, outputs):
        super().__init__()
        self.linear = Linear(tensors.at("linear"))
        mask = torch.tensor(inputs).unsqueeze(1) <= torch.tensor(outputs).unsqueeze(0)
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return x @ (self.linear.weight * self.mask) + self.linear.bias


class MaskedBlock(nn.Module):
    def __init__(self, tensors, degrees, through):
        super().__init__()
        self.first = Masked(tensors.at("first"), degrees, degrees)
        self.second = Masked(tensors.at("second"), degrees, degrees)
        self.context_layer = Linear(tensors.at("context_layer")) if through else None


class Made(nn.Module):
    """Parameters of every feature, from the features before it in `order`."""

    def __init__(self, config, tensors, place, count):
        super().__init__()
        features, context = place
        name, given = variant(config["order"])
        self.order = {"Ascending": range(features), "Descending": range(features)[::-1], "Given": given}[name]
        places = [list(self.order).index(i) for i in range(features)]
        self.alone = features == 1 and context == 0
        self.beside = context > 0 and (features == 1 or config["context_rule"] == "Input")
        through, lowest = context > 0 and not self.beside, 0 if self.beside else 1
        below = [0] if self.alone else [k + 1 for k in places] + [0] * (context if self.beside else 0)
        self.layers = nn.ModuleList()
        for i, units in enumerate([] if self.alone else config["hidden"]):
            above = sorted(lowest + unit % (features - lowest) for unit in range(units))
            self.layers.append(Masked(tensors.at("layers", i), below, above))
            below = above
        self.context_layer = Linear(tensors.at("context_layer")) if through else None
        blocks = range(0 if self.alone else config["blocks"])
        self.blocks = nn.ModuleList(MaskedBlock(tensors.at("blocks", i), below, through) for i in blocks)
        self.last = Masked(tensors.at("last"), below, [k for k in places for _ in range(count)])
        self.activation = choose("activation", ACTIVATIONS, config["activation"])
        self.dropout = nn.Dropout(config["dropout"])

    def forward(self, x, context):
        h = torch.ones_like(x) if self.alone else join(x, context) if self.beside else x
        for layer in self.layers:
            h = layer(h)
            if layer is self.layers[0] and self.context_layer is not None:
                h = h + self.activation(self.context_layer(context.features))
            if not self.blocks:
                h = self.dropout(self.activation(h))
        for block in self.blocks:
            t = block.first(self.activation(h))
            if block.context_layer is not None:
                t = t + block.context_layer(context.features)
            h = h + block.second(self.dropout(self.activation(t)))
        return self.last(h)


# Layers: z and log|det| of the direction taken; axis 1 holds the features, behind it may be positions.

class ActNorm(nn.Module):
    def __init__(self, config, tensors, place):
        super().__init__()
        self.log_scale, self.shift = tensors.parameter("log_scale"), tensors.parameter("shift")

    def log_det(self, x):
        return (self.log_scale.sum() * math.prod(x.shape[2:])).expand(len(x))

    def forward(self, x, context):
        return x * along(self.log_scale.exp(), x) + along(self.shift, x), self.log_det(x)

    def undo(self, z, context):
        return (z - along(self.shift, z)) * along((-self.log_scale).exp(), z), -self.log_det(z)


class Permutation(nn.Module):
    def __init__(self, config, tensors, place):
        super().__init__()
        self.register_buffer("indices", tensors.take("indices"))
        self.register_buffer("inverse", tensors.take("inverse"))

    def forward(self, x, context):
        return x[:, self.indices], x.new_zeros(len(x))

    def undo(self, z, context):
        return z[:, self.inverse], z.new_zeros(len(z))


class LuLinear(nn.Module):
    """W = P L U (After), L U P (Before) or L U."""

    def __init__(self, config, tensors, place):
        super().__init__()
        self.lower, self.upper = tensors.parameter("lower"), tensors.parameter("upper")
        self.diagonal = tensors.parameter("diagonal")
        self.register_buffer("sign", tensors.take("sign"))
        self.bias = tensors.parameter("bias") if config["bias"] else None
        self.place = config["place"]
        self.permutation = None
        if self.place != "None":
            self.permutation = Permutation(None, tensors.at("permutation"), place)
        law, fields = variant(config["diagonal"])
        self.size = {
            "Exp": torch.exp,
            "Softplus": lambda u: F.softplus(u, threshold=40) + fields["epsilon"],
        }[law]

    def factors(self):
        size = self.size(self.diagonal)
        lower = self.lower.tril(-1) + torch.eye(len(size), dtype=size.dtype, device=size.device)
        return lower, self.upper.triu(1) + (size * self.sign).diag(), size.log().sum()

    def forward(self, x, context):
        lower, upper, log_det = self.factors()
        if self.place == "Before":
            x = x[:, self.permutation.indices]
        z = (x.movedim(1, -1) @ (lower @ upper).T).movedim(-1, 1)
        if self.place == "After":
            z = z[:, self.permutation.indices]
        z = z if self.bias is None else z + along(self.bias, z)
        return z, (log_det * math.prod(z.shape[2:])).expand(len(z))

    def undo(self, z, context):
        lower, upper, log_det = self.factors()
        log_det = -(log_det * math.prod(z.shape[2:])).expand(len(z))
        x = z if self.bias is None else z - along(self.bias, z)
        if self.place == "After":
            x = x[:, self.permutation.inverse]
        x = x.movedim(1, -1)
        columns = x.reshape(-1, x.shape[-1]).T
        for factor, up in ((lower, False), (upper, True)):
            columns = torch.linalg.solve_triangular(factor, columns, upper=up)
        x = columns.T.reshape(x.shape).movedim(-1, 1)
        return (x[:, self.permutation.inverse] if self.place == "Before" else x), log_det


class FullLinear(nn.Module):
    def __init__(self, config, tensors, place):
        super().__init__()
        self.weight = tensors.parameter("weight")
        self.bias = tensors.parameter("bias") if config["bias"] else None

    def log_det(self, x):
        return (torch.linalg.slogdet(self.weight)[1] * math.prod(x.shape[2:])).expand(len(x))

    def forward(self, x, context):
        z = (x.movedim(1, -1) @ self.weight.T).movedim(-1, 1)
        return (z if self.bias is None else z + along(self.bias, z)), self.log_det(x)

    def undo(self, z, context):
        x = z if self.bias is None else z - along(self.bias, z)
        x = torch.linalg.solve(self.weight, x.movedim(1, -1).unsqueeze(-1)).squeeze(-1).movedim(-1, 1)
        return x, -self.log_det(z)


def kept_features(mask, features):
    half = (features + 1) // 2
    name, given = variant(mask)
    return {
        "FirstHalf": range(half), "SecondHalf": range(half, features),
        "Even": range(0, features, 2), "Odd": range(1, features, 2), "Kept": sorted(set(given)),
    }[name]


class Coupling(nn.Module):
    """The kept features make the parameters of the others; they may have a univariate of their own."""

    def __init__(self, config, tensors, place):
        super().__init__()
        self.univariate = choose("univariate", UNIVARIATES, config["univariate"])
        self.net = choose("conditioner", NETS, config["conditioner"], tensors.at("net"), place.context)
        kept = list(kept_features(config["mask"], place.features))
        moved = [i for i in range(place.features) if i not in kept]
        self.kept_univariate = None
        if config["kept_univariate"] is not None:
            self.kept_univariate = choose("univariate", UNIVARIATES, config["kept_univariate"])
            self.kept_params = tensors.parameter("kept_params")
        for name, order in (("kept", kept), ("moved", moved)):
            self.register_buffer(name, torch.tensor(order), persistent=False)
        self.register_buffer("merge", torch.tensor(kept + moved).argsort(), persistent=False)

    def params(self, kept, context):
        """[n, moved, positions.., parameters]."""
        raw = self.net(kept, context)
        return raw.reshape(len(raw), -1, self.univariate.count, *raw.shape[2:]).movedim(2, -1)

    def own_params(self, kept):
        shape = [1, kept.shape[1], *[1] * (kept.dim() - 2), self.kept_univariate.count]
        return self.kept_params.reshape(shape)

    def forward(self, x, context):
        kept, moved = x[:, self.kept], x[:, self.moved]
        moved, slopes = self.univariate.forward(moved, self.params(kept, context))
        log_det = sum_event(slopes)
        if self.kept_univariate is not None:
            kept, slopes = self.kept_univariate.forward(kept, self.own_params(kept))
            log_det = log_det + sum_event(slopes)
        return torch.cat([kept, moved], 1)[:, self.merge], log_det

    def undo(self, z, context):
        kept, moved, log_det = z[:, self.kept], z[:, self.moved], z.new_zeros(len(z))
        if self.kept_univariate is not None:
            kept, slopes = self.kept_univariate.undo(kept, self.own_params(kept))
            log_det = log_det + sum_event(slopes)
        moved, slopes = self.univariate.undo(moved, self.params(kept, context))
        return torch.cat([kept, moved], 1)[:, self.merge], log_det + sum_event(slopes)


class Autoregressive(nn.Module):
    """Each feature moves as those before it decide; undone feature by feature."""

    def __init__(self, config, tensors, place):
        super().__init__()
        self.univariate = choose("univariate", UNIVARIATES, config["univariate"])
        self.net = Made(config["made"], tensors.at("net"), place, self.univariate.count)

    def params(self, x, context):
        return self.net(x, context).reshape(*x.shape, self.univariate.count)

    def forward(self, x, context):
        z, slopes = self.univariate.forward(x, self.params(x, context))
        return z, sum_event(slopes)

    def undo(self, z, context):
        x, log_det = torch.zeros_like(z), z.new_zeros(len(z))
        for i in self.net.order:
            params = self.params(x, context)
            found, slopes = self.univariate.undo(z[:, i:i + 1], params[:, i:i + 1])
            x = torch.cat([x[:, :i], found, x[:, i + 1:]], 1)
            log_det = log_det + sum_event(slopes)
        return x, log_det


def nats(z):
    """-log P(|Z| > z) of a normal Z and z >= 0, and the logarithm of its slope."""
    log_erfcx = torch.special.erfcx(z / math.sqrt(2)).log()
    return 0.5 * z.square() - log_erfcx, 0.5 * math.log(2 / math.pi) - log_erfcx


def place_of(t):
    """The z of so many nats, and the logarithm of the slope of `nats` there."""
    with torch.no_grad():
        z = (2 * t).sqrt()
        for _ in range(8):
            found, log_slope = nats(z)
            z = (z - (found - t) * (-log_slope).exp()).clamp(min=0)
        found, log_slope = nats(z)
    # The last of Newton's steps knows derivatives.
    step = (t - found) * (-log_slope).exp()
    return z + step, log_slope + (log_slope.exp() - z) * step


class Tail(nn.Module):
    """Heavy tails of some features become the normal distribution's."""

    END = 60.0

    def __init__(self, config, tensors, place):
        super().__init__()
        self.log_lower, self.log_upper = tensors.parameter("log_lower"), tensors.parameter("log_upper")
        self.shift, self.log_scale = tensors.parameter("shift"), tensors.parameter("log_scale")
        heavy = [i for i, tails in enumerate(config["tails"]) if tails is not None]
        light = [i for i, tails in enumerate(config["tails"]) if tails is None]
        for name, order in (("heavy", heavy), ("light", light)):
            self.register_buffer(name, torch.tensor(order, dtype=torch.long), persistent=False)
        self.register_buffer("merge", torch.tensor(heavy + light).argsort(), persistent=False)

    def index(self, y):
        return torch.where(y < 0, along(self.log_lower.exp(), y), along(self.log_upper.exp(), y))

    def through(self, go, x):
        y, slopes = go(x[:, self.heavy])
        return torch.cat([y, x[:, self.light]], 1)[:, self.merge], sum_event(slopes)

    def lighten(self, x):
        y = (x - along(self.shift, x)) * along((-self.log_scale).exp(), x)
        index, a = self.index(y), y.abs()
        stretched = (index * a).clamp(max=1e30).log1p().clamp(max=self.END)
        z, log_slope = place_of(stretched / index)
        log_slope = -(log_slope + stretched)
        z = z + (a - math.expm1(self.END) / index).clamp(min=0) * log_slope.exp()
        return torch.where(y < 0, -z, z), log_slope - along(self.log_scale, x)

    def weigh(self, z):
        index, a = self.index(z), z.abs()
        end, _ = place_of(self.END / index)
        t, log_slope = nats(torch.minimum(a, end))
        log_slope = log_slope + index * t
        y = (index * t).expm1() / index + (a - end).clamp(min=0) * log_slope.exp()
        x = torch.where(z < 0, -y, y) * along(self.log_scale.exp(), z) + along(self.shift, z)
        return x, log_slope + along(self.log_scale, z)

    def forward(self, x, context):
        return self.through(self.lighten, x)

    def undo(self, z, context):
        return self.through(self.weigh, z)


class Chain(nn.Module):
    def __init__(self, configs, tensors, place):
        super().__init__()
        self.layers = nn.ModuleList(
            choose("layer", LAYERS, config, tensors.at("layers", i), place) for i, config in enumerate(configs))

    def forward(self, x, context):
        total = x.new_zeros(len(x))
        for layer in self.layers:
            x, log_det = layer(x, context)
            total = total + log_det
        return x, total

    def undo(self, z, context):
        total = z.new_zeros(len(z))
        for layer in reversed(self.layers):
            z, log_det = layer.undo(z, context)
            total = total + log_det
        return z, total


class Inverse(nn.Module):
    def __init__(self, configs, tensors, place):
        super().__init__()
        self.inner = Chain(configs, tensors.at("inner"), place)

    def forward(self, x, context):
        return self.inner.undo(x, context)

    def undo(self, z, context):
        return self.inner(z, context)


class Split(nn.Module):
    """One half of the features goes through the layers inside, the other stays."""

    def __init__(self, config, tensors, place):
        super().__init__()
        self.first, self.on_first = (place.features + 1) // 2, config["on"] == "First"
        features = self.first if self.on_first else place.features - self.first
        self.inner = Chain(config["layers"], tensors.at("inner"), place._replace(features=features))

    def through(self, go, x, context):
        first, second = x[:, :self.first], x[:, self.first:]
        on, log_det = go(first if self.on_first else second, context)
        return torch.cat([on, second] if self.on_first else [first, on], 1), log_det

    def forward(self, x, context):
        return self.through(self.inner, x, context)

    def undo(self, z, context):
        return self.through(self.inner.undo, z, context)


LAYERS = {
    "ActNorm": ActNorm, "Permutation": Permutation, "LuLinear": LuLinear, "FullLinear": FullLinear, "Coupling": Coupling,
    "Tail": Tail, "Autoregressive": Autoregressive, "Split": Split, "Chain": Chain, "Inverse": Inverse,
}


# Bases.

class StandardNormal(nn.Module):
    def __init__(self, config, tensors, event, context):
        super().__init__()
        self.event = event

    def log_prob(self, z, context):
        return -0.5 * sum_event(z.square()) - math.prod(self.event) * HALF_LOG_TWO_PI

    def sample(self, n, context, like):
        return torch.randn(n, *self.event, dtype=like.dtype, device=like.device)


class DiagNormal(nn.Module):
    """Its means and log-deviations may be moved by a network of the context."""

    def __init__(self, config, tensors, event, context):
        super().__init__()
        self.mean, self.log_std, self.net = tensors.parameter("mean"), tensors.parameter("log_std"), None
        if config["conditioner"] is not None:
            self.net = choose("conditioner", NETS, config["conditioner"], tensors.at("net"), context)

    def moments(self, context):
        if self.net is None or context.features is None:
            return self.mean, self.log_std
        nothing = context.features[:, :0]
        mean, log_std = self.net(nothing, context).chunk(2, 1)
        return self.mean + mean, self.log_std + log_std

    def log_prob(self, z, context):
        mean, log_std = self.moments(context)
        scaled = (z - mean) * (-log_std).exp()
        return sum_event(-0.5 * scaled.square() - log_std - HALF_LOG_TWO_PI)

    def sample(self, n, context, like):
        mean, log_std = self.moments(context)
        return torch.randn(n, len(self.mean), dtype=like.dtype, device=like.device) * log_std.exp() + mean


class StudentT(nn.Module):
    def __init__(self, config, tensors, event, context):
        super().__init__()
        self.raw_degrees = tensors.parameter("raw_degrees")

    def degrees_of_freedom(self):
        return 1 + F.softplus(self.raw_degrees)

    def log_prob(self, z, context):
        nu = self.degrees_of_freedom()
        half = 0.5 * (nu + 1)
        norm = half.lgamma() - (0.5 * nu).lgamma() - 0.5 * (math.pi * nu).log()
        return sum_event(norm - half * (z.square() / nu).log1p())

    def sample(self, n, context, like):
        return torch.distributions.StudentT(self.degrees_of_freedom()).sample((n,))


BASES = {"StandardNormal": StandardNormal, "DiagNormal": DiagNormal, "StudentT": StudentT}


# Flows, in their own units.

class Flow(nn.Module):
    """A bijection and a base, in the units that they see; a context goes through the embedding first."""

    def __init__(self, config, tensors):
        super().__init__()
        self.embedding, context = None, config["context"]
        if config.get("embedding") is not None:
            net = config["embedding"]["net"]
            self.embedding = choose("embedding", NETS, net, tensors.at("embedding"), 0)
            context = config["embedding"]["features"]
        self.event = [config["features"], *config.get("positions", [])]
        place = Place(config["features"], context)
        self.bijection = Chain(config["layers"], tensors.at("bijection"), place)
        self.base = choose("base", BASES, config["base"], tensors.at("base"), self.event, context)

    def like(self):
        """A tensor of the flow's number type and device."""
        floats = (t for t in [*self.parameters(), *self.buffers()] if t.is_floating_point())
        return next(floats, torch.zeros(()))

    def embed(self, context):
        if self.embedding is None or context.features is None:
            return context
        return context._replace(features=self.embedding(context.features, Context()))

    def forward(self, x, context=Context()):
        """z and log|det dz/dx|."""
        return self.bijection(x, self.embed(context))

    def inverse(self, z, context=Context()):
        """x and log|det dx/dz|."""
        return self.bijection.undo(z, self.embed(context))

    def log_density(self, x, context=Context()):
        context = self.embed(context)
        z, log_det = self.bijection(x, context)
        return self.base.log_prob(z, context) + log_det

    def draw(self, n, context=Context()):
        context = self.embed(context)
        return self.bijection.undo(self.base.sample(n, context, self.like()), context)[0]


# Tables, in the user's units.

def unbounded(column, x, noise):
    """y, log dy/dx and where the domain holds x."""
    name, bounds = variant(column["domain"])
    inside, zero = x.isfinite(), torch.zeros_like(x)
    if name == "Real":
        return x, zero, inside
    if name == "Positive":
        y = x.clamp(min=torch.finfo(x.dtype).tiny).log()
        return y, -y, inside & (x >= 0)
    if name == "Integer":
        return x + noise, zero, inside & (x == x.floor())
    a, b = bounds
    if name == "Periodic":
        return (x - column["cut"]).remainder(b - a), zero, inside
    if name == "Bounded":
        u = ((x - a) / (b - a)).clamp(INSIDE, 1 - INSIDE)
        below, above = u.log(), (-u).log1p()
        return below - above, -(below + above + math.log(b - a)), inside & (x >= a) & (x <= b)
    raise ValueError(f"column {column['name']}: found domain {name}, expected one that is known here")


def restored(column, y):
    """Back from y."""
    name, bounds = variant(column["domain"])
    if name == "Positive":
        return y.exp()
    if name == "Integer":
        return y.floor()
    if name == "Bounded":
        return bounds[0] + (bounds[1] - bounds[0]) * y.sigmoid()
    if name == "Periodic":
        a, b = bounds
        return a + (y + column["cut"] - a).remainder(b - a)
    return y


class Columns:
    """Domains and standardisation, in float64 on the host."""

    def __init__(self, columns):
        self.columns = columns
        self.integers = any(column["domain"] == "Integer" for column in columns)

    def table(self, rows, what):
        rows = torch.as_tensor(rows, dtype=torch.float64, device="cpu")
        if rows.dim() != 2 or rows.shape[1] != len(self.columns):
            raise ValueError(f"{what}: found the shape {list(rows.shape)}, expected [n, {len(self.columns)}]")
        return rows

    def forward(self, rows, noise):
        """Rows in the flow's units, their log|det|; a row outside a domain is 0 and has -inf."""
        noise = torch.rand_like(rows) if noise is None else noise
        parts = [unbounded(c, rows[:, i], noise[:, i]) for i, c in enumerate(self.columns)]
        y, slopes, inside = (torch.stack(part, 1) for part in zip(*parts))
        mean, std = (torch.tensor([c[key] for c in self.columns], dtype=rows.dtype) for key in ("mean", "std"))
        inside = inside.all(1)
        z = ((y - mean) / std).masked_fill(~inside.unsqueeze(1), 0)
        return z, (slopes - std.log()).sum(1).masked_fill(~inside, -math.inf)

    def inverse(self, z):
        return torch.stack([restored(c, z[:, i] * c["std"] + c["mean"]) for i, c in enumerate(self.columns)], 1)


class Model(Flow):
    """A flow of a table's rows, in the table's units.

    Rows, contexts and latents are [n, columns], numbers that torch.as_tensor takes; results are float64 on the host. Where the
    flow is one of images, a row is an image, channel by channel, and tissot_torch_images.load knows its layers. A column of
    whole numbers gets uniform noise: `noise` gives it, [n, columns] in [0, 1), of log_prob [draws, n, columns]; without it
    torch draws. `context_noise` is the same for the context, [n, context columns].
    """

    def __init__(self, description, tensors):
        super().__init__(description["flow"], tensors)
        self.columns, self.context_columns = Columns(description["columns"]), Columns(description["context"])
        self.provenance = description["provenance"]

    def shaped(self, rows):
        """Rows as the flow takes them."""
        return rows.to(self.like()).reshape(-1, *self.event)

    def conditions(self, context, noise, n):
        if not self.context_columns.columns:
            return Context()
        if context is None:
            raise ValueError(f"context: found none, expected [n, {len(self.context_columns.columns)}]")
        context = self.context_columns.table(context, "context")
        if len(context) != n:
            raise ValueError(f"context: found {len(context)} rows, expected {n}")
        return Context(self.context_columns.forward(context, noise)[0].to(self.like()))

    def log_prob(self, rows, context=None, noise=None, context_noise=None):
        """Nats in the table's units, [n]; -inf outside a domain. Of whole numbers it is a bound from below."""
        rows = self.columns.table(rows, "rows")
        context = self.conditions(context, context_noise, len(rows))
        draws = noise if noise is not None else [None] * (DRAWS if self.columns.integers else 1)
        found = []
        for noise in draws:
            x, log_det = self.columns.forward(rows, noise)
            found.append(self.log_density(self.shaped(x), context).to(x) + log_det)
        return torch.stack(found).logsumexp(0) - math.log(len(found))

    def transform(self, rows, context=None, noise=None, context_noise=None):
        """The latent of each row; NaN outside a domain."""
        rows = self.columns.table(rows, "rows")
        x, log_det = self.columns.forward(rows, noise)
        z, _ = self(self.shaped(x), self.conditions(context, context_noise, len(rows)))
        return z.flatten(1).to(x).masked_fill(log_det.isneginf().unsqueeze(1), math.nan)

    def inverse_transform(self, z, context=None, context_noise=None):
        """The row of each latent."""
        z = self.columns.table(z, "latents")
        x, _ = self.inverse(self.shaped(z), self.conditions(context, context_noise, len(z)))
        return self.columns.inverse(x.flatten(1).to(z))

    @torch.no_grad()
    def sample(self, n, context=None, context_noise=None):
        """n rows, each under its row of the context; torch.manual_seed makes them the same again."""
        x = self.draw(n, self.conditions(context, context_noise, n))
        return self.columns.inverse(x.flatten(1).to("cpu", torch.float64))


def load(path):
    """The model of a table in a file that `tissot export` wrote."""
    tensors, description = described(path)
    if "pixels" in description:
        raise ValueError(f"{path}: found a model of images, which tissot_torch_images.load reads")
    model = Model(description, Tensors(tensors))
    Tensors(tensors).all_taken()
    return model.eval()
