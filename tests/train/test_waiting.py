"""The clock of waiting counts only while the devices have nothing to do."""

import threading
import time
from collections.abc import Iterator

import pytest

import dl
from dl.runs.stored import as_record
from dl.train.record import Record, as_table
from dl.train.waiting import WaitingClock


class Ticket:
    """An array that is ready when the test says so."""

    def __init__(self) -> None:
        self.done = threading.Event()

    def block_until_ready(self) -> None:
        assert self.done.wait(10)


def slow(count: int) -> Iterator[int]:
    for number in range(count):
        time.sleep(0.02)
        yield number


def test_reading_under_a_computation_is_no_waiting() -> None:
    clock, ticket = WaitingClock(), Ticket()
    clock.computing(ticket)
    assert list(clock.reading(slow(3))) == [0, 1, 2]
    assert clock.seconds == 0
    ticket.done.set()


def test_reading_after_a_computation_is_waiting() -> None:
    clock, ticket = WaitingClock(), Ticket()
    ticket.done.set()
    clock.computing(ticket)
    clock._idle_since.result()  # type: ignore[union-attr]
    assert list(clock.reading(slow(3))) == [0, 1, 2]
    assert clock.seconds >= 0.06


def test_a_wait_begins_when_the_step_before_is_ready() -> None:
    clock, ticket = WaitingClock(), Ticket()
    clock.computing(ticket)

    def items() -> Iterator[int]:
        time.sleep(0.05)
        ticket.done.set()
        clock._idle_since.result()  # type: ignore[union-attr]
        yield 0

    began = time.perf_counter()
    list(clock.reading(items()))
    assert clock.seconds <= time.perf_counter() - began - 0.05


def test_a_clock_for_data_in_memory_stays_at_zero() -> None:
    clock = WaitingClock(counts=False)
    clock.computing(Ticket())
    assert list(clock.reading(slow(2))) == [0, 1]
    assert clock.seconds == 0


def test_waiting_is_stored_shown_and_read_where_there_is_some() -> None:
    waited = Record(10, 1.0, "train", {"loss": 0.5}, 900.0, waiting=0.25)
    plain = Record(10, 1.0, "train", {"loss": 0.5}, 900.0)
    assert as_record(waited.as_json()) == waited
    assert "waiting" not in plain.as_json()
    assert as_table([waited, plain]).csv().splitlines()[0].endswith("examples_per_second,waiting")
    assert as_table([plain]).columns[-1] == "examples_per_second"
    with pytest.raises(Exception, match="waiting"):
        as_record({**waited.as_json(), "waiting": {}})


def test_the_number_of_batches_is_an_option_of_trainings() -> None:
    with pytest.raises(dl.InputError, match="prefetch is -1"):
        dl.TrainOptions(prefetch=-1)
