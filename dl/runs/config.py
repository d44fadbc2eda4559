"""The contents of config.json: all that is needed to build a run again."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dl.data.dataset import DataSpec
from dl.data.ratings.catalogue import Catalogue
from dl.data.text.subwords import has_pieces
from dl.data.text.vocabulary import END, Vocabulary
from dl.errors import InputError
from dl.ranges import CountOrZero
from dl.runs.experiment import Experiment, load_experiment_of
from dl.runs.files import read_json, sealed, unsealed, write_json
from dl.runs.shape import Misfit, as_kind
from dl.runs.sinks.sinks import SinkName
from dl.train.learning import check_varied
from dl.train.recipe import Recipe

FORMAT = 2
_MOST_VALUES = 2**40
"""Numbers in one example; more are damage, and overflow where sizes are computed."""


@dataclass(frozen=True)
class Origin:
    """The origin of a run's first parameters: another run, its step, a checksum of its arrays.

    `taken` holds the paths of the arrays from the other run, `new` those of newly drawn ones.
    """

    run: str
    step: CountOrZero
    checksum: int
    taken: tuple[str, ...]
    new: tuple[str, ...]

    def describe(self) -> str:
        """The origin in one line.

        >>> taken, new = ("hidden/bias", "hidden/kernel"), ("output/bias", "output/kernel")
        >>> Origin("a/run", 40, 0, taken, new).describe()
        'a/run, step 40: taken 2 of 4, new: output/bias, output/kernel'
        """
        taken = (
            f"{self.run}, step {self.step}: taken {len(self.taken)} of "
            f"{len(self.taken) + len(self.new)}"
        )
        return ", new: ".join([taken, ", ".join(self.new)] if self.new else [taken])


@dataclass(frozen=True)
class Config:
    """The contents of config.json: all that is needed to build the same run again.

    `edited` tells that the file is not as it was written.
    """

    experiment: Experiment
    options: Any
    steps_per_call: int
    parallel: str
    devices: int
    data: DataSpec
    freeze: tuple[str, ...] = ()
    origin: Origin | None = None
    varied: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Options that differ between the members of a population, with the value of each member."""
    log: tuple[SinkName, ...] = ()
    """Where records go beside metrics.jsonl."""
    edited: bool = field(default=False, compare=False)

    def build(self) -> Recipe:
        """Model, objective and optimizer of the run."""
        recipe = self.experiment.recipe(self.options, self.data, freeze=self.freeze)
        if self.varied:
            check_varied(self.options, self.varied)
        return recipe.varied(self.varied)

    def write(self, path: Path) -> None:
        """Write config.json."""
        stored = {
            "format": FORMAT,
            "experiment": self.experiment.name,
            "module": self.experiment.module,
            "options": asdict(self.options),
            "chosen": {
                "steps_per_call": self.steps_per_call,
                "parallel": self.parallel,
                "devices": self.devices,
            },
            "data": asdict(self.data),
            "freeze": self.freeze,
            "origin": asdict(self.origin) if self.origin else None,
            "varied": self.varied,
            "log": self.log,
        }
        write_json(path, sealed(stored))


def read_config(path: Path, *, package: str) -> Config:
    """The configuration in `path`, whose experiment must be a module of `package`.

    Raises:
        InputError: when the file is broken or of another version, names a module of another
            package, or the options are refused.
    """
    stored = read_json(path)
    version = stored.get("format", "none") if isinstance(stored, dict) else "none"
    if version not in (1, FORMAT) or type(version) is not int:
        raise InputError(
            f"{path} has format {version}, this version reads 1 and {FORMAT}: "
            f"use the version that wrote it"
        )
    entries, intact = unsealed(stored)
    if version == 1:  # which knew no checksum
        entries, intact = _from_format_1(entries), True
    try:
        return _as_config(entries, package, path, intact)
    except Misfit as error:
        raise InputError(
            f"{path}: {error}; the file is broken or of another version: bring back a copy of it"
        ) from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


@dataclass(frozen=True)
class _Chosen:
    """What was chosen by rule when the run began."""

    steps_per_call: CountOrZero
    parallel: Literal["jit", "pmap", "fsdp", "members", "none"]
    devices: CountOrZero


@dataclass(frozen=True)
class _Stored:
    """The entries of the file, of which the experiment decides what its options are."""

    format: int
    experiment: str
    module: str
    options: dict[str, Any]
    chosen: _Chosen
    data: DataSpec
    freeze: tuple[str, ...] = ()
    origin: Origin | None = None
    varied: dict[str, tuple[float, ...]] = field(default_factory=dict)
    log: tuple[SinkName, ...] = ()


def _as_config(value: dict[str, Any], package: str, path: Path, intact: bool) -> Config:
    module = as_kind(str, value.get("module"), "module")
    experiment = load_experiment_of(module, package=package, away_from=path.parent)
    given = as_kind(dict[str, Any], value.get("options"), "options")
    options = as_kind(experiment.options, given, "")
    stored: _Stored = as_kind(_Stored, value, "")
    if stored.experiment != experiment.name:
        raise Misfit(f"experiment is {stored.experiment!r}, the module that of {experiment.name}")
    _check_spec(stored.data)
    chosen = asdict(stored.chosen)
    return Config(
        experiment,
        options,
        **chosen,
        data=stored.data,
        freeze=stored.freeze,
        origin=stored.origin,
        varied=stored.varied,
        log=stored.log,
        edited=not intact,
    )


