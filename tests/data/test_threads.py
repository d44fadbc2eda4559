"""Work in threads: the results in order, the first error."""

import threading

import pytest

from dl.data.threads import cores, in_threads


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 500])
def test_results_are_in_order(count: int) -> None:
    assert in_threads(lambda number: number * 3, count) == [number * 3 for number in range(count)]


def test_the_first_error_is_raised() -> None:
    def refuse(number: int) -> int:
        if number in (70, 300):
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="70"):
        in_threads(refuse, 400)


def test_there_are_as_many_threads_as_cores_and_they_end() -> None:
    before = threading.active_count()
    names = set(in_threads(lambda number: threading.current_thread().name, 1000))
    assert 1 <= len(names) <= cores()
    assert threading.active_count() == before
