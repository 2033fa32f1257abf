"""Training on real data gives what it gave, compiled as users have it."""

from pathlib import Path

import pytest

from tests.goldens.golden import MEND, beyond, differences, read
from zoo.verification.probe import losses

FILES = sorted(Path(__file__).with_name("goldens").glob("real/*.json"))


@pytest.mark.realdata
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*PROVENANCE.md. it lies beside the splits")
@pytest.mark.filterwarnings("ignore:found .* texts of imdb_reviews")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("read_once")
def test_losses_over_three_epochs_of_real_data(path, shared_data, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(shared_data / "tfds"))
    monkeypatch.chdir(Path(__file__).parents[1])
    golden = read(path)
    found = losses(golden.recipe, count=golden.count)
    assert golden.found
    assert not beyond(differences(golden.found, found)), MEND
