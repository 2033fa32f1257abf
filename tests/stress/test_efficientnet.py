"""EfficientNet with all of its blocks, of which the tests take each kind once."""

import every_model
import plain_keras
import pytest
from export_formats import verdict, written_here
from test_export_formats import cells

from zoo.models import _efficientnet_lite0

CASE = "efficientnet_transfer"


@pytest.fixture(autouse=True)
def all_blocks(monkeypatch):
    monkeypatch.setattr(every_model, "STAGES", _efficientnet_lite0.STAGES)


def test_its_file_opens_where_there_is_no_zoo(tmp_path):
    model = plain_keras.make(CASE)
    assert model.count_params() == 3_416_867
    assert plain_keras.open_files(tmp_path, {CASE: model})[CASE] <= 1e-5


@pytest.mark.filterwarnings("ignore")  # of exporters, about themselves
@pytest.mark.parametrize("name", written_here())
def test_it_answers_in_every_format(name, tmp_path):
    assert verdict(CASE, name, tmp_path) == cells(CASE)[name]
