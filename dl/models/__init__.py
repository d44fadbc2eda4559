"""The architectures, one a file; each name here builds a `Model`."""

from dl.models.functional import from_linen, trace_layers
from dl.models.lenet import lenet, lenet5
from dl.models.mlp import mlp
from dl.models.perceptron import logistic_regression, perceptron, softmax_regression, threshold

__all__ = [
    "from_linen",
    "lenet",
    "lenet5",
    "logistic_regression",
    "mlp",
    "perceptron",
    "softmax_regression",
    "threshold",
    "trace_layers",
]
