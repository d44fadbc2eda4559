"""What a run says of its options: at first glance those that differ, and the others dimmed."""

import os
import sys
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from typing import Any

from dl.cli.docstring import terminal_width
from dl.screen import escaped

_RUNNING = (
    "evaluate_every",
    "log_every",
    "checkpoint_every",
    "checkpoint_minutes",
    "keep",
    "keep_every",
    "parallel",
    "devices",
    "prefetch",
    "steps_per_call",
)
_BY_CLASS = {"DataOptions": "data", "TrainOptions": "training", "LearningFields": "learning"}
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


def describe_options(name: str, options: Any, *, stream: Any = None) -> str:
    """The options of a run of the experiment `name`; a star marks one that was changed.

    On a terminal that can dim them, those with the experiment's own value follow by group. The
    whole is in config.json.
    """
    changed = [_word(option, options) for option in fields(options) if _differs(option, options)]
    rest = len(fields(options)) - len(changed)
    name = escaped(name)
    first = f"{name}: {' '.join(changed)}" if changed else f"{name} as it is"
    if not can_dim(stream or sys.stderr):
        return f"{first} ({rest} options have the experiment's own value; config.json has all)"
    width = terminal_width() - 1
    groups = (_group(title, words, width) for title, words in group_options(options).items())
    return "\n".join([first, *(f"{_DIM}{group}{_PLAIN}" for group in groups)])


def group_options(options: Any) -> dict[str, list[str]]:
    """The options that have their default, as words `name=value`, by what they are about.

    >>> from dl.train.options import TrainOptions
    >>> group_options(TrainOptions(epochs=3))["training"]
    ['batch_size=128', 'patience=0', 'stop_below=0.0', 'members=1']
    """
    titles = ("experiment", "training", "learning", "data", "text", "running")
    groups: dict[str, list[str]] = {title: [] for title in titles}
    for option in fields(options):
        if not _differs(option, options):
            title = _title(type(options), option.name)
            groups[title].append(_word(option, options))
    return {title: words for title, words in groups.items() if words}


def can_dim(stream: Any) -> bool:
    """Whether text on `stream` can be dimmed: a terminal, unless NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _title(kind: type, name: str) -> str:
    """The group of the option `name`: that of the class which has it first."""
    if name in _RUNNING:
        return "running"
    first = next(
        base for base in reversed(kind.__mro__) if name in vars(base).get("__annotations__", {})
    )
    if first.__module__ not in ("dl.train.options", "dl.train.text_options", "dl.train.learning"):
        return "experiment"
    return _BY_CLASS.get(first.__name__, "text")


def _group(title: str, words: Sequence[str], width: int) -> str:
    """A group's words below each other, broken between two words only."""
    lines, indent = [f"  {title:<12}"], " " * 14
    for word in words:
        if len(lines[-1]) + len(word) > width and lines[-1] != indent:
            lines.append(indent)
        lines[-1] += f"{word} "
    return "\n".join(line.rstrip() for line in lines)


def _differs(option: Field, options: Any) -> bool:
    return option.default is not MISSING and getattr(options, option.name) != option.default


def _word(option: Field, options: Any) -> str:
    star = "*" if _differs(option, options) else ""
    return escaped(f"{option.name}={getattr(options, option.name)}{star}")
