"""Folders of runs that are damaged, or made to do harm."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile import Case, link_to, of_run, pipe, remove


def written(name: str, content: str | bytes) -> Callable[[Path], None]:
    """A file of the run in the place of what it was."""

    def damage(run: Path) -> None:
        path = run / name
        remove(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    return damage


def made(name: str, make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Another kind of file under the name of one of the run's."""

    def damage(run: Path) -> None:
        remove(run / name)
        make(run / name)

    return damage


def changed(place: str, value: Any, name: str = "config.json") -> Callable[[Path], None]:
    """An entry of a JSON file with another value; `place` has dots between its keys."""

    def damage(run: Path) -> None:
        stored = json.loads((run / name).read_text())
        *parents, last = place.split(".")
        entry = stored
        for key in parents:
            entry = entry[key]
        entry[last] = value
        (run / name).write_text(json.dumps(stored))

    return damage


def all_files(pattern: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """The content of every file of the checkpoint that matches, changed."""

    def damage(run: Path) -> None:
        found = [path for path in run.glob(f"checkpoints/*/{pattern}") if path.is_file()]
        assert found, pattern
        for path in found:
            path.write_bytes(change(path.read_bytes()))

    return damage


def without_result(damage: Callable[[Path], object]) -> Callable[[Path], None]:
    """The same damage to a run that is not finished."""

    def both(run: Path) -> None:
        remove(run / "result.json")
        damage(run)

    return both


def renamed(name: str) -> Callable[[Path], object]:
    """The checkpoint under another name."""
    return lambda run: next((run / "checkpoints").iterdir()).rename(run / "checkpoints" / name)


def climbing(run: Path) -> None:
    """Arrays whose names lead out of the checkpoint."""
    (path,) = run.glob("checkpoints/*/state/_METADATA")
    path.write_text(path.read_text().replace("params", "../../../../outside"))


def grown(path: Path) -> None:
    """A file of a gigabyte that takes no room."""
    with path.open("wb") as file:
        file.truncate(2**30)


def in_a_loop(path: Path) -> None:
    """Two links that lead to each other."""
    path.symlink_to(path.with_name("other"))
    path.with_name("other").symlink_to(path)


def listening(path: Path) -> None:
    """A socket."""
    where = os.getcwd()
    os.chdir(path.parent)  # the whole path may be longer than a socket's name can be
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)
    finally:
        os.chdir(where)


