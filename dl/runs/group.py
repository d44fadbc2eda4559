"""What the processes of a run tell each other: text by name, kept by JAX's coordinator.

The coordinator is a service in process 0 (`jax.distributed`). Nothing of the devices is needed, so
that processes can talk while one compiles, reads data, or waits for the others in a step.
"""

import threading
from collections.abc import Callable
from typing import Any

from dl.errors import RunError, first_line

_POLL = 0.5
"""Seconds between two looks at the news."""
_PATIENCE = 24 * 3600
"""Seconds to wait for an answer. A process that has died is noticed by its heartbeats."""
_NEWS = "dl/news/"

News = dict[str, str]
"""What was told to all: texts by name."""


class Group:
    """The processes of a run. One that is alone has number 0 of 1, and every answer is its own.

    `share`, `gather` and `wait` must be called by all processes, in the same order.

    >>> alone = Group()
    >>> alone.is_first, alone.gather("a"), alone.share(lambda: "b")
    (True, ['a'], 'b')
    """

    def __init__(self, number: int = 0, count: int = 1, client: Any = None) -> None:
        self.number, self.count = number, count
        self._client, self._calls = client, 0
        self._listeners: list[Callable[[News], None]] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    @property
    def is_first(self) -> bool:
        """Whether this process writes what the run leaves."""
        return self.number == 0

    def gather(self, text: str) -> list[str]:
        """The text of every process, by number."""
        if self.count == 1:
            return [text]
        name = self._next_name()
        self._client.key_value_set(f"{name}/{self.number}", text)
        return [self._wait_for(f"{name}/{number}") for number in range(self.count)]

    def share(self, make: Callable[[], str]) -> str:
        """What `make` gives in process 0; the others do not call it."""
        if self.count == 1:
            return make()
        name = self._next_name()
        if self.is_first:
            self._client.key_value_set(name, make())
        return self._wait_for(name)

    def wait(self) -> None:
        """Wait until every process is here."""
        self.gather("")

    def tell(self, name: str, text: str) -> None:
        """Tell `text` to all, who hear it within about a second; a name is told once."""
        try:
            self._client.key_value_set(_NEWS + name, text)
        except Exception:  # somebody has told it already
            if name not in self._news():
                raise

    def listen(self, hear: Callable[[News], None]) -> None:
        """Let `hear` be called, in another thread, with all that was told, again and again."""
        if self.count == 1:
            return
        self._listeners.append(hear)
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        """End the thread that listens."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def next_number(self) -> int:
        """A number that is the same in all processes."""
        self._calls += 1
        return self._calls

    def _listen(self) -> None:
        while not self._ending.wait(_POLL):
            try:
                news = self._news()
            except Exception:  # the coordinator is gone: JAX ends this process
                return
            for hear in self._listeners if news else ():
                hear(news)

    def _news(self) -> News:
        entries = self._client.key_value_dir_get(_NEWS)
        return {name.removeprefix(_NEWS): text for name, text in entries}

    def _next_name(self) -> str:
        return f"dl/said/{self.next_number()}"

    def _wait_for(self, name: str) -> str:
        try:
            return self._client.blocking_key_value_get(name, _PATIENCE * 1000)
        except Exception as error:
            raise RunError(f"another process does not answer ({first_line(error)})") from error


ALONE = Group()
"""A process that trains by itself."""
