"""The nets, as MONAI defines them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

CHANNELS = (16, 32, 64, 96, 128, 160)
CLASSES = 3


def segmenter() -> "nn.Module":
    """A DynUNet (nnU-Net's plain shape) of 1.9 million parameters.

    In: ``[n, 1, row, column]``, standardised, sides a multiple of 32. Out: logits ``[n, 3, row,
    column]`` of background, the lung at the image's left, the lung at the image's right.
    """
    from monai.networks.nets import DynUNet

    depth = len(CHANNELS)
    net: nn.Module = DynUNet(
        spatial_dims=2,
        in_channels=1,
        out_channels=CLASSES,
        kernel_size=[3] * depth,
        strides=[1] + [2] * (depth - 1),
        upsample_kernel_size=[2] * (depth - 1),
        filters=list(CHANNELS),
        norm_name="batch",
    )
    return net
