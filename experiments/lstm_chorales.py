"""An LSTM that predicts the next chord of a chorale.

Lecture: G3. Paper: Boulanger-Lewandowski et al. 2012, arXiv:1206.6392 (the task).
Expected: 8.45 nats per chord; of the keys that sound or are predicted, 23.4 % do both (one seed).
    `--members 4` answers with the mean of four nets: 8.35.
Time: 188 s on one CPU core, shared with other work; 911 s for four nets on two.
Command: python -m experiments run lstm_chorales --dataset chorales:PATH
"""

from dataclasses import dataclass

from dl import CountOrZero, DataSpec, Rate, Recipe, augment, models, objectives
from experiments._sequences import SequenceOptions


@dataclass(frozen=True)
class Options(SequenceOptions):
    """Options of lstm_chorales."""

    dataset: str = ""
    epochs: int = 150
    batch_size: int = 16
    hidden_size: int = 256
    dropout: Rate = 0.3
    """Fraction of the units that are switched off."""
    transpose: CountOrZero = 0
    """Train on each chorale moved up or down by up to this many keys, anew in each epoch; for
    collections in many keys.
    """


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """88 keys in, 88 keys out, at every step."""
    model = models.step_model(
        "lstm", data_spec.classes, hidden_size=options.hidden_size, dropout=options.dropout
    )
    objective = objectives.frames(model, label_smoothing=options.label_smoothing)
    moved = augment.Transposition(options.transpose) if options.transpose else None
    return Recipe(model, objective, options.make_optimizer(data_spec), moved)
