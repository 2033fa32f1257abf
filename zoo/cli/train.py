"""Train a recipe, or data of your own, and evaluate what was learned.

For data of your own, a table, a long text, or a folder of pictures, texts or sounds,
model and numbers are chosen by their kind, and the recipe is shown. Its fields can be
changed on the way: epochs=2, learning_rate=3e-4, data=mnist_sample, model.variant=relu,
data.noise=0.2, augment.rotation=10, stage.2.epochs=5.

Examples:
  zoo train lenet_mnist data=mnist_sample
  zoo train lenet_mnist --backend torch epochs=2
  zoo train lenet_mnist --devices all
  zoo train lenet_mnist data=mnist_sample --timing
  zoo train own.csv --target price epochs=50
  zoo train runs/lenet_mnist-jax-20260131-120000 --resume
"""

from pathlib import Path

from zoo import backend
from zoo import recipe as recipes
from zoo.building import stored
from zoo.cli._arguments import add_backend, add_changes, add_trust
from zoo.cli._data import called, load_or_choose
from zoo.cli._next import suggest, without_test
from zoo.core.progress import say, show
from zoo.core.timing import start
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.metrics import shown
from zoo.run import Run


def arguments(parser):
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        help="a name from `zoo list`, a .py file, your own data (a table, a text or a "
        "folder), or with --resume the folder of a run",
    )
    add_changes(parser)
    parser.add_argument(
        "--target", metavar="COLUMN", help="the column of a table that is answered"
    )
    add_backend(parser)
    parser.add_argument("--run", metavar="DIR", help="folder of the run; not yet there")
    parser.add_argument("--resume", action="store_true", help="resume a run")
    parser.add_argument(
        "--keep-states",
        action="store_true",
        help="keep the last training states of a run that has ended",
    )
    parser.add_argument(
        "--no-floor",
        action="store_true",
        help="do not measure what needs no network",
    )
    parser.add_argument(
        "--timing",
        action="store_true",
        help="after the first step, show where the time went: imports, data, model, "
        "and compiling",
    )
    parser.add_argument(
        "--devices",
        metavar="N",
        help="train on N devices, at least 1, or on all; batch is the number over all",
    )
    parser.add_argument(
        "--seed", type=int, help="the same as seed=SEED: 0 to 2147483647"
    )
    add_trust(parser)


def run(options):
    changes = list(options.changes)
    if options.seed is not None:
        changes.append(f"seed={options.seed}")
    if options.target is not None:
        changes.append(f"data.target={options.target}")
    folder = options.run
    if options.resume and not folder:
        folder = options.recipe
        recipe = _stopped_run(Path(folder)).recipe
        if not options.trust:
            stored.check_trust(recipe, Path(folder))
    else:
        recipe = load_or_choose(options.recipe, changes, options.backend)
    recipe = recipes.override(recipe, changes)
    used = options.backend or (options.resume and Run(Path(folder)).backend)
    from zoo.data import ahead

    with ahead.reading(recipe):
        backend.require("train", startup.load(used))

        from zoo.distribution import distribute, joined
        from zoo.training import train

    name, start.asked = called(options.recipe), options.timing
    with distribute(options.devices) if options.devices else joined() as group:
        if options.devices == "all" and group.devices == 1:
            say("all devices: this machine has one")
        if options.resume and group.rank == 0 and not _is_run(Path(folder)):
            say(f"zoo: {folder} holds no run yet: a new one begins")
        done = train(
            recipe,
            name=name,
            run=folder,
            resume=options.resume,
            keep_states=options.keep_states,
            floor=not options.no_floor,
        )
        if group.rank == 0:
            if options.timing and not start.over:
                say("zoo: no time is shown: this process has taken no step of its own")
            _report(done)
            suggest(done, options, changes)


_FIRST = ("error_rate", "accuracy", "mae", "r2", "average_precision", "micro_f1")


def _shown(values: dict[str, float]) -> list[str]:
    if "bits" in values:
        names = ["loss", "bits", "perplexity"]
        return [f"{name}: {shown(name, values[name])}" for name in names]
    names = [name for name in _FIRST if name in values] or ["label_accuracy"]
    return [f"{name}: {shown(name, values[name])}" for name in names]


def _is_run(folder: Path) -> bool:
    return (folder / "recipe.json").is_file()


def _stopped_run(folder: Path) -> Run:
    if not _is_run(folder):
        raise Mistake(
            f"{folder} is not a run: it has no recipe.json; "
            "--resume takes the folder of a run, as in `zoo train DIR --resume`"
        )
    return Run(folder)


def _report(done: Run) -> None:
    from zoo.reporting.advice import advise, compare

    for split in ("test", "validation"):
        if split in done.metrics:
            values = done.metrics[split]
            show(", ".join(f"{split} {line}" for line in _shown(values)))
            if split == "validation":
                show(without_test(done))
            break
    else:
        show(f"training {_shown(done.history[-1])[0]}")
    for line in compare(done.metrics):
        show(line)
    for advice in advise(done.history, done.metrics):
        show(advice)
    show(f"run: {done.folder}")
