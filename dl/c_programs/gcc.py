"""GCC as a judge of C programs: it checks their syntax; nothing is linked, run or written."""

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

_DIALECT = "gnu89"  # as in the online judge's programs, functions need no declaration
_FLAGS = ("-fsyntax-only", "-w", f"-std={_DIALECT}", "-fno-diagnostics-show-caret", "-x", "c", "-")
# A text may include an endless file or expand a macro for ever. Limits that a shell sets also hold
# for the compiler that it starts.
_LIMITED = ("sh", "-c", 'ulimit -t 10; ulimit -v 500000 2>/dev/null; exec "$@"', "sh")
_SECONDS = 60.0
_ERROR = re.compile(r"^<stdin>:(\d+):(\d+): (?:fatal )?error: (.*)$", re.MULTILINE)


def gcc_judge() -> Judge | None:
    """The judge `gcc -fsyntax-only -w -std=gnu89`; None when GCC is not installed.

    Each text is a process of its own; as many run at once as there are cores. A process may use
    10 seconds of processor time and half a gigabyte. Texts may include system headers.
    """
    gcc = shutil.which("gcc")
    return _working(gcc) if gcc and os.name == "posix" else None


@functools.cache
def _working(gcc: str) -> Judge | None:
    """The judge, if this program accepts a C program and rejects a broken one."""
    version = _version(gcc)
    if not version:
        return None
    judge = Judge(f"gcc {version} -std={_DIALECT}", functools.partial(_verdicts, gcc))
    right, wrong = judge.verdicts(["int main() { return 0; }", "int main() { return 0"])
    return judge if right.accepted and not wrong.accepted else None


@functools.cache
def _column_flags(gcc: str) -> tuple[str, ...]:
    """Flags that make GCC count columns in bytes.

    GCC 11 and later count terminal cells by default, and a character may fill two.
    """
    major = re.match(r"\d+", _version(gcc))
    return ("-fdiagnostics-column-unit=byte",) if major and int(major[0]) >= 11 else ()


def _version(gcc: str) -> str:
    """The version that the program prints; empty if it does not start or does not end."""
    try:
        asked = subprocess.run(
            (gcc, "-dumpversion"), capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()


def _verdicts(gcc: str, texts: Sequence[str]) -> list[Verdict]:
    # GCC runs in an empty folder, so that no text includes a file of the user by accident.
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
    # GCC reports an error at the end of the text as one at the beginning of the last line.
    at_end = message.endswith("at end of input")
    offset = (
        len(text) if at_end else offset_of(text, int(line), _column(text, int(line), int(byte)))
    )
    return Verdict(False, message, offset, len(errors))


def _column(text: str, line: int, byte: int) -> int:
    """The column of a line, in characters, to which a byte belongs; both are counted from 1."""
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        return 0
    before = lines[line - 1].encode("utf-8", "replace")[: byte - 1]
    return len(before.decode("utf-8", "ignore")) + 1


def _compile(gcc: str, folder: str, text: str) -> tuple[int, str]:
    """GCC's exit status and its messages in English."""
    process = subprocess.Popen(
        (*_LIMITED, gcc, *_column_flags(gcc), *_FLAGS),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        start_new_session=True,
    )
    # A tab becomes one blank, because GCC counts up to eight columns for it.
    source = text.expandtabs(1).encode("utf-8", "replace")
    try:
        messages = process.communicate(source, timeout=_SECONDS)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # the driver and the compiler that it started
        process.communicate()
        return 1, f"gcc took longer than {_SECONDS:.0f} s"
    return process.returncode, messages.decode("utf-8", "replace")
