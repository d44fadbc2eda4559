"""Which files hold the pairs of texts of each part of a data set."""

from collections.abc import Sequence
from pathlib import Path

from dl.data.naming import listed
from dl.data.text.pairs import (
    TABLES,
    Pairs,
    choose_languages,
    joined,
    language_of,
    plain_name,
    read_table,
    read_two_files,
)
from dl.data.text.part_files import PartFiles, find_parts, holds_no_data, part_of, say_parts
from dl.data.text.reading import Reading
from dl.errors import InputError
from dl.screen import say


def read_parts(path: Path, name: str, reading: Reading) -> dict[str, Pairs]:
    """The pairs of each part of what is at `path`; standard error says what was read from where.

    Raises:
        InputError: for a path that does not exist, a file without the other one of its pair, and
            all that stops `read_table` and `read_two_files`.
    """
    if path.is_file() and not language_of(path):
        return {"train": read_table(path, reading)}
    if not path.is_dir():
        return {"train": _two_beside(path, name, reading)}
    found = _found(path)
    if any(language_of(file) for file in found.files["train"]):
        source, target = _languages(found, path, reading)
        parts = {
            part: joined([read_two_files(*two, reading) for two in _twos(files, source, target)])
            for part, files in found.files.items()
        }
        found = _of_languages(found, source, target)
        say(f"{name}: from {source} to {target}")
    else:
        parts = {
            part: joined([read_table(file, reading) for file in files])
            for part, files in found.files.items()
        }
    say_parts(name, found, {part: len(pairs) for part, pairs in parts.items()}, "pairs")
    return parts


def _found(path: Path) -> PartFiles:
    """The files of a folder by part; where no name holds a part, all files are the training part.

    Of tables and of files with another ending beside them, tables are taken. Backups and papers are
    passed over, so that `README.md` is no text in the language "md".
    """
    names = sorted(entry.name for entry in path.iterdir())
    if any(part_of(name) for name in names):
        return find_parts(path, usual=TABLES)
    files = [path / name for name in names if (path / name).is_file()]
    fine = [file for file in files if not holds_no_data(file.name)]
    kept = [file for file in fine if language_of(file)] or fine
    if not kept:
        raise InputError(f"{path} has no files: give two, such as train.de and train.en")
    left = [file.name for file in files if file not in kept]
    return PartFiles({"train": kept}, {"train": [file.name for file in kept]}, left)


def _two_beside(path: Path, name: str, reading: Reading) -> Pairs:
    """The pairs of `x.de` and `x.en`, for the path `x` or that of one of them."""
    stem = path.with_name(_stem(path)) if path.is_file() else path
    beside = sorted(stem.parent.glob(f"{_literal(stem.name)}.*")) if stem.parent.is_dir() else []
    files = [file for file in beside if language_of(file) and _stem(file) == stem.name]
    if not files:
        raise InputError(
            f"there is no {path}: give a table, a folder, or x for two files such as x.de and x.en"
        )
    found = PartFiles({"train": files}, {}, [], in_folder=False)
    source, target = _languages(found, stem, reading)
    (two,) = _twos(files, source, target)
    say(f"{name}: from {source} ({two[0].name}) to {target} ({two[1].name})")
    return read_two_files(*two, reading)


def _languages(found: PartFiles, path: Path, reading: Reading) -> tuple[str, str]:
    files = found.files["train"]
    known = {language_of(file) for file in files} - {""}
    if len(known) == 1:
        alone = next(file for file in files if language_of(file))
        raise InputError(
            f"{alone} has no file of another language beside it: give two files, whose lines "
            "are the translations of each other, or a table with a tab between both, such as "
            "pairs.tsv"
        )
    return choose_languages(sorted(known), reading, path)


def _twos(files: Sequence[Path], source: str, target: str) -> list[tuple[Path, Path]]:
    """The files of both languages whose names are the same but for the language."""
    sides = [
        {_stem(file): file for file in files if language_of(file) == language}
        for language in (source, target)
    ]
    for side, other, language in ((sides[0], sides[1], target), (sides[1], sides[0], source)):
        for stem in side.keys() - other.keys():
            raise _alone(side[stem], f"{stem}.{language}")
    if not sides[0]:
        raise InputError(
            f"{listed([file.name for file in files])} is neither .{source} nor .{target}: give "
            "every part both"
        )
    return [(sides[0][stem], sides[1][stem]) for stem in sorted(sides[0])]


def _alone(file: Path, missing: str) -> InputError:
    return InputError(
        f"{file} has no {missing} beside it: give two files, whose lines are the translations of "
        "each other"
    )


def _of_languages(found: PartFiles, source: str, target: str) -> PartFiles:
    """The files of these languages; the others are passed over."""
    names = [name for of_part in found.entries.values() for name in of_part]
    left = [name for name in names if language_of(Path(name)) not in (source, target, "")]
    entries = {
        part: [name for name in of_part if name not in left]
        for part, of_part in found.entries.items()
    }
    return found._replace(entries=entries, passed_over=[*left, *found.passed_over])


def _stem(file: Path) -> str:
    """The name of a file without its language.

    >>> _stem(Path("train.de.gz"))
    'train'
    """
    return plain_name(file).rpartition(".")[0]


def _literal(name: str) -> str:
    """A name as a pattern that only it matches."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
