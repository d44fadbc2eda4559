"""The outputs of a trained network's layers: feature maps, and vectors of features."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError, did_you_mean
from dl.inspect.trained import Trained, in_blocks, prepare
from dl.types import Array, Model, ModelState, Params


def feature_maps(
    trained: Trained, inputs: Array | np.ndarray, *, layers: Sequence[str] | None = None
) -> dict[str, Array]:
    """The outputs of every layer, or of `layers`, by name, in the order of the calls.

    Inputs [B, ...] -> maps [B, H, W, F] or features [B, F]. Names are those that `show` prints,
    and those of whole blocks. A function that a model applies to a layer's output, such as the ReLU
    after a dense layer, is not a layer of its own: the outputs are those before it. All inputs are
    computed at once, so all their maps must fit in memory.

    Raises:
        InputError: for a layer that the model does not have.

    >>> import dl
    >>> from dl.train.network import Network
    >>> model = dl.models.lenet(10, features=(2, 3), hidden_size=4)
    >>> network = Network(model, *jax.jit(model.init)(jax.random.key(0), np.zeros((1, 16, 16, 1))))
    >>> maps = feature_maps(network, np.zeros((5, 16, 16, 1)), layers=["conv1", "conv1.pool"])
    >>> {name: array.shape for name, array in maps.items()}
    {'conv1': (5, 12, 12, 2), 'conv1.pool': (5, 6, 6, 2)}
    """
    wanted = None if layers is None else tuple(layers)
    state = (trained.params, trained.model_state)
    return dict(_activations(trained.model, *state, prepare(trained, inputs), layers=wanted))


def features(
    trained: Trained, inputs: Array | np.ndarray, *, layer: str, batch_size: int = 256
) -> np.ndarray:
    """The outputs of one layer as vectors: [N, ...] -> float32 [N, F].

    `batch_size` inputs are computed at a time.

    >>> import dl
    >>> from dl.train.network import Network
    >>> params = {"output": {"kernel": jnp.array([[1.0], [2.0]]), "bias": jnp.zeros(1)}}
    >>> network = Network(dl.models.softmax_regression(1), params)
    >>> features(network, np.eye(2), layer="output").tolist()
    [[1.0], [2.0]]
    """

    def block(index: np.ndarray) -> Array:
        maps = feature_maps(trained, inputs[index], layers=[layer])[layer]
        return maps.reshape(len(index), -1).astype(jnp.float32)

    return in_blocks(block, len(inputs), batch_size=batch_size)


@partial(jax.jit, static_argnames=("model", "layers"))
def _activations(
    model: Model,
    params: Params,
    model_state: ModelState,
    inputs: Array,
    *,
    layers: tuple[str, ...] | None,
) -> OrderedDict[str, Array]:
    """Compiled, so that layers that are not asked for are not computed."""
    if model.activations is None:
        raise InputError(
            f"the model {model.name} does not tell the outputs of its layers: "
            "build it with from_linen"
        )
    maps = model.activations(params, model_state, inputs)
    for name in layers or ():
        if name not in maps:
            raise InputError(f"{model.name} has no layer {name!r}; {did_you_mean(name, maps)}")
    return maps if layers is None else OrderedDict((name, maps[name]) for name in layers)
