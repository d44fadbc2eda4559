"""Members of a population that differ in hyper-parameters are single trainings side by side."""

from dataclasses import replace

import pytest

import dl
from dl.errors import InputError

DATA = dl.load_data("moons", validation=0.1)
MODEL = dl.models.mlp(1, hidden_sizes=(4,))
RECIPE = dl.Recipe(MODEL, dl.objectives.binary(MODEL))
OPTIONS = dl.TrainOptions(epochs=2, batch_size=100, optimizer="momentum", devices=1)
VALUES = {"learning_rate": (0.01, 0.1, 1.0), "momentum": (0.9, 0.0, 0.5)}


@pytest.mark.slow
def test_each_member_ends_like_a_training_of_its_own() -> None:
    together = dl.fit(
        RECIPE.varied(VALUES), DATA, replace(OPTIONS, members=3), progress=False
    ).members
    for number, member in enumerate(together):
        own = {name: each[number] for name, each in VALUES.items()}
        alone = dl.fit(RECIPE, DATA, replace(OPTIONS, **own), progress=False)
        assert member.options == alone.options
        for left, right in zip(member.history, alone.history, strict=True):
            assert left.values == pytest.approx(right.values, rel=1e-4)


@pytest.mark.parametrize(
    ("values", "members", "says"),
    [
        ({"batch_size": (10, 20)}, 2, "batch_size cannot vary, because the model"),
        ({"learning_rate": (0.1, 0.2)}, 3, "learning_rate has 2 values and members is 3"),
        ({"learning_rate": (0.1, 0.2)}, 1, "learning_rate has 2 values and members is 1"),
    ],
)
def test_what_cannot_differ(values: dict, members: int, says: str) -> None:
    with pytest.raises(InputError) as caught:
        dl.fit(RECIPE.varied(values), DATA, replace(OPTIONS, members=members), progress=False)
    assert says in str(caught.value)
