"""Which experiments are killed, in which layouts: a row each."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from process_group import free_port

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Case(NamedTuple):
    """A run that can be killed: what it is, and its options beside those that keep it small."""

    kind: str
    experiment: str
    options: Mapping[str, Any] = _NOTHING
    verb: str = "run"
    extra: tuple[str, ...] = ()
    processes: int = 1

    def commands(self, options: Mapping[str, Any], folder: Path) -> list[list[str]]:
        """The words that start the run, for each of its processes."""
        where = {"search": "--search-dir"}.get(self.verb, "--run-dir")
        given = {**options, **_COMMON, **self.options}
        words = [word for name, value in given.items() for word in _words(name, value)]
        first = [self.verb, self.experiment, where, str(folder), *words, *self.extra, "--quiet"]
        return self._of_processes(first)

    def again(self, folder: Path) -> list[list[str]]:
        """The words that resume it, for each of its processes."""
        return self._of_processes(["resume", str(folder), "--quiet"])

    def _of_processes(self, words: list[str]) -> list[list[str]]:
        """The words for each of several processes on this machine, which meet at a free port."""
        if self.processes == 1:
            return [words]
        several = {"coordinator": f"127.0.0.1:{free_port()}", "processes": self.processes}
        joining = [word for name, value in several.items() for word in _words(name, value)]
        return [
            [*words, *joining, *_words("process_id", number)] for number in range(self.processes)
        ]


def _words(name: str, value: Any) -> list[str]:
    return [f"--{name.replace('_', '-')}", str(value)]


_COMMON = {"devices": 1, "log_every": 3, "epochs": 40}
_OFTEN = {"checkpoint_minutes": 0.002}
"""Saves by the clock too, at steps that nobody can foresee."""
_VARY = ("--vary", "learning_rate=log:0.01..1", "--vary", "batch_size=5,10", "--trials", "6")

CASES = {
    "mlp": Case("MLP, jit on 2 devices", "mlp_mnist", {"devices": 2, "parallel": "jit"}),
    "lenet": Case("LeNet with dropout, saves by the clock", "lenet_digits", _OFTEN),
    "resnet": Case(
        "ResNet with batch norm on streamed pictures, pmap on 2 devices",
        "resnet50_imagenet",
        {"devices": 2, "parallel": "pmap", "epochs": 12},
    ),
    "lstm": Case("LSTM on a stream, with carry", "lstm_shakespeare", {**_OFTEN, "epochs": 12}),
    "ctc": Case("CTC on spoken strings", "ctc_spoken_digits"),
    "translation": Case("encoder-decoder with attention", "attention_translation", {"epochs": 20}),
    "autoencoder": Case("denoising auto-encoder", "autoencoder_denoising_mnist"),
    "rbm": Case("Boltzmann machine", "rbm_mnist"),
    "alphazero": Case("self-play", "alphazero_tic_tac_toe", {**_OFTEN, "epochs": 12}),
    "ratings": Case("recommender", "factorisation_ratings"),
    "population": Case("population of 3 members", "mlp_mnist", {"members": 3}),
    "patience": Case(
        "MLP that stops early, every third epoch kept",
        "mlp_mnist",
        {"evaluate_every": 2, "patience": 9, "keep_every": 3, "validation": 0.2},
    ),
    "search": Case("search", "logistic_moons", {"epochs": 10}, "search", _VARY),
    "mlp_2_processes": Case(
        "MLP, jit in 2 processes", "mlp_mnist", {"devices": 2, "parallel": "jit"}, processes=2
    ),
    "lstm_2_processes": Case(
        "LSTM on a stream, with carry, fsdp in 2 processes",
        "lstm_shakespeare",
        {"devices": 2, "parallel": "fsdp", "epochs": 12},
        processes=2,
    ),
    "resnet_2_processes": Case(
        "ResNet with batch norm on streamed pictures, fsdp in 2 processes",
        "resnet50_imagenet",
        {"devices": 2, "parallel": "fsdp", "epochs": 12},
        processes=2,
    ),
}
"""By the name that the command line takes."""
ALONE = tuple(name for name, case in CASES.items() if case.processes == 1)
"""Those in one process, which are tried when no case is named."""
