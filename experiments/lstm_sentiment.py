"""An LSTM that tells whether a sentence about a film is positive.

Lecture: G3. Data: Socher et al. 2013 (SST-2).
Expected: 81.1 % of the 1,821 test sentences, trained on 6,920 (one seed); naive Bayes on counted
    words 82.0 %. By default `glue/sst2` of TFDS, which holds the labels of test back: its 872
    validation sentences are the test then.
Time: 288 s on 2 CPU cores that had other work besides.
Command: python -m experiments run lstm_sentiment --dataset tsv:PATH
"""

from dataclasses import dataclass
from typing import Literal

from dl import objectives, optimizers
from dl.data.batching import steps_per_epoch
from dl.data.dataset import DataSpec
from dl.models import sequence_model
from dl.train.options import DocumentOptions, require
from dl.train.recipe import Recipe


@dataclass(frozen=True)
class Options(DocumentOptions):
    """Options of lstm_sentiment."""

    dataset: str = "glue/sst2"
    unit: Literal["char", "byte", "word"] = "word"
    validation: float = 0.0
    epochs: int = 6
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    """λ of the penalty ½λ‖W‖²."""
    embedding_size: int = 128
    """Size of a word's vector."""
    hidden_size: int = 128
    """Units in each direction."""
    dropout: float = 0.5
    """Fraction of the words' vectors and of the units that is switched off."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.dropout < 1, "dropout", self.dropout, "at least 0 and below 1")
        for name in ("embedding_size", "hidden_size"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """Words both ways through an LSTM, the mean of its outputs."""
    model = sequence_model(
        "lstm",
        data_spec.classes,
        vocabulary_size=len(data_spec.text),
        embedding_size=options.embedding_size,
        hidden_size=options.hidden_size,
        bidirectional=True,
        pool="mean",
        dropout=options.dropout,
    )
    steps = options.epochs * steps_per_epoch(data_spec.train_size, options.batch_size)
    optimizer = optimizers.adam(
        options.learning_rate,
        weight_decay=options.weight_decay,
        schedule=optimizers.one_cycle(steps=steps),
    )
    return Recipe(model, objectives.classification(model), optimizers.clipped(optimizer, norm=1.0))
