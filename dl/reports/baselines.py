"""Classifiers on raw pixels or counted words, beside nets that learn their features (H8)."""

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from dl.data.dataset import Dataset, DataSpec, check_in_memory
from dl.data.sources.ragged import RaggedSource
from dl.data.sources.source import Source
from dl.errors import InputError
from dl.runs.folder import open_folder
from dl.runs.open_data import open_data, open_data_of
from dl.runs.stored import read_result
from dl.tables import Table
from dl.train.options import TrainOptions


@dataclass(frozen=True)
class Row:
    """A method, the number of its training examples, its accuracies in [0, 1] and its seconds.

    Seconds are those of the training; for a net, of its whole run with compilation and evaluation.
    """

    method: str
    train_examples: int
    validation_accuracy: float | None
    test_accuracy: float
    seconds: float


def linear_svm(seed: int) -> Any:
    """A linear support vector machine, each class against all others, C = 0.02."""
    from sklearn.svm import LinearSVC

    return LinearSVC(C=0.02, random_state=seed)


def rbf_svm(seed: int) -> Any:
    """A support vector machine with kernel exp(−γ‖x − x'‖²), γ = 1/(D Var x), for pairs of classes.

    C = 10.
    """
    from sklearn.svm import SVC

    return SVC(C=10.0)


def random_forest(seed: int) -> Any:
    """A random forest of 300 trees."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(300, n_jobs=-1, random_state=seed)


def naive_bayes(seed: int) -> Any:
    """The class k with the largest log p(k) + Σ_w n_w log p(w | k), with add-one smoothing."""
    from sklearn.naive_bayes import MultinomialNB

    return MultinomialNB()


CLASSIFIERS: dict[str, Callable[[int], Any]] = {
    "linear SVM": linear_svm,
    "RBF SVM": rbf_svm,
    "random forest": random_forest,
}
"""The classifiers for pixels."""
WORD_CLASSIFIERS: dict[str, Callable[[int], Any]] = {
    "naive Bayes": naive_bayes,
    "linear SVM": linear_svm,
}
"""The classifiers for the counts of words in a text."""


def fit_baselines(
    data: Dataset, *, seed: int = 0, on_row: Callable[[Row], None] = lambda row: None
) -> list[Row]:
    """scikit-learn's classifiers, trained on the raw inputs of `data`. Source: H8.

    Pictures are values from 0 to 1, texts the counts of their symbols ("bag of words"). `on_row`
    gets each row as soon as it is there.

    Raises:
        InputError: when the data have no classes or are streamed, and when all training examples
            are of one class.
    """
    check_in_memory(data, what="a baseline")
    if data.spec.task != "classification":
        outputs = "yes-or-no outputs" if data.spec.task == "binary" else "no classes"
        raise InputError(
            f"baselines are classifiers; {data.spec.name} has {outputs}: name another data set"
        )
    if np.ptp(data.train.targets) == 0:
        raise InputError(
            f"all training examples of {data.spec.name}, {len(data.train)}, are of one class: "
            "take more of them"
        )
    rows = []
    classifiers = WORD_CLASSIFIERS if data.spec.vocabulary else CLASSIFIERS
    for method, make in classifiers.items():
        start = time.perf_counter()
        classifier = make(seed).fit(_features(data.train, data.spec), data.train.targets)
        seconds = time.perf_counter() - start
        validation, test = data.validation, _accuracy(classifier, data.test, data.spec)
        held_out = None if validation is None else _accuracy(classifier, validation, data.spec)
        rows.append(Row(method, len(data.train), held_out, test, seconds))
        on_row(rows[-1])
    return rows


def run_row(run: str | Path, options: TrainOptions, *, package: str = "experiments") -> Row:
    """The row of a finished run, read from its result.json.

    Raises:
        InputError: when the run is not finished, has no test accuracy, or was trained on other data
            than `options` name.
        RunError: when the data have changed since the run began.
    """
    folder, config = open_folder(run, package=package)
    if not folder.is_finished:
        raise InputError(f"{folder.path} is not finished: go on with `resume {folder.path}`")
    for name in ("dataset", "validation", "image_size", "colour", "damaged"):
        own, asked = getattr(config.options, name), getattr(options, name)
        if own != asked:
            flag = name.replace("_", "-")
            raise InputError(
                f"{folder.path} was trained with --{flag} {own}, not {asked}: give --{flag} {own}"
            )
    data = open_data_of(folder, config)
    if getattr(config.options, "longer", "cut") == "leave-out":
        missing = len(open_data(replace(config.options, longer="cut")).test) - len(data.test)
        if missing:
            raise InputError(
                f"{folder.path} was tested without {missing} long documents: "
                "train with --longer cut"
            )
    result = read_result(folder.result)
    accuracies = {
        part: values["accuracy"]
        for part, values in result["metrics"].items()
        if "accuracy" in values
    }
    if "test" not in accuracies:
        raise InputError(
            f"{folder.path} has no test accuracy: {result['experiment']} is no classifier"
        )
    size, seconds = config.data.train_size, result["wall_seconds"]
    return Row(
        result["experiment"], size, accuracies.get("validation"), accuracies["test"], seconds
    )


def table(rows: Sequence[Row]) -> Table:
    """A table with one row for each method.

    >>> print(table([Row("linear SVM", 10_000, None, 0.9, 1.23)]).text())
    method      training examples  validation     test  seconds
    linear SVM             10,000           –  90.00 %      1.2
    """
    return Table(
        tuple(field.name for field in fields(Row)),
        [astuple(row) for row in rows],
        formats={
            "train_examples": ",",
            "validation_accuracy": ".2%",
            "test_accuracy": ".2%",
            "seconds": ".1f",
        },
        headings={
            "train_examples": "training examples",
            "validation_accuracy": "validation",
            "test_accuracy": "test",
        },
    )


def _features(part: Source, spec: DataSpec) -> Any:
    """Inputs [N, ...] as vectors float32 [N, D]: pictures from 0 to 1, texts as sparse counts."""
    if isinstance(part, RaggedSource):
        return _counts(part, len(spec.text))
    flat = part.inputs.reshape(len(part), -1).astype(np.float32)
    return flat / 255.0 if part.inputs.dtype == np.uint8 else flat


def _counts(part: RaggedSource, symbols: int) -> Any:
    from scipy.sparse import csr_array

    real = np.arange(part.inputs.shape[1]) < part.lengths[:, None]
    rows, columns = np.nonzero(real)[0].astype(np.int32), part.inputs[real]
    return csr_array((np.ones(len(rows), np.float32), (rows, columns)), shape=(len(part), symbols))


def _accuracy(classifier: Any, part: Source, spec: DataSpec) -> float:
    return float(classifier.score(_features(part, spec), part.targets))
