"""How far each layer has untangled the classes: a linear classifier on its outputs (D11)."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import Dataset
from dl.data.sources.source import Source
from dl.errors import InputError
from dl.inspect.codes.probe import linear_probe
from dl.inspect.maps.layer_outputs import features
from dl.inspect.trained import Trained
from dl.types import Array


def separability(
    trained: Trained,
    data: Dataset,
    *,
    activation: Callable[[Array], Array] | None = None,
    penalty: float = 1e-4,
) -> dict[str, float]:
    """Test accuracy of a linear classifier on the inputs and on each layer: a share by name.

    Layers are those with parameters, named as in `feature_maps`. The classifier is `linear_probe`,
    fitted on the training part. `activation` is what the model applies to each of them but the
    last: a `dl.models.mlp` gives out its hidden layers before their activation, where they are
    still linear in the layer below. Source: D11.

    Raises:
        InputError: for data without classes, of which there may also be two in one yes-or-no
            target, and for a model that does not tell its layers.

    >>> import dl
    >>> data = dl.load_data("xor")
    >>> model = dl.models.mlp(1, hidden_sizes=(2,))
    >>> params = {  # OR and AND, of which XOR is a difference
    ...     "hidden1": {"kernel": jnp.ones((2, 2)), "bias": jnp.array([0.0, -1.0])},
    ...     "output": {"kernel": jnp.array([[1.0], [-2.0]]), "bias": jnp.array([-0.5])},
    ... }
    >>> found = separability(dl.Network(model, params), data, activation=jax.nn.relu)
    >>> found["inputs"] <= 0.75, found["hidden1"], found["output"]
    (True, 1.0, 1.0)
    """
    classes = max(2, data.spec.classes)
    labels = [_class_numbers(part, data) for part in (data.train, data.test)]

    def probe(train: np.ndarray, test: np.ndarray) -> float:
        parts = (train, labels[0]), (test, labels[1])
        return linear_probe(*parts, classes=classes, penalty=penalty)

    raw = [np.asarray(part.inputs, np.float32) for part in (data.train, data.test)]
    found = {"inputs": probe(raw[0], raw[1])}
    names = _layers(trained, data)
    for name in names:
        codes = [features(trained, part.inputs, layer=name) for part in (data.train, data.test)]
        if activation is not None and name != names[-1]:
            codes = [np.asarray(activation(jnp.asarray(code))) for code in codes]
        found[name] = probe(codes[0], codes[1])
    return found


def _layers(trained: Trained, data: Dataset) -> list[str]:
    inputs = jax.ShapeDtypeStruct((1, *data.spec.input_shape), jnp.float32)
    names = [row.name for row in trained.model.layers(inputs) if row.parameters]
    if not names:
        raise InputError(
            f"the model {trained.model.name} does not tell the outputs of its layers: "
            "build it with from_linen"
        )
    return names


def _class_numbers(part: Source, data: Dataset) -> np.ndarray:
    """The class of each example [N]; of one yes-or-no target, 0 or 1."""
    targets = np.asarray(part.targets)
    yes_or_no = data.spec.task == "binary" and targets.shape[1:] == (1,)
    if not yes_or_no and not data.spec.kind.chooses:
        raise InputError(
            f"{data.spec.name} has no classes to separate: its task is {data.spec.task}"
        )
    return targets.reshape(len(targets)).astype(np.int32)
