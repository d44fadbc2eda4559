"""The pages that people read, cut into their blocks of code."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    if not {"_build", "api"} & set(path.relative_to(ROOT).parts)
)

_FENCE = re.compile(r"^(?P<ticks>```+)(?P<language>.*)\n(?P<text>(?:.*\n)*?)(?P=ticks)$", re.M)
_REASON = re.compile(r"<!-- not run: (.+?) -->\s*$", re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: `language` is what stands behind the ticks, `expected` what it prints.

    `reason` says why the block is not run: the text of the comment `<!-- not run: ... -->` above.
    """

    page: str
    line: int
    language: str
    text: str
    reason: str = ""
    expected: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """The blocks of a page in their order; what a block of Python prints belongs to that block."""
    text, found, end = read(page), [], 0
    for match in _FENCE.finditer(text):
        before = text[end : match.start()]
        end = match.end()
        language = match["language"].strip()
        reason = _REASON.search(before)
        if found and language == "" and not before.strip() and found[-1].language == "python":
            last = found.pop()
            block = Block(page, last.line, "python", last.text, last.reason, match["text"])
        else:
            line = text.count("\n", 0, match.start()) + 1
            block = Block(page, line, language, match["text"], reason[1] if reason else "")
        found.append(block)
    return found


def shown_by_sphinx(block: Block) -> bool:
    """Whether a block is no code but a directive of the documentation's build."""
    return block.language.startswith("{")
