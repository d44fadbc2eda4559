"""A bidirectional LSTM that writes down strings of spoken digits, trained by CTC.

Lecture: H4, G3. Paper: Graves, Mohamed & Hinton 2013, arXiv:1303.5778. Data: strings of 1 to 7
    digits, joined from recordings of one speaker of the Free Spoken Digit Dataset (Jackson et al.
    2018); recordings 0 to 4 of each speaker and digit are for the test strings alone.
Expected: 0.85 % of the labels of 1,000 test strings wrong (one seed).
Time: 2,914 s on two CPU cores, shared with much other work.
Command: python -m experiments run ctc_spoken_digits --dataset spoken_strings:PATH
"""

from dataclasses import dataclass, replace

from dl import Count, DataSpec, Rate, Recipe, models, objectives
from dl.data.audio.listening import Listening
from dl.train.sound_options import StringFields
from experiments._speech import SpeechOptions, augmentation


@dataclass(frozen=True)
class Options(StringFields, SpeechOptions):
    """Options of ctc_spoken_digits."""

    epochs: int = 20
    batch_size: int = 32
    learning_rate: float = 4e-3
    hidden_size: int = 128
    stack: Count = 3
    longest: float = 1.0
    layers: Count = 2
    """Recurrent layers in each direction."""
    dropout: Rate = 0.2
    """Fraction of the units that are switched off."""

    @property
    def listening(self) -> Listening:
        """How recordings become examples."""
        return replace(super().listening, stack=self.stack)


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """LSTMs in both directions on log-mel energies; blank or a label in every step."""
    model = models.acoustic_model(
        "lstm",
        data_spec.classes,
        sample_rate=data_spec.sample_rate,
        hidden_size=options.hidden_size,
        num_layers=options.layers,
        filters=options.filters,
        stack=options.stack,
        dropout=options.dropout,
    )
    return Recipe(
        model,
        objectives.transcription(model),
        options.make_optimizer(data_spec),
        augmentation(options, data_spec.sample_rate),
    )
