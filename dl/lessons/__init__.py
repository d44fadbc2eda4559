"""The lectures' own demonstrations.

The names are listed in `__init__.pyi` and loaded when they are first used.

>>> import dl
>>> dl.lessons.output_size(227, 11, stride=4)
55
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
