"""The tables in README.md and in the recipes are what the ledger says."""

import itertools
import subprocess
import sys
from pathlib import Path

import ledger
import numpy as np
import pytest
from scipy import stats

from zoo import backend
from zoo import recipe as recipes
from zoo.metrics import summarize

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]


def test_tables_are_those_of_the_ledger():
    command = [sys.executable, str(ROOT / "tools" / "tables.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def everywhere(name):
    """Today's lines of recipe `name`, by backend."""
    lines = ledger.read()
    return {each: ledger.measured(name, each, lines) for each in backend.NAMES}


def seeds_needed(measured):
    """Five, or three where on some hardware every run takes more than five minutes."""
    fastest = {}
    for line in itertools.chain.from_iterable(measured.values()):
        hardware, seconds = line["device"], line["metrics"]["seconds"]["total"]
        fastest[hardware] = min(seconds, fastest.get(hardware, seconds))
    return 3 if max(fastest.values(), default=0) > 5 * 60 else 5


@pytest.mark.parametrize(
    "name", [name for name in recipes.names() if recipes.load(name).expects]
)
def test_every_claim_was_measured_on_clean_code_and_holds(name):
    """A single run has no spread: its backend only has to come up to the others."""
    expects, measured = recipes.load(name).expects, everywhere(name)
    needed = seeds_needed(measured)
    assert any(len(found) >= needed for found in measured.values())
    summaries = {
        each: summarize(
            [line["metrics"][expects.split][expects.metric] for line in found]
        )
        for each, found in measured.items()
        if found
    }
    for each, summary in summaries.items():
        if summary.count == 1:
            assert summary.mean >= expects.at_least, each
        else:
            assert summary.reaches(expects.at_least), each
    for found in measured.values():
        assert not any(line["commit"].endswith("-dirty") for line in found)


@pytest.mark.parametrize("name", recipes.names())
def test_backends_agree(name):
    """Losses of the same seeds differ between backends by chance only.

    Where a backend trains something else, as one whose frozen layers stayed frozen, its
    accuracies may hide it: they are those of a few pictures. By Welch's test, which
    knows how little three seeds say of their spread; one comparison in a hundred may
    fail by chance.
    """
    expects = recipes.load(name).expects
    split = expects.split if expects else "test"
    losses = [
        {line["seed"]: line["metrics"][split]["loss"] for line in found}
        for found in everywhere(name).values()
    ]
    for pair in itertools.combinations(losses, 2):
        seeds = set.intersection(*map(set, pair))
        if len(seeds) < 3:
            continue
        one, two = ([found[seed] for seed in seeds] for found in pair)
        alike = np.allclose(one, two, rtol=1e-6, atol=0)
        assert alike or stats.ttest_ind(one, two, equal_var=False).pvalue > 0.01
