"""Search a recipe's hyperparameters, or show or resume a search.

keras-tuner draws the trials, the first of which is the recipe itself; zoo trains them
and judges them on validation data. The winner is trained again with fresh seeds and
only then meets the test split. --workers starts processes on this machine that share
the work; several machines share it where the same command, with the same --run on a
disk that all of them see, is typed on each.

Examples:
  zoo tune circles --trials 60
  zoo tune own.csv --target price --trials 20
  zoo tune lenet_mnist data=mnist_sample --tuner bayesian --max-minutes 20
  zoo tune deep_mlp_mnist --only learning_rate,batch,hidden_1 --workers 4
  zoo tune runs/tune-circles-jax-20260131-120000
  zoo tune runs/tune-circles-jax-20260131-120000 --resume
"""

import importlib
from pathlib import Path

from zoo import recipe as recipes
from zoo.cli._arguments import add_backend, add_changes, add_trust
from zoo.cli._data import load_or_choose
from zoo.cli._table import table
from zoo.core.progress import show
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.metrics import shown


def arguments(parser):
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        help="a name from `zoo list`, a .py file, your own data, or the folder of a "
        "search",
    )
    add_changes(parser)
    parser.add_argument(
        "--target", metavar="COLUMN", help="the same as data.target=COLUMN"
    )
    parser.add_argument("--tuner", help="random (the default), bayesian or hyperband")
    parser.add_argument("--trials", type=int, help="how many, at least 1 (30)")
    parser.add_argument(
        "--seed", type=int, help="of the search, a whole number from 0 (0)"
    )
    parser.add_argument(
        "--objective",
        help="on validation data: accuracy (the default), for numbers mae or r2, for "
        "labels average_precision, or loss",
    )
    parser.add_argument(
        "--only", metavar="NAMES", help="search these: learning_rate,l2"
    )
    parser.add_argument(
        "--folds", type=int, help="of cross-validation: 0, none, or at least 2 (0)"
    )
    parser.add_argument(
        "--max-minutes", type=float, help="stop the search then; above 0 (no limit)"
    )
    parser.add_argument("--run", metavar="DIR", help="folder of the search")
    add_backend(parser)
    parser.add_argument(
        "--workers",
        type=int,
        help="processes that run trials: 0, this one, or more (0)",
    )
    parser.add_argument(
        "--winners",
        type=int,
        help="fresh seeds for the best trial: 0, no test, or more (3)",
    )
    parser.add_argument(
        "--lease",
        type=float,
        help="seconds until a silent worker is lost; above 0 (60)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="resume the search in a folder"
    )
    add_trust(parser)


_OF_SEARCH = ("tuner", "seed", "objective", "only", "folds", "run")
_OF_PROCESS = ("trials", "max_minutes", "workers", "winners", "lease")


def run(options):
    tuning = importlib.import_module("zoo.tuning")
    decisive, passing = (
        {k: v for k in names if (v := getattr(options, k)) is not None}
        for names in (_OF_SEARCH, _OF_PROCESS)
    )
    is_folder = (Path(options.recipe) / "search.json").is_file()
    is_search = is_folder and options.recipe not in recipes.names()
    if is_search or options.resume:
        search = tuning.load(options.recipe)
        typed = [*options.changes, *(f"--{name}" for name in decisive)]
        if typed:
            raise Mistake(
                f"{', '.join(typed)}: what decides the search in {search.folder} is "
                "fixed; leave it out, or begin another search from a recipe"
            )
    if is_search and not options.resume:
        if passing or options.backend:
            raise Mistake(
                f"{search.folder} is a search; add --resume to continue it, "
                "or give its folder alone to show it"
            )
        _show(search)
        return
    if options.resume:
        startup.load(options.backend or search.settings.backend)
        found = tuning.reopen(options.recipe, trust=options.trust, **passing)
    else:
        target = [f"data.target={options.target}"] if options.target else []
        changes = [*options.changes, *target]
        recipe = load_or_choose(options.recipe, changes, options.backend)
        recipes.override(recipe, changes)  # refused before Keras is imported
        startup.load(options.backend)
        if "only" in decisive:
            names = tuple(filter(None, decisive["only"].split(",")))
            if not names:
                raise Mistake("--only names nothing; give names, as learning_rate,l2")
            decisive["only"] = names
        found = tuning.tune(recipe, changes, name=options.recipe, **decisive, **passing)
    _report(found, whole=options.max_minutes is None)


def _show(search):
    metric, rows = (search.metric if search.trials else "accuracy"), []
    named = metric.replace("_", " ")
    columns = ("trial", named, "loss", "parameters", "seconds", "changes")
    for each in search.trials:
        if each["status"] == "COMPLETED":
            value, loss = each[f"validation_{metric}"], each["validation_loss"]
            cells = [f"{value:.4f}", f"{loss:.4f}", f"{each['parameters']:,.0f}"]
            cells.append(f"{each['seconds']:.2f}")
        else:
            cells = [each["status"].lower(), "", "", ""]
        what = each["reason"] or each["overrides"] or "(the recipe)"
        rows.append([str(each["trial"]), *cells, what])
    table(columns, rows)
    _report(search)


def _report(search, whole=False):
    """What was found; a `whole` search stopped for want of other trials alone."""
    done = [each for each in search.trials if each["status"] != "RUNNING"]
    failed = sum(each["status"] == "FAILED" for each in done)
    missing = search.settings.trials - len(done)
    show(f"trials: {len(done)} of {search.settings.trials}, {failed} failed")
    if missing and whole:
        show("the hyperparameters that are searched have no other values")
    if len(done) == failed:
        return
    best, result, metric = search.best, search.result, search.metric
    named = metric.replace("_", " ")
    show(
        f"best: trial {best['trial']}, validation {named} "
        f"{shown(metric, best[f'validation_{metric}'])}, "
        f"loss {best['validation_loss']:.4f}"
    )
    if result:
        seeds = "1 fresh seed" if result.count == 1 else f"{result.count} fresh seeds"
        show(f"test {named}, {seeds}: {result.shown(metric)}")
    show(f"search: {search.folder}")
    show("next:")
    show(f"  {search.command}")
    if missing and not whole:
        show(f"  zoo tune {search.folder} --resume")
