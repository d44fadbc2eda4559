"""A slow referee of our two games, who knows nothing of the code: boards are lists of rows."""

import random


class Referee:
    """One game. Boards have 0, 1 and 2 as `Game.board`; row 0 is the top."""

    def __init__(self, name: str) -> None:
        self.falls = name == "connect_four"
        self.height, self.width, self.wins = (6, 7, 4) if self.falls else (3, 3, 3)
        self.rows = [[0] * self.width for _ in range(self.height)]
        self.turn, self.winner = 1, 0

    def legal(self) -> list[int]:
        if self.over():
            return []
        if self.falls:
            return [column for column in range(self.width) if self.rows[0][column] == 0]
        return [
            3 * row + column
            for row in range(3)
            for column in range(3)
            if self.rows[row][column] == 0
        ]

    def over(self) -> bool:
        return self.winner != 0 or all(stone for row in self.rows for stone in row)

    def score(self) -> int:
        return {0: 0, 1: 1, 2: -1}[self.winner]

    def play(self, move: int) -> None:
        if self.falls:
            row = max(r for r in range(self.height) if self.rows[r][move] == 0)
            column = move
        else:
            row, column = move // 3, move % 3
        self.rows[row][column] = self.turn
        if self.in_line(row, column):
            self.winner = self.turn
        self.turn = 3 - self.turn

    def in_line(self, row: int, column: int) -> bool:
        """Whether the stone at a place is one of enough in a line: count to both sides of it."""
        for down, right in ((0, 1), (1, 0), (1, 1), (-1, 1)):
            count = 1
            for way in (1, -1):
                r, c = row + way * down, column + way * right
                while (
                    0 <= r < self.height
                    and 0 <= c < self.width
                    and self.rows[r][c] == self.rows[row][column]
                ):
                    count += 1
                    r, c = r + way * down, c + way * right
            if count >= self.wins:
                return True
        return False


def random_games(name: str, games: int, seed: int = 0) -> list[list[int]]:
    """The moves of random games, to their ends."""
    draw = random.Random(seed)
    found = []
    for _ in range(games):
        referee, moves = Referee(name), []
        while not referee.over():
            moves.append(draw.choice(referee.legal()))
            referee.play(moves[-1])
        found.append(moves)
    return found
