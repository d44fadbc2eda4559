"""Files of data, and command lines, that are damaged or made to do harm."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from hostile import Case, copied, link_to, of_data, of_run, of_words, pipe
from hostile_runs import grown, in_a_loop
from PIL import Image

_TEXT = "lstm_shakespeare"
_PROGRAMS = "lstm_programs"
_TABLE = "lstm_sentiment"
_PAIRS = "attention_translation"
_RATINGS = "factorisation_ratings"
_SOUND = "lstm_spoken_digits"
_PICTURES = "mlp_mnist"
_CAPTIONS = "attention_captions"
_MOVES = "policy_connect_four"
_UP = "../../../../outside"


def picture(side: int = 16, mode: str = "L") -> bytes:
    """A PNG of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "PNG")
    return file.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return len(content).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")


def huge_picture(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says that it is so large."""
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    parts = _chunk(b"IHDR", size + bytes([8, 0, 0, 0, 0])), _chunk(b"IDAT", zlib.compress(bytes(9)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + _chunk(b"IEND", b"")


def sound(**wrong: int) -> bytes:
    """A wav file of noise whose header says something else."""
    says = {"form": 1, "channels": 1, "rate": 8000, "bits": 16, "size": 2000, **wrong}
    block = max(says["channels"] * says["bits"] // 8, 0)
    head = b"".join(
        [
            says["form"].to_bytes(2, "little"),
            says["channels"].to_bytes(2, "little"),
            says["rate"].to_bytes(4, "little"),
            (says["rate"] * block % 2**32).to_bytes(4, "little"),
            (block % 2**16).to_bytes(2, "little"),
            says["bits"].to_bytes(2, "little"),
        ]
    )
    data = np.random.default_rng(0).integers(0, 256, 2000, np.uint8).tobytes()
    inside = b"WAVEfmt \x10\0\0\0" + head + b"data" + says["size"].to_bytes(4, "little") + data
    return b"RIFF" + len(inside).to_bytes(4, "little") + inside


def sounds(**files: bytes) -> dict[str, Any]:
    """Twenty recordings of two words, and others by their names."""
    right = {f"{'ab'[number % 2]}_x_{number}.wav": sound() for number in range(20)}
    return {**right, **{f"{name}.wav": content for name, content in files.items()}}


def pictures(**files: Any) -> dict[str, Any]:
    """Pictures of two classes in train and test, and another one in a class of train."""
    right: dict[str, Any] = {
        f"{part}/{name}/{number}.png": picture()
        for part in ("train", "test")
        for name in "ab"
        for number in range(4)
    }
    return {**right, **{f"train/a/{name}.png": content for name, content in files.items()}}


def captions(file_name: str, caption: Any = "a cat", **files: Any) -> dict[str, Any]:
    """Twelve pictures with captions in COCO's format, of which one has this name and caption."""
    names = [f"{number}.png" for number in range(11)]
    images = [{"id": place, "file_name": name} for place, name in enumerate([*names, file_name])]
    notes = [{"image_id": place, "caption": "a cat sat"} for place in range(11)]
    content = {"images": images, "annotations": [*notes, {"image_id": 11, "caption": caption}]}
    return {**dict.fromkeys(names, picture()), "captions.json": json.dumps(content), **files}


def archive(make: type, name: str) -> bytes:
    """A zip or tar archive whose only file has this name."""
    file = io.BytesIO()
    if make is zipfile.ZipFile:
        with zipfile.ZipFile(file, "w") as into:
            into.writestr(name, "text " * 100)
    else:
        with tarfile.open(fileobj=file, mode="w") as into:
            into.addfile(tarfile.TarInfo(name))
    return file.getvalue()


def games(**arrays: Any) -> bytes:
    """A file of recorded games with other arrays."""
    right = {
        "game": np.array("connect_four"),
        "moves": np.full((20, 42), -1, np.int16),
        "scores": np.zeros(20, np.int8),
        "at_random": np.zeros(20, np.int16),
    }
    file = io.BytesIO()
    np.savez(file, **{name: x for name, x in {**right, **arrays}.items() if x is not None})
    return file.getvalue()


def harmful() -> bytes:
    """A pickle that would make a file."""

    class Harm:
        def __reduce__(self) -> tuple:
            return Path.touch, (Path("outside"),)

    return pickle.dumps(Harm())


_PROSE = "the cat sat on the mat and looked at the dog. " * 200
_ROWS = [f"text number {number}\t{number % 2}" for number in range(40)]
_VOTES = [f"{user},{item},{1 + (user + item) % 5}" for user in range(9) for item in range(9)]


def rows(line: str, lines: list[str] = _ROWS) -> str:
    """A table whose fifth row is `line`."""
    return "\n".join([*lines[:4], line, *lines[5:]])


def votes(line: str) -> str:
    """A table of ratings whose fifth row is `line`."""
    return "user,item,rating\n" + rows(line, _VOTES)


TEXTS: list[Case] = [
    of_data("a text that is empty", _TEXT, "text", b""),
    of_data("a text of blanks", _TEXT, "text", b" \n\t\r\n"),
    of_data("a text of zeros", _TEXT, "text", bytes(5000)),
    of_data("a text of bytes that are no UTF-8", _TEXT, "text", bytes(range(128, 256)) * 50),
    of_data("a text of lone surrogates", _TEXT, "text", b"\xed\xa0\x80" * 500),
    of_data("a text in UTF-16", _TEXT, "text", _PROSE.encode("utf-16")),
    of_data("a text that is a program", _TEXT, "text", b"\x7fELF\x02\x01\x01" + bytes(5000)),
    of_data("a text that is a pickle", _TEXT, "text", harmful()),
    of_data("a text that is a pipe", _TEXT, "text", {"": pipe}),
    of_data("a text that is a device", _TEXT, "text", {"": link_to("/dev/zero")}),
    of_data("a text that is a link in a loop", _TEXT, "text", {"": in_a_loop}),
    of_data("a text that is a link to nothing", _TEXT, "text", {"": link_to("nowhere")}),
    of_data("a text that is an empty folder", _TEXT, "text", {"": Path.mkdir}),
    of_data("a gigabyte of zeros", _TEXT, "text", {"": grown}),
    of_data("gzip that is cut", _TEXT, "text", gzip.compress(_PROSE.encode())[:-20]),
    of_data(
        "gzip with noise in it",
        _TEXT,
        "text",
        gzip.compress(_PROSE.encode())[:30] + bytes(range(99)),
    ),
    of_data(
        "gzip that grows", _TEXT, "text", gzip.compress(bytes(3_000_000)), "--most-unpacked", "1"
    ),
    of_data(
        "bzip2 that grows", _TEXT, "text", bz2.compress(b"a" * 3_000_000), "--most-unpacked", "1"
    ),
    of_data("xz that is cut", _TEXT, "text", lzma.compress(_PROSE.encode())[:-20]),
    of_data("gzip in gzip", _TEXT, "text", gzip.compress(gzip.compress(_PROSE.encode()))),
    of_data("zip with a name that leads out", _TEXT, "text", archive(zipfile.ZipFile, _UP)),
    of_data("tar with a name that leads out", _TEXT, "text", archive(tarfile.TarFile, _UP)),
    of_data("tar with a path from the root", _TEXT, "text", archive(tarfile.TarFile, "/outside")),
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

NUMBERS: list[Case] = [
    of_data("a rating that is a word", _RATINGS, "ratings", {"": votes("1,2,good")}),
    of_data("a rating that is nan", _RATINGS, "ratings", {"": votes("1,2,nan")}),
    of_data("a rating that is infinite", _RATINGS, "ratings", {"": votes("1,2,1e999")}),
    of_data("a rating that is missing", _RATINGS, "ratings", {"": votes("1,2")}),
    of_data("a user that is missing", _RATINGS, "ratings", {"": votes(",2,3")}),
    of_data("ratings of zeros", _RATINGS, "ratings", bytes(900)),
    of_data("ratings that are empty", _RATINGS, "ratings", b""),
    of_data(
        "chorales of a note that no piano has",
        "lstm_chorales",
        "chorales",
        {"": json.dumps({"train": [[[900]]], "valid": [[[60]]], "test": [[[60]]]})},
    ),
    of_data(
        "chorales of words",
        "lstm_chorales",
        "chorales",
        {"": json.dumps({"train": [[["c"]]], "valid": [[[60]]], "test": [[[60]]]})},
    ),
    of_data("chorales of a list", "lstm_chorales", "chorales", b"[1, 2, 3]"),
    of_data("chorales that are brackets", "lstm_chorales", "chorales", b"[" * 100_000),
    of_data("chorales that are a pickle", "lstm_chorales", "chorales", harmful()),
    of_data("games of noise", _MOVES, "moves", bytes(range(200))),
    of_data("games that are a zip that is cut", _MOVES, "moves", games()[:-40]),
    of_data("games with a name that leads out", _MOVES, "moves", archive(zipfile.ZipFile, _UP)),
    of_data("games that are a pickle", _MOVES, "moves", harmful()),
    of_data(
        "games that hold a pickle", _MOVES, "moves", games(moves=np.array([Path("x")] * 20, object))
    ),
    of_data("games without moves", _MOVES, "moves", games(moves=None)),
    of_data("games of an unknown game", _MOVES, "moves", games(game=np.array("\x1b[2J"))),
    of_data(
        "games that are none",
        _MOVES,
        "moves",
        games(
            moves=np.zeros((0, 42), np.int16),
            scores=np.zeros(0, np.int8),
            at_random=np.zeros(0, np.int16),
        ),
    ),
    of_data(
        "games with a column that is not there",
        _MOVES,
        "moves",
        games(moves=np.full((20, 42), 99, np.int16)),
    ),
    of_data(
        "games with moves on a full column",
        _MOVES,
        "moves",
        games(moves=np.zeros((20, 42), np.int16)),
    ),
    of_data("games that never end", _MOVES, "moves", games()),
    of_data("games of floats", _MOVES, "moves", games(moves=np.zeros((20, 42)))),
]

SOUNDS: list[Case] = [
    of_data("a wav file of text", _SOUND, "audio", sounds(a_x_99=b"not a sound")),
    of_data("a wav file that is empty", _SOUND, "audio", sounds(a_x_99=b"")),
    of_data("a wav file that is its header", _SOUND, "audio", sounds(a_x_99=sound()[:40])),
    of_data("a wav file without channels", _SOUND, "audio", sounds(a_x_99=sound(channels=0))),
    of_data("a wav file of rate 0", _SOUND, "audio", sounds(a_x_99=sound(rate=0))),
    of_data("a wav file of another form", _SOUND, "audio", sounds(a_x_99=sound(form=0x55))),
    of_data(
        "a wav file of 64 bits", _SOUND, "audio", sounds(a_x_99=sound(bits=64)), "--batch-size", "4"
    ),
    of_data("sounds of one word", _SOUND, "audio", {f"a_x_{n}.wav": sound() for n in range(9)}),
    of_data("sounds that are a pipe", _SOUND, "audio", {"": pipe}),
    of_data("TIMIT without a folder of speakers", "ctc_timit", "timit", {"a.txt": b"x"}),
    of_data(
        "TIMIT with phones of words",
        "ctc_timit",
        "timit",
        {
            f"{part}/DR1/FABC0/SX{number}.{kind}": content
            for part in ("TRAIN", "TEST")
            for number in range(4)
            for kind, content in {"WAV": sound(rate=16_000), "PHN": b"zero one h#\n"}.items()
        },
    ),
    of_data(
        "TIMIT with phones that end before they begin",
        "ctc_timit",
        "timit",
        {
            f"{place}/SX{number}.{kind}": content
            for place in ("TRAIN/DR1/FABC0", "TEST/DR1/MDAB0")
            for number in range(4)
            for kind, content in {"WAV": sound(rate=16_000), "PHN": b"900 100 h#\n"}.items()
        },
        "--batch-size",
        "4",
    ),
]

PICTURES: list[Case] = [
    of_data("a picture that is cut", _PICTURES, "folder", pictures(x=picture()[:60])),
    of_data(
        "a picture with noise in it", _PICTURES, "folder", pictures(x=picture()[:50] + bytes(200))
    ),
    of_data(
        "a small file of 10¹⁸ pixels", _PICTURES, "folder", pictures(x=huge_picture(10**9, 10**9))
    ),
    of_data(
        "a small file of 400 million pixels",
        _PICTURES,
        "folder",
        pictures(x=huge_picture(20_000, 20_000)),
    ),
    of_data("a picture of no pixels", _PICTURES, "folder", pictures(x=huge_picture(0, 0))),
    of_data(
        "pictures of one class",
        _PICTURES,
        "folder",
        {f"train/a/{number}.png": picture() for number in range(9)},
    ),
    of_data("pictures without classes", _PICTURES, "folder", {"a.png": picture()}),
    of_data(
        "a class with control characters and nothing in it",
        _PICTURES,
        "folder",
        {**pictures(), "train/\x1b[31m\u202e/x.txt": b"x"},
    ),
    of_data(
        "a class that is a link in a loop",
        _PICTURES,
        "folder",
        {"train/a": in_a_loop, "train/b/x.png": picture()},
    ),
    of_data("captions of a picture that leads out", _CAPTIONS, "captions", captions(_UP)),
    of_data("captions of a file of the system", _CAPTIONS, "captions", captions("/etc/passwd")),
    of_data(
        "captions of a picture that is a pipe",
        _CAPTIONS,
        "captions",
        captions("x.png", **{"x.png": pipe}),
    ),
    of_data(
        "captions of a picture that is cut",
        _CAPTIONS,
        "captions",
        captions("x.png", **{"x.png": picture()[:50]}),
    ),
    of_data(
        "captions that are numbers",
        _CAPTIONS,
        "captions",
        captions("x.png", 3, **{"x.png": picture()}),
    ),
    of_data("captions that are a list", _CAPTIONS, "captions", {"captions.json": b"[]"}),
    of_data("captions that are brackets", _CAPTIONS, "captions", {"captions.json": b"[" * 100_000}),
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
