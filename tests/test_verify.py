"""`zoo verify`: backends that agree pass, one that strays is found and named."""

import contextlib
import dataclasses
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import zoo
from zoo import backend, cli, verification
from zoo.errors import Mistake
from zoo.verification import Row, Verification
from zoo.verification.compare import BOUNDS, Difference, compare
from zoo.verification.probe import probe

HERE = backend.current()
OTHER = "torch" if HERE == "jax" else "jax"
PAIR = f"{HERE},{OTHER}"

STRAYING = """\"\"\"A model that is another one on one of the backends.\"\"\"
import keras

def build():
    x = keras.Input((6,), name="x")
    here = keras.backend.backend() == {backend!r}
    y = keras.layers.Dense(3, {argument}, name="logits")(x)
    return keras.Model(x, y, name="net")
"""


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    monkeypatch.setitem(os.environ, "OMP_NUM_THREADS", "1")


def straying(tmp_path, argument):
    path = tmp_path / "net.py"
    path.write_text(STRAYING.format(backend=OTHER, argument=argument))
    return str(path)


# --- Two backends


@pytest.fixture(scope="module")
def asked_once():
    """A backend is asked the same once: its process takes seconds."""
    ask, found = verification.probe_on, {}

    def probe_on(name, recipe, steps, weights):
        bits = b"".join(array.tobytes() for array in weights.values())
        key = name, repr(recipe), steps, bits
        if key not in found:
            found[key] = ask(name, recipe, steps, weights)
        return found[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "probe_on", probe_on)
        yield


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.usefixtures("asked_once")
@pytest.mark.parametrize("other", [name for name in backend.NAMES if name != HERE])
def test_backends_that_agree(other, monkeypatch, capsys):
    """The table says so, and which backend is missing; the status is 0."""
    monkeypatch.setattr(backend, "installed", lambda: [HERE, other])
    first, second = (name for name in backend.NAMES if name in (HERE, other))
    words = ["deep_mlp_mnist", "data=mnist_sample", "model.dropout=0.2", "seed=5"]
    assert cli.call(["verify", *words, "--steps", "6", "--batch", "48"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"deep_mlp_mnist: largest relative difference from {first}"
    assert printed[2].split() == ["compared", "bound", second]
    table = {line[:24].strip(): line[26:].split() for line in printed[3:11]}
    assert {*table} == {
        "initial weights",
        "order of the examples",
        "augmented images",
        "of layers.Augment",
        "dropout masks",
        "outputs on equal weights",
        "gradient",
        "loss of every step",
    }
    assert table["initial weights"] == ["identical", "identical"]
    assert table["dropout masks"] == ["identical", "identical"]
    [missing] = {*backend.NAMES} - {HERE, other}
    assert printed[-2] == (
        f'{missing}: NOT COMPARED, not installed; pip install "zoo[{missing}]"'
    )
    assert printed[-1] == f"{first}, {second}: the same"


@pytest.mark.once
@pytest.mark.slow
def test_a_backend_that_strays(tmp_path):
    """By its weights; and what is computed from equal weights strays, too."""
    weights = "kernel_initializer='zeros' if here else 'glorot_uniform'"
    model = straying(tmp_path, f"{weights}, activation='leaky_relu' if here else None")
    found = zoo.verify(model, backends=[HERE, OTHER], steps=3, quiet=True)
    assert not found.ok
    strayed = {row.quantity for row in found.rows if not row.ok}
    assert strayed >= {"weights", "forward", "gradient", "loss"}
    assert found.reference == HERE
    assert {row.backend for row in found.rows} == {OTHER}


@pytest.mark.once
@pytest.mark.slow
def test_a_backend_that_breaks_off(tmp_path, capsys):
    model = straying(tmp_path, "1 / (not here)")
    with pytest.raises(SystemExit, match="1"):
        cli.call(["verify", model, "--backends", PAIR])
    printed = capsys.readouterr().out
    assert f"{OTHER}: FAILED\n" in printed
    assert "ZeroDivisionError: division by zero" in printed
    assert "the same" not in printed


@pytest.mark.once
@pytest.mark.parametrize(
    ("moved", "other", "ok", "words"),
    [
        (1.02, 1.05, True, "their bound is thrice that, and at least 1e-03"),
        (1.02, 1.07, False, "their bound is thrice that, and at least 1e-03"),
        (1.5, 1.05, False, "they say nothing so: take fewer --steps"),
        (7.0, 1.05, False, "they say nothing so: take fewer --steps"),
    ],
)
def test_losses_that_bits_move_far_say_nothing(
    moved, other, ok, words, monkeypatch, capsys
):
    def probed(name, recipe, steps, weights):
        first = name == "jax"
        loss = (moved if weights else 1.0) if first else other
        same = np.ones(3, np.float32)
        return {"weights/logits": same, "loss/stage 1": np.array([loss])}

    monkeypatch.setattr(backend, "installed", lambda: ["jax", "torch"])
    monkeypatch.setattr(verification, "probe_on", probed)
    assert zoo.verify("lenet", backends=["jax", "torch"], quiet=True).ok == ok
    with contextlib.suppress(SystemExit):
        cli.call(["verify", "lenet", "--backends", "jax,torch"])
    assert words in capsys.readouterr().out


# --- Backends that are not there


def test_a_backend_that_was_asked_for_and_is_missing_is_a_failure():
    recipe = zoo.Recipe(model="lenet", data="mnist_sample")
    found = Verification(recipe, HERE, (), None, (OTHER,), {}, complete=False)
    assert not found.ok


def test_nothing_to_compare(monkeypatch):
    monkeypatch.setattr(backend, "installed", lambda: [HERE])
    lacking = [name for name in backend.NAMES if name != HERE]
    with pytest.raises(
        Mistake,
        match=rf"there is nothing to compare: of {HERE}, {OTHER} only {HERE} is "
        rf'installed; name two backends, or pip install "zoo\[{lacking[-1]}\]"',
    ):
        zoo.verify("lenet", backends=[HERE, OTHER])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (
            ["lenett"],
            "unknown model or recipe 'lenett'; did you mean 'lenet'?; accepted: blobs",
        ),
        (["lenet", "--backends", "jaxx"], "unknown backend 'jaxx'; did you mean 'jax'"),
        (["lenet", "--steps", "0"], "steps=0; accepted: at least 1"),
        (["lenet", "epoch=3"], "unknown recipe field 'epoch'; did you mean 'epochs'?"),
        (["lenet", "--batch", "0"], "batch=0; accepted: 1 <= batch < 2147483648"),
        (["lenet", "--batch", "ten"], "argument --batch: 'ten' is no whole number"),
    ],
)
def test_mistakes(words, text, capsys):
    assert cli.call(["verify", *words]) == 2
    assert text in capsys.readouterr().err


