"""A table that cannot be learned from is refused in one line."""

import numpy as np
import pandas as pd
import pytest
from own_tables import load, written

from zoo import data
from zoo.errors import Mistake

MISTAKES = {
    "no such column": (
        "a,b\n1,x\n2,y\n",
        {"target": "c"},
        "unknown column of own.csv 'c'",
    ),
    "no target": ("a,b\n1,x\n2,y\n", {}, "has the columns a, b; say which.*--target b"),
    "a target is missing": (
        "a,b\n1,x\n2,\n3,y\n",
        {"target": "b"},
        r"own.csv, row 2: the target 'b' is missing \(1 of 3 rows\)",
    ),
    "a class called null": (
        "a,b\n1,eins\n2,null\n3,zwei\n",
        {"target": "b"},
        "row 2: the target 'b' is missing.*if it is a class called null, none or NA, ",
    ),
    "an empty label": (
        "a,b\n1,\"['x']\"\n2,\"['x', ' ']\"\n",
        {"target": "b"},
        r"row 2: the target 'b' holds an empty label, \['x', ' '\]; give it a name",
    ),
    "one class": ("a,b\n1,x\n2,x\n", {"target": "b"}, "'b' is 'x' in every row; two"),
    "one number, once it is rounded": (
        "a,b\n" + "".join(f"{i % 7},{1e9 + i / 100:.2f}\n" for i in range(30)),
        {"target": "b", "task": "numbers"},
        r"'b' is 1e\+09 in every row when it is rounded to 32 bits; nothing",
    ),
    "a word among numbers": (
        "a,b\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(30)) + "oops,x\n",
        {"target": "b"},
        r"column 'a' holds numbers, and in row 31 'oops' \(1 of 31 are no numbers\).*"
        "data.columns.a=category",
    ),
    "too many classes": (
        "a,b\n" + "".join(f"{i % 9},w{i}\n" for i in range(10_000)),
        {"target": "b"},
        "'b' has 10,000 different values in 10,000 rows; accepted: at most 1,000",
    ),
    "empty": ("", {"target": "b"}, "own.csv is empty"),
    "a header alone": ("a,b\n", {"target": "b"}, "own.csv has no rows"),
    "100,000 columns": (
        ",".join(f"c{i}" for i in range(100_000)) + "\n" + "1," * 99_999 + "1\n",
        {"target": "c1"},
        "own.csv has 100,000 columns; accepted: at most 16,384",
    ),
    "a short row": (
        "a,b\n1,x\n2\n3,y\n",
        {"target": "b"},
        "own.csv, line 3 has 1 cell where 2 belong: '2'",
    ),
    "a column twice": ("a,a,b\n1,2,x\n", {"target": "b"}, "2 columns are called 'a'"),
    "an unknown kind": (
        "a,b\n1,x\n2,y\n",
        {"target": "b", "columns": {"a": "nmber"}},
        "unknown kind of column 'a' 'nmber'; did you mean 'number'",
    ),
    "another encoding": (
        "a,b\n1,x\n2,y\n",
        {"target": "b", "encoding": "utf-61"},
        "there is no encoding 'utf-61'; give one of Python's",
    ),
    "an open quote": (
        "a,b\n" + "1,x\n2,y\n" * 5 + '3,"x\n' + "1,x\n2,y\n" * 5,
        {"target": "b"},
        "before 'x' is not closed, so that the last 11 lines are one cell",
    ),
    "an open quote at the start": (
        '"a,b\n1,x\n2,y\n',
        {"target": "b"},
        "own.csv, line 1: the quotation mark before 'a,b' is not closed",
    ),
    "a cell of megabytes": (
        "a,b\n" + "1,x\n2,y\n" * 9999 + f"{'3' * 2**25},y\n",
        {"target": "b"},
        "own.csv has a line of more than 8,388,608 letters; is it CSV",
    ),
    "bytes": ("\0\1\2\n", {"target": "b"}, "own.csv is no text: it holds NUL bytes"),
    "nothing to learn from": ("a,b\n1,x\n1,y\n", {"target": "b"}, "no column to learn"),
    "infinite": (
        "a,b\n1,x\ninf,y\n",
        {"target": "b"},
        "row 2, column a: inf is not a finite number",
    ),
}


@pytest.mark.once
@pytest.mark.parametrize("case", MISTAKES)
def test_a_table_that_cannot_be_learned_is_one_line(case, tmp_path, monkeypatch):
    text, options, message = MISTAKES[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.csv").write_text(text)
    with pytest.raises(Mistake, match=message) as caught:
        load("own.csv", **options)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["own.csv"]


@pytest.mark.once
def test_numbers_that_32_bits_hold_badly_are_told(recwarn):
    """Seconds since 1970 differ by less than float32 tells apart; days do not."""
    random, seconds = np.random.default_rng(0), np.arange(40) * 25.0 + 1.7e9
    frame = pd.DataFrame({"when": seconds, "y": random.normal(size=40)})
    rounded = np.abs(seconds - seconds.astype("float32")).max()
    with pytest.warns(UserWarning, match="column 'when'") as told:
        data.load(frame, target="y")
    said = f"rounded by up to {rounded:.2g}, {rounded / seconds.std():.0%} of their"
    assert said in str(told[0].message)
    recwarn.clear()
    data.load(frame.assign(when=np.arange(40) * 86400 + 1.7e9), target="y")
    assert not recwarn.list


@pytest.mark.once
def test_a_first_line_that_may_be_an_example_is_told(tmp_path):
    """No number in it tells a table of words that has no header."""
    cells = [("uvw"[i % 3], "abcde"[i // 3 % 5], "ny"[i % 2]) for i in range(15)]
    lines = (f"{','.join(row)}\n" for row in cells)
    path = written(tmp_path / "own.csv", "".join(lines))
    whole = {"test": 0, "validation": 0}
    with pytest.warns(UserWarning, match="'n', the name of the target, is also one of"):
        assert len(data.load(path, target="n", **whole).train) == 14
    found = data.load(path, target="column 3", header=False, **whole)
    assert len(found.train) == 15


@pytest.mark.once
def test_files_of_tables_that_are_not_read_say_what_to_do(tmp_path):
    for name, content, said in (
        ("a.csv.gz", b"\x1f\x8b\x08\0", "it is a packed file: unpack it; or give"),
        ("a.json", b"[]", "call it .jsonl, with an object on each line; or give the"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Mistake, match=f"{name} is a file; {said}"):
            data.load(str(tmp_path / name))
