"""Processes of a run that tell each other things; here they are threads with one coordinator."""

import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from dl.errors import InputError
from dl.runs.agreement import AgreedError, made_by_all
from dl.runs.checkpoint_notes import DamagedCheckpoint
from dl.runs.checkpoint_processes import checksums_of_all, damaged_for_all, read_by_all
from dl.runs.checksums import shard_checksums
from dl.runs.group import ALONE, Group
from dl.runs.joining import Joining
from dl.runs.stop_together import StopTogether
from dl.train.interrupt import StopRequest
from dl.train.parallel import AXIS, make_mesh
from dl.train.processes import choose_evenly, largest_even_count


class Coordinator:
    """What JAX's coordinator does for texts, in one process."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._changed = threading.Condition()

    def key_value_set(self, name: str, text: str) -> None:
        with self._changed:
            if name in self._texts:
                raise RuntimeError("it is told already")
            self._texts[name] = text
            self._changed.notify_all()

    def blocking_key_value_get(self, name: str, milliseconds: int) -> str:
        with self._changed:
            assert self._changed.wait_for(lambda: name in self._texts, 10)
            return self._texts[name]

    def key_value_dir_get(self, folder: str) -> list[tuple[str, str]]:
        with self._changed:
            return [each for each in self._texts.items() if each[0].startswith(folder)]


def in_all(function: Callable[[Group], Any], count: int = 3) -> list[Any]:
    """What `function` gives in each of several processes, or what it raises."""
    coordinator = Coordinator()
    groups = [Group(number, count, coordinator) for number in range(count)]

    def one(group: Group) -> Any:
        try:
            return function(group)
        except Exception as error:
            return error
        finally:
            group.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, groups))


def test_texts_are_gathered_in_order_and_those_of_process_0_are_shared() -> None:
    def speak(group: Group) -> Any:
        gathered = group.gather(f"{group.number}")
        group.wait()
        return gathered, group.share(lambda: f"from {group.number}")

    assert in_all(speak) == [(["0", "1", "2"], "from 0")] * 3


def test_a_signal_to_one_stops_all_after_the_same_call() -> None:
    """Each process makes calls that need all; one hears a signal between two of them."""
    call = threading.Barrier(3, timeout=20)

    def train(group: Group) -> Any:
        stop, calls = StopRequest(), 0
        together = StopTogether(stop, group)
        while not together.at_boundary():
            call.wait()
            calls += 1
            if calls == 5 and group.number == 1:
                stop.hear(signal.SIGTERM)
        return calls, stop.exit_code

    ends = in_all(train)
    assert {code for _, code in ends} == {143}
    assert len({calls for calls, _ in ends}) == 1
    assert ends[0][0] >= 5


def test_a_start_that_one_process_refuses_is_refused_by_all() -> None:
    def start(group: Group) -> Any:
        def make() -> int:
            if group.number == 2:
                raise InputError("no such folder")
            return 1

        return made_by_all(group, make, lambda made: {"seed": "0"})

    errors = in_all(start)
    assert [str(error) for error in errors] == ["process 2: no such folder"] * 3
    assert {type(error) for error in errors} == {AgreedError}


def test_what_differs_is_named_with_its_process() -> None:
    def start(group: Group) -> Any:
        facts = {"data": "a", "seed": str(group.number // 2)}
        return made_by_all(group, lambda: 1, lambda made: facts)

    errors = {str(error) for error in in_all(start)}
    assert errors == {"process 2 has another seed (1) than process 0 (0): start all alike"}


def test_what_all_refuse_alike_is_said_without_a_process() -> None:
    def start(group: Group) -> Any:
        return made_by_all(group, refuse, lambda made: {})

    def refuse() -> int:
        raise InputError("no such data")

    assert {str(error) for error in in_all(start)} == {"no such data"}


def split_array() -> jax.Array:
    devices = jax.devices()[:4]
    whole = np.arange(16, dtype=np.float32).reshape(8, 2)
    return jax.device_put(whole, NamedSharding(make_mesh(devices), PartitionSpec(AXIS)))


def test_checksums_of_shards_are_those_of_all_processes() -> None:
    array = split_array()
    sums = shard_checksums({"w": array})["w"]
    halves = [dict(list(sums.items())[:2]), dict(list(sums.items())[2:])]
    assert set(halves[0]) & set(halves[1]) == set()

    gathered = in_all(lambda group: checksums_of_all(group, {"w": array}), 2)
    assert gathered == [{"w": sums}] * 2


@pytest.mark.parametrize("place", [0, 7])
def test_a_shard_that_is_damaged_for_one_is_damaged_for_all(place: int) -> None:
    array = split_array()
    notes = {"checksums": shard_checksums({"w": array})}
    other = jax.device_put(np.asarray(array).copy(), array.sharding).at[place, 0].add(1.0)
    seen = [array, other]

    def look(group: Group) -> list[str]:
        return damaged_for_all(group, {"w": seen[group.number]}, notes)

    assert in_all(look, 2) == [["w"], ["w"]]
    assert in_all(lambda group: damaged_for_all(group, {"w": array}, notes), 2) == [[], []]


@pytest.mark.parametrize("devices", [2, 8])
def test_shards_are_compared_also_in_another_number(devices: int) -> None:
    array = split_array()
    notes = {"checksums": shard_checksums({"w": array})}
    mesh = make_mesh(jax.devices()[:devices])
    other = jax.device_put(np.asarray(array), NamedSharding(mesh, PartitionSpec(AXIS)))
    damaged = other.at[3, 1].add(1.0)
    assert in_all(lambda group: damaged_for_all(group, {"w": other}, notes), 2) == [[], []]
    assert in_all(lambda group: damaged_for_all(group, {"w": damaged}, notes), 2) == [["w"]] * 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"processes": 2, "process_id": 0}, "need all of --coordinator"),
        ({"coordinator": "10.0.0.1", "processes": 2, "process_id": 0}, "give HOST:PORT"),
        ({"coordinator": "a:x", "processes": 2, "process_id": 0}, "give HOST:PORT"),
        ({"coordinator": "a:99999", "processes": 2, "process_id": 0}, "give HOST:PORT"),
        ({"coordinator": "a:80", "processes": 2, "process_id": 2}, "is none of 2 processes"),
        ({"coordinator": "a:80", "processes": 2, "process_id": -1}, "is none of 2 processes"),
    ],
)
def test_words_that_do_not_belong_together_are_refused(words: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Joining(**words)


def test_nothing_is_asked_of_a_process_that_is_alone() -> None:
    assert not Joining().is_asked
    assert Joining(distributed="auto").is_asked
    assert checksums_of_all(ALONE, {"w": np.zeros(2)}) == shard_checksums({"w": np.zeros(2)})


class Device:
    """A device of a process, as far as a layout chooses it."""

    def __init__(self, process_index: int) -> None:
        self.process_index = process_index


def test_devices_are_taken_evenly_from_the_processes() -> None:
    devices = [Device(number // 3) for number in range(6)]
    assert choose_evenly(devices, 4) == (devices[0], devices[1], devices[3], devices[4])
    with pytest.raises(InputError, match="3 devices do not divide over 2 processes"):
        choose_evenly(devices, 3)
    with pytest.raises(InputError, match="one has 1"):
        choose_evenly(devices[:4], 4)


def test_the_number_of_devices_divides_batch_and_processes() -> None:
    devices = [Device(number // 3) for number in range(6)]
    assert largest_even_count(12, devices) == 6
    assert largest_even_count(8, devices) == 4
    with pytest.raises(InputError, match="batch size 5 does not divide over 2 processes: use 4 or"):
        largest_even_count(5, devices)


def test_a_checkpoint_that_one_process_cannot_read_is_damaged_for_all() -> None:
    def read(group: Group) -> Any:
        def own() -> str:
            if group.number == 1:
                raise DamagedCheckpoint("checkpoint 3: no such file")
            return "arrays"

        return read_by_all(group, own)

    assert {repr(error) for error in in_all(read)} == {
        "DamagedCheckpoint('checkpoint 3: no such file')"
    }
