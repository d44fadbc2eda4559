"""The training programs nearest to a generated one, by structure and by names: is it a copy?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dl.c_programs.distances import edit_distances
from dl.c_programs.tokens import KEYWORDS, OPERATORS, tokenize
from dl.errors import InputError

_LIBRARY = """
    main argc argv NULL EOF stdin stdout stderr FILE size_t printf scanf sprintf sscanf fprintf
    fscanf puts gets fgets fputs putchar getchar getc putc fopen fclose fflush freopen malloc
    calloc realloc free exit system rand srand qsort atoi atof atol abs labs strlen strcpy strncpy
    strcat strncat strcmp strncmp strchr strrchr strstr strtok strrev memset memcpy memmove memcmp
    isalpha isdigit isalnum isspace isupper islower ispunct toupper tolower sqrt pow fabs floor
    ceil sin cos tan asin acos atan atan2 exp log log10 fmod time clock INT_MAX INT_MIN
"""
LIBRARY = frozenset(_LIBRARY.split())
"""Names of the standard library, which do not show where a program comes from."""

KINDS = (
    *("identifier", "number", "string", "character", "directive", "unknown"),
    *sorted(KEYWORDS),
    *OPERATORS,
)
_NUMBER = {kind: number for number, kind in enumerate(KINDS)}


class Outline(NamedTuple):
    """What is compared of a program.

    `kinds` holds one byte per token, its kind; `names` the identifiers that the program chose.
    """

    kinds: bytes
    names: frozenset[str]


class Corpus(NamedTuple):
    """Programs among which a nearest one is searched, and their outlines."""

    programs: Sequence[str]
    outlines: Sequence[Outline]


class Match(NamedTuple):
    """The nearest program of a corpus: its index, its text and its distance, in [0, 1]."""

    index: int
    program: str
    distance: float


class Nearest(NamedTuple):
    """The nearest program by structure and the nearest by names.

    A copy has distance 0, a program with nothing in common distance 1.
    """

    structure: Match
    names: Match


def outline(text: str) -> Outline:
    """The kinds of the tokens of `text`, and its identifiers outside the standard library.

    >>> sorted(outline("int main() { int n; scanf(n); return n + k; }").names)
    ['k', 'n']
    """
    tokens = tokenize(text)
    names = frozenset(token.text for token in tokens if token.kind == "identifier") - LIBRARY
    return Outline(bytes(_NUMBER[token.kind] for token in tokens), names)


def make_corpus(programs: Sequence[str]) -> Corpus:
    """Make the outlines of programs; about a second per million characters.

    Raises:
        InputError: when there are no programs.
    """
    if not programs:
        raise InputError("no programs to compare with: give at least one")
    return Corpus(programs, [outline(program) for program in programs])


def find_nearest(text: str, corpus: Corpus) -> Nearest:
    """The programs of `corpus` that are nearest to `text`, by structure and by names.

    The distance by structure is the edit distance of the token kinds, divided by the number of
    tokens of the longer program. The distance by names is Jaccard's, 1 − |A ∩ B| / |A ∪ B| for the
    sets of identifiers, and 0 for two empty sets. Of equally near programs the first is taken.
    Source: H3.

    >>> corpus = make_corpus(["int x = 1;", "int f() { return a; }"])
    >>> by_structure, by_names = find_nearest("int g() { return x; }", corpus)
    >>> by_structure.index, by_names.index
    (1, 0)

    Raises:
        InputError: when RapidFuzz is not installed.
    """
    own = outline(text)
    return Nearest(
        _match(corpus, *_by_structure(own.kinds, corpus)),
        _match(corpus, *_by_names(own.names, corpus)),
    )


def _match(corpus: Corpus, index: int, distance: float) -> Match:
    return Match(index, corpus.programs[index], distance)


def _by_structure(kinds: bytes, corpus: Corpus) -> tuple[int, float]:
    others = [other.kinds for other in corpus.outlines]
    lengths = [max(len(kinds), len(other), 1) for other in others]
    distances = edit_distances(others, kinds) / np.array(lengths)
    index = int(np.argmin(distances))
    return index, float(distances[index])


def _by_names(names: frozenset[str], corpus: Corpus) -> tuple[int, float]:
    distances = [_jaccard(names, other.names) for other in corpus.outlines]
    index = int(np.argmin(distances))
    return index, distances[index]


def _jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    common, either = len(first & second), len(first | second)
    return 1 - common / either if either else 0.0
