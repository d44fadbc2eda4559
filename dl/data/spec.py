"""What a model needs to know about its data."""

from dataclasses import dataclass

import numpy as np

from dl.data.pictures.crops import View
from dl.data.ratings.catalogue import Catalogue
from dl.data.tasks import TASKS, Task, TaskName
from dl.data.text.vocabulary import Vocabulary
from dl.errors import InputError


@dataclass(frozen=True)
class DataSpec:
    """What a model needs to know about its data.

    `input_shape` is the shape of one example. `mean` and `std` are per channel, of the training
    part, for pictures in [0, 1]. `train_size` counts the training examples without those that are
    held out. `view` is the part of a picture that evaluation resizes to `input_shape`. `ragged`
    sequences have several lengths; `input_shape` has the longest. A `carried` stream is read in
    segments, and a recurrent state goes from one to the next. `class_names` names the outputs; a
    language task has its symbols in `vocabulary` instead. Other tasks on text have a `vocabulary`
    too. Where targets are sequences of their own, `vocabulary` holds their symbols,
    `source_vocabulary` those of the inputs if they are text, and `longest_target` is the length of
    the longest. `sample_rate` is that of waveforms, in Hz. `catalogue` has the users and items of
    ratings, None for other data. `game` is the game whose positions are the inputs, "" for other
    data.
    """

    name: str
    task: TaskName
    input_shape: tuple[int, ...]
    input_dtype: str
    class_names: tuple[str, ...]
    train_size: int
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    view: View = "whole"
    ragged: bool = False
    carried: bool = False
    vocabulary: Vocabulary | None = None
    source_vocabulary: Vocabulary | None = None
    longest_target: int = 0
    sample_rate: int = 0
    catalogue: Catalogue | None = None
    game: str = ""

    @property
    def kind(self) -> Task:
        """The row of the task in `dl.data.tasks`."""
        return TASKS[self.task]

    @property
    def classes(self) -> int:
        """The number of a model's outputs: classes, symbols, numbers, items, yes-or-no answers."""
        if self.task == "retrieval" and self.catalogue is not None:
            return len(self.catalogue.items)
        predicts_symbols = self.kind.predicts_symbols and self.vocabulary is not None
        return len(self.text) if predicts_symbols else len(self.class_names)

    @property
    def has_step_targets(self) -> bool:
        """Whether every step of a sequence has a target."""
        return self.kind.step_targets

    @property
    def has_symbols(self) -> bool:
        """Whether inputs are whole numbers that name something, such as characters."""
        if self.input_dtype == "uint8" or self.sample_rate:
            return False
        return np.issubdtype(self.input_dtype, np.integer)

    @property
    def text(self) -> Vocabulary:
        """The vocabulary.

        Raises:
            InputError: for data that are no text.
        """
        if self.vocabulary is None:
            raise InputError(f"{self.name} is no text")
        return self.vocabulary

    @property
    def source_text(self) -> Vocabulary:
        """The vocabulary of the inputs, where targets are texts of their own.

        Raises:
            InputError: for inputs that are no text.
        """
        if self.source_vocabulary is None:
            raise InputError(f"{self.name} has no texts with translations: give pairs:PATH")
        return self.source_vocabulary

    @property
    def ratings(self) -> Catalogue:
        """The users and items.

        Raises:
            InputError: for data that are no ratings.
        """
        if self.catalogue is None:
            raise InputError(f"{self.name} has no users and items: give ratings:PATH")
        return self.catalogue
