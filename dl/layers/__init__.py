"""The computations that models share: pure functions with a thin Flax module around each."""

from dl.layers import cells
from dl.layers.conv import Conv, ConvPool, conv_pool, convolution
from dl.layers.pool import AvgPool, MaxPool, avg_pool, max_pool
from dl.layers.recurrent import init_layer, recurrent_layer, zero_carry
from dl.layers.recurrent_modules import Recurrent, RecurrentLayer
from dl.layers.scan import scan_cell

__all__ = [
    "AvgPool",
    "Conv",
    "ConvPool",
    "MaxPool",
    "Recurrent",
    "RecurrentLayer",
    "avg_pool",
    "cells",
    "conv_pool",
    "convolution",
    "init_layer",
    "max_pool",
    "recurrent_layer",
    "scan_cell",
    "zero_carry",
]
