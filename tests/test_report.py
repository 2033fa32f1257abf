"""A run as one picture, `zoo report --format png`."""

import types

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import zoo
from zoo.errors import Mistake
from zoo.reporting import picture
from zoo.reporting.seen import Seen

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def moons(tmp_path_factory):
    recipe = zoo.Recipe(model="deep_mlp", data="moons", batch=32, epochs=2)
    return zoo.train(recipe, run=tmp_path_factory.mktemp("runs") / "moons", quiet=True)


def test_a_report_is_a_picture_in_the_run(moons):
    path = zoo.report(moons, format="png")
    assert path == moons.folder / "report.png"
    assert path._repr_html_() is None
    with Image.open(path) as drawn:
        assert drawn.size == (1200, 600)
        assert len(drawn.convert("RGB").getcolors(1 << 20)) > 100


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "counts"),
    [
        (("cat", "dog", "rare"), [[4, 0, 0], [4, 0, 0], [0, 0, 0]]),
        (("寿司", "пицца"), np.eye(2, dtype=int)),
        (("$x^2", "<b>", "a_{", "\\frac", "caf\udce9"), np.eye(5, dtype=int)),
        (tuple(f"class number {i} of very many" for i in range(200)), np.eye(200)),
    ],
    ids=["untested", "scripts", "signs", "many"],
)
def test_a_report_of_unusual_classes(tmp_path, monkeypatch, names, counts):
    line = {"epoch": 1, "loss": 1.0, "accuracy": 0.5, "seconds": 1.0, "waiting": 0.0}
    run = types.SimpleNamespace(folder=tmp_path, history=[line], metrics={})
    texts = []
    draw = Figure.savefig

    def savefig(figure, *words, **options):
        draw(figure, *words, **options)
        texts.extend(text.get_text() for text in figure.findobj(Text))

    monkeypatch.setattr(Figure, "savefig", savefig)
    truth, said = np.indices((len(names), len(names))).reshape(2, -1)
    often = np.array(counts, int).ravel()
    split = types.SimpleNamespace(targets=np.repeat(truth, often))
    dataset = types.SimpleNamespace(
        task="classes", classes=names, answers=names, split=lambda name: split
    )
    outputs = np.eye(len(names))[np.repeat(said, often)]
    picture.draw(Seen(run, dataset, "test", outputs), tmp_path / "report.png")
    said = "\n".join(texts)
    if "rare" in names:
        assert "rare (untested)" in texts
        assert "Untested: the test split has no example of rare." in said
        assert "Never answered: dog, although the test split has examples" in said
    if "$x^2" in names:
        assert {"$x^2", "<b>", "a_{", "\\frac", "caf\N{REPLACEMENT CHARACTER}"} <= {
            *texts
        }


def test_a_report_says_what_the_curves_show(moons, monkeypatch):
    plain = zoo.report(moons, format="png").read_bytes()
    monkeypatch.setattr(picture, "advise", lambda *given: ["Underfitting. " * 20])
    assert zoo.report(moons, format="png").read_bytes() != plain


@pytest.mark.parametrize("verb", [zoo.report, zoo.export])
def test_a_folder_that_is_no_run(verb, tmp_path):
    with pytest.raises(Mistake, match="is not a run: it has no"):
        verb(tmp_path)
