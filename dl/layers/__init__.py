"""The computations that models share: pure functions, each with a small Flax module around it."""

from dl.layers import boltzmann
from dl.layers.conv import (
    AvgPool,
    Conv,
    ConvPool,
    MaxPool,
    avg_pool,
    conv_pool,
    convolution,
    max_pool,
)
from dl.layers.recurrent import (
    Recurrent,
    RecurrentLayer,
    cells,
    init_layer,
    recurrent_layer,
    scan_cell,
    zero_carry,
)

__all__ = [
    "AvgPool",
    "Conv",
    "ConvPool",
    "MaxPool",
    "Recurrent",
    "RecurrentLayer",
    "avg_pool",
    "boltzmann",
    "cells",
    "conv_pool",
    "convolution",
    "init_layer",
    "max_pool",
    "recurrent_layer",
    "scan_cell",
    "zero_carry",
]
