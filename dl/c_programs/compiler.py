"""Whether a text is a C program: asked of GCC where it is installed, of a parser otherwise."""

from collections.abc import Sequence

from dl.c_programs.gcc import gcc_judge
from dl.c_programs.parser import parser_judge
from dl.c_programs.verdict import Judge, Verdict
from dl.errors import InputError


def find_judge() -> Judge:
    """GCC, else pycparser. They do not agree on every text, so reports name the one that was asked.

    Raises:
        InputError: when neither is installed.
    """
    judge = gcc_judge() or parser_judge()
    if judge is None:
        raise InputError(
            "no judge of C programs: install gcc, or the Python package pycparser: pip install pycparser"
        )
    return judge


def compiles(text: str, *, judge: Judge | None = None) -> bool:
    """Whether `text` is a C program of at least one declaration; it is only read, and never run or
    linked.

    >>> compiles("int main() { return 0; }"), compiles("int main() { return 0; ")
    (True, False)
    """
    return verdicts([text], judge=judge)[0].accepted


def verdicts(texts: Sequence[str], *, judge: Judge | None = None) -> list[Verdict]:
    """The same for many texts at once, with what is wrong with those that are rejected.

    Raises:
        InputError: for a text that is not a string; when there is neither GCC nor pycparser.
    """
    for text in texts:
        if not isinstance(text, str):
            raise InputError(f"a program is a string, not {type(text).__name__}")
    return (judge or find_judge()).verdicts(texts)
