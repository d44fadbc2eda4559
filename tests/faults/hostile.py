"""What a hostile or damaged input is, and how the runner must answer it.

A case is given an empty sandbox, in which it puts what it needs, and returns the words of a
command. The runner must end within seconds, with exit code 1 or 2 and one line that begins with
`error:`, and nothing in the sandbox may have changed but the run's own folder.
"""

import contextlib
import os
import shutil
import signal
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dl.cli import main

TRAINED = Path(__file__).resolve().parents[2] / "experiments" / "trained"
LIMIT = 30
"""Seconds after which a command is taken to hang."""


class Hangs(BaseException):
    """A command takes too long; no error, which a reader of files might answer."""


class Case(NamedTuple):
    """What is wrong, in words, and a function from a sandbox to the words of a command."""

    name: str
    words: Callable[[Path], list[str]]


def complaint(case: Case, sandbox: Path, read: Callable[[], tuple[str, str]]) -> str:
    """What is wrong with how the case ends; nothing when it ends as it must.

    `read` gives what was written to standard output and standard error since it was last called.
    """
    words = [str(word) for word in case.words(sandbox)]
    before = dict(_tree(sandbox))
    read()
    try:
        with _limit():
            code = main("experiments", words)
    except BaseException as error:
        return f"{case.name}: {type(error).__name__}: {error}"
    said = read()[1]
    changed = {name for name, _ in dict(_tree(sandbox)).items() ^ before.items()}
    lines = said.strip().splitlines()
    if code not in (1, 2) or "Traceback" in said or not lines or not lines[-1].startswith("error:"):
        return f"{case.name}: exit {code}: {said}"
    if len(lines) > 3 or any(unsafe(character) for character in said):
        return f"{case.name}: {said!r}"
    return f"{case.name}: changed {sorted(changed)}: {said}" if changed else ""


def unsafe(character: str) -> bool:
    """Whether a character steers a terminal or turns the direction of text.

    >>> [unsafe(character) for character in "a\\n\\x1b\\u202e"]
    [False, False, True, True]
    """
    return (
        (ord(character) < 32 and character != "\n")
        or 127 <= ord(character) < 160
        or (0x202A <= ord(character) <= 0x202E or 0x2066 <= ord(character) <= 0x2069)
    )


@contextlib.contextmanager
def _limit() -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise Hangs(f"after {LIMIT} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _tree(sandbox: Path) -> Iterator[tuple[str, tuple]]:
    """Each entry of the sandbox with its kind, size, time and target; a run's own lock may be."""
    for folder, folders, files in os.walk(sandbox):
        for name in (*folders, *files):
            path = Path(folder) / name
            found = path.lstat()
            target = os.readlink(path) if path.is_symlink() else ""
            times = () if stat.S_ISDIR(found.st_mode) else (found.st_mtime_ns, found.st_size)
            if name != "lock":
                yield str(path.relative_to(sandbox)), (found.st_mode, *times, target)


def copied(sandbox: Path, name: str = "lenet_digits") -> Path:
    """A copy of a run that comes with the package, and of its checkpoint."""
    return shutil.copytree(TRAINED / name, sandbox / "run")


def of_run(
    name: str,
    damage: Callable[[Path], object],
    *verb: str,
    run: str = "lenet_digits",
    behind: tuple[str, ...] = (),
) -> Case:
    """A verb on a copy of a run that was damaged; `evaluate` if none is given."""

    def words(sandbox: Path) -> list[str]:
        folder = copied(sandbox, run)
        damage(folder)
        return [*(verb or ("evaluate",)), str(folder), *behind]

    return Case(name, words)


def of_data(
    name: str, experiment: str, kind: str, files: Mapping[str, Any] | bytes, *options: str
) -> Case:
    """A run on data with these files: bytes, a text, or a function that makes the path."""

    def words(sandbox: Path) -> list[str]:
        place = sandbox / "data"
        for inside, content in ({"": files} if isinstance(files, bytes) else files).items():
            path = place / inside if inside else place
            path.parent.mkdir(parents=True, exist_ok=True)
            if callable(content):
                content(path)
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        run = ["--run-dir", str(sandbox / "run"), "--epochs", "1", "--quiet", *options]
        return ["run", experiment, "--dataset", f"{kind}:{place}", *run]

    return Case(name, words)


def of_words(name: str, *words: str) -> Case:
    """A command line alone."""
    return Case(name, lambda sandbox: [*words])


def pipe(path: Path) -> None:
    """A named pipe that nobody writes into."""
    os.mkfifo(path)


def link_to(target: str | Path) -> Callable[[Path], None]:
    """A function that makes a symbolic link in the place of what is there."""

    def make(path: Path) -> None:
        remove(path)
        path.symlink_to(target)

    return make


def remove(path: Path) -> None:
    """Remove a file or a folder, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
