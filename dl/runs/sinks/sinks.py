"""The sinks that a run asks for, kept away from its training: one that fails is left out."""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Literal, NamedTuple

from dl.errors import InputError, did_you_mean, first_line
from dl.runs.sinks.csv_file import CsvFile
from dl.runs.sinks.sink import Begun, Sink
from dl.runs.sinks.tensorboard import TensorBoard
from dl.runs.sinks.weights_and_biases import WeightsAndBiases
from dl.train.record import Record

SinkName = Literal["csv", "tensorboard", "wandb"]
"""What `--log` takes."""


class Offered(NamedTuple):
    """A kind of sink, the package that it needs, and the extra that brings it."""

    make: Callable[[], Sink]
    needs: str = ""
    extra: str = ""


SINKS: dict[SinkName, Offered] = {
    "csv": Offered(CsvFile),
    "tensorboard": Offered(TensorBoard, "tensorboardX", "tensorboard"),
    "wandb": Offered(WeightsAndBiases, "wandb", "wandb"),
}


def choose_sinks(words: Sequence[str]) -> tuple[SinkName, ...]:
    """The names in `words`, each of which may hold several with commas between them.

    Raises:
        InputError: for an unknown name, and a sink whose package is not installed.

    >>> choose_sinks(["csv", "csv"])
    ('csv',)
    >>> choose_sinks(["cvs"])
    Traceback (most recent call last):
    dl.errors.InputError: --log 'cvs': did you mean csv?
    """
    names = dict.fromkeys(name.strip() for word in words for name in word.split(","))
    return tuple(_checked(name) for name in names)


def _checked(name: str) -> SinkName:
    for known, offered in SINKS.items():
        if known == name:
            if offered.needs and not _is_installed(offered.needs):
                raise InputError(
                    f"--log {name} needs the package {offered.needs}, which is not installed: "
                    f"pip install 'dl-lectures[{offered.extra}]'"
                )
            return known
    raise InputError(f"--log {name!r}: {did_you_mean(name, SINKS)}")


def _is_installed(package: str) -> bool:
    """Whether it can be imported; a folder `./wandb` alone would be found, but has no origin."""
    spec = importlib.util.find_spec(package)
    return spec is not None and spec.origin is not None


@contextmanager
def open_sinks(
    names: Sequence[SinkName], run: Begun, tell: Callable[[str], None]
) -> "Iterator[Sinks]":
    """The sinks of a run that begins or goes on, closed at the end of the block.

    `tell` shows a line; it is called once for each sink that fails.
    """
    sinks = Sinks({name: SINKS[name].make() for name in names}, tell)
    sinks.open(run)
    try:
        yield sinks
    finally:
        sinks.close()


class Sinks:
    """Several sinks as one that never raises: what a sink raises ends that sink alone."""

    def __init__(self, sinks: dict[SinkName, Sink], tell: Callable[[str], None]) -> None:
        self._sinks, self._tell = sinks, tell

    def open(self, run: Begun) -> None:
        """Open all."""
        self._each(lambda sink: sink.open(run))

    def record(self, record: Record) -> None:
        """Give all the next record."""
        self._each(lambda sink: sink.record(record))

    def close(self) -> None:
        """Close all."""
        self._each(lambda sink: sink.close())
        self._sinks = {}

    def _each(self, act: Callable[[Sink], None]) -> None:
        for name, sink in list(self._sinks.items()):
            try:
                act(sink)
            except Exception as error:
                del self._sinks[name]
                self._tell(
                    f"warning: --log {name} failed ({first_line(error)}): the training goes on "
                    "without it, and metrics.jsonl has all records"
                )
                with suppress(Exception):
                    sink.close()
