"""Files of text and what is read from them, for the tests of text."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from dl.data.dataset import Dataset
from dl.data.readers.text_files import load_text_file
from dl.data.text.reading import Reading

SHORT = Reading(segment=2)
NAMES = [f"name{number:02d}" for number in range(20)]


def write(path: Path, text: str | bytes) -> Path:
    """A file of this text; compressed if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def load(
    kind: str, path: Path, *, validation: float = 0.0, reading: Reading = SHORT, **options: Any
) -> Dataset:
    return load_text_file(kind, path, validation=validation, reading=replace(reading, **options))


def streams(data: Dataset) -> list[Any]:
    """The texts of the three parts of a data set of one stream each."""
    parts = (data.train, data.validation, data.test)
    return [None if part is None else data.spec.text.decode(part.tokens) for part in parts]


def texts(data: Dataset) -> list[list[str]]:
    """The documents of the parts that there are, by name."""
    parts_read = []
    for part in (data.train, data.validation, data.test):
        if part is not None:
            rows = (row[:length] for row, length in zip(part.inputs, part.lengths, strict=True))
            parts_read.append(sorted(data.spec.text.decode(row).strip() for row in rows))
    return parts_read


def json_lines(*entries: Any) -> str:
    return "\n".join(json.dumps(entry) for entry in entries)
