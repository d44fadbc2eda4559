"""A committee of trained nets, which may differ in everything but their classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from dl.assess.classification import ClassificationReport
from dl.errors import InputError
from dl.models.committee import mean_answer
from dl.runs.reporting import AnyReport, answers_of, report_on_answers
from dl.runs.trained import Trained
from dl.train.network import Inputs, Predictions


@dataclass(frozen=True)
class Committee:
    """Trained nets that answer with the mean of their probabilities. Source: D7, E15.

    Each member prepares the inputs as in its own training. Nets of one kind that are trained
    together are a committee by themselves (`members` of `dl.TrainOptions`).

    >>> import dl
    >>> x, y = np.random.default_rng(0).normal(size=(60, 4)), np.arange(60) % 3
    >>> data, options = dl.make_dataset(x, y), dl.TrainOptions(epochs=5, batch_size=30)
    >>> def train(width):
    ...     model = dl.models.mlp(3, hidden_sizes=(width,))
    ...     recipe = dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(0.05))
    ...     return dl.fit(recipe, data, options, progress=False)
    >>> committee = Committee((train(4), train(8)))
    >>> committee.predict(x[:5]).probabilities.shape
    (5, 3)

    Raises:
        InputError: without members, for nets without classes, and for members with different
            classes.
    """

    members: tuple[Trained, ...]

    def __post_init__(self) -> None:
        _check_members(self.members)

    def predict(self, inputs: Inputs) -> Predictions:
        """The classes of the inputs [B, ...], with the members' mean probabilities [B, K]."""
        return Predictions(self.members[0].spec.class_names, self.probabilities(inputs))

    def probabilities(self, inputs: Inputs) -> np.ndarray:
        """The mean of the members' probabilities [B, K]."""
        each = [np.asarray(member.probabilities(inputs), np.float64) for member in self.members]
        return np.mean(each, axis=0)

    def report(self, part: str = "test") -> AnyReport:
        """The report on the committee's predictions for a part of the members' data.

        Raises:
            InputError: when the members have other examples there.
        """
        opened = [member.open_data() for member in self.members]
        answers = [
            answers_of(member.network, data, part, batch_size=member.options.batch_size)
            for member, data in zip(self.members, opened, strict=True)
        ]
        for other in answers[1:]:
            if not np.array_equal(other["targets"], answers[0]["targets"]):
                raise InputError(
                    f"the members have different examples in their {part} part: take members that "
                    "were trained on one data set, and its test part"
                )
        outputs = jnp.stack([jnp.asarray(each["outputs"]) for each in answers])
        mean = np.asarray(mean_answer(outputs, self.members[0].spec.task))
        return report_on_answers({**answers[0], "outputs": mean}, opened[0], part)

    def evaluate(self, part: str = "test") -> dict[str, float]:
        """Accuracy and loss of the committee on a part of the members' data."""
        report = self.report(part)
        assert isinstance(report, ClassificationReport)  # of nets that choose a class
        return {"accuracy": report.accuracy, "loss": report.log_loss}


def _check_members(members: Sequence[Trained]) -> None:
    if not members:
        raise InputError("a committee has at least one member")
    first = members[0].spec
    for number, member in enumerate(members):
        spec = member.spec
        if spec.task != "classification":
            raise InputError(
                f"member {number + 1} gives {spec.kind.outputs} and chooses no class: a committee "
                "is of classifiers"
            )
        if spec.class_names != first.class_names:
            raise InputError(
                f"the members have different classes: {_few(first.class_names)}; member "
                f"{number + 1}: {_few(spec.class_names)}"
            )


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{len(names)} ({shown}{', ...' if len(names) > 3 else ''})"
