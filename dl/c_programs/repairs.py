"""How many characters of a rejected program are wrong: the distance to an accepted one, found by
small edits.
"""

import heapq
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from dl.c_programs.compiler import find_judge
from dl.c_programs.distances import edit_distance, edit_script
from dl.c_programs.edits import edits
from dl.c_programs.tokens import commented
from dl.c_programs.verdict import Judge, Verdict


class Repair(NamedTuple):
    """An accepted text and its Levenshtein distance, in characters, to the rejected one."""

    text: str
    wrong_characters: int


class _Found(NamedTuple):
    """An accepted text and how far it is from the rejected one."""

    distance: int
    text: str


class _Waiting(NamedTuple):
    """A rejected text whose edits are not all tried; of all these the one comes next that has least
    against it.
    """

    against: float
    order: int
    mended: float
    remaining: int
    edited: Iterator[str]


_AT_ONCE = 16  # edits that are judged together
_A_BLOCK = 0.25  # a block of edits that mended nothing speaks against a text as a quarter of a wrong character does
# A compiler reads once, from the front: that its first error comes this much later is worth three
# wrong characters.
_LATER, _WORTH = 40, 3.0
_MORE = 64  # further calls, once an accepted text is found, for one that is nearer


def repair(text: str, *, judge: Judge | None = None, calls: int = 400) -> Repair | None:
    """The nearest accepted text that a search with at most about `calls` calls of the compiler
    finds, if it finds one.

    The search edits the text where its first error is reported, then the texts so made, the most
    promising first. In the end no edit can be undone alone. The distance is an upper bound of the
    least one. Code is never made to pass by hiding it in a comment. A compiler sees only part of
    what is wrong: == for < passes, and so does the wrong one of two names that are declared.

    >>> found = repair("int main() { return 0 }")
    >>> found.wrong_characters if found else None
    1
    """
    judge = judge or find_judge()
    verdict = judge.verdicts([text])[0]
    if verdict.accepted:
        return Repair(text, 0)
    found = _search(text, verdict, judge, calls)
    return _without_needless_edits(text, found.text, judge) if found else None


def _search(original: str, verdict: Verdict, judge: Judge, calls: int) -> _Found | None:
    """Best first: wrong characters count against a text, errors that are mended for it."""
    best, seen, order = None, {original}, itertools.count()
    waiting = [
        _Waiting(0.0, next(order), 0.0, _remaining(original, verdict), _edited(original, verdict))
    ]
    while waiting and calls > 0 and not (best and best.distance == 1):
        parent = heapq.heappop(waiting)
        nearer = _nearer(original, parent.edited, seen, best.distance if best else None)
        block = list(itertools.islice(nearer, min(_AT_ONCE, calls)))
        if block:
            heapq.heappush(waiting, parent._replace(against=parent.against + _A_BLOCK))
        calls -= len(block)
        for found, said in zip(block, judge.verdicts([text for _, text in block]), strict=True):
            if not said.accepted:
                heapq.heappush(waiting, _after(parent, found, said, next(order)))
            elif best is None or found.distance < best.distance:
                best, calls = found, calls if best else min(calls, _MORE)
    return best


def _after(parent: _Waiting, found: _Found, verdict: Verdict, order: int) -> _Waiting:
    remaining = _remaining(found.text, verdict)
    mended = parent.mended + _WORTH * min(max(parent.remaining - remaining, 0) / _LATER, 1)
    return _Waiting(found.distance - mended, order, mended, remaining, _edited(found.text, verdict))


def _remaining(text: str, verdict: Verdict) -> int:
    """How many characters follow the first error."""
    return 0 if verdict.offset is None else len(text) - verdict.offset


def _edited(text: str, verdict: Verdict) -> Iterator[str]:
    hidden = commented(text)
    yield from (edited for edited in edits(text, verdict) if commented(edited) <= hidden)


def _nearer(
    original: str, texts: Iterator[str], seen: set[str], reach: int | None
) -> Iterator[_Found]:
    """The texts that were not seen before and are nearer to the original than `reach`."""
    for text in texts:
        if text in seen:
            continue
        seen.add(text)
        found = _Found(edit_distance(original, text), text)
        if reach is None or found.distance < reach:
            yield found


def _without_needless_edits(original: str, text: str, judge: Judge) -> Repair:
    """Undo single edits as long as what is left is accepted."""
    while True:
        script = edit_script(original, text)
        undone = [
            text[: edit.to_start] + original[edit.start : edit.stop] + text[edit.to_stop :]
            for edit in script
        ]
        accepted = [
            less for less, said in zip(undone, judge.verdicts(undone), strict=True) if said.accepted
        ]
        if not accepted:
            return Repair(text, len(script))
        text = min(accepted, key=lambda less: edit_distance(original, less))
