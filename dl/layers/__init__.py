"""The computations that models share: pure functions, each with a small Flax module around it."""

import dl.layers.attention as attention
import dl.layers.spectra as spectra
from dl.layers.activations import ACTIVATIONS, Activation, activation, activation_table
from dl.layers.boltzmann import (
    energy,
    free_energy,
    gibbs_chain,
    gibbs_step,
    hidden_mean,
    log_partition,
    log_pseudo_likelihood,
    visible_mean,
)
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
from dl.layers.dropout import Dropout
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
    "ACTIVATIONS",
    "Activation",
    "AvgPool",
    "Conv",
    "ConvPool",
    "Dropout",
    "MaxPool",
    "Recurrent",
    "RecurrentLayer",
    "activation",
    "activation_table",
    "attention",
    "avg_pool",
    "cells",
    "conv_pool",
    "convolution",
    "energy",
    "free_energy",
    "gibbs_chain",
    "gibbs_step",
    "hidden_mean",
    "init_layer",
    "log_partition",
    "log_pseudo_likelihood",
    "max_pool",
    "recurrent_layer",
    "scan_cell",
    "spectra",
    "visible_mean",
    "zero_carry",
]
