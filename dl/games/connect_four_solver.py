"""The exact value of every move in a position of Connect Four, where few places are empty."""

from typing import TypeAlias

import jax
import numpy as np

from dl.errors import InputError
from dl.games.connect_four import HEIGHT, WIDTH
from dl.games.stones import Stones

# A set of places is an integer. Each column has a bit for each row, the lowest first, and one more
# that stays empty, so that lines do not run from the top of a column into the next.
STRIDE = HEIGHT + 1
BOTTOM = sum(1 << column * STRIDE for column in range(WIDTH))
BOARD = BOTTOM * ((1 << HEIGHT) - 1)
COLUMNS = [((1 << HEIGHT) - 1) << column * STRIDE for column in range(WIDTH)]
CENTRE_FIRST = sorted(range(WIDTH), key=lambda column: abs(column - WIDTH // 2))
DIRECTIONS = 1, STRIDE - 1, STRIDE, STRIDE + 1

KnownBounds: TypeAlias = dict[int, tuple[int, int]]
"""What is known of positions: the value for the player to move is at least and at most this."""


def move_values(
    position: Stones, *, most_empty: int = 14, known: KnownBounds | None = None
) -> np.ndarray:
    """The values [7] of the moves for the player who makes them: 1, 0 or −1, nan where illegal.

    They are those of the game in which both sides go on without mistakes, by alpha-beta search.
    Of a finished game all are nan. Give the same `known`, a dictionary that is filled, for several
    positions of the same games, and less is computed twice.

    Raises:
        InputError: if more than `most_empty` places are empty. With 14 a position takes some
            milliseconds; each one more takes about twice as long.

    >>> from dl.games.notation import read_moves
    >>> from dl.games.connect_four import connect_four
    >>> position = read_moves("5131116514624615274452326274", connect_four())
    >>> move_values(position).tolist()
    [nan, -1.0, -1.0, -1.0, -1.0, 1.0, -1.0]
    """
    if np.ndim(position.score):
        raise InputError(f"one position at a time, not {len(position.score)}")
    own, taken = as_bits(position)
    empty = HEIGHT * WIDTH - taken.bit_count()
    values = np.full(WIDTH, np.nan)
    if int(position.score) or not empty:
        return values
    if empty > most_empty:
        raise InputError(
            f"{empty} places are empty: this solves positions with at most most_empty={most_empty}"
        )
    known = {} if known is None else known
    for column in range(WIDTH):
        if place := _free_place(taken, column):
            wins = has_four(own | place)
            values[column] = 1 if wins else -_value(own ^ taken, taken | place, -1, 1, known)
    return values


def as_bits(position: Stones) -> tuple[int, int]:
    """The stones of the player to move, and all stones."""
    stones, made = jax.device_get((position.stones, position.made))
    upwards = stones.reshape(2, HEIGHT, WIDTH)[:, ::-1]
    sets = [
        sum(1 << int(column) * STRIDE + int(row) for row, column in np.argwhere(each))
        for each in upwards
    ]
    return sets[int(made) % 2], sets[0] | sets[1]


def has_four(stones: int) -> bool:
    """Whether four of the stones are in a line."""
    for step in DIRECTIONS:
        pairs = stones & stones >> step
        if pairs & pairs >> 2 * step:
            return True
    return False


def _value(own: int, taken: int, low: int, high: int, known: KnownBounds) -> int:
    """The value of a position that is not won, for the player to move, if it is in [low, high].

    A value outside is only known to be on that side.
    """
    if taken == BOARD:
        return 0
    free = (taken + BOTTOM) & BOARD  # the lowest empty place of each column
    if winning_places(own, taken) & free:
        return 1
    threats = winning_places(own ^ taken, taken)
    if forced := threats & free:
        if forced & forced - 1:
            return -1  # the other player threatens at two places
        free = forced
    free &= ~(threats >> 1)  # a stone below a threat lets the other player win
    if not free:
        return -1
    return _best(own, taken, free, low, high, known)


def _best(own: int, taken: int, free: int, low: int, high: int, known: KnownBounds) -> int:
    """The best of the moves to the places `free`, none of which wins or loses at once."""
    key = own + taken  # different for all positions
    at_least, at_most = known.get(key, (-1, 1))
    low, high = max(low, at_least), min(high, at_most)
    if low >= high:
        return low
    best, bound = -1, low
    for column in CENTRE_FIRST:
        if place := free & COLUMNS[column]:
            best = max(best, -_value(own ^ taken, taken | place, -high, -bound, known))
            bound = max(bound, best)
            if bound >= high:
                break
    if best <= low:
        at_most = min(at_most, best)
    elif best >= high:
        at_least = max(at_least, best)
    else:
        at_least = at_most = best
    known[key] = at_least, at_most
    return best


def _free_place(taken: int, column: int) -> int:
    return (taken + BOTTOM) & COLUMNS[column]


def winning_places(stones: int, taken: int) -> int:
    """The empty places, reachable or not, where one more stone makes four in a line."""
    places = 0
    for step in DIRECTIONS:
        for way in (step, -step):
            pair = _shift(stones, way) & _shift(stones, 2 * way)
            places |= pair & (_shift(stones, 3 * way) | _shift(stones, -way))
    return places & BOARD & ~taken


def _shift(stones: int, steps: int) -> int:
    return stones << steps if steps > 0 else stones >> -steps