def test_a_recipe_that_does_not_fit_its_data():
    recipe = zoo.Recipe(model="deep_mlp", data="moons", batch=5000)
    with pytest.raises(Mistake, match="batch=5000 is larger than the data: moons has"):
        probe(recipe)


@pytest.mark.once
def test_a_set_of_few_pictures(tmp_path):
    for number in range(6):
        folder = tmp_path / "train" / f"class{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        picture = np.full((12, 12, 3), 40 * number, "uint8")
        Image.fromarray(picture).save(folder / f"{number}.png")
    recipe = zoo.Recipe(
        model="lenet",
        data="folder",
        data_arguments={"path": str(tmp_path), "size": 28},
        validation=0.0,
        batch=2,
    )
    found = probe(recipe, count=1)
    assert len(found["images/flip"]) == len(found["order/epoch 0"]) <= 6


# --- Differences

arrays = st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=5).map(np.float32)


@pytest.mark.once
@given(arrays, st.sampled_from(sorted(BOUNDS)))
def test_equal_bits_are_identical(array, quantity):
    found = compare({f"{quantity}/a": array}, {f"{quantity}/a": array.copy()})
    assert found == {quantity: Difference(0.0, "")}


def test_differences_are_relative_and_say_where():
    one = {"forward/a": np.float32([1, -4]), "forward/b": np.float32([1, 2])}
    two = {"forward/a": np.float32([1, -4]), "forward/b": np.float32([1.5, 2])}
    assert compare(one, two) == {"forward": Difference(0.25, "b")}


def test_losses_are_compared_step_by_step():
    one, two = np.float32([4, 1, 2]), np.float32([4, 1.5, 2])
    found = compare({"loss/stage 1": one}, {"loss/stage 1": two})
    assert found == {"loss": Difference(0.5, "stage 1, step 2")}


def test_a_small_gradient_is_measured_against_the_whole():
    one = {"gradient/a": np.float32([100]), "gradient/b": np.float32([1e-7])}
    two = {"gradient/a": np.float32([100]), "gradient/b": np.float32([2e-7])}
    assert compare(one, two)["gradient"].value == pytest.approx(1e-7, rel=1e-5)


@pytest.mark.parametrize(
    "other",
    [np.float32([np.nan, 2]), np.float32([1, 2, 3]), np.float32([[1, 2]]), None],
)
@pytest.mark.parametrize("quantity", ["weights", "gradient", "loss"])
def test_what_is_no_number_or_not_there_is_infinitely_far(quantity, other):
    one = {f"{quantity}/a": np.float32([1, 2])}
    two = {} if other is None else {f"{quantity}/a": other}
    assert compare(one, two)[quantity].value == np.inf


def test_the_same_bits_are_asked_for_where_all_must_be_the_same():
    plus, minus = np.float32([0.0]), np.float32([-0.0])
    [difference] = compare({"weights/a": plus}, {"weights/a": minus}).values()
    row = Row("weights", "torch", *difference, BOUNDS["weights"])
    assert not row.ok
    assert dataclasses.replace(row, difference=0.0).ok
