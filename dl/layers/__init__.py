"""The computations that models share: pure functions with a thin Flax module around each."""

from dl.layers.conv import Conv, ConvPool, conv_pool, convolution
from dl.layers.pool import AvgPool, MaxPool, avg_pool, max_pool

__all__ = ["AvgPool", "Conv", "ConvPool", "MaxPool", "avg_pool", "conv_pool", "convolution", "max_pool"]
