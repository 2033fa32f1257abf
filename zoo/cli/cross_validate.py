"""Train a recipe on all parts of its data but one, in turn, and answer that part.

Every example is answered by a network that did not see it. Parts of classes are
stratified, and copies of an example stay in one part. --groups keeps examples with one
value of a column together, such as those of one patient; --time answers every part from
the past. With --trials each part has a search of its own, which sees the other parts
alone (nested). Of a series the parts follow each other in time, each answered from
those before it, and no window crosses a border. Beside the result stands what needs no
network.

Examples:
  zoo cross-validate blobs --folds 10
  zoo cross-validate own.csv --target ill --groups patient
  zoo cross-validate mammogram --folds 10 --trials 30 --inner-folds 5
"""

from zoo import backend
from zoo import recipe as recipes
from zoo.cli._arguments import add_backend, add_changes
from zoo.cli._data import called, load_or_choose
from zoo.cli._table import table
from zoo.core.folders import given_back, new_folder
from zoo.core.progress import show
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.run import Run


def arguments(parser):
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        help="a name from `zoo list`, a .py file, or your own data",
    )
    add_changes(parser)
    parser.add_argument(
        "--target", metavar="COLUMN", help="the same as data.target=COLUMN"
    )
    parser.add_argument(
        "--folds", type=int, default=5, help="how many parts, at least 2 (5)"
    )
    parser.add_argument(
        "--groups", metavar="COLUMN", help="the same as data.groups=COLUMN"
    )
    parser.add_argument("--time", metavar="COLUMN", help="the same as data.time=COLUMN")
    parser.add_argument(
        "--trials",
        type=int,
        default=0,
        help="of a search in each part, from 0 (0: no search)",
    )
    parser.add_argument(
        "--inner-folds",
        type=int,
        default=0,
        help="of that search, 2 or more (0: the recipe's validation split)",
    )
    parser.add_argument(
        "--run", metavar="DIR", help="folder; parts that ended there are kept"
    )
    add_backend(parser)


def run(options):
    changes = [
        *options.changes,
        *(
            f"data.{name}={value}"
            for name in ("target", "groups", "time")
            if (value := getattr(options, name))
        ),
    ]
    recipe = load_or_choose(options.recipe, changes, options.backend)
    recipe = recipes.override(recipe, changes)
    backend.require("train", startup.load(options.backend))

    from zoo.evaluation.cross_validation import cross_validate

    choose = {}
    if options.inner_folds and not options.trials:
        raise Mistake(
            f"--inner-folds {options.inner_folds} is of the search in each part, and "
            "there is none; add --trials 30, or leave it out"
        )
    if options.trials:
        from zoo.tuning.choice import best_of

        choose["choose"] = best_of(options.trials, options.inner_folds)
    name = f"cross-validate-{called(options.recipe)}"
    made = [] if options.run else new_folder(name, backend.current())
    folder = options.run or made[0]
    with given_back(made):
        done = cross_validate(recipe, options.folds, folder, **choose)
    _report(done)


def _report(done: Run) -> None:
    from zoo.metrics import shown
    from zoo.reporting.advice import compare, of_silent

    metrics = done.metrics
    metric, floors = next(iter(metrics["noise"])), list(metrics["floors"])
    rows = []
    for number, fold in enumerate(metrics["folds"]):
        known = [fold["floors"].get(name) for name in floors]
        cells = [(each or {}).get(metric) for each in (fold["test"], *known)]
        texts = ["-" if each is None else shown(metric, each) for each in cells]
        rows.append([str(number), f"{fold['examples']:,}", *texts])
    table(["fold", "examples", "this network", *floors], rows)
    low, high = (shown(metric, each) for each in metrics["interval"][metric])
    value = shown(metric, metrics["test"][metric])
    show(f"{metric} over all: {value}, 95 % interval {low} to {high}")
    if found := metrics.get("quantiles"):
        band = found["test"]
        show(
            f"{band['coverage']:.1%} of values lie between the outer quantiles, "
            f"{band['asked']:.1%} are asked for; pinball loss {band['pinball']:.4g}"
        )
    for line in compare(metrics) + of_silent(metrics):
        show(line)
    show(f"run: {done.folder}")
