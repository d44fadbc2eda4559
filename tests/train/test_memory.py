"""Trainings that cannot fit into memory are refused from shapes, before anything is allocated."""

from typing import Any

import jax
import pytest

import dl
from dl.train import memory
from dl.train.fits import check_recipe_fits
from dl.train.layout import make_layout

SPEC = dl.load_data("moons").spec


def recipe_of(*hidden_sizes: int) -> dl.Recipe:
    model = dl.models.mlp(1, hidden_sizes=hidden_sizes)
    return dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.momentum(0.1))


@pytest.mark.parametrize(
    ("hidden_sizes", "says"),
    [
        ((10**11,), r"mlp has 400,000,000,001 parameters, whose training needs more than 4,470\.3"),
        ((10**6, 10**6), r"mlp has 1,000,005,000,001 parameters, .* make the model smaller"),
    ],
)
def test_models_larger_than_the_memory_are_refused(hidden_sizes: Any, says: str) -> None:
    with pytest.raises(dl.InputError, match=says) as refused:
        check_recipe_fits(recipe_of(*hidden_sizes), SPEC, device=jax.devices()[0])
    assert "\n" not in str(refused.value)


def test_the_estimate_counts_parameters_gradients_and_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = make_layout(devices=1, batch_size=1).devices[0]
    small = recipe_of(1000)  # 4,001 parameters, their gradients and velocities: 48,012 bytes
    monkeypatch.setattr(memory, "memory_of", lambda device: 48_012 + 64)
    check_recipe_fits(small, SPEC, device=device)
    monkeypatch.setattr(memory, "memory_of", lambda device: 48_011)
    with pytest.raises(dl.InputError, match="mlp has 4,001 parameters"):
        check_recipe_fits(small, SPEC, device=device)


def test_unknown_memory_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda device: None)
    check_recipe_fits(recipe_of(10**11), SPEC, device=jax.devices()[0])


def test_the_smallest_limit_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    group = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_CGROUP", group)
    whole = memory.memory_of(jax.devices("cpu")[0])
    group.write_text("max\n")
    assert memory.memory_of(jax.devices("cpu")[0]) == whole
    group.write_text("1000000\n")
    assert memory.memory_of(jax.devices("cpu")[0]) == 1_000_000
