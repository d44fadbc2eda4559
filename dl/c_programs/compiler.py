"""Is a text a C program? GCC decides where it is installed, a parser in Python elsewhere."""

from collections.abc import Sequence

from dl.c_programs.gcc import gcc_judge
from dl.c_programs.parser import parser_judge
from dl.c_programs.verdict import Judge, Verdict
from dl.errors import InputError


def find_judge() -> Judge:
    """GCC where it is installed, otherwise pycparser.

    The two do not agree on every text, so reports name the judge that was asked.

    Raises:
        InputError: when neither is installed.
    """
    judge = gcc_judge() or parser_judge()
    if judge is None:
        raise InputError(
            "no judge of C programs: install gcc, or the Python package pycparser: "
            "pip install pycparser"
        )
    return judge


def compiles(text: str, *, judge: Judge | None = None) -> bool:
    """Whether `text` is a C program with at least one declaration; it is never linked or run.

    >>> compiles("int main() { return 0; }"), compiles("int main() { return 0; ")
    (True, False)
    """
    return verdicts([text], judge=judge)[0].accepted


def verdicts(texts: Sequence[str], *, judge: Judge | None = None) -> list[Verdict]:
    """Judge many texts at once; the verdict on a rejected text says what is wrong with it.

    Raises:
        InputError: when a text is not a string; when neither GCC nor pycparser is installed.
    """
    for text in texts:
        if not isinstance(text, str):
            raise InputError(f"a program is a string, not {type(text).__name__}")
    return (judge or find_judge()).verdicts(texts)
