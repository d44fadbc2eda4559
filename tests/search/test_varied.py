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
        ({"batch_size": (10, 20)}, 2, "batch_size cannot differ between the members"),
        ({"rate": (0.1, 0.2)}, 2, "rate cannot differ"),
        ({"weight_decay": (0.1, 0.2)}, 2, "or is 0 in the options"),
        ({"learning_rate": (0.1, 0.2)}, 3, "has 2 values and the population 3 members"),
        ({"learning_rate": (0.1, 0.2)}, 1, "has 2 values and the population 1 members"),
    ],
)
def test_what_cannot_differ(values: dict, members: int, says: str) -> None:
    with pytest.raises(InputError) as caught:
        dl.fit(RECIPE.varied(values), DATA, replace(OPTIONS, members=members), progress=False)
    assert says in str(caught.value)


def test_a_recipe_with_an_optimizer_of_its_own_has_no_numbers_that_could_differ() -> None:
    own = RECIPE._replace(optimizer=dl.optimizers.sgd(0.1))
    with pytest.raises(InputError, match="learning_rate cannot differ"):
        own.varied({"learning_rate": (0.1, 0.2)})
