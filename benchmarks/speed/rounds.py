"""Interleaved rounds: every contestant in a process of its own, one at a time."""

import importlib
import math
import multiprocessing
import os
import statistics
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing

from benchmarks.processes import alone
from benchmarks.speed.cases import CASES, Case
from benchmarks.speed.contestants import PREDICT, TRAIN, VERBS
from benchmarks.speed.meters import Meter, peak_memory
from zoo.engine import startup

SECONDS = 0.3  # of a round, at least
# Seconds before a round: threads of the one that had its turn before watch for work for
# 40 ms more, ONNX Runtime's do, and take a core from whoever comes next.
PAUSE = 0.1
SIZES = {"one example": 1, "500 examples": 500}


def train(
    name: str,
    backend: str,
    rounds: int,
    only: list[str] | None = None,
    contestants: Mapping[str, Mapping[str, str]] = TRAIN,
) -> Iterator[dict]:
    """Train the network `name` by every contestant of `backend`.

    Yields:
        A measurement each: "contestant", "ms" a step of every round, "first", the
        seconds of the first step, which builds and compiles, "memory", the most MiB,
        and "joules" a step, where they can be read.
    """
    steps = CASES[name].steps
    for contestant, lines, first, memory in _measured(
        trainer, contestants[backend], name, backend, rounds, only
    ):
        ms, processor = (
            [1e3 * line[clock] / line["turns"] / steps for line in lines]
            for clock in ("wall", "processor")
        )
        joules = [line["joules"] for line in lines]
        yield {
            "contestant": contestant,
            "ms": ms,
            "processor": processor,
            "first": max(0.0, first - statistics.median(ms) * (steps - 1) / 1e3),
            "memory": memory,
            "joules": None
            if None in joules
            else [line["joules"] / line["turns"] / steps for line in lines],
        }


def predict(
    name: str,
    backend: str,
    rounds: int,
    only: list[str] | None = None,
    contestants: Mapping[str, Mapping[str, str]] = PREDICT,
) -> Iterator[dict]:
    """Answer by every contestant of `backend`, one example at a time and many.

    Yields:
        A measurement each: "contestant", "size", "ms" a call of every round.
    """
    places = contestants[backend]
    if not CASES[name].is_predicted:
        places = {each: places[each] for each in places if each not in VERBS}
    for label, size in SIZES.items():
        for contestant, lines, first, memory in _measured(
            _answerer, places, name, backend, rounds, only, size
        ):
            ms, processor = (
                [1e3 * line[clock] / line["turns"] for line in lines]
                for clock in ("wall", "processor")
            )
            yield {
                "contestant": contestant,
                "size": label,
                "ms": ms,
                "processor": processor,
                "first": first,
                "memory": memory,
            }


def race(backend: str, rounds: int) -> dict:
    """Seconds from fresh weights to the end of `race.RECIPE`, and test accuracies."""
    seconds, accuracies = zip(*alone(_race, backend, rounds), strict=True)
    return {"seconds": seconds, "accuracy": accuracies}


def _race(backend, rounds):
    os.environ["KERAS_BACKEND"] = backend
    from benchmarks.speed.race import run

    return list(run(rounds))


def _measured(prepare, places, name, backend, rounds, only, *more):
    """Contestant, its meters of every round, first seconds and memory of each."""
    names = [each for each in places if not only or each in only]
    found = {each: [] for each in names}
    with ExitStack() as stack:
        workers = {}
        for each in names:
            arguments = prepare, places[each], name, backend, *more
            workers[each] = stack.enter_context(closing(Worker(*arguments)))
        first = {each: worker.ask("first") for each, worker in workers.items()}
        for _ in range(rounds):
            for each, worker in workers.items():
                found[each].append(worker.ask("round"))
        for each, worker in workers.items():
            yield each, found[each], first[each], worker.ask("memory")


class Worker:
    """A process that waits while another one has its turn."""

    def __init__(self, *arguments):
        fresh = multiprocessing.get_context("spawn")
        self.line, there = fresh.Pipe()
        self.process = fresh.Process(target=_work, args=(there, *arguments))
        self.process.start()

    def ask(self, what: str):
        self.line.send(what)
        try:
            answer = self.line.recv()
        except EOFError:
            self.process.join()
            answer = f"a contestant died with exit code {self.process.exitcode}"
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer

    def close(self):
        if self.process.is_alive():
            self.line.send(None)
            self.process.join()


def _work(line, prepare, place, name, backend, *more):
    os.environ["KERAS_BACKEND"] = backend
    turns, turn = 1, None
    while what := line.recv():
        try:
            if what == "first":
                file, function = place.split(".")
                if file in ("loops_zoo", "loops_public"):
                    startup.load()  # as zoo's commands begin, before any framework
                module = importlib.import_module(f"benchmarks.speed.{file}")
                make = getattr(module, function)
                meter = Meter()
                turn = prepare(make, CASES[name], *more)
                turn()
                answer = meter.read()["wall"]
                turn()  # some record or compile what they are called for twice
                meter = Meter()
                turn()
                turns = math.ceil(SECONDS / meter.read()["wall"])
            elif what == "round":
                time.sleep(PAUSE)
                meter = Meter()
                for _ in range(turns):
                    turn()
                answer = {**meter.read(), "turns": turns}
            else:
                answer = peak_memory()
        except Exception:
            answer = traceback.format_exc()
        line.send(answer)


def trainer(make, case: Case):
    return make(case, *case.data())


def _answerer(make, case: Case, size: int):
    answer = make(case)
    inputs, _ = case.data()
    inputs = inputs.repeat(-(-size // len(inputs)), 0)[:size].copy()
    return lambda: answer(inputs)
