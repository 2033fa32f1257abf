"""Prediction takes files of the forms that are trained on."""

import gzip
import warnings

import numpy as np
import pytest
from own_tables import load
from PIL import Image

from zoo import data
from zoo.errors import Mistake

pytestmark = pytest.mark.once


def answered(found, given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of columns that are not used
        return data.decode(found, data.items(found, given))


def test_arrays_and_the_files_of_mnist(tmp_path):
    draw = np.random.default_rng(0)
    rows, pictures = draw.normal(size=(30, 3)), draw.integers(0, 256, (30, 9, 9))
    pictures, targets = pictures.astype(np.uint8), np.arange(30) % 2
    head = np.array([0x803, *pictures.shape], ">u4").tobytes()
    for name, inputs in (("rows", rows), ("pictures", pictures)):
        found = load((inputs, targets), test=0, validation=0)
        np.save(tmp_path / f"{name}.npy", inputs)
        np.savez(tmp_path / f"{name}.npz", x=inputs, y=targets)
        for file in (f"{name}.npy", f"{name}.npz"):
            again = answered(found, str(tmp_path / file))
            np.testing.assert_array_equal(again, found.train.inputs)
    place = tmp_path / "t10k-images-idx3-ubyte.gz"
    place.write_bytes(gzip.compress(head + pictures.tobytes()))
    for given in (place, [str(place)]):
        np.testing.assert_array_equal(answered(found, given)[..., 0], pictures)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\1\1"))
    with pytest.raises(Mistake, match="holds labels; give the file of the images"):
        answered(found, labels)
    place.write_bytes(place.read_bytes()[:99])
    with pytest.raises(Mistake, match=r"idx3-ubyte\.gz cannot be read: "):
        answered(found, place)
    np.savez(tmp_path / "two.npz", x_train=rows, x_test=rows)
    with pytest.raises(Mistake, match="has the arrays x_train, x_test; call the one"):
        answered(found, tmp_path / "two.npz")


def test_tables_of_texts_and_of_names_of_pictures(tmp_path):
    texts = [
        f"a film that I {'loved' if i % 2 else 'hated'} and saw" for i in range(30)
    ]
    lines = "".join(f"{i};{text};{'ab'[i % 2]}\n" for i, text in enumerate(texts))
    table = tmp_path / "own.csv"
    table.write_text(f"n;review;y\n{lines}", "utf-8")
    found = load(str(table), target="y", text="review", test=0, validation=0)
    assert found.form["text"] == "review"
    np.testing.assert_array_equal(answered(found, str(table)), found.train.inputs)
    other = tmp_path / "other.csv"
    other.write_text("n;said\n1;a film\n", "utf-8")
    with pytest.raises(
        Mistake,
        match="columns n, said; the network learned from 'review'; give a table",
    ):
        answered(found, str(other))
    other.write_text("said\na film\n", "utf-8")
    assert answered(found, str(other)).shape == (1, found.input_shape[0])
    (tmp_path / "images").mkdir()
    for i in range(20):
        shade = np.full((8, 8, 3), 12 * i, np.uint8)
        Image.fromarray(shade).save(tmp_path / "images" / f"{i}.png")
    named = "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(20))
    table.write_text(f"file,y\n{named}", "utf-8")
    found = load(str(table), target="y", size=8, test=0, validation=0)
    np.testing.assert_array_equal(answered(found, table), found.train.inputs)
    table.write_text("file,y\nnone.png,a\n", "utf-8")
    with pytest.raises(Mistake, match="names no pictures that lie beside it"):
        answered(found, table)


def test_texts_learned_from_lines_are_lines_and_a_table_has_one_column_of_words(
    tmp_path,
):
    for name in ("good", "bad"):
        lines = "".join(f"a {name} film {i}\n" for i in range(20))
        (tmp_path / f"{name}.txt").write_text(lines, "utf-8")
    load(str(tmp_path)).save(tmp_path)
    found = data.restore(tmp_path)
    lines = tmp_path / "lines.txt"
    lines.write_text("one good film\n\nbad one\n", "utf-8")
    with pytest.warns(UserWarning, match=r"^lines.txt: its 2 lines are texts, as in"):
        assert data.items(found, [str(lines)]) == ["one good film\n", "bad one\n"]
    table = tmp_path / "table.csv"
    table.write_text("n,day,said\n1,2026-01-01,good\n2,2026-01-02,so bad\n", "utf-8")
    with pytest.warns(UserWarning, match="texts are those of 'said', its one column"):
        assert data.items(found, table) == ["good\n", "so bad\n"]
    table.write_text("said,by\ngood,me\nbad,you\n", "utf-8")
    with pytest.raises(Mistake, match="has the columns said, by; give a table of the"):
        data.items(found, table)
