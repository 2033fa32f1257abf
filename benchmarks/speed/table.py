"""Tables from the file of measurements: docs/speed.md and a page for each machine."""

import statistics
from pathlib import Path

from benchmarks import measurements
from benchmarks.speed import half_table, operations, parts_table, results
from benchmarks.speed.cases import CASES
from benchmarks.speed.contestants import (
    BY_KERAS,
    FIT,
    FORWARD,
    KEPT,
    LIMIT,
    PREDICT,
    PUBLIC,
    READ,
    RUNTIME,
    TRAIN,
    VERBS,
    ZOO,
)
from benchmarks.speed.limit import SIDE
from benchmarks.speed.results import newest, ratio
from benchmarks.tables import BACKENDS, spread, table
from tools import pages

MARKS = (
    "<!-- speed: benchmarks.speed table writes this -->",
    "<!-- end of speed -->",
)


def texts(lines: list[dict] | None = None) -> dict[Path, str]:
    """The pages with the tables between their marks."""
    lines = measurements.read(results.FILE) if lines is None else lines
    machines = {
        machine: [line for line in lines if line["machine"] == machine]
        for machine in dict.fromkeys(line["machine"] for line in lines)
    }
    overview = pages.DOCS / "speed.md"
    body = _overview(machines)
    found = {overview: pages.between(overview.read_text(), MARKS, body)}
    for machine, own in machines.items():
        path, text = pages.of_machine(machine, [MARKS])
        parts = []
        for part in (
            *filter(
                None,
                [
                    _train(own),
                    parts_table.rows(own),
                    half_table.rows(own),
                    _verbs(own),
                    _predict(own),
                    _race(own),
                ],
            ),
            [_note(own)],
        ):
            parts += [*part, ""]
        found[path] = pages.between(text, MARKS, parts[:-1])
    return found


def _overview(machines):
    """A row for each network and machine: the time of zoo's step over the others'."""
    head = ["a training step", "machine"]
    head += [f"{BACKENDS[name]}: by hand, fit" for name in TRAIN]
    rows = []
    for network in CASES:
        for machine, lines in machines.items():
            found = [newest(lines, "train", network, name) for name in TRAIN]
            ratios = [_ratios(each) for each in found]
            if any(ratios):
                label = f"[{machine}](speed/{pages.of_machine(machine, [])[0].name})"
                rows.append([network, label, *(each or "-" for each in ratios)])
    return table(head, rows, left=2) if rows else []


def _ratios(found):
    """zoo over the best loop written by hand, and over Keras's fit."""
    others = set(found) - {ZOO, FIT, LIMIT}
    if not {ZOO, FIT} <= set(found) or not others:
        return ""
    best = min((found[name] for name in others), key=_median)
    return f"{ratio(found[ZOO], best):.2g}, {ratio(found[ZOO], found[FIT]):.2g}"


def _train(lines):
    head = ["a training step", "backend", "zoo, ms", FIT, "hand-written, the best"]
    head += ["zoo / fit", "zoo / hand-written", "first step, s", "MiB", "J"]
    head += ["GFLOP/s", "of its limit"]
    rows = []
    for network in CASES:
        for backend in TRAIN:
            found = newest(lines, "train", network, backend)
            if not {ZOO, FIT} <= set(found) or not set(found) - {ZOO, FIT, LIMIT}:
                continue
            zoo, fit, limit = found.pop(ZOO), found.pop(FIT), found.pop(LIMIT, None)
            best = min(found.values(), key=_median)
            rows.append(
                [
                    network,
                    BACKENDS[backend],
                    spread(zoo["ms"]),
                    spread(fit["ms"]),
                    f"{best['contestant']}: {spread(best['ms'])}",
                    f"{ratio(zoo, fit):.2g}",
                    f"{ratio(zoo, best):.2g}",
                    f"{zoo['first']:.2g}",
                    f"{zoo['memory']:,.0f}",
                    _joules(zoo),
                    *_speed(zoo, limit),
                ]
            )
    return table(head, rows) if rows else []


