"""What the experiments on ratings share: options of training, and the figures of a run."""

from dataclasses import dataclass
from typing import Annotated

from dl import Dataset, Range, Trained, TrainOptions
from dl.ranges import TRACED
from dl.train.rating_options import RatingFields


@dataclass(frozen=True)
class RatingOptions(RatingFields, TrainOptions):
    """Options of predicting ratings."""

    dataset: str = ""
    validation: float = 0.0
    batch_size: int = 1024
    optimizer: str = "adam"  # type: ignore[assignment]
    learning_rate: float = 3e-3
    schedule: str = "cosine"  # type: ignore[assignment]
    penalty: Annotated[float, Range(at_least=0), TRACED] = 0.1
    """λ of the penalty λ‖z‖² on the numbers of the user and of the item of each rating."""


def rating_figures(trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """The root of the mean squared error, in the unit of the ratings, of the held-out parts."""
    parts = [part for part in ("validation", "test") if part in data.sizes]
    return {part: {"rmse": trained.evaluate(part)["mse"] ** 0.5} for part in parts}
