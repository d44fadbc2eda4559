"""The largest batch for a memory: found without running a step."""

from pathlib import Path

import jax
import pytest

import dl
from dl.errors import InputError
from dl.search import BatchSizes, batch_sizes, largest_batch, step_memory
from dl.search.batch_sizes import _look

DATA = dl.load_data("moons")
OPTIONS = dl.TrainOptions(batch_size=64)
MODEL = dl.models.mlp(1, hidden_sizes=(256,))
RECIPE = dl.Recipe(MODEL, dl.objectives.binary(MODEL), dl.optimizers.momentum(0.1))


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A step that needs 1000 bytes, and 10 for each example; returns the sizes asked about."""
    asked: list[int] = []

    def needed(recipe: dl.Recipe, data: dl.Dataset, options: dl.TrainOptions) -> int:
        asked.append(options.batch_size)
        return 1000 + 10 * options.batch_size

    monkeypatch.setattr(batch_sizes, "step_memory", needed)
    return asked


@pytest.mark.parametrize("memory", [1011, 1500, 1640, 3000, 5555, 9999])
@pytest.mark.parametrize("start", [1, 64, 900])
def test_the_largest_batch_is_within_an_eighth(linear: list[int], memory: int, start: int) -> None:
    options = dl.TrainOptions(batch_size=start)
    found = largest_batch(RECIPE, DATA, options, memory=memory)
    best = (memory - 1000) // 10
    assert found.largest <= best < found.largest * 1.125 + 1
    assert len(linear) == len(set(linear)) < 16


def test_more_memory_than_all_examples_need(linear: list[int]) -> None:
    found = largest_batch(RECIPE, DATA, OPTIONS, memory=10**9)
    assert found.takes_all
    assert found.largest == 1000
    assert linear == [64, 128, 256, 512, 1000]


def test_micro_batches_divide_the_batch(linear: list[int]) -> None:
    options = dl.TrainOptions(batch_size=64, accumulate=8)
    assert largest_batch(RECIPE, DATA, options, memory=4000).largest % 8 == 0
    assert all(size % 8 == 0 for size in linear)


def test_a_memory_that_nothing_fits_into(linear: list[int]) -> None:
    with pytest.raises(InputError, match="a step on a batch of 1 needs"):
        _ = largest_batch(RECIPE, DATA, OPTIONS, memory=1000).largest


def test_the_memory_of_a_step_is_that_of_the_compiled_program() -> None:
    """At least parameters, velocity and data, and the hidden layer of each further example."""
    small, large = (step_memory(RECIPE, DATA, dl.TrainOptions(batch_size=n)) for n in (100, 900))
    parameters = 4 * (2 * 256 + 256 + 256 + 1)
    assert small > 2 * parameters + DATA.train.inputs.nbytes
    assert large - small >= 800 * 256 * 4


@pytest.mark.slow
def test_a_pretended_memory_decides_what_fits() -> None:
    limit = step_memory(RECIPE, DATA, dl.TrainOptions(batch_size=128))
    found = largest_batch(RECIPE, DATA, OPTIONS, memory=limit)
    assert 128 <= found.largest < 256
    assert [row[2] for row in found.table().rows][:2] == ["yes", "yes"]


def test_without_figures_of_the_compiler_shapes_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exact = step_memory(RECIPE, DATA, OPTIONS)
    monkeypatch.setattr(batch_sizes, "_compiled_stats", lambda *args: None)
    assert step_memory(RECIPE, DATA, OPTIONS) > exact


def test_nothing_is_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "device_put", None)
    before = len(jax.live_arrays())
    step_memory(RECIPE, DATA, OPTIONS)
    assert len(jax.live_arrays()) == before


def test_sequences_of_several_lengths_count_the_longest(tmp_path: Path) -> None:
    """All widths lie on the device; the step is that of the widest, wherever an epoch begins."""
    texts = ["a b c", "a", "b c d e f g h i j k l m n o p q"] * 20
    lines = "".join(f"{text}\t{'xyz'[n % 3]}\n" for n, text in enumerate(texts))
    (tmp_path / "texts.tsv").write_text(lines)
    data = dl.load_data(f"tsv:{tmp_path / 'texts.tsv'}")
    assert len(data.train.resident()) > 1
    size = len(data.spec.vocabulary.symbols)
    model = dl.models.sequence_model(
        "rnn", data.spec.classes, hidden_size=4, vocabulary_size=size, embedding_size=3
    )
    recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.sgd(0.1))
    needed = {step_memory(recipe, data, dl.TrainOptions(batch_size=5, seed=n)) for n in range(2)}
    assert len(needed) == 1


def test_the_device_limits_what_fits(linear: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_sizes, "memory_of", lambda device: 2000)
    assert 90 <= largest_batch(RECIPE, DATA, OPTIONS).largest <= 100
    monkeypatch.setattr(batch_sizes, "memory_of", lambda device: None)
    with pytest.raises(InputError, match="how much memory this device has is not known"):
        largest_batch(RECIPE, DATA, OPTIONS)


@pytest.mark.parametrize("best", range(1, 60, 7))
def test_looking_ends_whatever_fits(best: int) -> None:
    asked: list[int] = []

    def fits(units: int) -> bool:
        asked.append(units)
        return units <= best

    _look(fits, start=5, most=50)
    assert 0 < len(asked) < 12
    assert max([n for n in asked if n <= best], default=0) >= min(best, 50) * 0.85 - 1


def test_figures_are_a_table() -> None:
    table = BatchSizes({8: 2**20, 16: 3 * 2**20}, 2 * 2**20, 100).table()
    assert table.rows == [(8, 1.0, "yes"), (16, 3.0, "no")]
