"""The training programs that a generated one is most like, by structure and by names: whether it is
a copy.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dl.c_programs.distances import edit_distances
from dl.c_programs.tokens import KEYWORDS, OPERATORS, tokenize
from dl.errors import InputError

_LIBRARY = """
    main argc argv NULL EOF stdin stdout stderr FILE size_t printf scanf sprintf sscanf fprintf fscanf puts gets fgets
    fputs putchar getchar getc putc fopen fclose fflush freopen malloc calloc realloc free exit system rand srand qsort
    atoi atof atol abs labs strlen strcpy strncpy strcat strncat strcmp strncmp strchr strrchr strstr strtok strrev
    memset memcpy memmove memcmp isalpha isdigit isalnum isspace isupper islower ispunct toupper tolower sqrt pow fabs
    floor ceil sin cos tan asin acos atan atan2 exp log log10 fmod time clock INT_MAX INT_MIN
"""
LIBRARY = frozenset(_LIBRARY.split())
"""Names of the standard library, which say nothing of where a program comes from."""

KINDS = (
    *("identifier", "number", "string", "character", "directive", "unknown"),
    *sorted(KEYWORDS),
    *OPERATORS,
)
_NUMBER = {kind: number for number, kind in enumerate(KINDS)}


class Outline(NamedTuple):
    """What two programs are compared by: the kinds of the tokens in order, a byte each, and the set
    of own names.
    """

    kinds: bytes
    names: frozenset[str]


class Corpus(NamedTuple):
    """Programs to search for a nearest one, and their outlines."""

    programs: Sequence[str]
    outlines: Sequence[Outline]


class Match(NamedTuple):
    """The nearest program of a corpus: its index, its text and how far away it is."""

    index: int
    program: str
    distance: float


class Nearest(NamedTuple):
    """The nearest by the kinds of the tokens, the nearest by names; distances of 0 are a copy's, of
    1 a stranger's.
    """

    structure: Match
    names: Match


def outline(text: str) -> Outline:
    """The kinds of the tokens of `text`, and its identifiers that are not the standard library's.

    >>> sorted(outline("int main() { int n; scanf(n); return n + k; }").names)
    ['k', 'n']
    """
    tokens = tokenize(text)
    names = frozenset(token.text for token in tokens if token.kind == "identifier") - LIBRARY
    return Outline(bytes(_NUMBER[token.kind] for token in tokens), names)


def make_corpus(programs: Sequence[str]) -> Corpus:
    """Programs ready to be compared with; some seconds for the 12 million characters of the online
    judge's.

    Raises:
        InputError: when there are none.
    """
    if not programs:
        raise InputError("no programs to compare with: a corpus has at least one")
    return Corpus(programs, [outline(program) for program in programs])


def find_nearest(text: str, corpus: Corpus) -> Nearest:
    """The program of `corpus` nearest to `text` by structure and the one nearest by names; the
    first among equals.

    By structure it is the edit distance of the token kinds divided by the longer one's number of
    tokens, by names Jaccard's distance 1 − |A ∩ B| / |A ∪ B| of the sets of identifiers, 0 for two
    sets that are empty. Source: H3.

    >>> corpus = make_corpus(["int x = 1;", "int f() { return a; }"])
    >>> find_nearest("int g() { return x; }", corpus).structure.index, find_nearest("int f() { return a; }", corpus).names.index
    (1, 1)
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
    distances = [_jaccard(names, one.names) for one in corpus.outlines]
    index = int(np.argmin(distances))
    return index, distances[index]


def _jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    common, either = len(first & second), len(first | second)
    return 1 - common / either if either else 0.0
