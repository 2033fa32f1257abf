"""The report of a search: one HTML file, with nothing to load from elsewhere."""

import html
import math
from collections.abc import Sequence

import numpy as np

from zoo.core import files, processes
from zoo.metrics import better, shown
from zoo.tuning import charts
from zoo.tuning.search import Search

_FEWEST = 8  # trials below which an importance would be noise

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 62em;
  padding: 0 1em; color: #1c2733; background: #fff; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid #e3e8ee; }
th:last-child, td:last-child { text-align: left; }
tr.best { background: #fdf1dc; } tr.failed { color: #a33; }
code { background: #f2f5f8; padding: 2px 6px; border-radius: 3px; }
figure { margin: 1em 0; } figcaption { color: #5b6b7c; }
svg { max-width: 100%; height: auto; }
div.wide { overflow-x: auto; } div.wide td { white-space: nowrap; }
"""


def report(search: Search) -> None:
    """Write `report.html`: every trial, and what decided between them.

    Args:
        search: with a completed trial.
    """
    done = [each for each in search.trials if each["status"] == "COMPLETED"]
    parts = [
        f"<h1>Search of {_escape(search.settings.name or search.settings.recipe.model)}"
        "</h1>",
        _summary(search),
        "<h2>Best so far</h2>",
        _figure(
            charts.progress(done, _value(search)),
            f"Each point is a trial; the line is the best {_objective(search)} so far. "
            "A triangle at the edge is a trial far worse than most.",
        ),
        "<h2>Parallel coordinates</h2>",
        _figure(
            charts.parallel(done, _value(search), _numbers(done)),
            "A line is a trial, from blue (worst) to orange (best); the thick one is "
            f"the best. The last axis is the {_objective(search)}, with those far "
            "worse than most at its end. Numbers that span powers of ten stand on "
            "logarithmic axes; a line passes a hyperparameter that its trial has not "
            "at the foot of the axis. Many axes stand in rows.",
        ),
        "<h2>Importance</h2>",
        _importances(search, done),
        "<h2>Accuracy against parameters and time</h2>",
        *_tradeoffs(search, done),
        "<h2>All trials</h2>",
        _table(search),
    ]
    title = f"<title>zoo tune {_escape(search.settings.name)}</title>"
    head = f'<meta charset="utf-8">{title}<style>{_STYLE}</style>'
    body = "\n".join(parts)
    page = (
        f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'
    )
    files.write_text(search.folder / "report.html", page)


def importances(trials: Sequence[dict], name: str) -> dict[str, float]:
    """How much of a metric each hyperparameter explains, as shares of 1.

    A random forest learns the metric from the hyperparameters; the importance is the
    loss of its R² when one of them is permuted (Breiman 2001,
    doi:10.1023/A:1010933404324), at least 0.

    Args:
        trials: completed ones, see `Search.trials`.
        name: of the metric, such as "validation_loss".

    Returns:
        The varied hyperparameters with their shares, largest first; {} if there are
        fewer than 8 trials, or nothing to explain.
    """
    columns = {
        key: column for key, column in _numbers(trials).items() if len(set(column)) > 1
    }
    target = np.array([trial[name] for trial in trials], float)
    if len(trials) < _FEWEST or not columns or np.ptp(target) == 0:
        return {}

    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance

    rows = np.column_stack(list(columns.values()))
    ranks = np.argsort(np.argsort(target, kind="stable"), kind="stable")
    forest = RandomForestRegressor(200, random_state=0, min_samples_leaf=2)
    with processes.start_method_kept():
        forest.fit(rows, ranks)
        found = permutation_importance(
            forest, rows, ranks, n_repeats=10, random_state=0
        )
    losses = np.maximum(found.importances_mean, 0)
    shares = losses / max(losses.sum(), 1e-12)
    pairs = zip(columns, shares.tolist(), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def pareto(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Positions of the points that no other beats in both, by rising cost.

    Args:
        costs: smaller is better.
        values: larger is better.
    """
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -values[i]))
    chosen, best = [], -math.inf
    for i in order:
        if values[i] > best:
            best = values[i]
            chosen.append(i)
    return chosen


def _numbers(trials) -> dict[str, list[float]]:
    """Each hyperparameter as a column of numbers: logarithms, or places of words."""
    names = dict.fromkeys(name for trial in trials for name in trial["values"])
    return {
        name: charts.scale([t["values"].get(name) for t in trials]) for name in names
    }


def _summary(search):
    settings, best, result = search.settings, search.best, search.result
    failed = sum(each["status"] == "FAILED" for each in search.trials)
    recipe, metric = search.trials[0], search.metric
    lines = [
        f"{len(search.trials)} of {settings.trials} trials, {failed} failed; "
        f"{settings.tuner} search with seed {settings.seed} on {settings.backend}"
        + (f", {settings.folds}-fold cross-validation." if settings.folds else "."),
        f"Best: trial {best['trial']}, validation {metric.replace('_', ' ')} "
        f"{shown(metric, best[f'validation_{metric}'])}, loss "
        f"{best['validation_loss']:.4f}" + _against(recipe, metric),
    ]
    if result:
        lines.append(
            f"<b>Test {metric.replace('_', ' ')} of the winner, {result.count} fresh "
            f"seeds: {result.shown(metric)}</b>. The test split played no part in the "
            "search."
        )
    elif search.winner:
        lines.append("The data have no test split, so nothing is claimed.")
    else:
        lines.append("The winner has not been trained again, so nothing is claimed.")
    lines.append(f"<code>{_escape(search.command)}</code>")
    return "".join(f"<p>{line}</p>" for line in lines)


def _against(recipe, metric):
    if recipe["trial"] != 0 or recipe["status"] != "COMPLETED":
        return "."
    return (
        "; the recipe as it is, trial 0: "
        f"{shown(metric, recipe[f'validation_{metric}'])}, "
        f"{recipe['validation_loss']:.4f}."
    )


def _value(search) -> str:
    return f"validation_{search.settings.objective}"


def _objective(search) -> str:
    return f"validation {search.settings.objective}"


def _importances(search, done):
    shares = importances(done, _value(search))
    if not shares:
        return (
            f"<p>With fewer than {_FEWEST} different results there is none to tell.</p>"
        )
    return _figure(
        charts.bars(shares),
        f"Share of what a random forest, trained on ranks of the {_objective(search)}"
        ", loses when the hyperparameter is permuted. It tells what mattered within "
        "this search, not what is best.",
    )


def _tradeoffs(search, done):
    metric = search.metric
    values = [each[f"validation_{metric}"] for each in done]
    figures = []
    for name, label in (
        ("parameters", "parameters"),
        ("seconds", "seconds of training"),
    ):
        costs = [max(each[name], 1e-3) for each in done]
        chosen = pareto(costs, [better(metric, value) for value in values])
        named = f"validation {metric.replace('_', ' ')}"
        drawn = charts.scatter(costs, values, chosen, done, label, named)
        which = ", ".join(str(done[i]["trial"]) for i in chosen)
        caption = f"Orange: the Pareto set, that no trial beats in both: {which}."
        if name == "seconds":
            caption += " Trials that were trained side by side share their time evenly."
        figures.append(_figure(drawn, caption))
    return figures


def _table(search):
    names = list(dict.fromkeys(k for each in search.trials for k in each["values"]))
    metric = search.metric
    heads = ["trial", metric.replace("_", " "), "loss", "best epoch"]
    heads += ["parameters", "seconds", *names]
    rows = [_row([*heads, "changes or reason"], "th")]
    for each in search.trials:
        shares = f"validation_{metric}", "validation_loss"
        numbers = [each[name] for name in (*shares, "best_epoch")]
        numbers += [each[name] for name in ("parameters", "seconds")]
        cells = [each["trial"], *map(_short, numbers)]
        cells += [_short(each["values"].get(name)) for name in names]
        kind = {"FAILED": "failed"}.get(each["status"], "")
        if each["trial"] == search.best["trial"]:
            kind = "best"
        what = each["reason"] or each["overrides"] or "the recipe as it is"
        rows.append(_row([*cells, what], "td", kind))
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _row(cells, kind, name=""):
    inside = "".join(f"<{kind}>{_escape(cell)}</{kind}>" for cell in cells)
    return f'<tr class="{name}">{inside}</tr>'


def _short(value):
    return "" if value is None else f"{value:.4g}" if _is_number(value) else value


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _figure(drawn, caption):
    return f"<figure>{drawn}<figcaption>{_escape(caption)}</figcaption></figure>"


def _escape(text) -> str:
    return html.escape(str(text))
