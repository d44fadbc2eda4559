"""Checks of a recipe before it is trained for long: one file for each question.

Each check is a function from a `Subject` (recipe, data and options) to a `Finding`; `dl.check` asks
all of them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