def _verbs(lines):
    """What the public verbs take, from raw inputs to answers with probabilities."""
    own = (PUBLIC, READ, BY_KERAS, FORWARD, KEPT)
    head = ["zoo.predict", "for", "backend", "exported, ms", "labels read, ms"]
    head += ["by Keras, ms", "Run.forward, ms", "zoo.load, kept, ms", "the best else"]
    head += ["exported / best", "Run.forward / by hand"]
    rows = []
    for network in CASES:
        for size in dict.fromkeys(line["size"] for line in lines if line["size"]):
            for backend in PREDICT:
                found = newest(lines, "predict", network, backend, size)
                if not {*own, RUNTIME} <= set(found):
                    continue
                found.pop(ZOO, None)  # the function inside
                found.pop("Keras predict", None)
                zoo = {name: found.pop(name) for name in own}
                best = min(found.values(), key=_median)
                found.pop(RUNTIME)  # another engine; what is left is the framework
                least = min(found.values(), key=_median, default=None)
                rows.append(
                    [
                        network,
                        size,
                        BACKENDS[backend],
                        *(spread(line["ms"]) for line in zoo.values()),
                        f"{best['contestant']}: {spread(best['ms'])}",
                        f"{ratio(zoo[PUBLIC], best):.2g}",
                        f"{ratio(zoo[FORWARD], least):.2g}" if least else "",
                    ]
                )
    return table(head, rows) if rows else []


def _predict(lines):
    head = ["the function inside", "for", "backend", "zoo, ms", "Keras predict"]
    head += ["hand-written, the best", "zoo / hand-written", "examples/s"]
    rows = []
    for network in CASES:
        for size in dict.fromkeys(line["size"] for line in lines if line["size"]):
            for backend in PREDICT:
                found = newest(lines, "predict", network, backend, size)
                if set(VERBS) <= set(found):
                    continue  # the table of the verbs has it
                for name in VERBS:
                    found.pop(name, None)
                if not {ZOO, "Keras predict"} <= set(found) or len(found) < 3:
                    continue
                zoo, keras = found.pop(ZOO), found.pop("Keras predict")
                best = min(found.values(), key=_median)
                count = int(size.split()[0].replace("one", "1"))
                rows.append(
                    [
                        network,
                        size,
                        BACKENDS[backend],
                        spread(zoo["ms"]),
                        spread(keras["ms"]),
                        f"{best['contestant']}: {spread(best['ms'])}",
                        f"{ratio(zoo, best):.2g}",
                        f"{1e3 * count / _median(zoo):,.0f}",
                    ]
                )
    return table(head, rows) if rows else []


def _race(lines):
    """How long 99 % on MNIST take, where the mean of the seeds gets there."""
    head = ["from fresh weights to 99 % on MNIST", "seconds", "accuracy", "seeds"]
    rows = []
    for line in lines:
        mean = statistics.mean(line.get("accuracy", [0]))
        if mean >= 0.99:
            least = min(line["accuracy"])
            accuracy = f"{mean:.2%} (from {least:.2%})"
            seconds, seeds = spread(line["seconds"]), str(len(line["seconds"]))
            rows.append([BACKENDS[line["backend"]], seconds, accuracy, seeds])
    return table(head, rows) if rows else []


def _speed(zoo, limit):
    """Floating-point operations a second, and as a share of the device's limit."""
    case = CASES[zoo["network"]]
    speed = operations.step(case) / _median(zoo)
    share = "-"
    if limit:
        share = f"{speed * _median(limit) * case.steps / (2 * SIDE**3):.2g}"
    return f"{speed / 1e6:,.3g}", share


def _median(line):
    return statistics.median(line["ms"])


def _joules(line):
    return f"{statistics.median(line['joules']):.2g}" if line["joules"] else "-"


def _note(lines):
    def known(name):
        return "; ".join(sorted({str(line[name]) for line in lines}))

    loads = [line["load"] for line in lines] or [0]
    return (
        "Median (least to most) of interleaved rounds; ratios are medians of rounds "
        f"side by side. Threads: {known('threads')}; {known('versions')}; load average "
        f"{min(loads)} to {max(loads)}. J: joules a step, where the machine tells "
        "them. GFLOP/s: of zoo's products and convolutions, float32; its limit is one "
        "large product of matrices, in the same rounds."
    )
