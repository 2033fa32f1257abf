"""How many threads are worth starting."""

import os
from pathlib import Path

import pytest

from zoo.core import processors as module
from zoo.core.processors import processors


def test_what_this_process_may_use_counts_and_not_what_the_machine_has(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 96)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 8}, raising=False)
    assert processors() == 3


def test_without_affinities_all_processors_count(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(module, "GROUP", Path("nowhere"))
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert processors() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors() == 1


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "max 100000\n"}, 3),
        ({"cpu.max": "1000 100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, 2),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ({}, 3),
    ],
)
def test_a_container_s_share_of_the_time_counts(said, count, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 8}, raising=False)
    monkeypatch.setattr(module, "GROUP", tmp_path)
    (tmp_path / "cpu").mkdir()
    for name, text in said.items():
        (tmp_path / name).write_text(text)
    assert processors() == count
