"""One layer of neurons: perceptron, logistic regression, softmax regression.

The three compute the same a = W x + b. The objective says what becomes of a (a threshold, a
probability, a distribution) and how W is learned. Source: A1, A2, A4, A5.
"""

import jax.numpy as jnp
from flax import linen as nn

from dl.models.checks import check_outputs
from dl.models.functional import from_linen
from dl.types import Array, Model


class SingleLayer(nn.Module):
    """a = W x + b for flattened inputs: [B, ...] -> [B, outputs]; zero at the start, as in A2."""

    outputs: int

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        flat = inputs.reshape(inputs.shape[0], -1)
        return nn.Dense(self.outputs, kernel_init=nn.initializers.zeros, name="output")(flat)


def perceptron(outputs: int = 1) -> Model:
    """`outputs` threshold units (McCulloch-Pitts 1943): y = 1 if w·x + b > 0 else 0.

    The model returns w·x + b, from which `threshold` makes 0 or 1. Trained with
    `objectives.perceptron`, plain SGD at rate 1 and batches of one example, it follows Rosenblatt's
    rule. Source: A1, A2.
    """
    check_outputs(outputs)
    return from_linen(SingleLayer(outputs), name="perceptron")


def logistic_regression(outputs: int = 1) -> Model:
    """Logistic units: log-odds w·x + b, probability σ(w·x + b). Train with `objectives.binary`.

    Source: A4.
    """
    check_outputs(outputs)
    return from_linen(SingleLayer(outputs), name="logistic_regression")


def softmax_regression(classes: int) -> Model:
    """Class scores W x + b, probabilities softmax(W x + b). Train with `objectives.classification`.

    Source: A5.
    """
    check_outputs(classes)
    return from_linen(SingleLayer(classes), name="softmax_regression")


def threshold(activation: Array) -> Array:
    """1 where the activation is positive, else 0. Source: A1.

    >>> threshold(jnp.array([-1.0, 0.0, 0.5]))
    Array([0, 0, 1], dtype=int32)
    """
    return (activation > 0).astype(jnp.int32)
