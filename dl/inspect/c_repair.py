"""How many characters of a rejected program are wrong: the distance to an accepted one, found by small edits."""

import heapq
import itertools
from collections.abc import Iterator
from typing import NamedTuple

from dl.inspect.c_compiler import find_judge
from dl.inspect.c_edits import edits
from dl.inspect.c_tokens import commented
from dl.inspect.c_verdict import Judge, Verdict
from dl.inspect.edit_distance import edit_distance, edit_script


class Repair(NamedTuple):
    """An accepted text and its Levenshtein distance, in characters, to the rejected one."""

    text: str
    wrong_characters: int


class _State(NamedTuple):
    """A text on the way: its distance to the rejected one and what the judge says of it."""

    text: str
    distance: int
    verdict: Verdict


class _Waiting(NamedTuple):
    """A rejected text whose edits are not all tried, in the order of what it promises."""

    promise: int
    distance: int
    remaining: int
    order: int
    texts: Iterator[str]


_AT_ONCE = 16  # edits that are judged together
_PER_ERROR = int(__import__('os').environ.get('PE','2'))


def repair(text: str, *, judge: Judge | None = None, calls: int = 400) -> Repair | None:
    """The nearest accepted text that a search with about `calls` calls of the compiler finds; None if it finds none.

    The search edits the text where its first error is reported, then the texts so made, the most promising first. In
    the end no edit can be undone alone. The distance is an upper bound of the least one. Code is never made to pass by
    hiding it in a comment. A compiler sees only part of what is wrong: == for < passes, and so does the wrong one of
    two names that are declared.

    >>> repair("int main() { int n; scanf(n) return x; }")
    Repair(text='int main() { int n; scanf(n); return n; }', wrong_characters=2)
    """
    judge = judge or find_judge()
    start = _State(text, 0, judge.verdicts([text])[0])
    if start.verdict.accepted:
        return Repair(text, 0)
    best = _search(start, judge, calls)
    return _without_needless_edits(text, best, judge) if best else None


def _search(start: _State, judge: Judge, calls: int) -> str | None:
    """Best first: what was edited, what is still reported wrong and how long nothing came of it count against a text."""
    best, seen, order = None, {start.text}, itertools.count()
    waiting = [_waiting(start, next(order))]
    while waiting and calls > 0 and not (best and best.distance <= waiting[0].promise):
        first = heapq.heappop(waiting)
        texts = list(itertools.islice((text for text in first.texts if text not in seen), min(_AT_ONCE, calls)))
        if texts:
            heapq.heappush(waiting, first._replace(promise=first.promise + 1))
        calls -= len(texts)
        seen.update(texts)
        for state in _judged(start.text, texts, judge):
            if not state.verdict.accepted:
                heapq.heappush(waiting, _waiting(state, next(order)))
            elif best is None or state.distance < best.distance:
                best = state
    return best.text if best else None


def _waiting(state: _State, order: int) -> _Waiting:
    offset = len(state.text) if state.verdict.offset is None else state.verdict.offset
    return _Waiting(state.distance + _PER_ERROR * state.verdict.errors, state.distance, len(state.text) - offset, order, _edited(state))


def _edited(state: _State) -> Iterator[str]:
    hidden = commented(state.text)
    yield from (text for text in edits(state.text, state.verdict) if commented(text) <= hidden)


def _judged(original: str, texts: list[str], judge: Judge) -> list[_State]:
    judged = zip(texts, judge.verdicts(texts), strict=True)
    return [_State(text, edit_distance(original, text), verdict) for text, verdict in judged]


def _without_needless_edits(original: str, text: str, judge: Judge) -> Repair:
    """Undo single edits as long as what is left is accepted."""
    while True:
        script = edit_script(original, text)
        undone = [
            text[: edit.to_start] + original[edit.start : edit.stop] + text[edit.to_stop :] for edit in script
        ]
        accepted = [shorter for shorter, verdict in zip(undone, judge.verdicts(undone), strict=True) if verdict.accepted]
        if not accepted:
            return Repair(text, len(script))
        text = min(accepted, key=lambda shorter: edit_distance(original, shorter))
