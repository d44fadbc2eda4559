"""A bidirectional LSTM that tells which digit is spoken.

Lecture: H4, G3. Data: the Free Spoken Digit Dataset (Jackson et al. 2018), recordings 0 to 4 of
    each speaker and digit for testing; or any folder of recordings, one sub-folder for each word.
Expected: 99.0 % (one seed). On a speaker who is left out, `--test-speaker theo`, 90.4 %; on others
    less: 87.6 % on yweweler, 55.4 % on george.
Time: 189 s on two CPU cores, shared with much other work.
Command: python -m experiments run lstm_spoken_digits --dataset audio:PATH
"""

from dataclasses import dataclass

from dl import DataSpec, Rate, Recipe, models, objectives
from experiments._speech import SpeechOptions, augmentation


@dataclass(frozen=True)
class Options(SpeechOptions):
    """Options of lstm_spoken_digits."""

    epochs: int = 40
    batch_size: int = 32
    hidden_size: int = 128
    longest: float = 1.0
    dropout: Rate = 0.3
    """Fraction of the units that are switched off."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One LSTM in each direction on log-mel energies; the mean of its outputs is classified."""
    model = models.spoken_word_model(
        "lstm",
        data_spec.classes,
        sample_rate=data_spec.sample_rate,
        hidden_size=options.hidden_size,
        filters=options.filters,
        stack=options.stack,
        dropout=options.dropout,
    )
    objective = objectives.classification(model, label_smoothing=options.label_smoothing)
    return Recipe(
        model,
        objective,
        options.make_optimizer(data_spec),
        augmentation(options, data_spec.sample_rate),
    )
