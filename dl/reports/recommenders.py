"""Recommenders without nets: biases, SVD, popularity, neighbours of items, ALS, EASE (H7)."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from dl.data.dataset import Dataset
from dl.errors import InputError

_ROUNDS = 20


class Method(NamedTuple):
    """A method, and the values of its settings among which the best are chosen."""

    name: str
    fit: Callable[..., Callable[[np.ndarray], np.ndarray]]
    grid: Mapping[str, Sequence[Any]]


def fit_biases(
    pairs: np.ndarray, ratings: np.ndarray, data: Dataset, seed: int, *, damping: float
) -> Callable[[np.ndarray], np.ndarray]:
    """μ + b_u + b_i with b = Σ e / (n + damping), users and items by turns. Source: Koren 2009."""
    known, mean = data.spec.ratings, float(ratings.mean())
    sizes = len(known.users), len(known.items)
    biases = [np.zeros(size) for size in sizes]
    counts = [np.bincount(pairs[:, n], minlength=sizes[n]) for n in (0, 1)]
    for _, n in product(range(_ROUNDS), (1, 0)):
        left = ratings - mean - biases[1 - n][pairs[:, 1 - n]]
        biases[n] = np.bincount(pairs[:, n], left, sizes[n]) / (counts[n] + damping)
    return lambda asked: mean + biases[0][asked[:, 0]] + biases[1][asked[:, 1]]


def fit_svd(
    pairs: np.ndarray,
    ratings: np.ndarray,
    data: Dataset,
    seed: int,
    *,
    factors: int,
    penalty: float,
) -> Callable[[np.ndarray], np.ndarray]:
    """scikit-surprise's SVD: biases and factors by stochastic gradient descent, 50 epochs."""
    surprise = _installed("surprise")
    reader = surprise.Reader(rating_scale=data.spec.ratings.scale)
    rows = [
        (int(user), int(item), float(rating), None)
        for (user, item), rating in zip(pairs, ratings, strict=True)
    ]
    model = surprise.SVD(n_factors=factors, n_epochs=50, reg_all=penalty, random_state=seed)
    model.fit(surprise.Dataset(reader).construct_trainset(rows))
    return lambda asked: np.array([model.predict(int(u), int(i)).est for u, i in asked])


def fit_popularity(
    taken: np.ndarray, data: Dataset, seed: int
) -> Callable[[np.ndarray], np.ndarray]:
    """How many users took an item, the same for everybody."""
    counts = taken.sum(axis=0, dtype=np.float64)
    return lambda histories: np.tile(counts, (len(histories), 1))


def fit_neighbours(
    taken: np.ndarray, data: Dataset, seed: int, *, neighbours: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Σ over the history of the cosine of two items' columns, of each item's nearest only."""
    from scipy.sparse import csr_matrix

    _installed("implicit")
    from implicit.nearest_neighbours import CosineRecommender

    model = CosineRecommender(K=neighbours + 1)  # an item is its own nearest
    with warnings.catch_warnings():  # of the form in which it hands its own matrix on
        warnings.simplefilter("ignore")
        model.fit(csr_matrix(taken.astype(np.float64)), show_progress=False)
    similarity: Any = model.similarity
    return _or_popular(lambda histories: (csr_matrix(histories) @ similarity).toarray(), taken)


def fit_als(
    taken: np.ndarray, data: Dataset, seed: int, *, factors: int, alpha: float, penalty: float
) -> Callable[[np.ndarray], np.ndarray]:
    """implicit's weighted factorisation by alternating least squares. Source: Hu et al. 2008."""
    from scipy.sparse import csr_matrix

    _installed("implicit")
    from implicit.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    options = {"factors": factors, "alpha": alpha, "regularization": penalty}
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(**options, iterations=15, random_state=seed)
        model.fit(csr_matrix(taken.astype(np.float32)), show_progress=False)

    def score(histories: np.ndarray) -> np.ndarray:
        with threadpool_limits(1, "blas"):
            users = model.recalculate_user(np.arange(len(histories)), csr_matrix(histories))
        return users @ model.item_factors.T

    return _or_popular(score, taken)


def fit_ease(
    taken: np.ndarray, data: Dataset, seed: int, *, penalty: float
) -> Callable[[np.ndarray], np.ndarray]:
    """EASE: each item is a linear function of all others, in closed form.

    Scores are x B, with B_ij = −P_ij / P_jj off the diagonal and P = (XᵀX + λI)⁻¹. With fewer users
    than items only a matrix of users is inverted: W = (XXᵀ + λI)⁻¹X gives the same
    B_ij = (XᵀW)_ij / (1 − x_jᵀw_j). Source: Steck 2019, arXiv:1905.03375.
    """
    x = taken.astype(np.float64)
    if len(x) >= x.shape[1]:
        inverse = np.linalg.inv(x.T @ x + penalty * np.eye(x.shape[1]))
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        return _or_popular(lambda histories: histories @ weights, taken)
    solved = np.linalg.solve(x @ x.T + penalty * np.eye(len(x)), x)
    own = np.einsum("ui,ui->i", x, solved)
    return _or_popular(
        lambda histories: (histories @ x.T @ solved - histories * own) / (1.0 - own), taken
    )


RATING_METHODS = (
    Method("biases", fit_biases, {"damping": (2.0, 5.0, 10.0, 20.0)}),
    Method("SVD (scikit-surprise)", fit_svd, {"factors": (20, 100), "penalty": (0.02, 0.05, 0.1)}),
)
"""What predicts ratings."""
ITEM_METHODS = (
    Method("popularity", fit_popularity, {}),
    Method("item k-NN (cosine)", fit_neighbours, {"neighbours": (10, 20, 50, 100, 200)}),
    Method("EASE", fit_ease, {"penalty": (50.0, 100.0, 200.0, 400.0, 800.0)}),
    Method(
        "ALS (implicit)",
        fit_als,
        {"factors": (32, 64, 128, 256), "alpha": (1.0, 3.0), "penalty": (3.0, 10.0, 20.0)},
    ),
)
"""What recommends items."""


def _or_popular(
    score: Callable[[np.ndarray], np.ndarray], taken: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """The same scores, but for somebody for whom all are 0, how many users took each item."""
    counts = taken.sum(axis=0, dtype=np.float64)

    def answer(histories: np.ndarray) -> np.ndarray:
        scores = score(histories)
        return np.where(scores.any(axis=1, keepdims=True), scores, counts)

    return answer


def _installed(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError:
        raise InputError(
            f"{package} is not installed: python -m pip install 'dl-lectures[recommender]'"
        ) from None
