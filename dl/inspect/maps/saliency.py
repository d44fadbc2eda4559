"""Which pixels a class's score reacts to: the size of its gradient by the picture."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from dl.errors import InputError
from dl.inspect.maps.scores import Classes, class_scores, score_of
from dl.inspect.trained import Trained, in_blocks, prepare_pictures
from dl.types import Array, Key, Model, ModelState, Params


def saliency(
    trained: Trained, pictures: Array | np.ndarray, *, classes: Classes = None, batch_size: int = 64
) -> np.ndarray:
    """m_pq = max_c |∂S/∂x_pqc|, S the logit of the class: [N, H, W, C] -> [N, H, W].

    x is the normalised picture. `classes` is one class for all pictures, one for each [N], or None
    for those that score highest. Source: Simonyan et al. 2014, arXiv:1312.6034, section 3.

    >>> import dl
    >>> from dl.train.network import Network
    >>> params = {"output": {"kernel": jnp.array([[1.0], [-3.0]]), "bias": jnp.zeros(1)}}
    >>> saliency(Network(dl.models.softmax_regression(1), params), np.ones((1, 1, 2, 1))).tolist()
    [[[1.0, 3.0]]]
    """
    chosen, _ = class_scores(trained, pictures, classes=classes, batch_size=batch_size)
    x = prepare_pictures(trained, pictures)
    return _strongest(_gradients(trained, x, chosen, batch_size))


def smooth_saliency(
    trained: Trained,
    pictures: Array | np.ndarray,
    *,
    key: Key,
    samples: int = 25,
    noise: float = 0.15,
    classes: Classes = None,
    batch_size: int = 64,
) -> np.ndarray:
    """m = max_c |1/n Σ_i ∂S(x + ε_i)/∂x| over noisy copies: [N, H, W, C] -> [N, H, W].

    There are n = `samples` copies; ε_i is normal with σ = `noise` · (max x − min x) of the picture.
    A `noise` of 0.1 to 0.2 is usual. The classes that score highest are those without noise.
    Source: Smilkov et al. 2017 (SmoothGrad), arXiv:1706.03825.

    >>> import dl
    >>> from dl.train.network import Network
    >>> params = {"output": {"kernel": jnp.array([[1.0], [-3.0]]), "bias": jnp.zeros(1)}}
    >>> network = Network(dl.models.softmax_regression(1), params)
    >>> smooth_saliency(network, np.ones((1, 1, 2, 1)), key=jax.random.key(0), samples=2).tolist()
    [[[1.0, 3.0]]]
    """
    if samples < 1 or noise < 0:
        raise InputError(
            f"samples {samples} and noise {noise}: give at least 1 sample and a noise of at least 0"
        )
    chosen, _ = class_scores(trained, pictures, classes=classes, batch_size=batch_size)
    x = prepare_pictures(trained, pictures)
    sigma = noise * jnp.ptp(x, axis=(1, 2, 3), keepdims=True)
    total = np.zeros(x.shape, np.float32)
    for number in range(samples):
        noisy = x + sigma * jax.random.normal(jax.random.fold_in(key, number), x.shape)
        total += _gradients(trained, noisy, chosen, batch_size)
    return _strongest(total / samples)


def _gradients(trained: Trained, x: Array, classes: np.ndarray, batch_size: int) -> np.ndarray:
    def block(index: np.ndarray) -> Array:
        return _gradient(
            trained.model, trained.params, trained.model_state, x[index], classes[index]
        )

    return in_blocks(block, len(x), batch_size=batch_size)


@partial(jax.jit, static_argnames="model")
def _gradient(
    model: Model, params: Params, model_state: ModelState, x: Array, classes: Array
) -> Array:
    """∂S/∂x of every picture, as the gradient of the sum: pictures do not mix in a score."""
    return jax.grad(lambda x: score_of(model.apply(params, model_state, x)[0], classes).sum())(x)


def _strongest(gradients: np.ndarray) -> np.ndarray:
    return np.abs(gradients).max(-1)
