"""Convolution and pooling of pictures [B, H, W, C]: pure functions, and modules around them."""

from dl.layers.conv.convolution import conv_pool, convolution
from dl.layers.conv.modules import AvgPool, Conv, ConvPool, MaxPool
from dl.layers.conv.pool import avg_pool, max_pool

__all__ = [
    "AvgPool",
    "Conv",
    "ConvPool",
    "MaxPool",
    "avg_pool",
    "conv_pool",
    "convolution",
    "max_pool",
]
