"""Write the result tables from the ledger: README.md and the recipes' docstrings.

python tools/tables.py            write
python tools/tables.py --check    exit with 1 if anything would change
"""

import argparse
import json
import re
import statistics
import sys

import ledger
import readme

from zoo import recipe as recipes
from zoo.metrics import summarize

BACKENDS = {"jax": "JAX", "tensorflow": "TensorFlow", "torch": "PyTorch"}
RESULTS = "<!-- results: tools/tables.py writes this -->", "<!-- end of results -->"
GAINS = "<!-- gains: tools/tables.py writes this -->", "<!-- end of gains -->"
MEASURED = "Measured (tools/tables.py writes these lines from the ledger):"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    lines = ledger.read()
    changes = {readme.FILE: _readme(lines)}
    for name in recipes.names():
        path = recipes.folder() / f"{name}.py"
        changes[path] = _docstring(path.read_text(), name, lines)
    stale = [path for path, text in changes.items() if path.read_text() != text]
    for path in stale:
        print(f"{'differs from the ledger' if check else 'written'}: {path}")
        if not check:
            path.write_text(changes[path])
    if check and stale:
        sys.exit("run `python tools/tables.py` and commit what it writes")


def _readme(lines: list[dict]) -> str:
    text = readme.FILE.read_text()
    head = "| recipe | model | data | parameters | " + " | ".join(BACKENDS.values())
    table = [f"{head} | minutes | waiting, % |"]
    table.append("| --- | --- | --- | ---: |" + " --- |" * 5)
    for name in recipes.names():
        rows = {each: ledger.measured(name, each, lines) for each in BACKENDS}
        known = [line for row in rows.values() for line in row]
        if known:
            table.append(_row(name, rows, known[0]))
    hardware = sorted(set(map(_hardware, lines)))
    note = (
        "Mean ± standard deviation over seeds (number of seeds), of the metric and "
        "examples that the recipe's `expects` names; median minutes of processor time "
        f"of a run on {' / '.join(BACKENDS.values())}, a number for each kind of "
        "hardware; median share of the training time that went by in waiting for data. "
        "Measured on: "
        f"{'; '.join(hardware)}."
    )
    text = readme.between(text, RESULTS, [*table, "", note])
    return readme.between(text, GAINS, _gains(lines))


def _gains(lines: list[dict]) -> list[str]:
    """A table of what `benchmarks.search gain` measured."""
    searched: dict[str, list[dict]] = {}
    for line in lines:
        if "search" in line:
            key = json.dumps([line["recipe"], line["backend"], line["search"]])
            searched.setdefault(key, []).append(line)
    head = "| recipe | epochs | backend | search | hand-set | searched | gain |"
    table = [head, "| --- | ---: | --- | --- | --- | --- | ---: |"]
    return [*table, *(_gain(rows, lines) for rows in searched.values())]


def _gain(rows: list[dict], lines: list[dict]) -> str:
    name, how = rows[0]["recipe"], rows[0]["search"]
    seeds = {line["seed"] for line in rows}
    hand = {
        line["seed"]: line
        for line in lines
        if "search" not in line
        and (line["recipe"], line["backend"]) == (name, rows[0]["backend"])
        and line["fields"] == how["from"]
        and line["seed"] in seeds
    }
    before, after = (
        summarize([each["metrics"]["test"]["accuracy"] for each in lines])
        for lines in (hand.values(), rows)
    )
    search = f"{how['tuner']}, {how['trials']} trials"
    search += f", {how['folds']} folds, nested" if "folds" in how else ""
    backend, epochs = BACKENDS[rows[0]["backend"]], how["from"]["epochs"]
    gain = f"{100 * (after.mean - before.mean):+.2f}"
    start = " ".join([name, *_changes(name, how["from"])])
    cells = (start, epochs, backend, search, before.percent(), after.percent(), gain)
    return f"| {' | '.join(map(str, cells))} |"


def _changes(name: str, fields: dict) -> list[str]:
    """What a search started from where it is not the recipe of today."""
    today = ledger.fields(recipes.load(name))
    return [
        f"`{field}={value}`"
        for field, value in fields.items()
        if field not in ("epochs", "folds") and value != today.get(field)
    ]


def _row(name: str, rows: dict[str, list[dict]], line: dict) -> str:
    recipe = recipes.load(name)
    cells = [name, recipe.model, recipe.data, f"{line['metrics']['parameters']:,}"]
    cells += [_summary(name, row) or "not measured" for row in rows.values()]
    minutes = (" or ".join(_minutes(row).values()) or "-" for row in rows.values())
    cells.append(" / ".join(minutes))
    cells.append(" / ".join(_waiting(row) for row in rows.values()))
    return "| " + " | ".join(cells) + " |"


def _summary(name: str, lines: list[dict]) -> str:
    expects = recipes.load(name).expects or recipes.Expected("accuracy", 0)
    values = [line["metrics"][expects.split][expects.metric] for line in lines]
    return summarize(values).percent() if values else ""


def _minutes(lines: list[dict]) -> dict[str, str]:
    """Median minutes of processor time on each kind of hardware."""
    seconds: dict[str, list[float]] = {}
    for line in lines:
        spent = line["metrics"]["seconds"]["processor"]
        seconds.setdefault(_hardware(line), []).append(spent)
    return {
        hardware: _two_digits(statistics.median(spent) / 60)
        for hardware, spent in seconds.items()
    }


def _waiting(lines: list[dict]) -> str:
    """Median percents of waiting; a cross-validation, of many runs, has none."""
    metrics = [line["metrics"] for line in lines]
    shares = [each["waiting_share"] for each in metrics if "waiting_share" in each]
    return f"{100 * statistics.median(shares):.1f}" if shares else "-"


def _two_digits(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.2g}"


def _hardware(line: dict) -> str:
    return f"{line['device']}, {line['cores']} cores"


def _intervals(lines: list[dict]) -> list[str]:
    """A line for each metric of a cross-validation; means over the repeats."""
    metrics = [line["metrics"] for line in lines]
    if "interval" not in metrics[0]:
        return []
    shown = ["        means, and 95 % intervals over the examples:"]
    for name in metrics[0]["interval"]:
        value = statistics.fmean(each["test"][name] for each in metrics)
        low = statistics.fmean(each["interval"][name][0] for each in metrics)
        high = statistics.fmean(each["interval"][name][1] for each in metrics)
        label = name.replace("_", " ")
        shown.append(f"        {label:17} {value:.3f} ({low:.3f} to {high:.3f})")
    return shown


def _docstring(text: str, name: str, lines: list[dict]) -> str:
    measured = []
    for each, label in BACKENDS.items():
        row = ledger.measured(name, each, lines)
        if summary := _summary(name, row):
            took = [f"{n} minutes, {where}" for where, n in _minutes(row).items()]
            measured.append(f"    {label:10} {summary}, " + f";\n{15 * ' '}".join(took))
            measured += _intervals(row)
    text = re.sub(rf"\n{re.escape(MEASURED)}\n(    .*\n)+", "", text)
    if not measured:
        return text
    block = "\n".join(["", MEASURED, *measured, ""])
    return re.sub(r'(?s)\A(r?""".*?\n)"""', lambda m: m[1] + block + '"""', text)


if __name__ == "__main__":
    main()
