"""A bidirectional LSTM that writes down the phones of TIMIT's sentences, trained by CTC.

Lecture: H4. Paper: Graves, Mohamed & Hinton 2013, arXiv:1303.5778, who have 18.6 % with CTC and
    three layers of 250 units in each direction, 18.4 % with five. Data: TIMIT (Garofolo et al.
    1993), which must be bought.
Expected: not run on TIMIT itself; the tests train it on a small corpus in the same layout.
Time: unknown.
Command: python -m experiments run ctc_timit --dataset timit:PATH
"""

from dataclasses import dataclass, replace
from typing import Literal

from dl import Count, Dataset, DataSpec, InputError, Rate, Recipe, Trained, models, objectives
from dl.assess.labels import label_errors
from dl.data.audio.listening import Listening
from dl.data.audio.phones import folded
from dl.data.sources.pairs import PairSource
from dl.runs.transcribe import transcribe
from experiments._speech import SpeechOptions, augmentation


@dataclass(frozen=True)
class Options(SpeechOptions):
    """Options of ctc_timit."""

    epochs: int = 60
    batch_size: int = 16
    hidden_size: int = 250
    speed: float = 0.05
    layers: Count = 3
    """Recurrent layers in each direction."""
    dropout: Rate = 0.3
    """Fraction of the units that are switched off."""
    phones: Literal[39, 48, 61] = 61
    """Kinds of phones to train on; they are counted as 39 kinds."""
    beam: Count = 10
    """Prefixes that the search for the most probable phones keeps."""

    @property
    def listening(self) -> Listening:
        """How recordings become examples."""
        return replace(super().listening, stack=self.stack, phones=self.phones)

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are not TIMIT's."""
        super().check_data(data)
        if len(data.spec.class_names) != self.phones + 1:
            raise InputError(f"{data.spec.name} has no phones of TIMIT: give timit:PATH")


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """LSTMs in both directions; blank or a phone in every step."""
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


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Errors of the core test set with a beam, in 39 kinds of phones."""
    test, names = data.test, data.spec.text.symbols
    assert isinstance(test, PairSource)
    sounds = [row[:length] for row, length in zip(test.inputs, test.lengths, strict=True)]
    heard = [said.labels for said in transcribe(trained, sounds, beam=options.beam)]
    rows = zip(test.targets, test.target_lengths, strict=True)
    right = [[names[label] for label in row[:length]] for row, length in rows]
    errors = label_errors(list(map(_kinds, right)), list(map(_kinds, heard)))
    return {"39 kinds": {"label_error": errors.rate}}


def _kinds(phones: list[str] | tuple[str, ...]) -> list[str]:  # 39 of any set
    return [kind for phone in phones if (kind := folded(phone, 39)) is not None]
