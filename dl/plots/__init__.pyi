from .examples import examples as examples
from .style import COLOURS as COLOURS
from .style import FORMATS as FORMATS
from .style import save as save
from .style import theme as theme
