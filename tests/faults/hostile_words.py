"""Texts in tables and JSON Lines that are damaged, and command lines that are made to do harm."""

from pathlib import Path
from typing import Any

from hostile import Case, copied, link_to, of_data, of_run, of_words, pipe
from hostile_files import harmful
from hostile_media import huge_picture, picture

_PROGRAMS = "lstm_programs"
_TABLE = "lstm_sentiment"
_PAIRS = "attention_translation"
_ROWS = [f"text number {number}\t{number % 2}" for number in range(40)]


def rows(line: str, lines: list[str] = _ROWS) -> str:
    """A table whose fifth row is `line`."""
    return "\n".join([*lines[:4], line, *lines[5:]])


TEXTS: list[Case] = [
    of_data("JSON Lines of brackets", _PROGRAMS, "jsonl", b"[" * 100_000),
    of_data("JSON Lines that are a list", _PROGRAMS, "jsonl", b'[{"code": "int a;"}]'),
    of_data("JSON Lines of numbers", _PROGRAMS, "jsonl", b'{"code": 1}\n{"code": 2}\n'),
    of_data("JSON Lines with a line cut", _PROGRAMS, "jsonl", b'{"code": "a"}\n{"code": "b\n'),
    of_data(
        "JSON Lines with a number of 5,000 digits",
        _PROGRAMS,
        "jsonl",
        b'{"code": "a", "x": ' + b"9" * 5000 + b"}\n",
    ),
    of_data("JSON Lines without a text", _PROGRAMS, "jsonl", b'{"\\u202e\\u001b[31m": "a"}\n'),
    of_data("a row with a cell too many", _TABLE, "tsv", {"": rows("a\tb\tc\t1")}),
    of_data("a row without a label", _TABLE, "tsv", {"": rows("a text")}),
    of_data("a label that is nan", _TABLE, "tsv", {"": rows("a text\tnan")}),
    of_data(
        "a quote that is not closed",
        _TABLE,
        "csv",
        {"": rows('"text,1', [row.replace("\t", ",") for row in _ROWS])},
    ),
    of_data("a table of one class", _TABLE, "tsv", {"": "\n".join(f"a {n}\t1" for n in range(40))}),
    of_data("a table of zeros", _TABLE, "tsv", bytes(900)),
    of_data("pairs without a tab", _PAIRS, "pairs", {"": rows("no tab here")}),
    of_data("pairs with an empty side", _PAIRS, "pairs", {"": rows("\tsomething")}),
    of_data("pairs that are one file twice", _PAIRS, "pairs", b"a\tb"),
]


def predicted(name: str, content: Any, *options: str) -> Case:
    """A file that a trained net is asked about."""

    def words(sandbox: Path) -> list[str]:
        path = sandbox / "x.png"
        content(path) if callable(content) else path.write_bytes(content)
        return ["predict", str(copied(sandbox)), str(path), *options]

    return Case(name, words)


WORDS: list[Case] = [
    predicted("to predict: a picture that is cut", picture()[:60]),
    predicted("to predict: a text", b"hello"),
    predicted("to predict: a pipe", pipe),
    predicted("to predict: a device", link_to("/dev/zero")),
    predicted("to predict: a folder", Path.mkdir),
    predicted("to predict: 10¹⁸ pixels", huge_picture(10**9, 10**9)),
    predicted("to predict: a pickle", harmful()),
    predicted("to predict: nothing to see on a photograph", picture(2), "--photo"),
    of_words("a run that is the root", "evaluate", "/"),
    of_words("a run that is a device", "evaluate", "/dev/zero"),
    of_words("a run that is the processes", "evaluate", "/proc/self"),
    of_words("a run without a name", "evaluate", ""),
    of_words("a run of control characters", "evaluate", "\x1b]0;x\x07\u202e"),
    of_words("a run of lone surrogates", "evaluate", "\udcff\udc80"),
    of_words("a run of another user", "evaluate", "~nobody-there/run"),
    of_words("a run with a zero byte", "evaluate", "a\0b"),
    of_words("a data set with a zero byte", "run", "lenet_digits", "--dataset", "text:a\0b"),
    of_words(
        "a data set of control characters", "run", "lenet_digits", "--dataset", "\x1b[2J\u202e"
    ),
    of_words("a data set of 100,000 letters", "run", "lenet_digits", "--dataset", "x" * 100_000),
    of_words("a verb of control characters", "\x1b[2J"),
    of_words("an option of control characters", "run", "lenet_digits", "--\x1b[2J", "1"),
    of_words("a rate of 400 digits", "run", "lenet_digits", "--learning-rate", "9" * 400),
    of_words("a number of 5,000 digits", "run", "lenet_digits", "--epochs", "9" * 5000),
    of_words("a negative number of devices", "run", "lenet_digits", "--devices", "-1"),
    of_words("a game of 10¹² steps", "run", "rnn_adding", "--dataset", f"adding:{10**12}"),
    of_words("a run folder on a device", "run", "mlp_xor", "--run-dir", "/dev/null/run"),
    of_words("a run folder in the processes", "run", "mlp_xor", "--run-dir", "/proc/run"),
    of_run(
        "10¹² texts", lambda run: None, "sample", run="lstm_names", behind=("--count", str(10**12))
    ),
    of_run(
        "a prime that is unknown",
        lambda run: None,
        "sample",
        run="lstm_names",
        behind=("--prime", "\x1b\u202e"),
    ),
    of_run(
        "a page in a folder that is not there",
        lambda run: None,
        "report",
        behind=("--output", "/nowhere/page.html"),
    ),
]
"""Words of command lines, and files that a trained net is asked about."""
