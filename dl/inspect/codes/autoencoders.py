"""How well a trained auto-encoder reconstructs, and what its code is good for."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.gather import normalize
from dl.inspect.codes.probe import linear_probe
from dl.types import Array, Autoencoder, Corruption, Key, Params

_BATCH = 1000


def assess(model: Autoencoder, params: Params, data: Dataset) -> dict[str, dict[str, float]]:
    """The test part's reconstruction error, and how well its classes are read from the code.

    `reconstruction` is that of `reconstruction_error`. `linear_on_code` and `linear_on_inputs` are
    the test accuracies of a linear classifier (`dl.inspect.codes.probe`) that is fitted on the
    training part; they are left out when the data have no classes. Source: F1.
    """
    figures = {"reconstruction": reconstruction_error(model, params, data.test.inputs, data.spec)}
    if not data.spec.kind.chooses:
        return figures
    codes = [encode(model, params, part.inputs, data.spec) for part in (data.train, data.test)]
    raw = [np.asarray(part.inputs, np.float32) for part in (data.train, data.test)]
    for name, (train, test) in {"linear_on_code": codes, "linear_on_inputs": raw}.items():
        parts = (train, data.train.targets), (test, data.test.targets)
        figures[name] = {"accuracy": linear_probe(*parts, classes=data.spec.classes)}
    return figures


def encode(model: Autoencoder, params: Params, inputs: np.ndarray, spec: DataSpec) -> np.ndarray:
    """The codes [N, F] of raw inputs [N, ...], such as uint8 pictures.

    >>> import dl
    >>> data = dl.load_data("digits")
    >>> model = dl.models.autoencoder(data.spec.input_shape, code_size=3)
    >>> params, _ = model.init(jax.random.key(0), jnp.zeros((1, *data.spec.input_shape)))
    >>> encode(model, params, data.test.inputs[:5], data.spec).shape
    (5, 3)
    """
    return _in_batches(
        lambda params, inputs: model.encode(params, normalize(inputs, spec)), params, inputs
    )


def reconstruct(model: Autoencoder, params: Params, inputs: Array) -> np.ndarray:
    """The reconstructions [N, ...] of normalised inputs [N, ...].

    >>> import dl
    >>> model = dl.models.autoencoder((2,), code_size=1)
    >>> kernels = {"encoder_0": jnp.array([[1.0], [0.0]]), "decoder_0": jnp.array([[1.0, 1.0]])}
    >>> params = {
    ...     name: {"kernel": kernel, "bias": jnp.zeros(kernel.shape[1])}
    ...     for name, kernel in kernels.items()
    ... }
    >>> reconstruct(model, params, jnp.array([[3.0, 4.0]])).tolist()
    [[3.0, 3.0]]
    """
    return _in_batches(
        lambda params, inputs: model.decode(params, model.encode(params, inputs)), params, inputs
    )


def reconstruction_error(
    model: Autoencoder, params: Params, inputs: np.ndarray, spec: DataSpec
) -> dict[str, float]:
    """Mean squared error of the reconstructions of raw inputs [N, ...].

    `per_example` is the mean of Σ_i (y_i − x_i)², `per_pixel` that of (y_i − x_i)². Values of
    pictures lie between 0 (black) and 1 (white); other inputs are taken as they are. Source: F1.
    """
    clean = normalize(jnp.asarray(inputs), spec)
    return _mean_squares(reconstruct(model, params, clean) - clean, spec)


def denoising_error(
    model: Autoencoder,
    params: Params,
    inputs: np.ndarray,
    spec: DataSpec,
    *,
    corrupt: Corruption,
    key: Key,
) -> dict[str, dict[str, float]]:
    """The errors of corrupted inputs (`noisy`) and of their reconstructions (`denoised`).

    Both are beside the clean inputs, as in `reconstruction_error`. Source: F3; Vincent et al. 2008.
    """
    clean = normalize(jnp.asarray(inputs), spec)
    noisy = corrupt(key, clean)
    return {
        "noisy": _mean_squares(noisy - clean, spec),
        "denoised": _mean_squares(reconstruct(model, params, noisy) - clean, spec),
    }


def _mean_squares(difference: np.ndarray | Array, spec: DataSpec) -> dict[str, float]:
    """Mean squares of a difference between normalised inputs [N, ...], on their original scale."""
    squares = np.square(np.asarray(difference) * np.asarray(spec.std, np.float32))
    mean = float(squares.mean(dtype=np.float64))
    return {"per_example": mean * float(np.prod(spec.input_shape)), "per_pixel": mean}


def _in_batches(
    function: Callable[[Params, Array], Array], params: Params, inputs: np.ndarray | Array
) -> np.ndarray:
    """`function(params, inputs)`, compiled, on `_BATCH` inputs at a time."""
    compiled = jax.jit(function)
    return np.concatenate(
        [compiled(params, inputs[row : row + _BATCH]) for row in range(0, len(inputs), _BATCH)]
    )
