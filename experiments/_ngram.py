"""What the n-gram experiments share: counts of the training part, measured on the other parts."""

from dataclasses import dataclass, replace

import numpy as np

from dl import Count, Dataset, InputError, Reading, ReadingOptions, ngram
from dl.data.sources.tokens import TokenSource
from dl.train.text_options import require_text


@dataclass(frozen=True)
class NgramOptions(ReadingOptions):
    """Options of counting n-grams."""

    validation: float = 0.0
    longest_gram: Count = 7
    """Symbols of the longest n-grams; the last is predicted from those before it."""

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are not text, or are too short."""
        require_text(data)
        length = len(_tokens(data.train))
        if self.longest_gram > length:
            raise InputError(
                f"longest_gram is {self.longest_gram}; it must be at most {length}, "
                f"the training part"
            )

    @property
    def use_labels(self) -> bool:
        """Counting ignores labels."""
        return False

    @property
    def reading(self) -> Reading:
        """How text becomes symbols, which are predicted one by one."""
        return replace(super().reading, segment=1)


def count_ngrams(options: NgramOptions, data: Dataset) -> tuple[dict[str, dict[str, float]], int]:
    """Loss, bits and perplexity of the held-out parts, by Kneser-Ney counts of the training part.

    Each symbol of a part but the first is predicted from those before it. Source: H5; Chen &
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
