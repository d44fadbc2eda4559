"""The lectures' optimizers and schedules by their textbook names, each an Optax transformation.

Every optimizer takes a `learning_rate` (the peak), a `schedule` (a factor on it for each step), and
the penalties of B3: `weight_decay` (the λ of ½λ‖W‖²) and `l1` (the λ of λ Σ|w|). Rate and decay are
kept in the optimizer's state (`optax.inject_hyperparams`). They are traced, so that another value
does not recompile, and each member of a population may have its own.

The names are listed in `__init__.pyi` and loaded when they are first used.

>>> import dl
>>> optimizer = dl.optimizers.adam(1e-3, schedule=dl.optimizers.cosine(steps=1000))
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
