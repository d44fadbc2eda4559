"""Data sets: sources of examples, readers, and batches as a function of (seed, epoch, step)."""

import lazy_loader

# `dl.augment` is `dl.data.augment`, loaded when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["augment", "sound_augment"]
)
