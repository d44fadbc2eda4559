"""The options that every training run has.

They are plain scalars, so that they can be printed, stored as JSON and read from a command line.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from dl.data.audio.listening import Listening
from dl.data.dataset import Dataset, DataSpec
from dl.data.ratings.feedback import Feedback
from dl.data.sources.batching import steps_per_epoch
from dl.data.text.reading import Reading
from dl.errors import InputError
from dl.ranges import SEED, Count, CountOrZero, NotNegative, Range, Share, check_fields, require
from dl.train.learning import LearningFields, make_optimizer

if TYPE_CHECKING:
    import optax

    from dl.train.recipe import Recipe

MOST_STEPS = 2**31 - 1
"""The last step that a training state can count."""


@dataclass(frozen=True)
class DataOptions:
    """Which data to use, for whatever learns from them."""

    dataset: str = "digits"
    """Data set: built in, of TFDS, folder:PATH, text:, lines:, jsonl:, tsv:, csv:, chorales:PATH,
    captions:PATH, ratings:PATH, scenes:SET, adding:STEPS, moves:FILE, outcomes:FILE, games:GAME or
    play:GAME.
    """
    seed: Annotated[int, SEED] = 0
    """Seed of the initial parameters, data order, dropout and augmentation."""
    validation: Share = 0.1
    """Fraction of training examples to hold out; 0 takes the data set's own validation part."""
    image_size: CountOrZero = 0
    """Side to which pictures of folder:PATH, or of many sizes, are scaled; 0 keeps their size."""
    random_crops: bool = False
    """Train on random crops of pictures (folder:PATH or TFDS), and evaluate on centre crops."""
    colour: Literal["auto", "grey", "rgb"] = "auto"
    """Channels of the pictures of folder:PATH; auto means grey if all files are grey."""
    damaged: Literal["refuse", "skip"] = "refuse"
    """What to do about a file of folder:PATH that cannot be read."""
    max_megapixels: Annotated[int, Range(at_least=1, at_most=178)] = 89
    """Refuse pictures of folder:PATH that have more pixels, in millions."""
    train_examples: CountOrZero = 0
    """Train on only this many examples, the same for every seed; 0 uses all."""

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Height and width to which pictures are scaled; None leaves them as they are."""
        return (self.image_size, self.image_size) if self.image_size else None

    @property
    def reading(self) -> Reading | None:
        """How text becomes sequences, where that can be chosen."""
        return None

    @property
    def listening(self) -> Listening | None:
        """How recordings become examples, where that can be chosen."""
        return None

    @property
    def feedback(self) -> Feedback | None:
        """How ratings become examples, where that can be chosen."""
        return None

    def check_data(self, data: Dataset) -> None:
        """Raise an `InputError` for data that can be read but do not suit these options."""


@dataclass(frozen=True)
class TrainOptions(LearningFields, DataOptions):
    """Options of training a net; experiments change the defaults.

    >>> TrainOptions(epochs=0)
    Traceback (most recent call last):
    dl.errors.InputError: epochs is 0; it must be at least 1
    """

    epochs: Count = 10
    """Passes over the training examples."""
    batch_size: Count = 128
    """Examples in a step, over all devices together."""
    evaluate_every: Count = 1
    """Epochs between two evaluations on the held-out examples."""
    patience: CountOrZero = 0
    """Stop after this many evaluations without a better validation loss, and take the parameters
    that validated best; 0 never stops early and takes the last.
    """
    stop_below: NotNegative = 0.0
    """Stop after a training record whose mean loss is below this; 0 never stops early."""
    log_every: Count = 100
    """Steps between two training records (an epoch's end always makes one)."""
    checkpoint_every: Count = 1
    """Epochs between two checkpoints."""
    keep: Count = 2
    """How many of the newest checkpoints to keep, besides the best."""
    keep_every: CountOrZero = 0
    """Epochs between two checkpoints that are kept for good; 0 keeps none of them so."""
    checkpoint_minutes: NotNegative = 0.0
    """Minutes between two checkpoints within an epoch; 0 saves at the ends of epochs alone."""
    members: Count = 1
    """Nets with seeds that count up, trained in one program; their answers are averaged."""
    parallel: Literal["auto", "jit", "pmap", "fsdp"] = "auto"
    """How to use several devices. auto means jit; the runner takes jit or pmap on a CPU, whichever
    suits the model. fsdp also divides the parameters and the optimizer's state among them.
    """
    devices: CountOrZero = 0
    """How many devices to use; 0 takes as many as divide the batch, or on a CPU suit the model."""
    prefetch: CountOrZero = 0
    """Batches of data that are not in memory to read ahead; 0 reads one ahead for each core."""
    steps_per_call: CountOrZero = 0
    """Steps in one compiled call, at most 100; it changes no result. 0 measures the fastest."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_learning()
        if self.batch_size % self.accumulate:
            raise InputError(
                f"accumulate is {self.accumulate}; it must divide the batch size, {self.batch_size}"
            )
        if self.seed + self.members > 2**31:
            raise InputError(
                f"seed is {self.seed}; with {self.members} members, each with the next seed, it "
                f"must be at most {2**31 - self.members}"
            )
        saved = f"a multiple of checkpoint_every, {self.checkpoint_every}"
        require(self.keep_every % self.checkpoint_every == 0, "keep_every", self.keep_every, saved)

    def check_plan(self, data: Dataset) -> None:
        """Raise an `InputError` for more steps than can be counted, and patience without a part."""
        self.total_steps(data.spec)
        if not self.patience or data.validation is not None:
            return
        if not self.validation:
            raise InputError(
                f"patience needs held-out examples to look at, and {data.spec.name} has none of "
                "its own: give --validation, such as 0.1"
            )
        raise InputError(
            f"validation {self.validation} holds out none of the {data.spec.train_size} "
            f"training examples of {data.spec.name}, and patience needs some: "
            f"give --validation, such as 0.1"
        )

    def make_optimizer(self, data_spec: DataSpec) -> "optax.GradientTransformation":
        """The optimizer that the options describe, for the whole training on these data."""
        # A constant rate needs no number of steps, which data of another size may not have.
        constant = self.schedule == "constant"
        return self.optimizer_for(0 if constant else self.total_steps(data_spec), data_spec)

    def optimizer_for(self, steps: int, data_spec: DataSpec) -> "optax.GradientTransformation":
        """The optimizer that the options describe, for `steps` of the training on these data."""
        steps_per_epoch = self.steps_in(1, data_spec) if steps else 0
        return make_optimizer(self, steps=steps, steps_per_epoch=steps_per_epoch)

    def with_optimizer(self, recipe: "Recipe", data_spec: DataSpec) -> "Recipe":
        """`recipe`, with the optimizer that the options describe if it has none of its own."""
        if recipe.optimizer is not None:
            return recipe
        return recipe._replace(optimizer=self.make_optimizer(data_spec))

    def total_steps(self, data_spec: DataSpec) -> int:
        """Steps of the whole training on these data."""
        return self.steps_in(self.epochs, data_spec)

    def averages_after(self, data_spec: DataSpec) -> int | None:
        """The step after which the parameters are averaged (`average_from`); None if never."""
        if not self.average_from:
            return None
        return round(self.average_from * self.total_steps(data_spec))

    def steps_in(self, epochs: int, data_spec: DataSpec) -> int:
        """The number of steps in `epochs` epochs on these data.

        Raises:
            InputError: when a batch is larger than the training part, and for 2³¹ steps or more.

        >>> import dl
        >>> TrainOptions(batch_size=100).steps_in(3, dl.load_data("moons").spec)
        30
        """
        in_epoch = steps_per_epoch(data_spec.train_size, self.batch_size)
        if epochs * in_epoch > MOST_STEPS:
            raise InputError(
                f"epochs is {epochs}: at {in_epoch:,} steps an epoch it must be at most "
                f"{MOST_STEPS // in_epoch:,}, because steps are counted in 32 bits"
            )
        return epochs * in_epoch
