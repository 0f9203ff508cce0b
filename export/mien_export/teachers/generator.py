"""The generator of synthetic people: MobileStyleGAN with one style vector a layer, and a tap at 256 pixels.

Architecture: Belousov 2021, "MobileStyleGAN: A Lightweight Convolutional Neural Network for High-Fidelity Image
Synthesis". Weights: the package random-face (Apache-2.0), trained on FFHQ. A teacher: the service never loads it.
"""

from importlib.metadata import distribution
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mien_export.teachers.openvino_ir import Array, IrFile

STYLE_SIZE = 512

LEVELS = 7
"""The first makes maps of 8 pixels, the last of 512."""

LAYERS = 1 + 3 * LEVELS + 1
"""0 is 4 px; then three a level: joining the wavelets, and two convolutions; the last is the output."""

LAST_CHANNELS = 64

SLOPE = 0.2

TAP = Path(__file__).with_name("generator_tap.npz")
"""Weights of the tap, by `train generator_tap`."""

Size = Literal[256, 512, 1024]


class Mapping(nn.Module):
    """z (n, 512), standard normal, to w (n, 512)."""

    def __init__(self, file: IrFile) -> None:
        super().__init__()
        biases = [value for value in file.operands("Reshape") if value.shape == (STYLE_SIZE,)]
        pairs = zip(file.operands("MatMul"), biases, strict=True)
        self.layers = nn.ModuleList(_linear(weight, bias) for weight, bias in pairs)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Return w."""
        x = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE) * 2**0.5
        return x


class StyledConv(nn.Module):
    """Channels scaled by a style, convolved (depthwise then pointwise, but for the first), noise and bias added."""

    def __init__(self, file: IrFile, name: str, weight: Array, noise: Array) -> None:
        super().__init__()
        channels, kernel = weight.shape[1], 3
        self.style = _style(file, f"{name}.conv.modulation", (channels * kernel * kernel) ** -0.5)
        self.depthwise = None
        if weight.shape[2] == 1:
            self.depthwise = _parameter(file.named(f"{name}.conv.weight_dw")[:, 0])
        self.weight = _parameter(weight)
        self.bias = _parameter(file.named(f"{name}.bias").ravel())
        self.noise = _parameter(noise)

    def forward(self, x: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """Return (n, c, s, s) for (n, k, s, s) and a style (n, 512)."""
        x = x * self.style(style)[:, :, None, None]
        if self.depthwise is not None:
            x = F.conv2d(x, self.depthwise, padding=1, groups=len(self.depthwise))
        x = F.conv2d(x, self.weight, self.bias, padding=self.weight.shape[-1] // 2)
        return F.leaky_relu(x + self.noise, SLOPE)


class Level(nn.Module):
    """Doubles the picture's side: wavelets joined, then two convolutions, each with a style."""

    def __init__(self, up: nn.Linear, first: StyledConv, second: StyledConv) -> None:
        super().__init__()
        self.up, self.first, self.second = up, first, second

    def forward(self, x: torch.Tensor, styles: torch.Tensor) -> torch.Tensor:
        """Return (n, c, 2 s, 2 s) for (n, k, s, s) and styles (n, 3, 512)."""
        x = joined_wavelets(x * self.up(styles[:, 0])[:, :, None, None])
        return self.second(self.first(x, styles[:, 1]), styles[:, 2])


class Synthesis(nn.Module):
    """Styles (n, 23, 512) to pictures (n, 3, size, size), RGB about -1..1. The noise is the network's own, fixed."""

    def __init__(self, file: IrFile) -> None:
        super().__init__()
        noises = iter(value for value in file.operands("Add") if value.ndim == 4 and value.shape[2] > 1)
        convolutions = iter(file.operands("Convolution"))
        self.start = _parameter(file.named("m.input.input"))
        self.first = StyledConv(file, "m.conv1", next(convolutions), next(noises))
        levels = [
            Level(
                _style(file, f"m.layers.{i}.up.modulation", 1.0),
                StyledConv(file, f"m.layers.{i}.conv1", next(convolutions), next(noises)),
                StyledConv(file, f"m.layers.{i}.conv2", next(convolutions), next(noises)),
            )
            for i in range(LEVELS)
        ]
        self.levels, self.last = nn.ModuleList(levels[:-1]), levels[-1]
        self.to_colours = _style(file, "m.layers.6.to_img.conv.modulation", LAST_CHANNELS**-0.5)
        self.colours = _parameter(next(convolutions))
        self.colour_bias = _parameter(file.named("m.layers.6.to_img.bias"))
        self.tap = Tap(self)
        self.requires_grad_(requires_grad=False)

    def forward(self, styles: torch.Tensor, size: Size = 1024) -> torch.Tensor:
        """Return pictures.

        At 512 the last wavelets are left out: the same picture, each four pixels averaged. At 256, in half the time,
        the tap answers: nearly the same again, each sixteen averaged.
        """
        if size == 256:
            return self.tap(self.lows(styles), styles)
        x = self.last(self.features(styles), styles[:, -4:-1])
        x = x * self.to_colours(styles[:, -1])[:, :, None, None]
        x = F.conv2d(x, self.colours) + self.colour_bias
        return x[:, :3] * 0.5 if size == 512 else joined_wavelets(x)

    def features(self, styles: torch.Tensor) -> torch.Tensor:
        """Return what comes into the last level, (n, 128, 256, 256)."""
        x = self.first(self.start.expand(styles.shape[0], -1, -1, -1), styles[:, 0])
        for i, level in enumerate(self.levels):
            x = level(x, styles[:, 1 + 3 * i : 4 + 3 * i])
        return x

    def lows(self, styles: torch.Tensor) -> torch.Tensor:
        """Return the low band that comes into the last level, (n, 32, 256, 256): its pixels, each four averaged."""
        x = self.features(styles)
        factors = self.last.up(styles[:, -4])[:, :, None, None]
        low = x.shape[1] // 4
        return x[:, :low] * factors[:, :low] / 2


