"""Text of one's own: a stream, a document a line, JSON a line, or text and label between tabs.

    text:PATH     one stream; test is its last tenth
    lines:PATH    a document a line
    jsonl:PATH    a document an object, its text under `text` or `code`, a label under `label` if there is one
    tsv:PATH      a document a line: text, a tab, a label

PATH is a file, plain or compressed (.gz), in UTF-8, or a folder with a file (or folder of files) a part, whose names
have `train`, `validation` (`valid`, `val`, `dev`) and `test` in them. Where there is no test part the validation part
is it; where there is neither, a tenth of the documents, by a fixed permutation, is. A validation part beside a test
part is what a run validates on when its `--validation` is 0; otherwise that fraction of train is.
"""

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dl.data.dataset import Dataset
from dl.data.sequence_sets import (
    Documents,
    Reading,
    documents,
    labelled_documents,
    split_documents,
    stream_of_documents,
    stream_of_text,
)
from dl.errors import InputError

_TEST_FRACTION = 0.1
_TEST_SEED = 10_80_11  # fixed for ever: the same documents are always the test
_VALIDATION_SEED = 20_12_59
_ORDER_SEED = 19_97_11
_PARTS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation"}
_PARTS["test"] = "test"


def load_text_file(kind: str, path: str | Path, *, validation: float, reading: Reading) -> Dataset:
    """The text at `path` as a data set; `kind` is `text`, `lines`, `jsonl` or `tsv`.

    Raises:
        InputError: for a path that is not there, a file that is no UTF-8 text or not of this kind, an empty text.
    """
    name = f"{kind}:{path}"
    files = _files_by_part(Path(path), name)
    if kind == "text":
        return _one_stream(name, files, validation=validation, reading=reading)
    parse = _PARSERS[kind]
    parts = {part: _together([parse(_read(file), file) for file in found], name) for part, found in files.items()}
    train, held_out, test = _three_parts(parts, validation=validation)
    if train.labels is not None:
        return labelled_documents(name, train, held_out, test, reading=reading)
    build = stream_of_documents if reading.stream else documents
    return build(name, train, held_out, test, reading=reading)


def _one_stream(name: str, files: dict[str, list[Path]], *, validation: float, reading: Reading) -> Dataset:
    texts = {part: "".join(_read(file) for file in found) for part, found in files.items()}
    if set(texts) == {"train"}:
        cut = len(texts["train"]) - round(_TEST_FRACTION * len(texts["train"]))
        texts = {"train": texts["train"][:cut], "test": texts["train"][cut:]}
    test = texts.get("validation", "") + texts.get("test", "")
    return stream_of_text(name, texts["train"], test, reading=reading, validation=validation)


def _three_parts(parts: dict[str, Documents], *, validation: float) -> tuple[Documents, Documents | None, Documents]:
    train, own, test = parts["train"], parts.get("validation"), parts.get("test")
    if test is None:
        test, own = own, None
    if test is None:
        train, test = split_documents(train, fraction=_TEST_FRACTION, seed=_TEST_SEED)
        if test is None:
            raise InputError(f"{len(train.texts)} documents are too few to hold some out as test: give ten or more")
    if validation:
        train, own = split_documents(train, fraction=validation, seed=_VALIDATION_SEED)
    return _shuffled(train), own, test


def _shuffled(part: Documents) -> Documents:
    """Documents in a fixed random order: files often hold like beside like."""
    order = np.random.Generator(np.random.Philox(key=_ORDER_SEED)).permutation(len(part.texts))
    return part.take(order)


def _files_by_part(path: Path, name: str) -> dict[str, list[Path]]:
    if not path.exists():
        raise InputError(f"there is no {path} for {name}: give a file, or a folder with train and test files")
    if path.is_file():
        return {"train": [path]}
    found: dict[str, list[Path]] = {}
    for entry in sorted(path.iterdir()):
        part = _part_of(entry.name)
        if part:
            files = [entry] if entry.is_file() else sorted(inner for inner in entry.rglob("*") if inner.is_file())
            found.setdefault(part, []).extend(files)
    if not found.get("train"):
        raise InputError(f"{path} has no file whose name has `train` in it: name the parts train, validation and test")
    return found


def _part_of(name: str) -> str | None:
    pieces = re.split(r"[^a-z]+", name.lower())
    return next((_PARTS[piece] for piece in pieces if piece in _PARTS), None)


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no UTF-8 text: byte {error.start} is {error.object[error.start]:#x}") from None
    except (OSError, EOFError) as error:
        raise InputError(f"cannot read {path}: {error}") from None
    if not text.strip():
        raise InputError(f"{path} is empty: give a text")
    return text.replace("\r\n", "\n")


def _lines(text: str, path: Path) -> Documents:
    return Documents([line for line in text.split("\n") if line.strip()])


def _json_lines(text: str, path: Path) -> Documents:
    texts: list[str] = []
    labels: list[str | None] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}, line {number}, is no JSON ({error}): give one object a line") from None
        found = next((entry[key] for key in ("text", "code") if isinstance(entry, dict) and key in entry), None)
        if not isinstance(found, str):
            raise InputError(f"{path}, line {number}, has neither `text` nor `code`: give one of them, a string")
        texts.append(found)
        labels.append(str(entry["label"]) if "label" in entry else None)
    return _with_labels(texts, labels, path)


def _tab_separated(text: str, path: Path) -> Documents:
    rows = [line.rsplit("\t", 1) for line in text.split("\n") if line.strip()]
    for number, row in enumerate(rows, start=1):
        if len(row) != 2 or not row[1].strip():
            raise InputError(f"{path}, row {number}, has no tab: give a text, a tab and a label")
    return Documents([row[0].strip() for row in rows], [row[1].strip() for row in rows])


def _with_labels(texts: list[str], labels: list[str | None], path: Path) -> Documents:
    known = [label for label in labels if label is not None]
    if known and len(known) < len(labels):
        raise InputError(f"{path} has {len(known)} labels for {len(labels)} documents: give all of them one, or none")
    return Documents(texts, known or None)


def _together(parts: list[Documents], name: str) -> Documents:
    texts = [text for part in parts for text in part.texts]
    labels = [label for part in parts for label in part.labels or ()]
    if labels and len(labels) != len(texts):
        raise InputError(f"some files of {name} have labels and some have none: give all of them labels, or none")
    return Documents(texts, labels or None)


_PARSERS: dict[str, Callable[[str, Path], Documents]] = {
    "lines": _lines,
    "jsonl": _json_lines,
    "tsv": _tab_separated,
}
