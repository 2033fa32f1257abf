"""The page that trains small networks computes as zoo does."""

import html
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pages
import playground
import pytest

import zoo

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.once
def test_the_page_holds_zoos_points_and_keys(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["playground", "--check"])
    playground.main()


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.skipif(not BROWSER, reason="needs Chromium, which runs the page")
@pytest.mark.parametrize(
    ("data", "hidden", "activation"),
    [("moons", (8, 8), "tanh"), ("spirals", (8,), "gelu"), ("circles", (4, 4), "silu")],
)
def test_the_page_trains_as_zoo_does(data, hidden, activation, tmp_path):
    recipe = zoo.Recipe(
        model="deep_mlp",
        model_arguments={"hidden": hidden, "activation": activation},
        data=data,
        validation=0.0,
        batch=128,
        epochs=3,
        learning_rate=0.01,
        seed=1,
    )
    run = zoo.train(recipe, run=tmp_path / "run", floor=False, quiet=True)
    found = _page(
        f"data={data}&hidden={','.join(map(str, hidden))}&activation={activation}"
        "&batch=128&seed=1&epochs=3"
    )
    # The page counts in 64 bits.
    losses = [epoch["loss"] for epoch in run.history]
    np.testing.assert_allclose(found["losses"], losses, rtol=1e-5)
    for weight in run.model.weights:
        expected = np.asarray(weight.numpy() if hasattr(weight, "numpy") else weight)
        np.testing.assert_allclose(
            found["weights"][weight.path.partition("deep_mlp/")[2] or weight.path],
            expected,
            atol=1e-4,
        )
    assert found["test"] == pytest.approx(run.metrics["test"]["accuracy"], abs=0.0051)


def _page(settings: str) -> dict:
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    address = f"{(pages.DOCS / 'playground.html').as_uri()}?{settings}"
    done = subprocess.run(
        [*command, address], capture_output=True, text=True, timeout=120, check=True
    )
    (numbers,) = re.findall(r'<pre id="numbers">(.*?)</pre>', done.stdout, re.DOTALL)
    return json.loads(html.unescape(numbers))
