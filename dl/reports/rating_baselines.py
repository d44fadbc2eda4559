"""Recommenders without nets (`dl.reports.recommenders`), beside those with (H7).

Settings are chosen on a tenth of the training ratings, and then fitted again on all of them.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np

from dl.data.dataset import Dataset
from dl.data.load import load_data
from dl.data.ratings.feedback import Feedback
from dl.data.sources.histories import HistorySource
from dl.errors import InputError
from dl.reports.recommenders import ITEM_METHODS, RATING_METHODS, Method
from dl.runs.config import Config
from dl.runs.folder import open_folder
from dl.runs.open_data import open_data_of
from dl.runs.recommend import retrieval_figures
from dl.runs.stored import read_result
from dl.screen import say
from dl.tables import Table

_TUNED_ON = 0.1
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


def fit_rating_baselines(
    dataset: str,
    feedback: Feedback,
    *,
    seed: int = 0,
    on_row: Callable[[RatingRow], None] = lambda row: None,
) -> list[RatingRow]:
    """Every method on the ratings called `dataset`, split as `feedback` says. Source: H7.

    Where all ratings are the same there is nothing to predict but items.

    Raises:
        InputError: for data that are no ratings, and for a package that is not installed.
    """
    rows, whole = [], load_data(dataset, feedback=replace(feedback, kind="implicit"))
    low, high = whole.spec.ratings.scale
    if low == high:
        say(f"{dataset} has no two different ratings: what predicts ratings is left out")
    rated = _on_ratings(dataset, feedback, seed) if low < high else ()
    for row in chain(rated, _on_items(whole, feedback, seed)):
        rows.append(row)
        on_row(row)
    return rows


def rating_row(
    run: str | Path, dataset: str, feedback: Feedback, *, package: str = "experiments"
) -> RatingRow:
    """The row of a finished run on the ratings called `dataset`, read from its result.json.

    Raises:
        InputError: when the run is not finished, was trained on other data than these, or on fewer:
            the methods are fitted on all ratings that are not in the test part.
        RunError: when the data have changed since the run began.
    """
    folder, config = open_folder(run, package=package)
    if not folder.is_finished:
        raise InputError(f"{folder.path} is not finished: go on with `resume {folder.path}`")
    own = config.options.feedback
    if own is None or config.options.dataset != dataset:
        raise InputError(f"{folder.path} was trained on {config.options.dataset}, not {dataset}")
    _check_same_ratings(folder.path, config, feedback)
    open_data_of(folder, config)
    result = read_result(folder.result)
    test = result["metrics"]["test"]
    rmse, recall, ndcg = (test.get(name) for name in ("rmse", f"recall@{_K}", f"ndcg@{_K}"))
    return RatingRow(result["experiment"], "", rmse, recall, ndcg, result["wall_seconds"])


def _check_same_ratings(path: Path, config: Config, feedback: Feedback) -> None:
    """Refuse a run that was not trained on all ratings but those of the test part."""
    for name in ("validation", "train_examples"):
        if value := getattr(config.options, name):
            raise InputError(
                f"{path} was trained with {_flag(name)} {value:g}, the methods beside it are "
                "fitted on all ratings but the test part: give a run without it"
            )
    own = _meant(config.options.feedback, config)
    for name, asked in _meant(feedback, config).items():
        if own[name] != asked:
            flag = f"{_flag(name)} {own[name]}"
            unset = own[name] in ("", None)
            how = f"without {_flag(name)}: leave it out" if unset else f"with {flag}: give {flag}"
            raise InputError(f"{path} was trained {how}")


def _meant(feedback: Feedback, config: Config) -> dict[str, Any]:
    """What decides the test part; a lowest rating that counts all is as none."""
    named = ("split", "split_seed", "columns", "scale")
    meant = {name: getattr(feedback, name) for name in named}
    if config.data.task == "retrieval":
        least = feedback.least
        counts_all = least is None or least <= config.data.ratings.scale[0]
        meant["least"] = None if counts_all else least
    return meant


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


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
        yield RatingRow(method.name, _described(chosen, method.grid), rmse, None, None, seconds)


def _on_items(whole: Dataset, feedback: Feedback, seed: int) -> Iterator[RatingRow]:
    """Rows of the methods that recommend items."""
    asked = replace(feedback, kind="implicit")
    tuned = load_data(whole.spec.name, validation=_TUNED_ON, feedback=asked)
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
        yield RatingRow(method.name, _described(chosen, method.grid), None, recall, ndcg, seconds)


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


def _described(settings: Mapping[str, Any], grid: Mapping[str, Sequence[Any]]) -> str:
    """The settings in words, and which are the last that were tried: others may be better."""
    return ", ".join(
        f"{name} {value:g}{_at_the_edge(value, grid[name])}" for name, value in settings.items()
    )


def _at_the_edge(value: float, tried: Sequence[float]) -> str:
    """A remark on a value that is the lowest or highest of those tried."""
    low, high = min(tried), max(tried)
    if low == high or low < value < high:
        return ""
    return " (lowest tried)" if value == low else " (highest tried)"
