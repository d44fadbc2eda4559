"""Real data that need no network: scikit-learn's handwritten digits."""

import numpy as np

from dl.data.dataset import Dataset
from dl.data.parts import dataset_of_parts
from dl.data.sources.arrays import ArraySource

_TEST_EXAMPLES = 360
_SPLIT_SEED = 0


def load_digits(*, validation: float = 0.0) -> Dataset:
    """1,797 handwritten digits as 28×28×1 pictures (uint8): 1,437 to train on, 360 to test.

    The 8×8 originals are enlarged three times by repeating grey values and padded to 28×28, the
    size that networks for MNIST take. The split is fixed and stratified. Source: Alpaydin & Kaynak
    1998, through scikit-learn.
    """
    from sklearn.datasets import load_digits as load_from_sklearn
    from sklearn.model_selection import train_test_split

    small, labels = load_from_sklearn(return_X_y=True)
    pictures = enlarge(np.asarray(small).reshape(-1, 8, 8))
    train, test = train_test_split(
        np.arange(len(labels)), test_size=_TEST_EXAMPLES, random_state=_SPLIT_SEED, stratify=labels
    )
    everything = ArraySource(pictures, np.asarray(labels).astype(np.int32))
    return dataset_of_parts(
        "digits",
        everything.take(np.sort(train)),
        everything.take(np.sort(test)),
        class_names=tuple("0123456789"),
        validation=validation,
    )


def enlarge(small: np.ndarray) -> np.ndarray:
    """Grey values 0..16 [N, 8, 8] as pictures 0..255 [N, 28, 28, 1]; every value fills 3×3 pixels.

    >>> picture = enlarge(np.full((1, 8, 8), 16.0))
    >>> picture.shape, int(picture[0, 0, 0, 0]), int(picture[0, 2, 2, 0])
    ((1, 28, 28, 1), 0, 255)
    """
    grey = np.round(small * (255.0 / 16.0)).astype(np.uint8)
    large = grey.repeat(3, axis=1).repeat(3, axis=2)
    return np.pad(large, ((0, 0), (2, 2), (2, 2)))[..., None]
