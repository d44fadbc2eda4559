"""Recommenders without nets, beside those with: biases, SVD, popularity, neighbours, ALS (H7).

Settings are chosen on a tenth of the training ratings, and then fitted again on all of them.
"""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dl.data.dataset import Dataset
from dl.data.load import load_data
from dl.data.ratings.feedback import Feedback
from dl.data.sources.histories import HistorySource
from dl.errors import InputError
from dl.runs.folder import open_folder
from dl.runs.open_data import open_data_of
from dl.runs.recommend import retrieval_figures
from dl.runs.stored import read_result
from dl.tables import Table

_TUNED_ON = 0.1
_ROUNDS = 20
_K = 20


@dataclass(frozen=True)
class RatingRow:
    """A method with its settings, its figures on the test part, and its seconds.

    `rmse` is in the unit of the ratings, `recall` and `ndcg` are those of the first 20 of all
    items; what a method does not answer is None. Seconds are those of the last fit, for a net of
    its whole run.
    """

    method: str
    settings: str
    rmse: float | None
    recall: float | None
    ndcg: float | None
    seconds: float


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
    """Σ over the history of the cosine of two items' columns, of each item's nearest alone."""
    from scipy.sparse import csr_matrix

    _installed("implicit")
    from implicit.nearest_neighbours import CosineRecommender

    model = CosineRecommender(K=neighbours + 1)  # an item is its own nearest
    with warnings.catch_warnings():  # of the form in which it hands its own matrix on
        warnings.simplefilter("ignore")
        model.fit(csr_matrix(taken.astype(np.float64)), show_progress=False)
    similarity: Any = model.similarity
    return lambda histories: (csr_matrix(histories) @ similarity).toarray()


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

    return score


RATING_METHODS = (
    Method("biases", fit_biases, {"damping": (2.0, 5.0, 10.0, 20.0)}),
    Method("SVD (scikit-surprise)", fit_svd, {"factors": (20, 100), "penalty": (0.02, 0.05, 0.1)}),
)
"""What predicts ratings."""
ITEM_METHODS = (
    Method("popularity", fit_popularity, {}),
    Method("item k-NN (cosine)", fit_neighbours, {"neighbours": (10, 20, 50, 100, 200)}),
    Method(
        "ALS (implicit)",
        fit_als,
        {"factors": (32, 64, 128, 256), "alpha": (1.0, 3.0), "penalty": (3.0, 10.0, 20.0)},
    ),
)
"""What recommends items."""


def fit_rating_baselines(
    dataset: str,
    feedback: Feedback,
    *,
    seed: int = 0,
    on_row: Callable[[RatingRow], None] = lambda row: None,
) -> list[RatingRow]:
    """Every method on the ratings called `dataset`, split as `feedback` says. Source: H7.

    Raises:
        InputError: for data that are no ratings, and for a package that is not installed.
    """
    rows = []
    for row in (*_on_ratings(dataset, feedback, seed), *_on_items(dataset, feedback, seed)):
        rows.append(row)
        on_row(row)
    return rows


def rating_row(
    run: str | Path, dataset: str, feedback: Feedback, *, package: str = "experiments"
) -> RatingRow:
    """The row of a finished run on the ratings called `dataset`, read from its result.json.

    Raises:
        InputError: when the run is not finished, or was trained on other data than these.
        RunError: when the data have changed since the run began.
    """
    folder, config = open_folder(run, package=package)
    if not folder.is_finished:
        raise InputError(f"{folder.path} is not finished: go on with `resume {folder.path}`")
    own = config.options.feedback
    if own is None or config.options.dataset != dataset:
        raise InputError(f"{folder.path} was trained on {config.options.dataset}, not {dataset}")
    for name in ("split", "split_seed", *(("least",) if own.kind == "implicit" else ())):
        was, asked = getattr(own, name), getattr(feedback, name)
        if was != asked:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(f"{folder.path} was trained with {flag} {was}: give {flag} {was}")
    open_data_of(folder, config)
    result = read_result(folder.result)
    test = result["metrics"]["test"]
    rmse, recall, ndcg = (test.get(name) for name in ("rmse", f"recall@{_K}", f"ndcg@{_K}"))
    return RatingRow(result["experiment"], "", rmse, recall, ndcg, result["wall_seconds"])


