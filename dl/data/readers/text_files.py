"""Own text: a stream, or documents as lines, as JSON lines, or in tables with labels.

- `text:PATH`: one stream. Several files of a part are joined as they are.
- `lines:PATH`: one document a line. Blank lines are skipped.
- `jsonl:PATH`: one JSON object a line (`dl.data.text.json_lines`).
- `tsv:PATH`: one document a line: a text, a tab, a label (`dl.data.text.columns`).
- `csv:PATH`: the same as a spreadsheet writes it, with commas or semicolons, and quotes.

PATH is a file in UTF-8, plain or compressed (gzip, bzip2, xz), or a folder with a file or a folder
of files for each part; their names end with `train`, `validation` (`valid`, `val`, `dev`) or `test`
(`dl.data.text.part_files`). Standard error says what of a folder was taken for what. If there is
no test part, the validation part is the test. If there is neither, a tenth of the documents is,
chosen by a fixed permutation; of a stream, its last tenth. If there are both, a run validates on
the validation part when its `--validation` is 0, and otherwise on that fraction of train, which for
a stream is its end. Of a class that would be held out as a whole, one document is trained on.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dl.data.dataset import Dataset
from dl.data.readers.sequences import documents, labelled_documents
from dl.data.readers.streams import stream_of_documents, stream_of_text
from dl.data.split import DOCUMENTS_SEED, check_every_class, permutation, split_validation
from dl.data.text.columns import Columns, columns_like, documents_of, find_columns
from dl.data.text.json_lines import json_lines
from dl.data.text.labels import tidy_labels
from dl.data.text.part_files import PartFiles, find_parts, say_parts
from dl.data.text.reading import Documents, Reading, lines_of, say_unused
from dl.data.text.stored import read_text
from dl.data.text.tables import Row, TableKind, read_rows
from dl.errors import InputError

_TEST_FRACTION = 0.1
_Texts: TypeAlias = dict[str, list[tuple[Path, str]]]
"""The files of each part with their texts."""
_USUAL = {
    "text": (".txt", ".text"),
    "lines": (".txt", ".text"),
    "jsonl": (".jsonl", ".json", ".ndjson"),
    "tsv": (".tsv", ".tab", ".txt"),
    "csv": (".csv",),
}
_OF_KINDS = {"columns": ("tsv", "csv"), "text_key": ("jsonl",), "label_key": ("jsonl",)}
# Fixed for ever: the same documents are the test, in the same order.
_TEST_SEED, _ORDER_SEED = 10_80_11, 19_97_11


def load_text_file(kind: str, path: str | Path, *, validation: float, reading: Reading) -> Dataset:
    """The text at `path` as a data set; `kind` is `text`, `lines`, `jsonl`, `tsv` or `csv`.

    Raises:
        InputError: for a path that does not exist, a file that is not UTF-8 text or not of this
            kind, an empty text.
    """
    name = f"{kind}:{path}"
    _check_reading(kind, reading)
    found = find_parts(Path(str(path).strip()).expanduser(), usual=_USUAL[kind])
    texts = {
        part: [(file, read_text(file, most_unpacked=reading.most_unpacked)) for file in files]
        for part, files in found.files.items()
    }
    found, texts = _without_twins(found, texts)
    if kind == "text":
        sizes = {part: sum(len(text) for _, text in files) for part, files in texts.items()}
        say_parts(name, found, sizes, "characters")
        return _one_stream(name, texts, validation=validation, reading=reading)
    parsed = _parse(kind, texts, reading)
    parts = tidy_labels(name, {part: _together(files, name) for part, files in parsed.items()})
    say_parts(name, found, {part: len(documents) for part, documents in parts.items()}, "documents")
    train, held_out, test = _three_parts(
        name, parts, validation=validation, by_label=reading.use_labels
    )
    if train.labels is not None and reading.use_labels:
        return labelled_documents(name, train, held_out, test, reading=reading)
    build = stream_of_documents if reading.stream else documents
    return build(name, train, held_out, test, reading=reading)


def lines_as_documents(
    name: str, texts: Sequence[str], *, validation: float, reading: Reading
) -> Dataset:
    """A data set called `name` of these texts, held out and ordered as those of `lines:PATH`."""
    train, held_out, test = _three_parts(
        name, {"train": Documents(list(texts))}, validation=validation, by_label=False
    )
    build = stream_of_documents if reading.stream else documents
    return build(name, train, held_out, test, reading=reading)


def _without_twins(found: PartFiles, texts: _Texts) -> tuple[PartFiles, _Texts]:
    """The files beside each other of which no two of a part hold the same text."""
    kept: _Texts = {}
    twins: list[Path] = []
    for part, files in texts.items():
        seen: set[str] = set()
        kept[part] = []
        for path, text in files:
            if text in seen and path.name in found.entries[part]:
                twins.append(path)
            else:
                kept[part].append((path, text))
            seen.add(text)
    names = [f"{path.name} (the same text)" for path in twins]
    entries = {
        part: [name for name in of_part if name not in {path.name for path in twins}]
        for part, of_part in found.entries.items()
    }
    return found._replace(entries=entries, passed_over=[*names, *found.passed_over]), kept


def _one_stream(
    name: str,
    parts: _Texts,
    *,
    validation: float,
    reading: Reading,
) -> Dataset:
    texts = {part: "".join(text for _, text in of_part) for part, of_part in parts.items()}
    train, held_out, test = texts["train"], texts.get("validation"), texts.get("test")
    if test is None:
        test, held_out = held_out, None
    if test is None:
        cut = len(train) - round(_TEST_FRACTION * len(train))
        train, test = train[:cut], train[cut:]
    if validation and held_out is not None:
        say_unused(name)
    return stream_of_text(name, train, held_out, test, fraction=validation, reading=reading)


def _three_parts(
    name: str, parts: dict[str, Documents], *, validation: float, by_label: bool
) -> tuple[Documents, Documents | None, Documents]:
    train, held_out, test = parts["train"], parts.get("validation"), parts.get("test")
    if test is None:
        test, held_out = held_out, None
    if test is None:
        train, test = _split(train, _TEST_FRACTION, _TEST_SEED, by_label)
        if test is None:
            raise InputError(
                f"{len(train)} document(s) are too few to hold some out as test: give ten or more"
            )
    if validation and held_out is not None:
        say_unused(name)
    if validation:
        train, held_out = _split(train, validation, DOCUMENTS_SEED, by_label)
    if by_label and parts["train"].labels is not None:
        check_every_class(parts["train"].labels, train.labels or (), name=name)
    # In a random order: in files similar documents often stand together.
    return train.take(permutation(_ORDER_SEED, len(train))), held_out, test


def _split(
    train: Documents, fraction: float, seed: int, by_label: bool
) -> tuple[Documents, Documents | None]:
    classes = np.array(train.labels) if by_label and train.labels is not None else None
    return split_validation(train, fraction=fraction, seed=seed, classes=classes)


def _check_reading(kind: str, reading: Reading) -> None:
    """Refuse what says how another kind is read, unless it was said for a run's own data."""
    if reading.vocabulary is not None:
        return
    for option, kinds in _OF_KINDS.items():
        if getattr(reading, option) and kind not in kinds:
            known = " and ".join(f"{one}:PATH" for one in kinds)
            raise InputError(f"{option} is for {known}, not for {kind}: leave it out")


