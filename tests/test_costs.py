"""The tool that measures start-up, input and growth: its file and its tables."""

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from benchmarks import measurements
from benchmarks.costs import (
    augmentation,
    augmentation_table,
    augmenters,
    growth,
    peers,
    report,
    serving,
    startup,
)

ROOT = Path(__file__).parents[1]


@pytest.fixture
def own_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(growth, "FOLDER", tmp_path / "growth")


@pytest.mark.once
def test_the_pages_hold_what_was_measured():
    command = [sys.executable, "-m", "benchmarks.costs", "table", "--check"]
    subprocess.run(command, cwd=ROOT, check=True)


@pytest.mark.once
def test_a_newer_measurement_takes_the_place_of_the_older_one(tmp_path):
    file = tmp_path / "costs.jsonl"
    line = {"verb": "startup", "what": "`zoo list`", "backend": "", "unit": "ms"}
    for values in ([7.0], [3.0, 1.0, 2.0]):
        report.put({**line, "values": values}, file)
        report.put({**line, "what": "bare Python", "values": [1.0]}, file)
    first, second = measurements.read(file)
    assert (first["what"], first["values"]) == ("`zoo list`", [3.0, 1.0, 2.0])
    assert second["what"] == "bare Python"
    assert report.words(first) == "`zoo list`: 2 (1 to 3) ms, n=3"


def test_growth_is_measured_on_this_backend():
    for axis, position in (("batch", 4), ("examples", 300)):
        size = {**growth.BASE["deep_mlp"], axis: position}
        values = growth.times("deep_mlp", size, 2)
        assert len(values) == 2
        assert statistics.median(values) > 0


@pytest.fixture
def one_small_call(monkeypatch):
    monkeypatch.setattr(augmenters, "SECONDS", 1e-3)
    monkeypatch.setattr(augmenters, "BATCH", 4)
    monkeypatch.setattr(augmenters, "SIZES", [(8, 3)])


def test_layers_stand_beside_those_of_keras(one_small_call):
    for change in ("flip", "cutmix"):
        operations = augmentation.CHANGES[change]
        pairs = augmenters.pairs(keras.backend.backend(), change, operations, 2)
        [(size, (own, other))] = pairs.items()
        assert size == "8 x 8 x 3"
        assert len(own) == len(other) == 2
        assert min(*own, *other) > 0


@pytest.mark.once
def test_on_the_host_zoo_stands_beside_pillow(one_small_call):
    for change, operations in augmentation.CHANGES.items():
        [(own, other)] = augmenters.pairs("", change, operations, 1).values()
        assert own[0] > 0
        assert bool(other) == (change in peers.PILLOW), change


@pytest.mark.once
def test_augmentation_has_a_table_of_pairs():
    line = {"what": "flip", "backend": "jax", "values": [1.0, 2.0, 3.0]}
    lines = [
        {**line, "beside": "RandomFlip", "others": [4.0, 4.0, 4.0]},
        {**line, "backend": "", "beside": "", "others": []},
    ]
    *_, paired, alone = augmentation_table.rows(lines)
    other = "keras.layers: RandomFlip | 4 (4 to 4) | 0.5"
    assert paired == f"| flip | JAX | 2 (1 to 3) | {other} |"
    assert alone == "| flip | the host | 2 (1 to 3) | - | - | - |"


@pytest.mark.once
def test_growth_is_drawn_for_every_network(own_folder):
    pytest.importorskip("matplotlib", reason="it draws")
    for network in growth.AXES:
        assert growth.draw(network).stat().st_size > 10_000


@pytest.mark.once
def test_a_server_is_asked_over_several_connections_at_once():
    seen = []

    async def answer(reader, writer):
        seen.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.partition(b"content-length: ")[2].split(b"\r")[0])
                [picture] = json.loads(await reader.readexactly(length))["inputs"]
                assert np.shape(picture) == (28, 28)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    async def measure():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await serving._load(port, serving._request(), 0.1)

    took = asyncio.run(measure())
    assert len(took) >= len(seen) == serving.CONNECTIONS
    assert all(0 < each < 5 for each in took)


@pytest.mark.once
def test_a_start_is_timed_until_its_first_step_has_ended(tmp_path):
    code = "import time; print('data  1.50 s'); print('all until {}', flush=True); {}"
    command = [sys.executable, "-c", code.format(startup.ENDED, "time.sleep(60)")]
    wall, processor, said = startup.until_first_step(command, str(tmp_path))
    assert 0 < processor < 10
    assert 0 < wall < 30
    assert said == ["data  1.50 s"]
    command[-1] = "print('no step')"
    with pytest.raises(SystemExit, match="no step"):
        startup.until_first_step(command, str(tmp_path))
