"""Captions of pictures: a convolutional net sees, an LSTM with attention writes.

Lecture: H2. Papers: Vinyals et al. 2015 (arXiv:1411.4555), Xu et al. 2015 (arXiv:1502.03044).
Expected: 98.4 % of the captions say what is in the scene, 96.9 % on held-out combinations (one
    seed), from scenes that are turned, zoomed, shifted and bent anew in every epoch.
Time: 2,865 s on two CPU cores that had other work.
Command: python -m experiments run attention_captions
"""

from dataclasses import dataclass
from typing import Literal

from dl import (
    Count,
    Dataset,
    DataSpec,
    DocumentOptions,
    NotNegative,
    OptimizerName,
    Rate,
    Recipe,
    ScheduleName,
    Share,
    Trained,
    augment,
    models,
    objectives,
)
from experiments._captions import figures_of_parts
from experiments._digits import DigitOptions, digit_changes


@dataclass(frozen=True)
class Options(DigitOptions, DocumentOptions):
    """Options of attention_captions."""

    dataset: str = "scenes:digits"
    unit: Literal["char", "byte", "word"] = "word"
    """What a symbol of captions:PATH is."""
    epochs: int = 30
    batch_size: int = 64
    optimizer: OptimizerName = "adam"
    learning_rate: float = 2e-3
    schedule: ScheduleName = "cosine"
    clip: float = 1.0
    warm_up: int = 100
    degrees: NotNegative = 8.0
    zoom: Share = 0.08
    elastic: NotNegative = 0.8
    maps: Count = 24
    """Maps of the first convolution; the second has twice, the third four times as many."""
    hidden_size: Count = 128
    """Units of the LSTM."""
    embedding_size: Count = 64
    """Size of a word's vector."""
    attention: Literal["additive", "multiplicative", "none"] = "additive"
    """How places of the picture are compared with the LSTM's state; none looks at their mean."""
    dropout: Rate = 0.1
    """Fraction of the units that are switched off between the parts of the net."""
    beam: Count = 1
    """Hypotheses that are kept when the captions of the result are written."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """The captioner; the next word is predicted from the picture and the words before it."""
    model = models.captioner(
        data_spec.classes,
        features=tuple(options.maps * times for times in (1, 2, 4)),
        hidden_size=options.hidden_size,
        embedding_size=options.embedding_size,
        attention=options.attention,
        dropout=options.dropout,
    )
    objective = objectives.next_symbol(model, label_smoothing=options.label_smoothing)
    changes = augment.on_source(digit_changes(options, data_spec))
    return Recipe(model, objective, options.make_optimizer(data_spec), changes)


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """BLEU-4 and CIDEr-D of the test pictures; of scenes also the share of right captions."""
    return figures_of_parts(trained, data, beam=options.beam, validation=options.validation)
