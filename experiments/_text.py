"""What the experiments on text share: Adam with clipped gradients, a warm-up and half a cosine."""

from dataclasses import dataclass
from typing import Literal

from dl import objectives, optimizers
from dl.data.batching import steps_per_epoch
from dl.data.dataset import Dataset, DataSpec
from dl.models import language_model
from dl.train.options import DocumentOptions, TextOptions, TrainOptions, require, require_text
from dl.train.recipe import Recipe


@dataclass(frozen=True)
class NetOptions(TrainOptions):
    """Options of a recurrent language model and of its training."""

    batch_size: int = 32
    learning_rate: float = 2e-3
    hidden_size: int = 256
    """Units of a recurrent layer."""
    num_layers: int = 1
    """Recurrent layers on top of each other."""
    embedding_size: int = 0
    """Size of a symbol's vector; 0 gives each symbol an input of its own."""
    tied: bool = False
    """Take the symbols' vectors for the output's weights too; they must be as long as a layer has
    units.
    """
    dropout: float = 0.0
    """Fraction of the units of each layer that is switched off."""
    layer_norm: bool = False
    """Normalise the outputs of each layer."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What the recurrent layers multiply in, bfloat16 where there are matrix units for it; all else
    is float32.
    """
    clip: float = 1.0
    """Largest norm of the gradient."""
    warm_up: int = 100
    """Steps over which the rate rises."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.dropout < 1, "dropout", self.dropout, "at least 0 and below 1")
        require(self.clip > 0, "clip", self.clip, "above 0")
        for name in ("hidden_size", "num_layers"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("embedding_size", "warm_up"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "at least 0")
        if self.tied:
            units = f"{self.hidden_size}, the units of a layer, where the output is tied"
            require(
                self.embedding_size == self.hidden_size,
                "embedding_size",
                self.embedding_size,
                units,
            )

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that are no text."""
        require_text(data)

    @property
    def use_labels(self) -> bool:
        """A language model passes over labels."""
        return False


@dataclass(frozen=True)
class StreamOptions(NetOptions, TextOptions):
    """Options of training one on a stream of text."""


@dataclass(frozen=True)
class WholeOptions(NetOptions, DocumentOptions):
    """Options of training one on documents, each from its beginning to its end."""


def language_recipe(kind: str, options: NetOptions, data_spec: DataSpec) -> Recipe:
    """A language model with cells of this kind, and the recipe around it."""
    model = language_model(
        kind,
        data_spec.classes,
        hidden_size=options.hidden_size,
        num_layers=options.num_layers,
        embedding_size=options.embedding_size,
        tied=options.tied,
        dropout=options.dropout,
        layer_norm=options.layer_norm,
        product_dtype=None if options.precision == "float32" else options.precision,
    )
    steps = options.epochs * steps_per_epoch(data_spec.train_size, options.batch_size)
    schedule = optimizers.warm_up(
        optimizers.cosine(steps=max(1, steps - options.warm_up), final=0.05), steps=options.warm_up
    )
    optimizer = optimizers.clipped(
        optimizers.adam(options.learning_rate, schedule=schedule), norm=options.clip
    )
    return Recipe(model, objectives.next_symbol(model), optimizer)
