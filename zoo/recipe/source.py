"""A recipe as the Python file that makes it."""

import dataclasses
import json

from zoo.recipe.record import FIELDS, Recipe

HEAD = '''"""{title}

    zoo train {file}
"""

import zoo

recipe = zoo.Recipe(
'''
FOOT = """)

if __name__ == "__main__":
    zoo.main(__file__)
"""
WIDTH = 88


def fields(recipe: Recipe) -> str:
    """The fields that differ from their defaults, one a line or more, as arguments."""
    lines = []
    for name, item in FIELDS.items():
        value = getattr(recipe, name)
        default = item.default
        if item.default_factory is not dataclasses.MISSING:
            default = item.default_factory()
        if value == default or name == "expects":
            continue
        lines.append(f"    {name}={_python(value, 1, len(name) + 2)},")
    return "\n".join(lines)


def _python(value, level: int, before: int) -> str:
    """A value as Python, in lines of 88 letters.

    Args:
        value: plain, as a recipe holds them.
        level: of the line's indentation, four letters each.
        before: letters that stand before and behind it on its line.
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        ends = "{}"
        parts = [
            (key := f"{json.dumps(name, ensure_ascii=False)}: ")
            + _python(each, level + 1, len(key) + 1)
            for name, each in value.items()
        ]
    elif isinstance(value, tuple):
        ends = "()"
        parts = [_python(each, level + 1, 1) for each in value]
    else:
        return repr(value)
    last = "," if len(parts) == 1 and ends == "()" else ""
    line = f"{ends[0]}{', '.join(parts)}{last}{ends[1]}"
    if "\n" not in line and 4 * level + before + len(line) <= WIDTH:
        return line
    inside, outside = "\n" + 4 * (level + 1) * " ", "\n" + 4 * level * " "
    return f"{ends[0]}{inside}{f',{inside}'.join(parts)},{outside}{ends[1]}"


def source(recipe: Recipe, title: str, file: str = "own.py") -> str:
    """A file that runs and defines `recipe`, but for what it claims.

    Args:
        recipe: to be written.
        title: the first line of the file's docstring.
        file: how the file will be called.
    """
    return HEAD.format(title=title, file=file) + fields(recipe) + "\n" + FOOT
