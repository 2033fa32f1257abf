"""Arguments as they are typed become what a function's annotations ask for."""

import inspect
import json
from collections.abc import Sequence

import numpy as np
import pytest

import zoo
from zoo.core.arguments import as_annotated, checked, input_of, mistyped
from zoo.errors import Mistake, unknown
from zoo.exporting.formats.onnx import said
from zoo.recipe import override

pytestmark = pytest.mark.once


def read(
    path: str,
    classes: tuple[str, ...] | None = None,
    words: Sequence[str] = (),
    size: int | tuple[int, int] | None = None,
    file: "str | None" = None,
    keep: str | int = "last",
    **others,
): ...


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("path=2024", "2024"),
        ("path=007", "007"),
        ("path=a,b", "a,b"),
        ("file=3", "3"),
        ("classes=3,5", ("3", "5")),
        ("classes=3", ("3",)),
        ("classes=cat,dog", ("cat", "dog")),
        ("classes=cat, 3", ("cat", "3")),
        ("classes=None", None),
        ("words=cat", ("cat",)),
        ("size=32,48", (32, 48)),
        ("keep=3", 3),
        ("unknown=3", 3),
    ],
)
def test_a_typed_value(typed, expected):
    recipe = override(zoo.Recipe("", ""), [f"data.{typed}"])
    parameters = inspect.signature(read).parameters
    assert as_annotated(recipe.data_arguments, parameters) == {
        typed.partition("=")[0]: expected
    }


TEXTS = "texts, as in ('a', 'b') or None"
SIZE = "a whole number or 2 whole numbers, as in (3, 5) or None"


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ({"path": 3}, "path is 3; accepted: text"),
        ({"classes": ("a", 3)}, f"classes is ('a', 3); accepted: {TEXTS}"),
        ({"classes": "cat"}, f"classes is 'cat'; accepted: {TEXTS}"),
        ({"size": (3, 4, 5)}, f"size is (3, 4, 5); accepted: {SIZE}"),
        ({"size": True}, f"size is True; accepted: {SIZE}"),
        ({"size": np.int64(3), "classes": ["a"], "keep": "x", "words": 3}, ""),
        ({"another": object()}, ""),
    ],
)
def test_an_argument_of_another_type_is_named(argument, said):
    assert mistyped(argument, inspect.signature(read).parameters) == said


def test_a_number_is_never_taken_for_the_same_text():
    assert str(unknown("class", 3, ["3", "5"])) == (
        "class 3 is of type int, not text; write '3' in quotation marks; accepted: 3, 5"
    )


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        *((f"target={name}", name) for name in ("2_0", "1e3", "True", "None", "0x1")),
        ("target=a,1_0", "a,1_0"),
        ("target=['a','b']", ("a", "b")),
        ("groups=1.50", "1.50"),
        ("separator=';'", ";"),
        ("classes=1_0,1e3", "1_0,1e3"),
        ("classes=True", "True"),
        ("classes='1_0',", ("1_0",)),
    ],
)
def test_names_of_columns_and_classes_are_text_as_typed(typed, expected):
    recipe = override(zoo.Recipe("", ""), [f"data.{typed}"])
    assert recipe.data_arguments == {typed.partition("=")[0]: expected}


def called(header: bool | None = None, noise: float = 0.1, runs: int = 1):
    return noise + runs


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"header": "no"}, "header is 'no'; accepted: True or False or None"),
        ({"noise": True}, "noise is True; accepted: a number"),
        ({"runs": True}, "runs is True; accepted: a whole number"),
        ({"noise": "x"}, "noise is 'x'; accepted: a number"),
    ],
)
def test_arguments_that_would_count_as_others_are_refused(arguments, said):
    parameters = inspect.signature(called).parameters
    with (
        pytest.raises(Mistake, match=f"moons: {said}"),
        checked("moons", arguments, parameters),
    ):
        called(**arguments)
    with checked("moons", {"noise": 3}, parameters):
        assert called(noise=3) == 4


def test_inputs_are_readable_in_any_locale_and_names_of_files_stay(tmp_path):
    typed = "Gr\udcc3\udcb6\udcc3\udc9fe"  # as LC_ALL=POSIX has Größe
    assert input_of(typed) == "Größe"
    name = str(tmp_path / "caf\udce9")
    with open(name, "w"):
        assert input_of(name) == name


def test_metadata_hold_names_that_are_not_utf8():
    assert said("t\udcc3\udcabble.csv") == "tëble.csv"
    assert json.loads(said(["caf\udce9", "tee"])) == ["caf\udce9", "tee"]


def test_numbers_of_numpy_are_those_of_python():
    given = {"size": np.int64(3), "words": (np.int32(4),), "keep": np.float32(0.5)}
    found = as_annotated(given, inspect.signature(read).parameters)
    assert found == {"size": 3, "words": ("4",), "keep": 0.5}
    assert [type(each) for each in found.values()] == [int, tuple, float]
    arguments = {"window": np.int64(12), "horizon": np.uint8(3), "calendar": np.True_}
    series = {"t": np.arange(90), "y": np.arange(90) % 7}
    found = zoo.data.load(
        series, target="y", time="t", validation=0, test=0, **arguments
    )
    assert (found.timeline.window, found.timeline.horizon) == (12, 3)
