"""Connect Four and the search of its tree in NumPy, for many games at once.

The arrays are those of `dl.games.tree_search`, and each step works on all games that take part.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dl.games.stones import lines

Evaluate = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Planes [B, 2, 6, 7] -> logits [B, 7], values [B]."""
WON_BY = lines(6, 7, 4).T


class Boards(NamedTuple):
    """Positions: `stones` [B, 2, 42], moves `made` [B], and who has won: 1, −1 or 0, [B]."""

    stones: np.ndarray
    made: np.ndarray
    score: np.ndarray


def starts(games: int) -> Boards:
    zeros = np.zeros(games, np.int32)
    return Boards(np.zeros((games, 2, 42), bool), zeros, zeros.copy())


def play(boards: Boards, moves: np.ndarray) -> Boards:
    """The positions after the moves [B]; finished games stay as they are."""
    rows = np.flatnonzero(~is_over(boards))
    after = Boards(*(each.copy() for each in boards))
    columns, mover = moves[rows], boards.made[rows] % 2
    taken = np.any(boards.stones[rows], axis=1).reshape(-1, 6, 7)
    height = taken[np.arange(len(rows)), :, columns].sum(1)
    after.stones[rows, mover, (5 - height) * 7 + columns] = True
    filled = after.stones[rows, mover].astype(np.float32) @ WON_BY
    wins = np.any(filled == 4, axis=1)
    after.made[rows] += 1
    after.score[rows] = np.where(wins, 1 - 2 * mover, 0)
    return after


def is_over(boards: Boards) -> np.ndarray:
    return (boards.score != 0) | (boards.made == 42)


def legal(boards: Boards) -> np.ndarray:
    top = boards.stones[:, 0, :7] | boards.stones[:, 1, :7]
    return ~top & ~is_over(boards)[:, None]


def observe(boards: Boards) -> np.ndarray:
    mover = (boards.made % 2 == 1)[:, None, None]
    own_first = np.where(mover, boards.stones[:, ::-1], boards.stones)
    return own_first.reshape(-1, 2, 6, 7).astype(np.float32)


class Trees:
    """The trees of B roots, which grow by a position in each simulation."""

    def __init__(self, roots: Boards, evaluate: Evaluate, simulations: int, c_puct: float) -> None:
        games = len(roots.made)
        room, edges = (games, simulations + 1), (games, simulations + 1, 7)
        self.evaluate, self.c_puct, self.rows = evaluate, c_puct, np.arange(games)
        self.boards = Boards(
            np.zeros((*room, 2, 42), bool), np.zeros(room, np.int32), np.zeros(room, np.int32)
        )
        self.over, self.children = np.zeros(room, bool), np.zeros(edges, np.int32)
        self.prior, self.sums = np.zeros(edges, np.float32), np.zeros(edges, np.float32)
        self.visits = np.zeros(edges, np.int32)
        self.write(np.zeros(games, int), roots)
        for number in range(1, simulations + 1):
            self.simulate(number)

    def write(self, nodes: np.ndarray, boards: Boards) -> np.ndarray:
        """Write what the nodes [B] are, and return their values [B]."""
        logits, values = self.evaluate(observe(boards))
        allowed, over = legal(boards), is_over(boards)
        weights = np.exp(logits - logits.max(1, keepdims=True)) * allowed
        place = self.rows, nodes
        for leaf, new in zip(self.boards, boards, strict=True):
            leaf[place] = new
        self.over[place], self.children[place] = over, np.where(allowed, 0, -1)
        self.prior[place] = weights / np.maximum(weights.sum(1, keepdims=True), 1e-30)
        return np.where(over, boards.score * (1 - 2 * (boards.made % 2)), values)

    def simulate(self, number: int) -> None:
        path, parent, move = self.descend()
        child = self.children[self.rows, parent, move]
        nodes = np.where(child == 0, number, child)
        boards = play(Boards(*(leaf[self.rows, parent] for leaf in self.boards)), move)
        values = self.write(nodes, boards)
        self.children[self.rows, parent, move] = nodes
        for rows, at, moves in reversed(path):
            values[rows] *= -1
            self.visits[rows, at, moves] += 1
            self.sums[rows, at, moves] += values[rows]

    def descend(self) -> tuple[list[tuple[np.ndarray, ...]], np.ndarray, np.ndarray]:
        rows, node, path = self.rows, np.zeros_like(self.rows), []
        parent, last = np.zeros_like(node), np.zeros_like(node)
        while len(rows):
            move = self.select(rows, node)
            path.append((rows, node, move))
            parent[rows], last[rows] = node, move
            child = self.children[rows, node, move]
            on = (child > 0) & ~self.over[rows, child]
            rows, node = rows[on], child[on]
        return path, parent, last

    def select(self, rows: np.ndarray, node: np.ndarray) -> np.ndarray:
        visits = self.visits[rows, node]
        root = np.sqrt(1 + visits.sum(1, keepdims=True, dtype=np.float32))
        score = self.sums[rows, node] / np.maximum(visits, 1)
        score += self.c_puct * self.prior[rows, node] * root / (1 + visits)
        return np.where(self.children[rows, node] < 0, -np.inf, score).argmax(1)
