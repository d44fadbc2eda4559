"""Work done ahead: the right results in any order, never more than was asked for."""

import threading

import pytest

from dl.data.sources.ahead import ahead


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_results_in_any_order(threads: int) -> None:
    square = ahead(lambda number: number**2, end=10, threads=threads)
    for number in (0, 1, 2, 7, 3, 4, 9, 9, 0):
        assert square(number) == number**2


def test_the_next_results_are_computed_but_none_beyond_the_end() -> None:
    started: list[int] = []
    computed = {number: threading.Event() for number in range(6)}

    def note(number: int) -> int:
        started.append(number)
        computed[number].set()
        return number

    get = ahead(note, end=6, threads=2)
    get(0)
    assert computed[1].wait(10)
    assert computed[2].wait(10)
    assert 4 not in started
    for number in range(1, 6):
        get(number)
    assert sorted(started) == list(range(6)), "each once, and no sixth"


@pytest.mark.parametrize(("depth", "threads"), [(1, 0), (5, 2)])
def test_so_many_results_are_computed_ahead(depth: int, threads: int) -> None:
    started: list[int] = []
    enough = threading.Event()

    def note(number: int) -> int:
        started.append(number)
        if len(started) == depth + 1:
            enough.set()
        return number

    get = ahead(note, end=100, depth=depth, threads=threads)
    assert get(0) == 0
    assert enough.wait(10)
    assert sorted(started) == list(range(depth + 1))


def test_an_error_is_raised_with_the_result_of_its_number() -> None:
    def refuse(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    get = ahead(refuse, end=5, threads=2)
    assert [get(0), get(1)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        get(2)
    assert get(3) == 3
