"""What the experiments with n-gram models share: counts of the training part, and what they say of
the others.
"""

from dataclasses import dataclass, replace

import numpy as np

from dl import ngram
from dl.data.dataset import Dataset
from dl.data.sources.tokens import TokenSource
from dl.data.text.reading import Reading
from dl.train.options import ReadingOptions, require, require_text


@dataclass(frozen=True)
class NgramOptions(ReadingOptions):
    """Options of counting n-grams."""

    validation: float = 0.0
    longest_gram: int = 7
    """Symbols of the longest n-grams; the last is predicted from those before it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.longest_gram >= 1, "longest_gram", self.longest_gram, "at least 1")

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are no text, or too short."""
        require_text(data)
        length = len(_tokens(data.train))
        require(
            self.longest_gram <= length,
            "longest_gram",
            self.longest_gram,
            f"at most {length}, the training part",
        )

    @property
    def use_labels(self) -> bool:
        """Counts pass over labels."""
        return False

    @property
    def reading(self) -> Reading:
        """How text becomes symbols, which are counted one by one."""
        return replace(super().reading, segment=1)


def measure_ngram(options: NgramOptions, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Nats, bits and perplexity a symbol of the held-out parts, under Kneser-Ney counts of the
    training part.

    Every symbol but the first of a part is predicted from those before it. Source: H5; Chen &
    Goodman 1999.
    """
    parts = {"validation": data.validation, "test": data.test}
    model = ngram.fit(_tokens(data.train), order=options.longest_gram, symbols=data.spec.classes)
    figures = {
        name: _figures(model, _tokens(part)) for name, part in parts.items() if part is not None
    }
    return figures, sum(len(level.codes) for level in model.levels)


def _tokens(part: object) -> np.ndarray:
    assert isinstance(part, TokenSource)
    return part.tokens


def _figures(model: ngram.NGram, tokens: np.ndarray) -> dict[str, float]:
    loss = -float(np.mean(ngram.log_probabilities(model, tokens)[1:]))
    return {"loss": loss, "bits": loss / float(np.log(2.0)), "perplexity": float(np.exp(loss))}
