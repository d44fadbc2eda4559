"""The recipe for language models: Adam with clipped gradients, a warm-up and half a cosine."""

from dataclasses import dataclass

from dl import (
    Count,
    CountOrZero,
    Dataset,
    DataSpec,
    DocumentOptions,
    InputError,
    OptimizerName,
    Rate,
    Recipe,
    ScheduleName,
    TextOptions,
    models,
    objectives,
)
from dl.train.text_options import require_text


@dataclass(frozen=True)
class NetFields:
    """Options of a recurrent language model, inherited by both classes of options below."""

    batch_size: int = 32
    learning_rate: float = 2e-3
    optimizer: OptimizerName = "adam"
    schedule: ScheduleName = "cosine"
    final_rate: float = 0.05
    hidden_size: Count = 256
    """Units of a recurrent layer."""
    num_layers: Count = 1
    """Recurrent layers on top of each other."""
    embedding_size: CountOrZero = 0
    """Size of a symbol's vector; 0 gives each symbol an input of its own."""
    tied: bool = False
    """Use the symbols' vectors as the output's weights too; their size must be that of a layer."""
    dropout: Rate = 0.0
    """Fraction of the units of each layer that are switched off."""
    layer_norm: bool = False
    """Normalise the outputs of each layer."""
    clip: float = 1.0
    warm_up: int = 100

    def check_tied(self) -> None:
        """Raise an `InputError` for a tied output that does not fit a layer."""
        if self.tied and self.embedding_size != self.hidden_size:
            raise InputError(
                f"embedding_size is {self.embedding_size}; it must be {self.hidden_size}, "
                f"the units of a layer, where the output is tied"
            )

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are not text."""
        require_text(data)

    @property
    def use_labels(self) -> bool:
        """A language model ignores labels."""
        return False


@dataclass(frozen=True)
class StreamOptions(NetFields, TextOptions):
    """Options of training a language model on a stream of text."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_tied()


@dataclass(frozen=True)
class WholeOptions(NetFields, DocumentOptions):
    """Options of training a language model on documents, each from its beginning to its end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_tied()


def language_recipe(
    kind: str, options: StreamOptions | WholeOptions, data_spec: DataSpec
) -> Recipe:
    """The recipe for a language model with cells of this `kind`."""
    model = models.language_model(
        kind,
        data_spec.classes,
        hidden_size=options.hidden_size,
        num_layers=options.num_layers,
        embedding_size=options.embedding_size,
        tied=options.tied,
        dropout=options.dropout,
        layer_norm=options.layer_norm,
    )
    objective = objectives.next_symbol(model, label_smoothing=options.label_smoothing)
    return Recipe(model, objective, options.make_optimizer(data_spec))
