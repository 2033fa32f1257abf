"""Write the tables of results from the ledger and the floors.

    python tools/tables.py            write
    python tools/tables.py --check    exit with 1 if anything would change

They stand in README.md, docs/results.md, docs/search.md, recipes/README.md and the
recipes' docstrings.
"""

import argparse
import ast
import itertools
import json
import re
import statistics

import floors
import ledger
import pages

from zoo import recipe as recipes
from zoo.building import trained
from zoo.metrics import Summary, better, shown, summarize

BACKENDS = {"jax": "JAX", "tensorflow": "TensorFlow", "torch": "PyTorch"}
RESULTS = "<!-- results: tools/tables.py writes this -->", "<!-- end of results -->"
WEIGHTS = "<!-- weights: tools/tables.py writes this -->", "<!-- end of weights -->"
GAINS = "<!-- gains: tools/tables.py writes this -->", "<!-- end of gains -->"
MEASURED = "Measured (tools/tables.py writes these lines from the ledger):"
SHOWN = (  # in README: pictures, texts, rows and points, the best of each first
    "wide_mlp_mnist",
    "lenet_mnist",
    "wide_vgg_fashion",
    "mlp_fashion",
    "gru_imdb",
    "efficientnet_food",
    "mammogram",
    "spirals",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    lines = ledger.read()
    results, search = pages.DOCS / "results.md", pages.DOCS / "search.md"
    gallery = recipes.folder() / "README.md"
    bodies = {
        pages.README: (RESULTS, _best(lines)),
        results: (RESULTS, _results(lines)),
        search: (GAINS, _gains(lines)),
        gallery: (RESULTS, _gallery(lines)),
        pages.DOCS / "hand-over.md": (WEIGHTS, _weights()),
    }
    texts = {
        path: pages.between(path.read_text("utf-8"), marks, body)
        for path, (marks, body) in bodies.items()
    }
    for name in recipes.names():
        path = recipes.folder() / f"{name}.py"
        texts[path] = _docstring(path.read_text("utf-8"), name, lines)
    pages.update(texts, check, "python tools/tables.py")


def _best(lines: list[dict]) -> list[str]:
    """README's table: what a few recipes reach, and what needs no network."""
    table = [
        "| model | data | accuracy | without a network | minutes "
        "| backends differ by |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    hardware = set()
    for name in SHOWN:
        recipe, rows = recipes.load(name), _rows(name, lines)
        most = max(rows.values(), key=len)
        value, share, how = _summary(name, most), *_floor(name, rows, 1)
        hardware |= {_hardware(line) for row in rows.values() for line in row}
        table.append(
            f"| {recipe.model} | [{recipe.data}](recipes/{name}.py) "
            f"| {value.percent()} | {share} {how} "
            f"| {_span(rows)} | {apart(name, rows)} |"
        )
    note = (
        "Accuracy on the test split: mean ± standard deviation (number of seeds) on "
        "the backend with the most runs. Minutes of processor time, on the fastest to "
        f"the slowest backend and machine ({'; '.join(sorted(hardware))}). Last: how "
        "far apart the means on JAX, TensorFlow and PyTorch are, in points, over the "
        "same seeds. \\* stopped early."
    )
    return [*table, "", note]


def _results(lines: list[dict]) -> list[str]:
    head = "| recipe | model | data | parameters | without a network | "
    head += " | ".join(BACKENDS.values())
    table = [f"{head} | minutes | waiting, % |"]
    table.append("| --- | --- | --- |" + " ---: |" * 7)
    for name in recipes.names():
        rows = _rows(name, lines)
        if any(rows.values()):
            table.append(_row(name, rows))
    hardware = sorted(set(map(_hardware, lines)))
    note = (
        "Mean ± standard deviation over seeds (number of seeds), of the metric and "
        "examples that the recipe's `expects` names; the best of what needs no network "
        "on the same examples: the most frequent class or the mean, logistic or ridge "
        "regression, and on rows gradient boosting (`zoo.data.floors`; \\* stopped "
        "early; from the lines of the ledger, or from `recipes/floors.json` where they "
        "are older); median minutes of processor time of a run on "
        f"{' / '.join(BACKENDS.values())}, a number for each kind of hardware; median "
        "share of the training time that went by in waiting for data. Measured on: "
        f"{'; '.join(hardware)}."
    )
    return [*table, "", note]


def _gallery(lines: list[dict]) -> list[str]:
    """recipes/README.md: a row for each recipe."""
    table = [
        "| recipe | what it is | model | data | result | without a network | minutes |",
        "| --- | --- | --- | --- | ---: | ---: | ---: |",
    ]
    for name in recipes.names():
        recipe, rows = recipes.load(name), _rows(name, lines)
        source = (recipes.folder() / f"{name}.py").read_text("utf-8")
        what = ast.get_docstring(ast.parse(source)).splitlines()[0]
        most = _shown(name, max(rows.values(), key=len))
        share, how = _floor(name, rows, 1)
        table.append(
            f"| [{name}]({name}.py) | {what} | {recipe.model} | {recipe.data} | "
            f"{most} | {share} {how} | {_span(rows)} |"
        )
    return table


def _weights() -> list[str]:
    """docs/hand-over.md: a row for each name of trained weights."""
    table = [
        "| name | recipe | accuracy | without a network | parameters | kB |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for name in trained.names():
        card, floor = trained.card(name), "-"
        if floors := card["floors"]:
            how = max(floors, key=floors.get)
            star = r"\*" if "stopped" in how else ""
            floor = f"{floors[how]:.1%} {how.split(',')[0]}{star}"
        size = (trained.folder(name) / trained.WEIGHTS).stat().st_size
        table.append(
            f"| `{name}` | {card['recipe']} "
            f"| {card['accuracy']['value']:.2%} {card['accuracy']['on']} | {floor} "
            f"| {card['parameters']:,} | {-(-size // 1000):,} |"
        )
    return [*table, "", r"\* stopped early."]


def _rows(name: str, lines: list[dict]) -> dict[str, list[dict]]:
    return {each: ledger.measured(name, each, lines) for each in BACKENDS}


def _floor(name: str, rows: dict, digits: int = 2) -> tuple[str, str]:
    """The best of the floors of a recipe, and how it is reached."""
    metric = _expects(name).metric
    value, how = best_floor(name, rows)
    star = r"\*" if "stopped" in how else ""
    return shown(metric, value, digits), how.split(",")[0] + star


def best_floor(name: str, rows: dict[str, list[dict]]) -> tuple[float, str]:
    """The best floor in the recipe's lines; in `recipes/floors.json` if they are older.

    Args:
        name: of the recipe.
        rows: its lines, by the backend.

    Returns:
        The floor's value of the metric that the recipe claims, and its name.
    """
    metrics = [line["metrics"] for row in rows.values() for line in row]
    held = [each["floors"] for each in metrics if "floors" in each]
    found = floors.mean(held) if held else floors.read()[name]["floors"]
    metric = _expects(name).metric
    how = max(found, key=lambda each: better(metric, found[each][metric]))
    return found[how][metric], how


def beats(name: str, rows: dict[str, list[dict]]) -> bool:
    """Whether the network is better than its best floor, in 95 % of such measurements.

    On the backend with the most seeds; one value is compared as it is.
    """
    metric = _expects(name).metric
    values = _values(name, max(rows.values(), key=len))
    own = summarize([better(metric, each) for each in values])
    floor = better(metric, best_floor(name, rows)[0])
    return (own.lower() if own.count > 1 else own.mean) > floor


def apart(name: str, rows: dict[str, list[dict]]) -> str:
    """The largest difference of two backends' means over the seeds of both."""
    values = [
        dict(zip((line["seed"] for line in row), _values(name, row), strict=True))
        for row in rows.values()
    ]
    differences = []
    for one, two in itertools.combinations(values, 2):
        if seeds := set(one) & set(two):
            means = [statistics.fmean(each[s] for s in seeds) for each in (one, two)]
            differences.append(abs(means[0] - means[1]))
    return f"{100 * max(differences):.2f}" if differences else "-"


def _span(rows: dict[str, list[dict]]) -> str:
    """Minutes on the fastest to the slowest backend and hardware."""
    found = [float(each) for row in rows.values() for each in _minutes(row).values()]
    least, most = (_two_digits(each) for each in (min(found), max(found)))
    return least if least == most else f"{least} to {most}"


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


def _row(name: str, rows: dict[str, list[dict]]) -> str:
    recipe = recipes.load(name)
    line = next(line for row in rows.values() for line in row)
    share, how = _floor(name, rows)
    cells = [name, recipe.model, recipe.data, f"{line['metrics']['parameters']:,}"]
    cells.append(f"{share} {how}")
    cells += [_shown(name, row) if row else "not measured" for row in rows.values()]
    minutes = (" or ".join(_minutes(row).values()) or "-" for row in rows.values())
    cells.append(" / ".join(minutes))
    cells.append(" / ".join(_waiting(row) for row in rows.values()))
    return "| " + " | ".join(cells) + " |"


def _values(name: str, lines: list[dict]) -> list[float]:
    """What the recipe's claim is about, in each run."""
    expects = _expects(name)
    return [line["metrics"][expects.split][expects.metric] for line in lines]


def _expects(name: str) -> recipes.Expected:
    return recipes.load(name).expects or recipes.Expected("accuracy", 0)


def _shown(name: str, lines: list[dict]) -> str:
    """Such as 99.12% ± 0.05 (5), or mae 0.00012 ± 3e-06 (5)."""
    metric, summary = _expects(name).metric, _summary(name, lines)
    named = "" if metric == "accuracy" else f"{metric} "
    return named + summary.shown(metric)


def _summary(name: str, lines: list[dict]) -> Summary:
    return summarize(_values(name, lines))


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


def _of_floor(name: str, lines: list[dict]) -> list[str]:
    """What needs no network, and whether the network beats it."""
    rows = _rows(name, lines)
    value, how = _floor(name, rows)
    found = [f"    without a network {value}, {how.replace(chr(92), '')}"]
    if not beats(name, rows):
        found.append("    no network is needed: this one is not better than that")
    return found


def _docstring(text: str, name: str, lines: list[dict]) -> str:
    measured = []
    for each, label in BACKENDS.items():
        row = ledger.measured(name, each, lines)
        if row:
            summary = _shown(name, row)
            took = [f"{n} minutes, {where}" for where, n in _minutes(row).items()]
            measured.append(f"    {label:10} {summary}, " + f";\n{15 * ' '}".join(took))
            measured += _intervals(row)
    if measured:
        measured += _of_floor(name, lines)
    text = re.sub(rf"\n{re.escape(MEASURED)}\n(    .*\n)+", "", text)
    if not measured:
        return text
    block = "\n".join(["", MEASURED, *measured, ""])
    return re.sub(r'(?s)\A(r?""".*?\n)"""', lambda m: m[1] + block + '"""', text)


if __name__ == "__main__":
    main()
