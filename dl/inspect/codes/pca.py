"""A linear auto-encoder beside PCA, the linear code with the least squared error (F2)."""

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.gather import normalize
from dl.data.sources.source import Source
from dl.inspect.codes.autoencoders import reconstruct
from dl.types import Autoencoder, Params

if TYPE_CHECKING:
    from sklearn.decomposition import PCA


def compare_with_pca(
    model: Autoencoder, params: Params, data: Dataset, *, code_size: int
) -> dict[str, float]:
    """How far a linear auto-encoder is from PCA with `code_size` components, on the same inputs.

    `train_excess_percent` and `test_excess_percent` say by how much its squared error exceeds that
    of scikit-learn's PCA, which is fitted on the training part; on that part no linear code has a
    smaller error. `largest_angle` is the largest principal angle, in degrees, between the
    decoder's space and the principal subspace. Source: F2.
    """
    pca = fit_pca(_flat(data.train, data.spec), components=code_size)
    units = np.concatenate([np.zeros((1, code_size)), np.eye(code_size)])
    origin, *ends = np.asarray(model.decode(params, jnp.asarray(units, jnp.float32))).reshape(
        code_size + 1, -1
    )
    return {
        "train_excess_percent": _excess_percent(model, params, data.train, data.spec, pca),
        "test_excess_percent": _excess_percent(model, params, data.test, data.spec, pca),
        "largest_angle": largest_principal_angle(
            np.transpose(ends - origin), np.asarray(pca.components_).T
        ),
    }


def fit_pca(inputs: np.ndarray, *, components: int) -> "PCA":
    """scikit-learn's exact PCA of inputs [N, D], from their covariance. Source: F2.

    >>> fit_pca(np.array([[0.0, 0.0], [2.0, 0.0]]), components=1).components_.round(3).tolist()
    [[1.0, 0.0]]
    """
    from sklearn.decomposition import PCA

    return PCA(components, svd_solver="covariance_eigh").fit(inputs)


def largest_principal_angle(left: np.ndarray, right: np.ndarray) -> float:
    """The largest angle, in degrees, between the column spaces of two matrices [D, F].

    θ = arccos σ_min(QᵀR) with orthonormal bases Q and R (Björck & Golub 1973).

    >>> tilted = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> round(largest_principal_angle(np.eye(3)[:, :2], tilted), 3)
    45.0
    """
    from scipy.linalg import subspace_angles

    return float(np.degrees(subspace_angles(left, right).max()))


def _excess_percent(
    model: Autoencoder, params: Params, part: Source, spec: DataSpec, pca: "PCA"
) -> float:
    inputs = _flat(part, spec)
    own = reconstruct(model, params, jnp.asarray(inputs.reshape(-1, *spec.input_shape))).reshape(
        inputs.shape
    )
    best = pca.inverse_transform(pca.transform(inputs))
    return 100.0 * (_mean_square(own - inputs) / _mean_square(best - inputs) - 1.0)


def _flat(part: Source, spec: DataSpec) -> np.ndarray:
    """Normalised inputs [N, D]."""
    return np.asarray(normalize(jnp.asarray(part.inputs), spec)).reshape(len(part), -1)


def _mean_square(difference: np.ndarray) -> float:
    return float(np.mean(np.square(difference), dtype=np.float64))