class Tap(nn.Module):
    """The last level and the output at half their resolution: three convolutions that are fitted, styles that are not.

    Without its weights it starts from kernels that average what the full ones do: 34 dB off the full picture.
    """

    def __init__(self, full: Synthesis) -> None:
        super().__init__()
        self.styles = nn.ModuleList([full.last.first.style, full.last.second.style, full.to_colours])
        weights = dict(np.load(TAP)) if TAP.exists() else averaging_weights(full)
        self.weights = nn.ParameterDict({name: _parameter(weight) for name, weight in weights.items()})

    def forward(self, x: torch.Tensor, styles: torch.Tensor) -> torch.Tensor:
        """Return pictures (n, 3, s, s) for the low band (n, 32, s, s) and styles (n, 23, 512)."""
        factors = [style(styles[:, i])[:, :, None, None] for style, i in zip(self.styles, (-3, -2, -1), strict=True)]
        for name, factor in zip(("first", "second"), factors, strict=False):
            depthwise = self.weights[f"{name}_depthwise"]
            x = F.conv2d(x * factor, depthwise, padding=1, groups=len(depthwise))
            x = F.leaky_relu(F.conv2d(x, self.weights[f"{name}_pointwise"], self.weights[f"{name}_bias"]), SLOPE)
        return F.conv2d(x * factors[-1], self.weights["colours"], self.weights["colour_bias"])


def averaging_weights(full: Synthesis) -> dict[str, Array]:
    """Return weights of a tap that sees each four pixels of the last level as one."""
    found: dict[str, torch.Tensor] = {"colours": full.colours[:3] / 2, "colour_bias": full.colour_bias[0, :3, 0, 0] / 2}
    for name, layer in (("first", full.last.first), ("second", full.last.second)):
        assert layer.depthwise is not None
        found[f"{name}_depthwise"] = _averaged_kernel(layer.depthwise)
        found[f"{name}_pointwise"] = layer.weight
        found[f"{name}_bias"] = layer.bias + layer.noise.mean()
    return {name: value.detach().numpy() for name, value in found.items()}


def _averaged_kernel(kernel: torch.Tensor) -> torch.Tensor:
    """Return the kernel (c, 1, 3, 3) that does at half the resolution what a kernel does on pixels that come in fours.

    The four fine pixels under a coarse one see, between them, each coarse neighbour so and so often.
    """
    near = torch.tensor([[1.0, 0, 0], [0, 1, 1], [0, 0, 0]]) + torch.tensor([[0.0, 0, 0], [1, 1, 0], [0, 0, 1]])
    return torch.einsum("ai,bj,cdij->cdab", near / 2, near / 2, kernel)


def joined_wavelets(x: torch.Tensor) -> torch.Tensor:
    """Return (n, c, 2 s, 2 s) for (n, 4 c, s, s): the inverse Haar transform of a low band and three of detail."""
    n, channels, height, width = x.shape
    c = channels // 4
    low, detail = x[:, :c], x[:, c:].reshape(n, c, 3, height, width)
    rows, columns, both = detail.unbind(dim=2)
    quarters = (low + rows + columns + both, low + rows - columns - both,
                low - rows + columns - both, low - rows - columns + both)  # fmt: skip
    return F.pixel_shuffle(torch.stack(quarters, dim=2).reshape(n, channels, height, width) / 2, 2)


def load_mapping() -> Mapping:
    """Return the mapping network."""
    return Mapping(IrFile(_package_file("MappingNetwork.xml"))).requires_grad_(requires_grad=False)


def load_synthesis() -> Synthesis:
    """Return the synthesis network."""
    return Synthesis(IrFile(_package_file("SynthesisNetwork.xml")))


def _package_file(name: str) -> Path:
    # Found without importing the package, which would import OpenVINO.
    return Path(str(distribution("random-face").locate_file(f"random_face/data/{name}")))


def _linear(weight: Array, bias: Array) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0])
    layer.weight, layer.bias = _parameter(weight), _parameter(bias)
    return layer


def _style(file: IrFile, name: str, scale: float) -> nn.Linear:
    """Return the layer that turns a style into a factor of each channel."""
    return _linear(file.named(f"{name}.weight") * scale, file.named(f"{name}.bias").ravel() * scale)


def _parameter(value: Array) -> nn.Parameter:
    return nn.Parameter(torch.tensor(np.array(value)))
