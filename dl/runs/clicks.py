"""A game that is played by clicks, in a notebook: the board above, a button for each move below."""

from typing import Any, Protocol

from dl.errors import InputError
from dl.games.rules import Game

_BUTTON = "44px"


class Playable(Protocol):
    """What a game must offer to be clicked through: `dl.runs.playing.Session` does."""

    person: int
    moves: tuple[int, ...]

    @property
    def game(self) -> Game: ...
    @property
    def is_over(self) -> bool: ...
    @property
    def legal(self) -> tuple[str, ...]: ...
    def play(self, move: str) -> Any: ...
    def undo(self) -> Any: ...
    def _repr_html_(self) -> str: ...


def clickable(session: Playable) -> Any:
    """The board of `session` with a button for each move, as a widget of ipywidgets.

    The buttons lie as the squares do, or under the columns of a game whose moves are columns. Those
    of illegal moves are grey. "undo" takes the last move back.

    Raises:
        InputError: where ipywidgets is not installed.
    """
    try:
        import ipywidgets as widgets
    except ImportError:
        raise InputError(
            "clicks need ipywidgets: pip install ipywidgets, or type moves with play()"
        ) from None
    board = widgets.HTML()
    moves = [_button(widgets, name) for name in session.game.move_names]
    undo = widgets.Button(description="undo")

    def show() -> None:
        board.value = session._repr_html_()
        legal = set() if session.is_over else set(session.legal)
        for button in moves:
            button.disabled = button.description not in legal
        undo.disabled = len(session.moves) <= session.person

    def do(act: Any) -> None:
        act()
        show()

    for button in moves:
        button.on_click(lambda clicked: do(lambda: session.play(clicked.description)))
    undo.on_click(lambda _: do(session.undo))
    show()
    columns = f"repeat({session.game.planes[1]}, {_BUTTON})"
    grid = widgets.GridBox(moves, layout=widgets.Layout(grid_template_columns=columns))
    return widgets.VBox([board, grid, undo])


def _button(widgets: Any, name: str) -> Any:
    layout = widgets.Layout(width="auto", min_width=_BUTTON, margin="1px")
    return widgets.Button(description=name, layout=layout, tooltip=f"play {name}")
