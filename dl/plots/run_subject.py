"""A run as its pictures see it: what its folder says, and its net and data once they are needed."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np

from dl.data.dataset import Dataset, DataSpec
from dl.data.example import example_inputs
from dl.data.sources.arrays import ArraySource
from dl.data.sources.items import ItemSource
from dl.data.sources.ragged import RaggedSource
from dl.data.sources.streamed import StreamedSource
from dl.data.sources.tokens import TokenSource
from dl.data.text.vocabulary import END, UNKNOWN
from dl.errors import InputError
from dl.runs.config import Config
from dl.runs.folder import RunFolder, open_folder
from dl.runs.load import load
from dl.runs.trained import Trained
from dl.train.names import by_path
from dl.train.record import Record
from dl.types import EncoderDecoder, LayerRow, Model, Pair

_SYMBOLS = 60
"""How many symbols of the data are read where no text is given."""


@dataclass(frozen=True)
class Subject:
    """A run, of which nothing but config.json is read before it is asked for."""

    folder: RunFolder
    config: Config
    package: str
    checkpoint: Literal["last", "best"] | None = None

    @property
    def name(self) -> str:
        """What the run is called: its folder."""
        return str(self.folder.path)

    @property
    def spec(self) -> DataSpec:
        """The description of its data."""
        return self.config.data

    @cached_property
    def model(self) -> Model:
        """Its model; of a population that of one member."""
        return self.config.build().model

    @cached_property
    def layers(self) -> list[LayerRow]:
        """The rows of `show`; none where inputs are sequences or the model does not tell them."""
        if self.spec.ragged or self.spec.has_symbols or isinstance(self.model, EncoderDecoder):
            return []
        return self.model.layers(jax.ShapeDtypeStruct((1, *self.spec.input_shape), "float32"))

    @property
    def sees_pictures(self) -> bool:
        """Whether its inputs are pictures [H, W, C]."""
        return len(self.spec.input_shape) == 3 and not self.spec.ragged

    @cached_property
    def parameters(self) -> dict[str, tuple[int, ...]]:
        """The shapes of its parameters by path, traced and not computed."""
        params = jax.eval_shape(self.model.init, jax.random.key(0), example_inputs(self.spec))[0]
        return {path: leaf.shape for path, leaf in by_path(params).items()}

    @cached_property
    def attends(self) -> bool:
        """Whether it is an encoder-decoder that looks at places of its source; traced."""
        model, inputs = self.model, example_inputs(self.spec)
        if not isinstance(model, EncoderDecoder) or not isinstance(inputs, Pair):
            return False

        def weights(key: Any, pair: Pair) -> Any:
            params, model_state = model.init(key, pair)
            memory, carry = model.encode(params, model_state, pair.source)
            return model.step(params, model_state, memory, carry, pair.previous[:, 0])[2]

        return jax.eval_shape(weights, jax.random.key(0), inputs).shape[-1] > 0

    @property
    def records(self) -> list[Record]:
        """Its records so far, also of a run that goes on.

        Raises:
            InputError: when there is none yet.
        """
        records = self.folder.records()
        if not records:
            raise InputError(
                f"{self.name} has no records yet: wait for its first ones, or go on with `resume "
                f"{self.name}`"
            )
        return records

    @cached_property
    def trained(self) -> Trained:
        """The run with its parameters; a population answers as a committee."""
        return load(self.folder.path, checkpoint=self.checkpoint, package=self.package)

    @property
    def net(self) -> Trained:
        """One net: of a population the first member."""
        return self.trained.members[0]

    @cached_property
    def data(self) -> Dataset:
        """The data that it was trained on."""
        return self.trained.open_data()

    def examples(self, part: str, index: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Raw inputs [N, ...] and targets [N, ...] at `index` of a part, as evaluation sees them.

        Raises:
            InputError: for a place that the part does not have.
        """
        source = self.data.part(part)
        check_places(index, source, f"the {part} part of {self.spec.name}")
        assert isinstance(source, ArraySource | StreamedSource | ItemSource)
        taken = source.gather(np.asarray(index))
        return taken["inputs"], taken["targets"]

    def text(self, part: str, example: int | None) -> str:
        """The beginning of a text of a part: of one stream, or of one of several texts."""
        source, symbols = self.data.part(part), self.spec.text.symbols
        if isinstance(source, TokenSource):
            numbers = source.tokens
        else:
            assert isinstance(source, RaggedSource)
            place = len(source) // 2 if example is None else example
            check_places([place], source, f"the {part} part of {self.spec.name}")
            numbers = source.inputs[place][: source.lengths[place]]
        known = [number for number in numbers if symbols[number] not in (END, UNKNOWN)]
        return self.spec.text.decode(known[:_SYMBOLS])


def check_places(index: Sequence[int], source: Sized, what: str) -> None:
    """Raise an `InputError` for a place that a part does not have; `what` names the part."""
    if not all(0 <= place < len(source) for place in index):
        raise InputError(
            f"{what} has examples 0 to {len(source) - 1}, and {max(index, key=abs)} is none of them"
        )


def open_subject(
    run: str | Path,
    *,
    checkpoint: Literal["last", "best"] | None = None,
    package: str = "experiments",
) -> Subject:
    """The run in folder `run`, to be drawn.

    Raises:
        InputError: when there is no run, it is of another version, or it trained no net.
    """
    folder, config = open_folder(run, package=package)
    if config.experiment.build is None:
        raise InputError(
            f"{config.experiment.name} counts and trains no net, so there is nothing to draw: give "
            "the run of a net"
        )
    return Subject(folder, config, package, checkpoint)


def differing_options(configs: Sequence[Config]) -> list[dict[str, Any]]:
    """For each run the options whose values are not the same in all of them, without the seed."""
    every = [{"experiment": each.experiment.name, **vars(each.options)} for each in configs]
    names = list(dict.fromkeys(name for options in every for name in options))
    differing = [
        name
        for name in names
        if name != "seed" and len({repr(options.get(name)) for options in every}) > 1
    ]
    return [{name: options.get(name) for name in differing} for options in every]
