"""The nearest accepted program to a rejected one, found by small edits: what was wrong?"""

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
    """An accepted text and its Levenshtein distance in characters from the rejected one."""

    text: str
    wrong_characters: int


class _Candidate(NamedTuple):
    """A text and its distance from the rejected one."""

    distance: int
    text: str


class _Waiting(NamedTuple):
    """A rejected text whose edits have not all been tried.

    The text with the least `cost` is edited next, of equals the one with the least `order`.
    `gained` is what the errors mended so far have taken off the cost; `remaining` counts the
    characters after the first error; `edited` yields the texts still to be tried.
    """

    cost: float
    order: int
    gained: float
    remaining: int
    edited: Iterator[str]


_AT_ONCE = 16  # edits that are judged together
_BLOCK_COST = 0.25  # of each block of edits tried, in wrong characters
# A compiler reads from the front, so an edit after which the first error is this many characters
# nearer to the end has probably mended something: that is worth this many wrong characters.
_LATER, _WORTH = 40, 3.0
_MORE = 64  # calls, after an accepted text is known, to look for a nearer one


def repair(text: str, *, judge: Judge | None = None, calls: int = 400) -> Repair | None:
    """Search for the accepted text nearest to `text`; None when the search finds none.

    A best-first search with at most about `calls` calls of the compiler edits the text near its
    first error, then edits the results, the most promising first. At the end every single edit
    that is not needed is undone. The distance is an upper bound of the least possible one. No
    code is hidden in a comment. A compiler sees only part of what is wrong: it accepts == in the
    place of <, and the wrong one of two declared names.

    >>> mended = repair("int main() { return 0 }")
    >>> mended.wrong_characters if mended else None
    1

    Raises:
        InputError: when there is no judge, or RapidFuzz is not installed.
    """
    judge = judge or find_judge()
    verdict = judge.verdicts([text])[0]
    if verdict.accepted:
        return Repair(text, 0)
    best = _search(text, verdict, judge, calls)
    return _without_needless_edits(text, best.text, judge) if best else None


def _search(original: str, verdict: Verdict, judge: Judge, calls: int) -> _Candidate | None:
    """Best-first search: wrong characters add to the cost of a text, mended errors lower it."""
    best, seen, order = None, {original}, itertools.count()
    waiting = [
        _Waiting(0.0, next(order), 0.0, _remaining(original, verdict), _edited(original, verdict))
    ]
    while waiting and calls > 0 and not (best and best.distance == 1):
        parent = heapq.heappop(waiting)
        nearer = _nearer(original, parent.edited, seen, best.distance if best else None)
        block = list(itertools.islice(nearer, min(_AT_ONCE, calls)))
        if block:
            heapq.heappush(waiting, parent._replace(cost=parent.cost + _BLOCK_COST))
        calls -= len(block)
        judged = judge.verdicts([candidate.text for candidate in block])
        for candidate, said in zip(block, judged, strict=True):
            if not said.accepted:
                heapq.heappush(waiting, _after(parent, candidate, said, next(order)))
            elif best is None or candidate.distance < best.distance:
                best, calls = candidate, calls if best else min(calls, _MORE)
    return best


def _after(parent: _Waiting, candidate: _Candidate, verdict: Verdict, order: int) -> _Waiting:
    distance, text = candidate
    remaining = _remaining(text, verdict)
    gained = parent.gained + _WORTH * min(max(parent.remaining - remaining, 0) / _LATER, 1)
    return _Waiting(distance - gained, order, gained, remaining, _edited(text, verdict))


def _remaining(text: str, verdict: Verdict) -> int:
    """The number of characters after the first error."""
    return 0 if verdict.offset is None else len(text) - verdict.offset


def _edited(text: str, verdict: Verdict) -> Iterator[str]:
    hidden = commented(text)
    yield from (new for new in edits(text, verdict) if commented(new) <= hidden)


def _nearer(
    original: str, texts: Iterator[str], seen: set[str], limit: int | None
) -> Iterator[_Candidate]:
    """The texts that were not seen before and are nearer to the original than `limit`."""
    for text in texts:
        if text in seen:
            continue
        seen.add(text)
        distance = edit_distance(original, text)
        if limit is None or distance < limit:
            yield _Candidate(distance, text)


def _without_needless_edits(original: str, text: str, judge: Judge) -> Repair:
    """Undo single edits for as long as the result is accepted."""
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
