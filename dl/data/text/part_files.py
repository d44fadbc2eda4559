"""Which files of a folder are which part of a data set, and which are passed over.

A file is of the part that its name ends with, apart from numbers and endings: `train.txt`,
`c_valid.jsonl.gz`, `wiki.train.tokens`, `test-00001-of-00002.tsv`. Where no name ends with a part,
those that hold it are taken: `test_2016.txt`. Passed over are

- hidden files, backups (`train.txt~`, `.train.txt.swp`, `Copy of train.txt`) and papers (`README`,
  `LICENSE`);
- names of two parts, such as `train_test_split.txt`;
- `train.txt.gz` beside `train.txt`, and `train (1).txt` beside it;
- beside files with the usual ending of their kind those with another one, such as `train.py`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dl.data.naming import listed
from dl.data.text.stored import COMPRESSED
from dl.errors import InputError
from dl.screen import say

_PARTS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_BESIDE_THE_PART = frozenset({"of", "part", "shard", "split", "set", "data", "v"})
_NO_DATA = re.compile(
    r"^([.#~]|(readme|licen[cs]e|copying)(\b|_)|copy of\b|(thumbs\.db|desktop\.ini)$|__macosx$)"
    r"|(~|\bcopy( \d+)?(\.\w+)*|\.(sw[a-p]|bak|orig|old|te?mp|part|crdownload|md5|sha\d+))$",
    re.IGNORECASE,
)
_ANOTHER_DOWNLOAD = re.compile(r" ?\(\d+\)|(?<=\w)\.\d+$")


class PartFiles(NamedTuple):
    """The files of each part, what they are called, and what was passed over."""

    files: dict[str, list[Path]]
    entries: dict[str, list[str]]
    """The names in the folder that hold a part: files, or folders of files."""
    passed_over: list[str]
    in_folder: bool = True


def files_by_part(path: Path) -> dict[str, list[Path]]:
    """The files of each part; their names, or those of their folders, say which.

    A `path` that is a file is the training part.

    Raises:
        InputError: for a path that does not exist, and a folder without a training part.
    """
    return find_parts(path).files


def find_parts(path: Path, *, usual: Collection[str] = ()) -> PartFiles:
    """The files of each part, and what is passed over; `usual` are the endings of their kind.

    Raises:
        InputError: for a path that does not exist, and a folder without a training part.
    """
    try:
        if path.is_file():
            return PartFiles({"train": [path]}, {"train": [path.name]}, [], in_folder=False)
        names = sorted(entry.name for entry in path.iterdir())
    except FileNotFoundError:
        raise InputError(
            f"there is no {path}: give a file, or a folder with train and test files"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read {str(path)[:200]}: {getattr(error, 'strerror', None) or error}: "
            "give a file or a folder"
        ) from None
    chosen = _chosen(path, names, usual)
    files: dict[str, list[Path]] = {}
    passed_over = [
        name for name in names if not any(name in of_part for of_part in chosen.values())
    ]
    for part, entries in chosen.items():
        for entry in entries:
            inside, left = _files_in(path / entry)
            files.setdefault(part, []).extend(inside)
            passed_over += [str(file.relative_to(path)) for file in left]
    files = {part: of_part for part, of_part in files.items() if of_part}
    if "train" not in files:
        raise InputError(
            f"{path} has no file called train: name the parts train, validation and test, "
            "or give a file"
        )
    return PartFiles(files, chosen, passed_over)


def say_parts(name: str, found: PartFiles, sizes: Mapping[str, int], what: str) -> None:
    """Tell the person which files of a folder are which part, with their sizes.

    The validation part stands in for a missing test part; then it is called so here too.
    """
    if not found.in_folder:
        return
    roles = {part: part for part in found.files}
    if "test" not in roles and "validation" in roles:
        roles["validation"] = "test"
    parts = [
        f"{role} is {listed(found.entries[part])} ({sizes[part]:,} {what})"
        for part, role in roles.items()
    ]
    passed = f"; passed over: {listed(found.passed_over)}" if found.passed_over else ""
    say(f"{name}: {', '.join(parts)}{passed}")


def holds_no_data(name: str) -> bool:
    """Whether a name is that of a hidden file, a backup or a paper, which are passed over.

    >>> holds_no_data("README.md"), holds_no_data("x.de~"), holds_no_data("x.de")
    (True, True, False)
    """
    return bool(_NO_DATA.search(name))


def part_of(name: str) -> str | None:
    """The part whose name is a word of `name`: train, validation (valid, val, dev) or test.

    >>> part_of("c_valid.jsonl.gz"), part_of("contest.txt")
    ('validation', None)
    """
    return next((_PARTS[word] for word in _words(name) if word in _PARTS), None)


def _chosen(path: Path, names: list[str], usual: Collection[str]) -> dict[str, list[str]]:
    """The names in a folder that hold a part, by part."""
    names = [name for name in names if not holds_no_data(name)]
    plain = set(names)
    names = [name for name in names if not _is_twin(name, plain)]
    by_part: dict[str, list[str]] = {}
    for part in dict.fromkeys(_PARTS.values()):
        ending = [name for name in names if _part_at_the_end(name) == part]
        holding = [name for name in names if _only_part(name) == part]
        entries = ending or holding
        of_kind = [name for name in entries if _suffix(name) in usual]
        if of_kind:
            entries = [name for name in entries if name in of_kind or (path / name).is_dir()]
        if entries:
            by_part[part] = entries
    return by_part


def _files_in(entry: Path) -> tuple[list[Path], list[Path]]:
    """The files of a part, and those that are passed over."""
    if entry.is_file():
        return [entry], []
    files = [file for file in sorted(entry.rglob("*")) if file.is_file()]
    names = {str(file) for file in files}
    taken = [
        file
        for file in files
        if not any(map(holds_no_data, file.relative_to(entry).parts))
        and not (file.suffix in COMPRESSED and str(file.with_suffix("")) in names)
    ]
    return taken, [file for file in files if file not in set(taken)]


def _is_twin(name: str, names: set[str]) -> bool:
    """Whether a file is the same as another one, compressed or downloaded once more."""
    without = _ANOTHER_DOWNLOAD.sub("", name)
    return (without != name and without in names) or (
        _plain(name) != name and bool({_plain(name), _plain(without)} & (names - {name}))
    )


def _part_at_the_end(name: str) -> str | None:
    """The part with which a name ends, apart from numbers, endings and words such as `set`."""
    stem = _plain(name).rpartition(".")[0]
    for words in (_words(stem), _words(_plain(name))):
        words = [word for word in words if word not in _BESIDE_THE_PART]
        if words and words[-1] in _PARTS and _only_part(name):
            return _PARTS[words[-1]]
    return None


def _only_part(name: str) -> str | None:
    """The part that a name holds, if it holds one alone."""
    parts = {_PARTS[word] for word in _words(name) if word in _PARTS}
    return parts.pop() if len(parts) == 1 else None


def _words(name: str) -> Iterator[str]:
    return filter(None, re.split(r"[^a-z]+", name.lower()))


def _suffix(name: str) -> str:
    return Path(_plain(name)).suffix.lower()


def _plain(name: str) -> str:
    """The name of a file before it was compressed."""
    return next((name.removesuffix(end) for end in COMPRESSED if name.endswith(end)), name)
