"""Damage to the folder of a run: each JSON value of another kind, each file cut, lost or changed.

A case is a name and a function that damages a copy of the run's folder.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

OTHERS: tuple[Any, ...] = (None, True, 1.5, -1, 10**30, "x\x1b[31m", [], {}, "../../etc/passwd")
JSON_FILES = ("config.json", "manifest.json", "metrics.jsonl", "result.json")
JSON_OF_CHECKPOINT = (
    "notes/metadata",
    "metrics/metrics",
    "_CHECKPOINT_METADATA",
    "state/_METADATA",
)
STEP_NAMES = ("9999", "0", "7", "007", "abc", "-3", "1e3", str(10**30))


class Case(NamedTuple):
    """What is done to the folder, in words and as a function."""

    name: str
    damage: Callable[[Path], None]


def cases(run: Path) -> Iterator[Case]:
    """All cases for the run in this folder, always in the same order."""
    newest = newest_checkpoint(run)
    checkpoint = newest.relative_to(run).as_posix()
    for name in (*JSON_FILES, *(f"{checkpoint}/{file}" for file in JSON_OF_CHECKPOINT)):
        yield from _changed_values(run, name)
    for path in sorted(run.rglob("*")):
        if path.is_file() and path.name != "lock":
            yield from _changed_bytes(path.relative_to(run).as_posix())
    for name in STEP_NAMES:
        yield Case(f"{checkpoint} renamed to {name}", partial(_rename, checkpoint, name))
        yield Case(f"{checkpoint} copied to {name}", partial(_copy, checkpoint, name))


def newest_checkpoint(run: Path) -> Path:
    return max((run / "checkpoints").iterdir(), key=lambda path: int(path.name))


def _changed_values(run: Path, name: str) -> Iterator[Case]:
    stored = _read(run / name)
    for number, place in enumerate(_places(stored)):
        if place or not name.endswith("jsonl"):
            other = OTHERS[number % len(OTHERS)]
            words = ".".join(map(str, place)) or "all"
            yield Case(f"{name}: {words} is {other!r}", partial(_put, name, place, other))
            if place and number % 3 == 0:
                yield Case(f"{name}: no {words}", partial(_drop, name, place))


def _changed_bytes(name: str) -> Iterator[Case]:
    for how, change in {
        "cut": lambda whole: whole[: len(whole) // 2],
        "empty": lambda whole: b"",
        "flipped": lambda whole: whole[:9] + bytes([whole[9] ^ 16]) + whole[10:],
        "no UTF-8": lambda whole: whole[:5] + b"\xff\xfe" + whole[5:],
    }.items():
        yield Case(f"{name}: {how}", partial(_rewrite, name, change))
    yield Case(f"{name}: lost", lambda run: (run / name).unlink())
    yield Case(f"{name}: a link out", partial(_link, name))


def _read(path: Path) -> Any:
    text = path.read_text()
    return [*map(json.loads, text.splitlines())] if path.suffix == ".jsonl" else json.loads(text)


def _write(path: Path, value: Any) -> None:
    lines = [json.dumps(item) + "\n" for item in value] if path.suffix == ".jsonl" else []
    path.write_text("".join(lines) if path.suffix == ".jsonl" else json.dumps(value))


def _places(value: Any, place: tuple = ()) -> Iterator[tuple]:
    """The ways to every value in a value of JSON."""
    yield place
    pairs = value.items() if isinstance(value, dict) else []
    pairs = enumerate(value) if isinstance(value, list) else pairs
    for key, item in pairs:
        yield from _places(item, (*place, key))


def _put(name: str, place: tuple, other: Any, run: Path) -> None:
    value = _read(run / name)
    if not place:
        return _write(run / name, other)
    _parent(value, place)[place[-1]] = other
    return _write(run / name, value)


def _drop(name: str, place: tuple, run: Path) -> None:
    value = _read(run / name)
    del _parent(value, place)[place[-1]]
    _write(run / name, value)


def _parent(value: Any, place: tuple) -> Any:
    for key in place[:-1]:
        value = value[key]
    return value


def _rewrite(name: str, change: Callable[[bytes], bytes], run: Path) -> None:
    (run / name).write_bytes(change((run / name).read_bytes()))


def _link(name: str, run: Path) -> None:
    (run / name).unlink()
    (run / name).symlink_to("/etc/hostname")


def _rename(checkpoint: str, name: str, run: Path) -> None:
    (run / checkpoint).rename((run / checkpoint).with_name(name))


def _copy(checkpoint: str, name: str, run: Path) -> None:
    shutil.copytree(run / checkpoint, (run / checkpoint).with_name(name))
