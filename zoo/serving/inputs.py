"""What a request brings, as the raw inputs of a network.

A request is never taken for the name of a file or an address: pictures are bytes or
numbers, texts are texts, rows are values by column.
"""

import base64
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.core.numbers import read_float
from zoo.data.kinds import sequences
from zoo.errors import Mistake, unknown

if TYPE_CHECKING:
    from zoo.data import Dataset

MOST = 100  # inputs of one request
LONGEST_TABLE = 100_000  # rows of a series
LONGEST_TEXT = 100_000  # letters
FILES = {
    "image": "pictures",
    "series": "a table",
    "sound": "sounds",
    "sequence": "a table of numbers",
}
_CELLS = (str, int, float, bool, type(None))


def of_json(dataset: "Dataset", content: bytes) -> list:
    """The inputs of `{"input": ...}` or `{"inputs": [...]}`.

    A picture or a sound is a text in base64, also as a data URL; a picture may be rows
    of numbers, a sound its samples, a sequence its steps, each a list; a text is a
    text; a row an object from column to value, or a list of values; a series an object
    from column to the list of its values, oldest first.

    Raises:
        Mistake: it is no such JSON; what is wrong is named.
    """
    try:
        text = content.decode(json.detect_encoding(content), "surrogatepass")
        asked = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise Mistake(f"the body is no JSON: {error}; give {FORM}") from error
    if not isinstance(asked, Mapping) or len(asked) != 1:
        raise Mistake(f"the body is {_shown(asked)}; give {FORM}")
    (name,) = asked
    if name not in ("input", "inputs"):
        raise unknown("key of the body", str(name)[:50], ("input", "inputs"))
    inputs = asked["inputs"] if name == "inputs" else [asked["input"]]
    if not isinstance(inputs, list) or not inputs:
        raise Mistake(f"inputs is {_shown(inputs)}; give a list of at least one")
    if len(inputs) > MOST:
        raise Mistake(f"{len(inputs)} inputs; accepted: at most {MOST} a request")
    by_kind = {
        "image": _picture,
        "text": _text,
        "series": _series,
        "sound": _sound,
        "sequence": _sequence,
    }
    read = by_kind.get(dataset.kind, _row)
    return [read(dataset, item, f"input {i}") for i, item in enumerate(inputs, 1)]


def of_form(dataset: "Dataset", fields: list[tuple[str, Any]]) -> list:
    """The inputs of a form: files of pictures, a field `text`, or a field a column.

    Args:
        dataset: what the network learned from.
        fields: names and values; a file's value is bytes.
    """
    if dataset.kind in FILES:
        found = [value for _, value in fields if isinstance(value, bytes)]
        if not found:
            what = FILES[dataset.kind]
            raise Mistake(f"the form holds no file; send {what} as files")
        if len(found) > MOST:
            raise Mistake(f"{len(found)} files; accepted: at most {MOST} a request")
        if dataset.kind in ("image", "sound"):
            return found
        return [each for content in found for each in of_bytes(dataset, content)]
    texts = [(name, value) for name, value in fields if isinstance(value, str)]
    if dataset.kind == "text":
        found = [value for name, value in texts if name == "text"]
        if not found:
            raise Mistake("the form has no field 'text'; send the text in it")
        return [_text(dataset, each, "text") for each in found[:MOST]]
    return [_row(dataset, dict(texts), "the form")]


def of_bytes(dataset: "Dataset", content: bytes) -> list:
    """The input that is the whole body: a file, a text, or rows with a header."""
    if dataset.kind in ("image", "sound"):
        return [content]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake("the body is no text in UTF-8") from error
    if dataset.kind == "text":
        return [_text(dataset, text, "the body")]
    if dataset.kind == "sequence" and "@data" in text.lower():
        return sequences.items(sequences.parsed(text, "the file")[0][:MOST])
    if dataset.kind == "sequence":
        return [("the table", _steps(dataset, _numbers_of(text), "the table"))]
    most = LONGEST_TABLE if dataset.timeline else MOST
    if len(text.splitlines()) > most + 1:
        raise Mistake(
            f"the table has more than {most:,} rows; accepted: at most {most:,}"
        )
    return [text.rstrip("\n") + "\n"]  # text of a table, and no file's name


FORM = '{"inputs": [...]} or {"input": ...}'


def _picture(dataset: "Dataset", given: Any, name: str) -> bytes | np.ndarray:
    if isinstance(given, str):
        wanted = "its bytes in base64, or rows of numbers"
        return _decoded(given, name, "picture", wanted)
    if isinstance(given, list):
        found = _array(given, name)
        if found.dtype.kind in "iuf" and found.ndim in (2, 3):
            return found
    raise Mistake(
        f"{name} is {_shown(given)}; give a picture in base64, or rows of numbers"
    )


