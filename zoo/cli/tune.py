"""Search a recipe's hyperparameters, or show, or go on with, a search.

keras-tuner draws the trials, the first of which is the recipe itself; zoo trains them
and judges them on validation data. The winner is trained again with fresh seeds and
only then meets the test split. --workers starts a chief and workers on this machine;
on several, set KERASTUNER_TUNER_ID (chief, worker1, ...), KERASTUNER_ORACLE_IP and
KERASTUNER_ORACLE_PORT and type the same command on each.

Examples:
  zoo tune circles --trials 60
  zoo tune lenet_mnist data=mnist_sample --tuner bayesian --max-minutes 20
  zoo tune deep_mlp_mnist --only learning_rate,batch,hidden_1 --workers 4
  zoo tune runs/tune-circles-jax-20260131-120000
  zoo tune runs/tune-circles-jax-20260131-120000 --resume
"""

import importlib
from pathlib import Path

from zoo import backend
from zoo import recipe as recipes
from zoo.cli.show import table


def arguments(parser):
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        help="a name from `zoo list`, a .py file, or the folder of a search",
    )
    parser.add_argument(
        "changes", nargs="*", metavar="field=value", help="changes to the recipe"
    )
    parser.add_argument(
        "--tuner", default="random", help="random, bayesian or hyperband"
    )
    parser.add_argument("--trials", type=int, default=30, help="how many (30)")
    parser.add_argument("--seed", type=int, default=0, help="of the search (0)")
    parser.add_argument(
        "--objective", default="accuracy", help="accuracy or loss, on validation data"
    )
    parser.add_argument(
        "--only",
        metavar="NAMES",
        default="",
        help="search these: learning_rate,l2",
    )
    parser.add_argument(
        "--folds", type=int, default=0, help="of cross-validation (0: no folds)"
    )
    parser.add_argument("--max-minutes", type=float, help="stop the search then")
    parser.add_argument("--run", metavar="DIR", help="folder of the search")
    parser.add_argument("--backend", help="jax, tensorflow or torch")
    parser.add_argument(
        "--workers", type=int, default=0, help="processes that run trials (0: this one)"
    )
    parser.add_argument(
        "--winners", type=int, default=3, help="fresh seeds for the best trial (3)"
    )
    parser.add_argument(
        "--lease", type=float, default=60.0, help="seconds until a worker is lost (60)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the search in a folder"
    )


def run(options):
    tuning = importlib.import_module("zoo.tune")
    is_search = (Path(options.recipe) / "search.json").is_file()
    if is_search and not options.resume:
        _show(tuning.load(options.recipe))
        return
    shared = {
        "max_minutes": options.max_minutes,
        "workers": options.workers,
        "winners": options.winners,
        "lease": options.lease,
    }
    if options.resume:
        search = tuning.load(options.recipe)
        backend.load(options.backend or search.settings.backend)
        _report(tuning.reopen(options.recipe, **shared), tuning.role())
        return
    recipes.override(recipes.load(options.recipe), options.changes)
    backend.load(options.backend)
    found = tuning.tune(
        options.recipe,
        options.changes,
        tuner=options.tuner,
        trials=options.trials,
        seed=options.seed,
        objective=options.objective,
        only=tuple(filter(None, options.only.split(","))),
        folds=options.folds,
        run=options.run,
        **shared,
    )
    _report(found, tuning.role())


def _show(search):
    columns = ("trial", "accuracy", "loss", "parameters", "seconds", "changes")
    rows = []
    for each in search.trials:
        if each["status"] == "COMPLETED":
            accuracy, loss = each["validation_accuracy"], each["validation_loss"]
            cells = [f"{accuracy:.4f}", f"{loss:.4f}", f"{each['parameters']:,.0f}"]
            cells.append(f"{each['seconds']:.2f}")
        else:
            cells = [each["status"].lower(), "", "", ""]
        what = each["reason"] or each["overrides"] or "(the recipe)"
        rows.append([str(each["trial"]), *cells, what])
    table(columns, rows)
    _report(search)


def _report(search, role="alone"):
    if role == "worker":
        return
    done = [each for each in search.trials if each["status"] != "RUNNING"]
    failed = sum(each["status"] == "FAILED" for each in done)
    print(f"trials: {len(done)} of {search.settings.trials}, {failed} failed")
    if len(done) == failed:
        return
    best, result = search.best, search.result
    print(
        f"best: trial {best['trial']}, validation accuracy "
        f"{best['validation_accuracy']:.2%}, loss {best['validation_loss']:.4f}"
    )
    if result:
        print(f"test accuracy, {result.count} fresh seeds: {result.percent()}")
    print(f"search: {search.folder}")
    print("next:")
    print(f"  {search.command}")
