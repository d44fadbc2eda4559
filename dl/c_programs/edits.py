"""Small edits that may mend a rejected C program, near the place of its first error."""

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
_UNKNOWN_NAME = re.compile(r"'(\w+)' undeclared|unknown type name '(\w+)'|no member named '(\w+)'")
_MOST_BRACKETS = 12  # of one kind before the error that are tried as the wrong one


def edits(text: str, verdict: Verdict) -> list[str]:
    """Copies of `text` with one edit each that may mend the first error of its `verdict`.

    An edit inserts, deletes or replaces a character or token near the error; replaces a name by
    another name of the text, or declares it; adds or removes a bracket before the error; or
    completes the end of the text. Likely edits come first.

    >>> edits("int main() { return 0 }", Verdict(False, "expected ';' before '}' token", 21))[0]
    'int main() { return 0; }'
    """
    tokens = tokenize(text)
    offset = len(text) if verdict.offset is None else verdict.offset
    wrong = max(bisect.bisect_right([token.start for token in tokens], offset) - 1, 0)
    places = (wrong, wrong - 1, wrong + 1, wrong - 2, wrong - 3)
    near = [tokens[place] for place in places if 0 <= place < len(tokens)]
    beginnings = (text, *(text[: last.start] for last in tokens[-1:]))
    completed = [begun + ending for begun in beginnings for ending in endings(begun)]
    edited = itertools.chain(
        _insert_expected(text, near[:2], verdict.message),
        _mend_name(text, tokens, offset, verdict.message),
        _declare_before_loops(text, tokens, verdict.message),
        completed if wrong + 1 == len(tokens) else (),
        (_put(text, token.start, token.stop, "") for token in near),
        _replace_tokens(text, near, tokens),
        _insert_between(text, near),
        _change_brackets(text, tokens[: wrong + 1]),
        completed if open_brackets(text) else (),
    )
    return [new for new in dict.fromkeys(edited) if new != text]


def _put(text: str, start: int, stop: int, new: str) -> str:
    return text[:start] + new + text[stop:]


def _insert_expected(text: str, near: list[Token], message: str) -> Iterator[str]:
    """Insert what the compiler expected, after and before each token near the error."""
    if not message.startswith("expected"):
        return
    for word in re.findall(r"'([^' ]+)'", message.split(" before ")[0]):
        for place in dict.fromkeys(place for token in near for place in (token.stop, token.start)):
            yield _put(text, place, place, word)


def _mend_name(text: str, tokens: list[Token], offset: int, message: str) -> Iterator[str]:
    """Mend an unknown name: replace it once or everywhere, call it, or declare it."""
    match = _UNKNOWN_NAME.search(message)
    if match is None:
        return
    name = match[match.lastindex or 0]
    uses = [token for token in tokens if token.text == name]
    first = next((token for token in uses if token.start >= offset), None)
    types = (
        sorted(_TYPES, key=lambda other: edit_distance(name, other))[:2]
        if "type name" in message
        else []
    )
    for other in (*types, *_similar_names(name, tokens), "1"):
        if first:
            yield _put(text, first.start, first.stop, other)
        if uses[1:]:
            yield _put_all(text, uses, other)
    if first:
        yield _put(text, first.stop, first.stop, "()")
    declared = [
        after.start for place, after in enumerate(tokens[1:]) if tokens[place].kind in _TYPES
    ]
    for start in [start for start in declared if start <= offset][-2:]:
        yield from (_put(text, start, start, f"{stars}{name},") for stars in ("", "*"))


def _similar_names(name: str, tokens: Iterable[Token], *, count: int = 5) -> list[str]:
    """The identifiers of the text and the keywords that are nearest to `name`, nearest first."""
    names = dict.fromkeys(
        token.text for token in tokens if token.kind == "identifier" and token.text != name
    )
    distances = {other: edit_distance(name, other) for other in (*names, *sorted(KEYWORDS))}
    likely = [other for other in distances if other in names or distances[other] <= 2]
    return sorted(likely, key=distances.__getitem__)[:count]


def _put_all(text: str, tokens: list[Token], new: str) -> str:
    for token in reversed(tokens):
        text = _put(text, token.start, token.stop, new)
    return text


def _declare_before_loops(text: str, tokens: list[Token], message: str) -> Iterator[str]:
    """Declare the variables of one loop, or of all loops, before the loops.

    Only dialects after C89 allow `for (int i = 0; ...)`.
    """
    if "initial declarations" not in message:
        return
    fors = [place for place, token in enumerate(tokens[:-3]) if token.kind == "for"]
    loops = [place for place in fors if tokens[place + 2].kind in _TYPES]
    declared = [token.stop for token in tokens[: min(loops, default=0)] if token.kind in _TYPES]
    for chosen in (loops, loops[:1]):
        bare = _put_all(text, [tokens[place + 2] for place in chosen], "")
        names = dict.fromkeys(tokens[place + 3].text for place in chosen)
        for stop in declared[-3:]:
            yield _put(bare, stop, stop, "".join(f" {name}," for name in names))
        yield bare


def _replace_tokens(text: str, near: list[Token], tokens: list[Token]) -> Iterator[str]:
    for token in near:
        yield from (_put(text, token.start, token.stop, new) for new in _substitutes(token, tokens))


def _substitutes(token: Token, tokens: list[Token]) -> Iterator[str]:
    """Texts that may replace a token."""
    if token.kind in OPERATORS:
        yield from (other for other in OPERATORS if edit_distance(token.text, other) == 1)
    elif token.kind in _TYPES:
        yield from ("void", "int")
    elif token.kind == "identifier":
        yield token.text + "_"  # a name that is not used yet
        yield from _similar_names(token.text, tokens, count=4)
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


def _insert_between(text: str, near: list[Token]) -> Iterator[str]:
    places = dict.fromkeys(place for token in near for place in (token.start, token.stop))
    yield from (_put(text, place, place, new) for place in places for new in _INSERTED)


def _change_brackets(text: str, before: list[Token]) -> Iterator[str]:
    """Remove or insert one brace somewhere before the error."""
    for token in [token for token in reversed(before) if token.kind in ("{", "}")][:_MOST_BRACKETS]:
        yield _put(text, token.start, token.stop, "")
    for token in [token for token in reversed(before) if token.kind in (")", "else", "do")][
        :_MOST_BRACKETS
    ]:
        yield _put(text, token.stop, token.stop, "{")