def _check_spec(spec: DataSpec) -> None:
    """Refuse a description of data that no data set has."""
    shape, channels = spec.input_shape, spec.input_shape[-1:] or (1,)
    if not all(size > 0 for size in shape) or np.prod(shape, dtype=float) > _MOST_VALUES:
        raise Misfit(f"data.input_shape is {list(shape)[:4]}; no example has that shape")
    if not _is_number_type(spec.input_dtype):
        raise Misfit(f"data.input_dtype is {spec.input_dtype!r}; it must be such as uint8, float32")
    if spec.train_size < 0:
        raise Misfit(f"data.train_size is {spec.train_size}; it must be at least 0")
    if spec.kind.predicts_symbols and spec.vocabulary is None:
        raise Misfit(f"data.vocabulary is missing, and {spec.name} is text")
    if spec.vocabulary is not None:
        _check_vocabulary(spec.vocabulary, "data.vocabulary")
    if spec.source_vocabulary is not None:
        _check_vocabulary(spec.source_vocabulary, "data.source_vocabulary")
    if spec.kind.target_sequences:
        _check_targets(spec)
    if spec.catalogue is not None:
        _check_catalogue(spec.catalogue, one_rating=spec.task == "retrieval")
    if spec.task == "retrieval" and (
        spec.catalogue is None or shape != (len(spec.catalogue.items),)
    ):
        raise Misfit(f"data.catalogue is missing or has not {shape[0]} items")
    if not spec.classes:
        raise Misfit("data.class_names is empty; a model has at least one output")
    for name in ("mean", "std"):
        values = getattr(spec, name)
        if len(values) not in (1, *channels) or not np.isfinite(values).all():
            raise Misfit(f"data.{name} has {len(values)} values for {channels[0]} channels")
    if min(spec.std) <= 0:
        raise Misfit(f"data.std is {min(spec.std)}; it must be above 0")


def _check_targets(spec: DataSpec) -> None:
    """Refuse sequences of targets that have no length, or no end."""
    if not 0 < spec.longest_target <= _MOST_VALUES:
        raise Misfit(f"data.longest_target is {spec.longest_target}; targets have at least 1 step")
    if spec.kind.predicts_symbols and END not in spec.text.symbols:
        raise Misfit(f"data.vocabulary.symbols has no {END}, and targets end with it")


def _check_catalogue(catalogue: Catalogue, *, one_rating: bool) -> None:
    """Refuse users and items of which two are the same, and ratings of others.

    With `one_rating` all ratings may be the same, as where items are taken and not rated.
    """
    for name in ("users", "items"):
        ids = getattr(catalogue, name)
        if not ids or len(set(ids)) != len(ids):
            raise Misfit(f"data.catalogue.{name} is empty, or holds something twice")
    if len(catalogue.titles) != len(catalogue.items):
        raise Misfit("data.catalogue.titles has not one title for each item")
    scale = catalogue.scale
    if len(scale) != 2 or scale[0] > scale[1] or (scale[0] == scale[1] and not one_rating):
        raise Misfit(f"data.catalogue.scale is {list(scale)[:4]}; it is lowest, highest")
    try:
        users, items, ratings = catalogue.history
    except InputError as error:
        raise Misfit(f"data.catalogue.{error}") from None
    inside = (users >= 0) & (users < len(catalogue.users))
    inside &= (items >= 0) & (items < len(catalogue.items)) & np.isfinite(ratings)
    if not inside.all():
        raise Misfit("data.catalogue.rated has ratings of users or items that are not there")


def _is_number_type(name: str) -> bool:
    try:
        return np.dtype(name).kind in "biuf"
    except TypeError:
        return False


def _check_vocabulary(vocabulary: Vocabulary, place: str) -> None:
    """Refuse symbols of which two have the same number, or none has, and a model of others."""
    symbols = vocabulary.symbols
    if not symbols:
        raise Misfit(f"{place}.symbols is empty; a text has symbols")
    if len(set(symbols)) != len(symbols):
        twice = next(symbol for symbol in symbols if symbols.count(symbol) > 1)
        raise Misfit(f"{place}.symbols holds {twice!r} twice; each symbol stands once")
    bytes_ = 256 + (END in symbols)
    if vocabulary.unit == "byte" and len(symbols) != bytes_:
        raise Misfit(f"{place}.symbols has {len(symbols)} symbols; bytes are {bytes_}")
    if vocabulary.unit == "subword" and not has_pieces(vocabulary.model, symbols):
        raise Misfit(f"{place}.model makes other subwords than those in symbols")


def _from_format_1(stored: dict[str, Any]) -> dict[str, Any]:
    """Rename the entries of version 0.1.0 that have other names now."""
    stored = {**stored}
    for part, old, new in (
        ("options", "scan_steps", "steps_per_call"),
        ("chosen", "chunk_steps", "steps_per_call"),
    ):
        if isinstance(stored.get(part), dict) and old in stored[part]:
            renamed = {**stored[part]}
            renamed[new] = renamed.pop(old)
            stored[part] = renamed
    return stored
