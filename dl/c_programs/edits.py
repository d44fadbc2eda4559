"""Small edits that may mend a rejected C program, around the place where its first error is
reported.
"""

import bisect
import itertools
import re
from collections.abc import Iterable, Iterator

from dl.c_programs.distances import edit_distance
from dl.c_programs.endings import endings
from dl.c_programs.tokens import KEYWORDS, OPERATORS, Token, open_brackets, tokenize
from dl.c_programs.verdict import Verdict

_TYPES = ("int", "char", "float", "double", "long", "short", "unsigned", "signed", "void")
_INSERTED = (*";)}(]{[,\"'", "=", "0", " ")
_NEAR = 12  # brackets before the error that may be the wrong ones


def edits(text: str, verdict: Verdict) -> list[str]:
    """Texts that differ from `text` by one edit that may mend the first error of its `verdict`,
    likely ones first.

    An edit inserts, deletes or replaces one character or token near the error, replaces a name by
    another of the text or declares it, adds or takes a bracket before the error, or closes what the
    text leaves open at its end.

    >>> edits("int main() { return 0 }", Verdict(False, "expected ';' before '}' token", 21))[0]
    'int main() { return 0; }'
    """
    tokens = tokenize(text)
    offset = len(text) if verdict.offset is None else verdict.offset
    here = max(bisect.bisect_right([token.start for token in tokens], offset) - 1, 0)
    near = [
        tokens[place]
        for place in (here, here - 1, here + 1, here - 2, here - 3)
        if 0 <= place < len(tokens)
    ]
    begun = (text, *(text[: last.start] for last in tokens[-1:]))
    ended = [some + ending for some in begun for ending in endings(some)]
    found = itertools.chain(
        _expected(text, near[:2], verdict.message),
        _of_name(text, tokens, offset, verdict.message),
        _of_loops(text, tokens, verdict.message),
        ended if here + 1 == len(tokens) else (),
        (_put(text, token.start, token.stop, "") for token in near),
        _instead_of(text, near, tokens),
        _between(text, near),
        _brackets(text, tokens[: here + 1]),
        ended if open_brackets(text) else (),
    )
    return [edited for edited in dict.fromkeys(found) if edited != text]


def _put(text: str, start: int, stop: int, new: str) -> str:
    return text[:start] + new + text[stop:]


def _expected(text: str, near: list[Token], message: str) -> Iterator[str]:
    """What the compiler says that it expected, after and before each token near the error."""
    words = (
        re.findall(r"'([^' ]+)'", message.split(" before ")[0])
        if message.startswith("expected")
        else []
    )
    for word in words:
        for place in dict.fromkeys(place for token in near for place in (token.stop, token.start)):
            yield _put(text, place, place, word)


def _of_name(text: str, tokens: list[Token], offset: int, message: str) -> Iterator[str]:
    """A name that the compiler does not know: another name instead, here or everywhere, or a
    declaration of it.
    """
    said = re.search(
        r"'(\w+)' undeclared|unknown type name '(\w+)'|no member named '(\w+)'", message
    )
    if said is None:
        return
    name = said[said.lastindex or 0]
    uses = [token for token in tokens if token.text == name]
    first = next((token for token in uses if token.start >= offset), None)
    types = (
        sorted(_TYPES, key=lambda other: edit_distance(name, other))[:2]
        if "type name" in message
        else []
    )
    for other in (*types, *_alike(name, tokens), "1"):
        if first:
            yield _put(text, first.start, first.stop, other)
        if uses[1:]:
            yield _replaced(text, uses, other)
    if first:
        yield _put(text, first.stop, first.stop, "()")
    declared = [
        after.start for place, after in enumerate(tokens[1:]) if tokens[place].kind in _TYPES
    ]
    for start in [start for start in declared if start <= offset][-2:]:
        yield from (_put(text, start, start, f"{stars}{name},") for stars in ("", "*"))


def _alike(name: str, tokens: Iterable[Token], *, count: int = 5) -> list[str]:
    """The identifiers of the text, and the keywords, that are most like `name`, nearest first."""
    names = dict.fromkeys(
        token.text for token in tokens if token.kind == "identifier" and token.text != name
    )
    distances = {other: edit_distance(name, other) for other in (*names, *sorted(KEYWORDS))}
    likely = [other for other in distances if other in names or distances[other] <= 2]
    return sorted(likely, key=distances.__getitem__)[:count]


def _replaced(text: str, tokens: list[Token], new: str) -> str:
    for token in reversed(tokens):
        text = _put(text, token.start, token.stop, new)
    return text


def _of_loops(text: str, tokens: list[Token], message: str) -> Iterator[str]:
    """Variables that loops declare, as only later dialects allow: they are declared before, in one
    loop or in all.
    """
    if "initial declarations" not in message:
        return
    fors = [place for place, token in enumerate(tokens[:-3]) if token.kind == "for"]
    loops = [place for place in fors if tokens[place + 2].kind in _TYPES]
    declared = [token.stop for token in tokens[: min(loops, default=0)] if token.kind in _TYPES]
    for some in (loops, loops[:1]):
        bare = _replaced(text, [tokens[place + 2] for place in some], "")
        names = dict.fromkeys(tokens[place + 3].text for place in some)
        for stop in declared[-3:]:
            yield _put(bare, stop, stop, "".join(f" {name}," for name in names))
        yield bare


def _instead_of(text: str, near: list[Token], tokens: list[Token]) -> Iterator[str]:
    for token in near:
        yield from (_put(text, token.start, token.stop, new) for new in _instead(token, tokens))


def _instead(token: Token, tokens: list[Token]) -> Iterator[str]:
    """What may stand in place of one token."""
    if token.kind in OPERATORS:
        yield from (other for other in OPERATORS if edit_distance(token.text, other) == 1)
    elif token.kind in _TYPES:
        yield from ("void", "int")
    elif token.kind == "identifier":
        yield token.text + "_"  # a name that is still free
        yield from _alike(token.text, tokens, count=4)
        for word in sorted(word for word in KEYWORDS if token.text.startswith(word)):
            yield from (word + between + token.text.removeprefix(word) for between in (" ", "("))
    elif token.kind in ("string", "character", "number"):
        yield from (
            _put(token.text, place, place + 1, "") for place in range(min(len(token.text), 4))
        )
        ends = [place for place in range(len(token.text) - 3, len(token.text)) if place > 0]
        yield from (
            _put(token.text, place, place, quote)
            for quote in "\"'"
            if token.text[0] == quote
            for place in ends
        )


def _between(text: str, near: list[Token]) -> Iterator[str]:
    places = dict.fromkeys(place for token in near for place in (token.start, token.stop))
    yield from (_put(text, place, place, new) for place in places for new in _INSERTED)


def _brackets(text: str, before: list[Token]) -> Iterator[str]:
    """One brace more or less, somewhere before the error."""
    for token in [token for token in reversed(before) if token.kind in ("{", "}")][:_NEAR]:
        yield _put(text, token.start, token.stop, "")
    for token in [token for token in reversed(before) if token.kind in (")", "else", "do")][:_NEAR]:
        yield _put(text, token.stop, token.stop, "{")