def _sound(dataset: "Dataset", given: Any, name: str) -> bytes | np.ndarray:
    if isinstance(given, str):
        return _decoded(given, name, "sound", "a WAV file's bytes in base64")
    if isinstance(given, list) and given:
        found = _array(given, name)
        if found.dtype.kind in "iuf" and found.ndim == 1:
            return found
    raise Mistake(
        f"{name} is {_shown(given)}; give a WAV file in base64, or samples at "
        f"{dataset.rate:,} a second"
    )


def _sequence(dataset: "Dataset", given: Any, name: str) -> tuple[str, np.ndarray]:
    return name, _steps(dataset, given, name)


def _steps(dataset: "Dataset", given: Any, name: str) -> np.ndarray:
    channels = dataset.input_shape[1]
    if isinstance(given, list) and given:
        found = _array(given, name)
        if found.dtype == object and all(map(_is_number, found.ravel())):
            found = found.astype("float64")  # null is a missing number
        if found.dtype.kind in "iuf" and found.ndim == 2 and found.shape[1] == channels:
            return found.astype("float32")
    raise Mistake(
        f"{name} is {_shown(given)}; give a list of steps, each of {channels} numbers"
    )


def _is_number(value: Any) -> bool:
    return type(value) in (int, float, type(None))


def _array(given: list, name: str) -> np.ndarray:
    try:
        return np.array(given)
    except (ValueError, OverflowError) as error:
        raise Mistake(f"{name} has rows of different lengths") from error


def _decoded(given: str, name: str, what: str, wanted: str) -> bytes:
    text = given.partition(",")[2] if given.startswith("data:") else given
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # binascii's own, and of letters beyond ASCII
        raise Mistake(
            f"{name} is no {what} in base64: {error}; give {wanted}"
        ) from error


def _text(dataset: "Dataset", given: Any, name: str) -> str:
    if not isinstance(given, str):
        raise Mistake(f"{name} is {_shown(given)}; give a text")
    if len(given) > LONGEST_TEXT:
        raise Mistake(
            f"{name} has {len(given):,} letters; accepted: at most {LONGEST_TEXT:,}"
        )
    return given.rstrip("\n") + "\n"  # a text, and no file's name


def _row(dataset: "Dataset", given: Any, name: str) -> dict:
    names = columns(dataset)
    if isinstance(given, list):
        if len(given) != len(names):
            raise Mistake(
                f"{name} has {len(given)} values; give {len(names)}: {', '.join(names)}"
            )
        given = dict(zip(names, given, strict=True))
    if not isinstance(given, Mapping):
        raise Mistake(f"{name} is {_shown(given)}; give an object from column to value")
    for column, value in given.items():
        if column not in names:
            raise unknown(f"column of {name}", str(column)[:50], names)
        if not isinstance(value, _CELLS):
            raise Mistake(
                f"{name} has {_shown(value)} for {column}; give a number or a text"
            )
    return {column: given.get(column) for column in names}


def _series(dataset: "Dataset", given: Any, name: str) -> dict:
    if not isinstance(given, Mapping) or not given:
        raise Mistake(
            f"{name} is {_shown(given)}; give an object from column to its values"
        )
    lengths = set()
    for column, values in given.items():
        if not isinstance(values, list) or not all(
            isinstance(each, _CELLS) for each in values
        ):
            raise Mistake(
                f"{name} has {_shown(values)} for {column[:50]}; give a list of "
                "numbers or texts"
            )
        lengths.add(len(values))
    if len(lengths) > 1 or max(lengths) > LONGEST_TABLE:
        raise Mistake(
            f"{name} has columns of {', '.join(map(str, sorted(lengths)))} values; "
            f"give as many of each, at most {LONGEST_TABLE:,}"
        )
    return dict(given)


def _numbers_of(text: str) -> list[list[float]]:
    """The lines of a table without a header, a step each; what is empty is missing."""
    separator = max(",;\t ", key=text.partition("\n")[0].count)
    try:
        return [
            [
                read_float(cell) if cell.strip() else np.nan
                for cell in line.split(separator)
            ]
            for line in text.splitlines()
            if line.strip()
        ]
    except ValueError as error:
        raise Mistake(f"the table holds more than numbers: {error}") from error


def columns(dataset: "Dataset") -> tuple[str, ...]:
    """The names of the values of a row."""
    if dataset.columns:
        return tuple(column.name for column in dataset.columns)
    return dataset.features


def _no_number(name: str):
    raise ValueError(f"{name} is no number of JSON")


# `json.loads` makes one for every request that it is to refuse NaN in.
_DECODER = json.JSONDecoder(parse_constant=_no_number)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:60] + " ..."
