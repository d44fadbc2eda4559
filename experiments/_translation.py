"""What the experiments on translation share: an encoder-decoder, and its BLEU and chrF."""

from dataclasses import dataclass
from typing import Annotated, Literal

from dl import (
    Count,
    Dataset,
    DataSpec,
    Measured,
    NotNegative,
    OptimizerName,
    PairOptions,
    Range,
    Rate,
    Recipe,
    ScheduleName,
    Trained,
    evaluate_translation,
    models,
    objectives,
)
from dl.assess.translation import check_installed

Attention = Literal["additive", "multiplicative", "none"]


@dataclass(frozen=True)
class TranslationOptions(PairOptions):
    """Options of training an encoder-decoder on pairs of texts."""

    dataset: str = "ted_hrlr_translate/pt_to_en"
    validation: float = 0.0
    epochs: int = 16
    batch_size: int = 64
    optimizer: OptimizerName = "adam"
    learning_rate: float = 1e-3
    schedule: ScheduleName = "cosine"
    final_rate: float = 0.05
    warm_up: int = 200
    clip: float = 1.0
    label_smoothing: float = 0.1
    unit: Literal["char", "byte", "word", "subword"] = "subword"
    vocabulary_size: int = 5000
    hidden_size: Count = 256
    """Units of the decoder, and of the encoder in each direction."""
    num_layers: Count = 1
    """Recurrent layers of the encoder on top of each other."""
    embedding_size: Count = 256
    """Size of a symbol's vector."""
    dropout: Rate = 0.35
    """Fraction of the vectors and of the units that are switched off."""
    tied: bool = True
    """Use the vectors of the written symbols as the output's weights too; their size must be that
    of the decoder.
    """
    scheduled_sampling: Rate = 0.0
    """Fraction of the previous symbols that are the decoder's own in training, not the right ones.
    """
    beam: Annotated[int, Range(at_least=1, at_most=100)] = 5
    """Beginnings that the search keeps when translations are measured."""
    length_penalty: NotNegative = 1.0
    """Higher values write longer sentences when translations are measured."""

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are no pairs of texts, and without sacreBLEU."""
        super().check_data(data)
        check_installed()


def translation_recipe(
    kind: str, options: TranslationOptions, data_spec: DataSpec, *, attention: Attention
) -> Recipe:
    """The recipe for a bidirectional encoder and a decoder with cells of this `kind`."""
    encoder = models.text_encoder(
        len(data_spec.source_text),
        kind=kind,
        hidden_size=options.hidden_size,
        num_layers=options.num_layers,
        embedding_size=options.embedding_size,
        dropout=options.dropout,
        attended=attention != "none",
    )
    model = models.encoder_decoder(
        encoder,
        data_spec.classes,
        kind=kind,
        hidden_size=options.hidden_size,
        embedding_size=options.embedding_size,
        attention=attention,
        dropout=options.dropout,
        tied=options.tied,
        scheduled_sampling=options.scheduled_sampling,
    )
    objective = objectives.next_symbol(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, options.make_optimizer(data_spec))


def measure_translation(options: TranslationOptions, trained: Trained, data: Dataset) -> Measured:
    """BLEU and chrF of the parts that are held out."""
    return evaluate_translation(
        trained, data, beam=options.beam, length_penalty=options.length_penalty
    )
