"""Pages with tables that a tool writes between two marks: README, docs, recipes."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
NEW = """# {}

Every measurement on this machine. [Speed](../speed.md) says how to read them.
"""


def between(text: str, marks: tuple[str, str], body: Sequence[str]) -> str:
    """`text` with the lines of `body` between the marks."""
    start, end = marks
    before, rest = text.split(start)
    return before + "\n".join([start, "", *body, "", end]) + rest.split(end)[1]


def of_machine(machine: str, marks: Sequence[tuple[str, str]]) -> tuple[Path, str]:
    """The page `docs/speed/MACHINE.md` and its text; a new one has the marks."""
    name = re.sub(r"\W+", "-", re.sub(r"\((R|TM)\)", "", machine)).strip("-").lower()
    path = DOCS / "speed" / f"{name}.md"
    text = path.read_text("utf-8") if path.exists() else NEW.format(machine)
    for start, end in marks:
        if start not in text:
            text += f"\n{start}\n\n{end}\n"
    return path, text


def update(texts: dict[Path, str], check: bool, command: str) -> None:
    """Write the pages that differ from `texts`; with `check`, exit with 1 instead."""
    stale = [
        path
        for path, text in texts.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in stale:
        print(f"{'differs' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.write_text(texts[path], "utf-8")
    if check and stale:
        sys.exit(f"run `{command}` and commit what it writes")
