"""Own text: a stream, or documents as lines, as JSON lines, or with labels behind tabs.

- `text:PATH`: one stream. Several files of a part are joined as they are.
- `lines:PATH`: one document a line. Blank lines are skipped.
- `jsonl:PATH`: one JSON object a line, with its text under `text` or `code`, and its label, if it
  has one, under `label`.
- `tsv:PATH`: one document a line: text, a tab, a label.

PATH is a file in UTF-8, plain or compressed (.gz), or a folder with a file or a folder of files for
each part. Their names contain `train`, `validation` (`valid`, `val`, `dev`) or `test`. If there is
no test part, the validation part is the test. If there is neither, a tenth of the documents is,
chosen by a fixed permutation; of a stream, its last tenth. If there are both, a run validates on
the validation part when its `--validation` is 0, and otherwise on that fraction of train, which for
a stream is its end.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from dl.data.dataset import Dataset
from dl.data.readers.sequences import documents, labelled_documents
from dl.data.readers.streams import stream_of_documents, stream_of_text
from dl.data.split import DOCUMENTS_SEED, permutation, split_validation
from dl.data.text.part_files import files_by_part, read_text
from dl.data.text.reading import Documents, Reading, say_unused
from dl.errors import InputError

_TEST_FRACTION = 0.1
_HALF_A_PAIR = re.compile("[\ud800-\udfff]")  # JSON can write these; no text has them
# Fixed for ever: the same documents are the test, in the same order.
_TEST_SEED, _ORDER_SEED = 10_80_11, 19_97_11


def load_text_file(kind: str, path: str | Path, *, validation: float, reading: Reading) -> Dataset:
    """The text at `path` as a data set; `kind` is `text`, `lines`, `jsonl` or `tsv`.

    Raises:
        InputError: for a path that does not exist, a file that is not UTF-8 text or not of this
            kind, an empty text.
    """
    name = f"{kind}:{path}"
    files = files_by_part(Path(path).expanduser())
    if kind == "text":
        return _one_stream(name, files, validation=validation, reading=reading)
    parse = _PARSERS[kind]
    parts = {
        part: _together([parse(read_text(file), file) for file in part_files], name)
        for part, part_files in files.items()
    }
    train, held_out, test = _three_parts(name, parts, validation=validation)
    if train.labels is not None and reading.use_labels:
        return labelled_documents(name, train, held_out, test, reading=reading)
    build = stream_of_documents if reading.stream else documents
    return build(name, train, held_out, test, reading=reading)


def _one_stream(
    name: str, files: dict[str, list[Path]], *, validation: float, reading: Reading
) -> Dataset:
    texts = {part: "".join(map(read_text, part_files)) for part, part_files in files.items()}
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
    name: str, parts: dict[str, Documents], *, validation: float
) -> tuple[Documents, Documents | None, Documents]:
    train, held_out, test = parts["train"], parts.get("validation"), parts.get("test")
    if test is None:
        test, held_out = held_out, None
    if test is None:
        train, test = split_validation(train, fraction=_TEST_FRACTION, seed=_TEST_SEED)
        if test is None:
            raise InputError(
                f"{len(train)} document(s) are too few to hold some out as test: give ten or more"
            )
    if validation and held_out is not None:
        say_unused(name)
    if validation:
        train, held_out = split_validation(train, fraction=validation, seed=DOCUMENTS_SEED)
    # In a random order: in files similar documents often stand together.
    return train.take(permutation(_ORDER_SEED, len(train))), held_out, test


def _lines(text: str, path: Path) -> Documents:
    return Documents([line for line in text.split("\n") if line.strip()])


def _json_lines(text: str, path: Path) -> Documents:
    rows = [
        _json_document(line, f"{path}, line {number},")
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    labels = [label for _, label in rows if label is not None]
    if labels and len(labels) < len(rows):
        raise InputError(
            f"{path} has {len(labels)} labels for {len(rows)} documents: give all of them one, "
            "or none"
        )
    return Documents([text for text, _ in rows], labels or None)


def _json_document(line: str, where: str) -> tuple[str, str | None]:
    """The text of a JSON object, and its label if it has one."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is no JSON ({error}): give one object a line") from None
    text = next(
        (entry[key] for key in ("text", "code") if isinstance(entry, dict) and key in entry), None
    )
    if not isinstance(text, str) or not text.strip():
        raise InputError(
            f"{where} has no text under `text` or `code`: give it one, or leave it out"
        )
    if _HALF_A_PAIR.search(text):
        raise InputError(
            f"{where} has half of a surrogate pair, which is no character: leave it out"
        )
    label = entry.get("label")
    if not (label is None or isinstance(label, str | int)):
        raise InputError(
            f"{where} has the label {json.dumps(label)}: give a string or a whole number"
        )
    return text, None if label is None else str(label)


def _tab_separated(text: str, path: Path) -> Documents:
    rows: list[Sequence[str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            document, _, label = (piece.strip() for piece in line.rpartition("\t"))
            if not (document and label):
                raise InputError(
                    f"{path}, line {number}, is no text, tab and label: give all three"
                )
            rows.append((document, label))
    return Documents([document for document, _ in rows], [label for _, label in rows])


def _together(parts: list[Documents], name: str) -> Documents:
    texts = [text for part in parts for text in part.texts]
    labels = [label for part in parts for label in part.labels or ()]
    if labels and len(labels) != len(texts):
        raise InputError(
            f"some files of {name} have labels and some have none: give all of them labels, or none"
        )
    return Documents(texts, labels or None)


_PARSERS: dict[str, Callable[[str, Path], Documents]] = {
    "lines": _lines,
    "jsonl": _json_lines,
    "tsv": _tab_separated,
}
