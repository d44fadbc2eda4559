"""GCC as a judge of C programs: it reads them, and neither runs, links nor writes anything."""

import functools
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from dl.c_programs.tokens import tokenize
from dl.c_programs.verdict import ACCEPTED, EMPTY, Judge, Verdict, offset_of
from dl.data.threads import cores

_DIALECT = "gnu89"  # that of the online judge's programs: functions may be called undeclared
_FLAGS = ("-fsyntax-only", "-w", f"-std={_DIALECT}", "-fno-diagnostics-show-caret", "-x", "c", "-")
# A text may include an endless file or expand a macro for ever; limits set by a shell hold for the
# compiler it starts.
_LIMITED = ("sh", "-c", 'ulimit -t 10; ulimit -v 500000 2>/dev/null; exec "$@"', "sh")
_SECONDS = 60.0
_ERROR = re.compile(r"^<stdin>:(\d+):(\d+): (?:fatal )?error: (.*)$", re.MULTILINE)


def gcc_judge() -> Judge | None:
    """`gcc -fsyntax-only -w -std=gnu89`, a process a text and as many at once as there are cores;
    None without GCC.

    System headers may be included. A text gets 10 seconds of processor time and half a gigabyte.
    """
    gcc = shutil.which("gcc")
    return _working(gcc) if gcc and os.name == "posix" else None


@functools.cache
def _working(gcc: str) -> Judge | None:
    """The judge, if the program of that name tells a C program from another text."""
    version = _version(gcc)
    if not version:
        return None
    judge = Judge(f"gcc {version} -std={_DIALECT}", functools.partial(_verdicts, gcc))
    right, wrong = judge.verdicts(["int main() { return 0; }", "int main() { return 0"])
    return judge if right.accepted and not wrong.accepted else None


@functools.cache
def _column_flags(gcc: str) -> tuple[str, ...]:
    """Columns as bytes: from GCC 11 on they are otherwise places on a terminal, of which a sign may
    take two.
    """
    major = re.match(r"\d+", _version(gcc))
    return ("-fdiagnostics-column-unit=byte",) if major and int(major[0]) >= 11 else ()


def _version(gcc: str) -> str:
    """What it says of itself; nothing if it does not start or end."""
    try:
        asked = subprocess.run(
            (gcc, "-dumpversion"), capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()


def _verdicts(gcc: str, texts: Sequence[str]) -> list[Verdict]:
    # An empty folder, so that a text includes nothing of the user's by accident.
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(functools.partial(_verdict, gcc, folder), texts))


def _verdict(gcc: str, folder: str, text: str) -> Verdict:
    if not tokenize(text):
        return EMPTY
    status, messages = _compile(gcc, folder, text)
    if status == 0:
        return ACCEPTED
    errors = _ERROR.findall(messages)
    if not errors:
        return Verdict(
            False, (messages.strip() or f"gcc ended with {status}").splitlines()[0], None, 1
        )
    line, byte, message = errors[0]
    # GCC reports the end of the text at the beginning of its last line.
    at_end = message.endswith("at end of input")
    offset = (
        len(text) if at_end else offset_of(text, int(line), _column(text, int(line), int(byte)))
    )
    return Verdict(False, message, offset, len(errors))


def _column(text: str, line: int, byte: int) -> int:
    """The character, from 1, that a byte of a line, from 1, belongs to."""
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return 0
    before = lines[line - 1].encode("utf-8", "replace")[: byte - 1]
    return len(before.decode("utf-8", "ignore")) + 1


def _compile(gcc: str, folder: str, text: str) -> tuple[int, str]:
    """GCC's exit status and messages, in English."""
    process = subprocess.Popen(
        (*_LIMITED, gcc, *_column_flags(gcc), *_FLAGS),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        start_new_session=True,
    )
    # GCC counts a tab as up to eight columns.
    source = text.expandtabs(1).encode("utf-8", "replace")
    try:
        messages = process.communicate(source, timeout=_SECONDS)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the driver and the compiler that it started
        process.communicate()
        return 1, f"gcc took longer than {_SECONDS:.0f} s"
    return process.returncode, messages.decode("utf-8", "replace")
