"""What do the data look like: the shares of the classes, and the size of the inputs?"""

import numpy as np

from dl.checks.finding import Finding, not_applicable
from dl.checks.subject import Subject, values_of
from dl.data.dataset import Dataset
from dl.data.sources.tokens import TokenSource

NAME = "data"
_ROWS = 256


def look_at_data(subject: Subject) -> Finding:
    """The shares of the classes, and mean and standard deviation of the inputs of a batch.

    Inputs that are all the same, or not finite, are a failure; inputs far from mean 0 and standard
    deviation 1 a warning.
    """
    spec = subject.data.spec
    if spec.task == "play":
        return not_applicable(NAME, "the training makes its examples: each game begins alike")
    classes = shares(subject.data)
    if spec.has_symbols:
        return Finding(NAME, "information", classes or f"{spec.input_shape[0]} symbols a sequence")
    inputs = values_of(subject.batch(_ROWS)["inputs"]).astype(np.float64)
    mean, std = float(inputs.mean()), float(inputs.std())
    found = f"inputs {mean:.2f} ± {std:.2f}{f', {classes}' if classes else ''}"
    expected = "inputs about 0 ± 1"
    if not np.isfinite(inputs).all() or std == 0:
        remedy = "the inputs of a batch are all the same, or not finite: look at how they are read"
        return Finding(NAME, "failed", found, expected, remedy, std)
    if abs(mean) > 3 or not 0.1 <= std <= 10:
        remedy = "scale the inputs: (x − mean) / standard deviation of the training part"
        return Finding(NAME, "warning", found, expected, remedy, std)
    return Finding(NAME, "information", found, expected, value=std)


def shares(data: Dataset) -> str:
    """How the training examples, or the symbols of a stream, are divided among the classes."""
    spec, source = data.spec, data.train
    if isinstance(source, TokenSource):
        counts = np.bincount(source.tokens, minlength=spec.classes)
        return f"{spec.classes} symbols, the most frequent {_percent(counts.max() / counts.sum())}"
    if not source.in_memory or spec.task not in ("classification", "binary"):
        return ""
    targets = np.asarray(source.targets)
    if spec.task == "binary":
        return f"{_percent(float(targets.mean()))} of the targets are 1"
    counts = np.bincount(targets.ravel(), minlength=spec.classes) / targets.size
    return f"{spec.classes} classes of {_percent(counts.min())} to {_percent(counts.max())}"


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")