def _parse(kind: str, texts: _Texts, reading: Reading) -> dict[str, list[Documents]]:
    """The documents of the files of each part."""
    if kind in ("tsv", "csv"):
        return _tables(kind, texts, reading)
    parse = _lines if kind == "lines" else json_lines
    return {
        part: [parse(text, path, reading) for path, text in of_part]
        for part, of_part in texts.items()
    }


def _lines(text: str, path: Path, reading: Reading) -> Documents:
    return Documents([line for _, line in lines_of(text, path, longest=reading.longest_line)])


def _tables(kind: TableKind, texts: _Texts, reading: Reading) -> dict[str, list[Documents]]:
    """The documents of tables; the first of the training part says which columns are which."""
    rows = {
        part: [
            (path, read_rows(kind, text, path, longest_line=reading.longest_line))
            for path, text in of_part
        ]
        for part, of_part in texts.items()
    }
    model_path, model_rows = rows["train"][0]
    model = find_columns(model_rows, model_path, asked=reading.columns)

    def columns(path: Path, table: list[Row]) -> Columns:
        if path == model_path:
            return model
        return columns_like(table, path, model, asked=reading.columns)

    return {
        part: [documents_of(table, columns(path, table), path) for path, table in of_part]
        for part, of_part in rows.items()
    }


def _together(parts: list[Documents], name: str) -> Documents:
    texts = [text for part in parts for text in part.texts]
    labels = [label for part in parts for label in part.labels or ()]
    if labels and len(labels) != len(texts):
        raise InputError(
            f"some files of {name} have labels and some have none: give all of them labels, or none"
        )
    return Documents(texts, labels or None)
