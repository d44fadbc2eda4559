"""The multilayer perceptron: dense layers with a non-linearity between them. Source: C1."""

from collections.abc import Callable, Sequence

from flax import linen as nn

from dl.models.checks import check_outputs
from dl.models.functional import from_linen
from dl.types import Array, Model


class MLP(nn.Module):
    """Dense layers of `hidden_sizes` units, then one of `outputs`: [B, ...] -> [B, outputs]."""

    outputs: int
    hidden_sizes: Sequence[int] = (128,)
    activation: Callable[[Array], Array] = nn.relu
    dropout: float = 0.0
    kernel_init: Callable = nn.initializers.he_normal()

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        hidden = inputs.reshape(inputs.shape[0], -1)
        for number, size in enumerate(self.hidden_sizes, start=1):
            hidden = nn.Dense(size, kernel_init=self.kernel_init, name=f"hidden{number}")(hidden)
            hidden = self.activation(hidden)
            hidden = nn.Dropout(self.dropout, deterministic=not train)(hidden)
        return nn.Dense(self.outputs, name="output")(hidden)


def mlp(
    outputs: int, *, hidden_sizes: Sequence[int] = (128,), dropout: float = 0.0, **options
) -> Model:
    """A multilayer perceptron, layer l: Z = W A_prev + b, A = f(Z). Source: C1; dropout D6, He
    initialisation D4.

    >>> sum(row.parameters for row in mlp(10).layers(jax.ShapeDtypeStruct((1, 784), "float32")))
    101770
    """
    check_outputs(outputs)
    return from_linen(MLP(outputs, tuple(hidden_sizes), dropout=dropout, **options))