def rating_table(rows: Sequence[RatingRow]) -> Table:
    """A table with a row for each method.

    >>> print(rating_table([RatingRow("biases", "damping 5", 0.87, None, None, 0.1)]).text())
    method   settings    RMSE  recall@20  nDCG@20  seconds
    biases  damping 5  0.8700          –        –      0.1
    """
    figures = {"rmse": "RMSE", "recall": f"recall@{_K}", "ndcg": f"nDCG@{_K}"}
    return Table(
        tuple(field.name for field in fields(RatingRow)),
        [astuple(row) for row in rows],
        formats={**dict.fromkeys(figures, ".4f"), "seconds": ".1f"},
        headings=figures,
    )


def _on_ratings(dataset: str, feedback: Feedback, seed: int) -> Iterator[RatingRow]:
    """Rows of the methods that predict ratings."""
    data = load_data(dataset, validation=_TUNED_ON, feedback=replace(feedback, kind="explicit"))
    low, high = data.spec.ratings.scale
    train, held_out, test = (
        (part.inputs, part.targets[:, 0]) for part in (data.train, _validation(data), data.test)
    )

    def error(answer: Callable, part: tuple[np.ndarray, np.ndarray]) -> float:
        pairs, ratings = part
        return float(np.sqrt(np.mean((answer(pairs).clip(low, high) - ratings) ** 2)))

    everything = tuple(np.concatenate(each) for each in zip(train, held_out, strict=True))
    for method in RATING_METHODS:
        chosen = min(
            _settings(method), key=lambda s: error(method.fit(*train, data, seed, **s), held_out)
        )
        start = time.perf_counter()
        answer = method.fit(*everything, data, seed, **chosen)
        seconds = time.perf_counter() - start
        rmse = error(answer, test)
        yield RatingRow(method.name, _described(chosen), rmse, None, None, seconds)


def _on_items(dataset: str, feedback: Feedback, seed: int) -> Iterator[RatingRow]:
    """Rows of the methods that recommend items."""
    asked = replace(feedback, kind="implicit")
    tuned, whole = (load_data(dataset, validation=v, feedback=asked) for v in (_TUNED_ON, 0.0))
    _validation(tuned)
    before, taken = (_histories(data) for data in (tuned, whole))

    for method in ITEM_METHODS:
        chosen = max(
            _settings(method),
            key=lambda s: retrieval_figures(
                method.fit(before, tuned, seed, **s), tuned, "validation", k=(_K,)
            )[f"recall@{_K}"],
        )
        start = time.perf_counter()
        answer = method.fit(taken, whole, seed, **chosen)
        seconds = time.perf_counter() - start
        recall, ndcg = retrieval_figures(answer, whole, "test", k=(_K,)).values()
        yield RatingRow(method.name, _described(chosen), None, recall, ndcg, seconds)


def _validation(data: Dataset) -> Any:
    if data.spec.catalogue is None or data.validation is None:
        raise InputError(f"{data.spec.name} has no ratings to choose settings on: give more")
    return data.validation


def _histories(data: Dataset) -> np.ndarray:
    """Who took what in training, [U, I]."""
    assert isinstance(data.train, HistorySource)
    return data.train.taken


def _settings(method: Method) -> list[dict[str, Any]]:
    """All combinations of the values of a method's settings."""
    return [dict(zip(method.grid, each, strict=True)) for each in product(*method.grid.values())]


def _described(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in settings.items())


def _installed(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError:
        raise InputError(
            f"{package} is not installed: python -m pip install 'dl-lectures[recommender]'"
        ) from None
