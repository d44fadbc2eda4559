"""The tokens of a C program, also of one that no compiler accepts."""

import re
from typing import NamedTuple

_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    _Bool _Complex _Imaginary
"""
_OPERATORS = """
    <<= >>= ... -> ++ -- << >> <= >= == != && || += -= *= /= %= &= |= ^= ##
    + - * / % & | ^ ! ~ < > = ? : ; , . ( ) { } [ ] #
"""
KEYWORDS = frozenset(_KEYWORDS.split())
OPERATORS = tuple(_OPERATORS.split())

_FORMS = {
    "directive": r"^[ \t]*+#(?:\\\n|/\*[\s\S]*?\*/|[^\n])*+",
    "space": r"(?:[^\S\n]|\\\n)++|\n",  # one line's at a time: a directive may follow
    "identifier": r"(?!L[\"'])[A-Za-z_]\w*+",
    "number": r"\.?\d(?:[eEpP][+-]|[\w.])*+",
    "comment": r"//(?:\\\n|[^\n])*+|/\*[\s\S]*?(?:\*/|\Z)",
    "operator": "|".join(map(re.escape, OPERATORS)),
    "string": r'L?"(?:\\[\s\S]|[^"\\\n])*+"?',
    "character": r"L?'(?:\\[\s\S]|[^'\\\n])*+'?",
    "unknown": r"[\s\S]",
}
_TOKEN = re.compile(
    "|".join(f"(?P<{kind}>{form})" for kind, form in _FORMS.items()), re.ASCII | re.MULTILINE
)


class Token(NamedTuple):
    """A token, its kind and where it begins in the text."""

    kind: str
    text: str
    start: int

    @property
    def stop(self) -> int:
        """Where the text goes on after the token."""
        return self.start + len(self.text)


def tokenize(text: str) -> list[Token]:
    """The tokens of `text`, comments and white space left out.

    The kind of a keyword, an operator or a punctuator is the word itself; the others are
    "identifier", "number", "string", "character", "directive" (a preprocessor line) and "unknown"
    (a character that C has no use for). A string that is not closed ends with its line, a comment
    that is not closed ends with the text: every text has tokens.

    >>> [token.kind for token in tokenize("int x = 3; // three")]
    ['int', 'identifier', '=', 'number', ';']
    """
    found = ((match.lastgroup or "", match[0], match.start()) for match in _TOKEN.finditer(text))
    return [
        Token(part if kind == "operator" or part in KEYWORDS else kind, part, start)
        for kind, part, start in found
        if kind not in ("comment", "space")
    ]


def commented(text: str) -> int:
    """How many characters of `text` are in comments.

    >>> commented("a /* b */ + c // d")
    11
    """
    return sum(len(match[0]) for match in _TOKEN.finditer(text) if match.lastgroup == "comment")


def open_brackets(text: str) -> str:
    """The brackets that `text` opens and does not close, outermost first; a closing one closes all
    inside its own.

    >>> open_brackets("int main() { if (a[0] < (b")
    '{(('
    """
    opened: list[str] = []
    for token in tokenize(text):
        if token.kind in _CLOSES.values():
            opened.append(token.kind)
        elif _CLOSES.get(token.kind) in opened:
            while opened.pop() != _CLOSES[token.kind]:
                pass
    return "".join(opened)


_CLOSES = {")": "(", "]": "[", "}": "{"}
