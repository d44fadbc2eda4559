"""The multilayer perceptron: dense layers with a non-linearity between them. Source: C1."""

from collections.abc import Callable, Sequence

from flax import linen as nn

from dl.layers import Dropout
from dl.layers.blocks import batch_norm
from dl.models.checks import check_outputs, check_sizes
from dl.models.functional import from_linen
from dl.types import Array, Model

_HE_NORMAL = nn.initializers.he_normal()


class MLP(nn.Module):
    """Dense layers of `hidden_sizes` units, then one of `outputs`: [B, ...] -> [B, outputs]."""

    outputs: int
    hidden_sizes: Sequence[int] = (128,)
    activation: Callable[[Array], Array] = nn.relu
    dropout: float = 0.0
    kernel_init: Callable[..., Array] = _HE_NORMAL
    batch_normalised: bool = False

    @nn.compact
    def __call__(self, inputs: Array, *, train: bool = False) -> Array:
        hidden = inputs.reshape(inputs.shape[0], -1)
        for number, size in enumerate(self.hidden_sizes, start=1):
            hidden = nn.Dense(
                size,
                use_bias=not self.batch_normalised,  # the norm would subtract it again
                kernel_init=self.kernel_init,
                name=f"hidden{number}",
            )(hidden)
            if self.batch_normalised:
                hidden = batch_norm()(train=train, name=f"norm{number}")(hidden)
            hidden = self.activation(hidden)
            hidden = Dropout(self.dropout, deterministic=not train)(hidden)
        return nn.Dense(self.outputs, name="output")(hidden)


def mlp(
    outputs: int,
    *,
    hidden_sizes: Sequence[int] = (128,),
    activation: Callable[[Array], Array] = nn.relu,
    dropout: float = 0.0,
    kernel_init: Callable[..., Array] = _HE_NORMAL,
    batch_normalised: bool = False,
) -> Model:
    """A multilayer perceptron, in each layer A = f(Z) with Z = W A_before + b; the last is linear.

    [B, ...] -> [B, outputs]. `dropout` follows every hidden layer, f is the `activation`. When it
    is `batch_normalised`, A = f(BN(W A_before)), and the shift of the norm is the bias. Source: C1;
    dropout D6; He initialisation D4; batch norm D5.

    Raises:
        InputError: for a number of outputs or units below 1.

    >>> sum(row.parameters for row in mlp(10).layers(jax.ShapeDtypeStruct((1, 784), "float32")))
    101770
    """
    check_outputs(outputs)
    check_sizes(hidden_sizes, name="hidden_sizes")
    module = MLP(
        outputs,
        tuple(hidden_sizes),
        activation=activation,
        dropout=dropout,
        kernel_init=kernel_init,
        batch_normalised=batch_normalised,
    )
    return from_linen(module)