_HALF = (lambda whole: whole[: len(whole) // 2], "cut")
_ZEROS = (lambda whole: bytes(len(whole)), "zeros")
_NOTHING = (lambda whole: b"", "empty")
_NOISE = (lambda whole: bytes(byte ^ 0x5A for byte in whole), "noise")

RUNS: list[Case] = [
    of_run("config.json is a pipe", made("config.json", pipe)),
    of_run("config.json is a socket", made("config.json", listening)),
    of_run("config.json is a folder", made("config.json", Path.mkdir)),
    of_run("config.json is a link to a device", made("config.json", link_to("/dev/zero"))),
    of_run(
        "config.json is a link to a file of the system", made("config.json", link_to("/etc/passwd"))
    ),
    of_run("config.json is a link in a loop", made("config.json", in_a_loop)),
    of_run("config.json has a gigabyte of zeros", made("config.json", grown)),
    of_run("config.json is 100,000 brackets deep", written("config.json", "[" * 100_000)),
    of_run("config.json is UTF-16", written("config.json", "{}".encode("utf-16"))),
    of_run(
        "config.json is half of itself",
        lambda run: written("config.json", (run / "config.json").read_bytes()[:700])(run),
    ),
    of_run(
        "config.json has a number of 5,000 digits",
        written("config.json", '{"format": ' + "9" * 5000 + "}"),
    ),
    of_run("config.json is a number", written("config.json", "1e999")),
    of_run("the module is one of Python's", changed("module", "os")),
    of_run("the module is the runner", changed("module", "experiments.__main__")),
    of_run("the module leaves the package", changed("module", "experiments...os")),
    of_run("the module is a file of the system", changed("module", "file:/etc/passwd")),
    of_run("the module has control characters", changed("module", "experiments.\x1b[2J\u202e")),
    of_run("the experiment has 10,000 letters", changed("module", "experiments." + "x" * 10_000)),
    of_run("the format is of another time", changed("format", 10**9)),
    of_run("an option is infinite", changed("options.learning_rate", float("inf"))),
    of_run("an option is a number of 4,000 digits", changed("options.epochs", 10**4000)),
    of_run("an option is a list", changed("options.dataset", ["digits"])),
    of_run("the data set is a path of the system", changed("options.dataset", "text:/etc/shadow")),
    of_run("the inputs have 10¹⁸ numbers", changed("data.input_shape", [10**9, 10**9, 1])),
    of_run("the inputs have a negative side", changed("data.input_shape", [-28, 28, 1])),
    of_run("the inputs have no axes", changed("data.input_shape", [])),
    of_run("the inputs have 10,000 axes", changed("data.input_shape", [1] * 10_000)),
    of_run("there are no examples", changed("data.train_size", 0), "resume"),
    of_run("another experiment's options", changed("options.hidden_size", 9)),
    of_run("manifest.json is a pipe", made("manifest.json", pipe), "resume"),
    of_run(
        "manifest.json is a list",
        lambda run: (remove(run / "result.json"), written("manifest.json", "[1, 2]")(run)),
        "resume",
    ),
    of_run("metrics.jsonl is a pipe", made("metrics.jsonl", pipe), "records"),
    of_run("metrics.jsonl leads out", made("metrics.jsonl", link_to("/etc/passwd")), "resume"),
    of_run(
        "metrics.jsonl has a line of zeros",
        written("metrics.jsonl", bytes(9) + b"\n{}\n"),
        "records",
    ),
    of_run(
        "metrics.jsonl counts backwards",
        written(
            "metrics.jsonl",
            "".join(
                json.dumps(
                    {
                        "step": step,
                        "epoch": 1,
                        "split": "train",
                        "values": {"loss": 1.0},
                        "examples_per_second": None,
                    }
                )
                + "\n"
                for step in (9, 3, 10**30)
            ),
        ),
        "records",
    ),
    of_run(
        "result.json is half of itself",
        lambda run: written("result.json", (run / "result.json").read_bytes()[:100])(run),
        "resume",
    ),
    of_run("result.json is edited", changed("steps", 10**12, "result.json"), "resume"),
    of_run("result.json is null", written("result.json", "null"), "resume"),
    of_run(
        "the lock is a folder",
        without_result(lambda run: (run / "lock").mkdir()),
        "resume",
    ),
    of_run(
        "the lock leads out",
        lambda run: (
            remove(run / "result.json"),
            (run / "lock").symlink_to(run.parent / "outside"),
        ),
        "resume",
    ),
    of_run("checkpoints lead out", made("checkpoints", link_to("/"))),
    of_run("checkpoints are a file", written("checkpoints", "x")),
    of_run("checkpoints are a pipe", made("checkpoints", pipe)),
    of_run("there are no checkpoints", lambda run: remove(run / "checkpoints")),
    of_run(
        "a checkpoint leads out", lambda run: link_to("/etc")(next((run / "checkpoints").iterdir()))
    ),
    of_run(
        "a link out, deep in the run",
        lambda run: (
            (run / "profile" / "a").mkdir(parents=True),
            (run / "profile" / "a" / "b").symlink_to("/etc"),
        ),
    ),
    of_run(
        "a checkpoint of a negative step",
        lambda run: next((run / "checkpoints").iterdir()).rename(run / "checkpoints" / "-3"),
    ),
    of_run(
        "a checkpoint of another step",
        lambda run: next((run / "checkpoints").iterdir()).rename(run / "checkpoints" / str(10**18)),
    ),
    of_run("names of arrays lead out", climbing),
    of_run("samples of text in no text", lambda run: None, "sample"),
    of_run(
        "vocabulary of one symbol twice",
        changed("data.vocabulary.symbols", ["a", "a"]),
        "sample",
        run="lstm_names",
    ),
    of_run(
        "vocabulary of no symbols",
        changed("data.vocabulary.symbols", []),
        "sample",
        run="lstm_names",
    ),
    *(
        of_run(f"{pattern} of the checkpoint: {how}", all_files(pattern, change))
        for pattern, changes in {
            "state/**/d/*": (_HALF, _ZEROS, _NOISE),
            "state/manifest.ocdbt": (_HALF, _ZEROS, _NOTHING),
            "state/_METADATA": (_HALF, _ZEROS, _NOTHING),
            "state/array_metadatas/*": (_NOISE,),
            "notes/metadata": (_HALF, _ZEROS, _NOTHING),
        }.items()
        for change, how in changes
    ),
]
"""Damaged runs, each with the verb that reads what is damaged."""
