"""C programs: tokens, judges, repairs, the nearest ones of a corpus, and a report on all of it.

The names are listed in `__init__.pyi` and loaded when they are first used. Nothing here needs JAX.

>>> import dl
>>> dl.c_programs.compiles("int main() { return 0; }")
True
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
