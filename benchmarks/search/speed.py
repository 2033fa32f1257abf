"""Trials per minute: zoo's search against keras-tuner with plain `fit`, in one run.

    python -m benchmarks.search speed
    python -m benchmarks.search speed circles --only learning_rate,dropout --trials 64
    python -m benchmarks.search speed mammogram data.file=masses.data --folds 5

Both train the same trials, those that zoo's search draws, on the same split or folds
and for the same epochs. Plain keras-tuner is slow, so it gets some of them only, spread
over the list. In every round zoo goes first and plain keras-tuner second. Compilation
counts on both sides; zoo's rounds are processes of their own with an empty compilation
cache. The ranking is compared by Spearman's correlation of the validation losses,
without penalties such as L2; Keras takes the batches in another order. The figures go
into the table of `benchmarks.costs`.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import command
from benchmarks.costs import report
from zoo import recipe as recipes
from zoo.engine import startup

SEARCHED = "learning_rate,schedule,dropout,activation,batch"


def main(words: list[str]) -> None:
    parser = command.parser(__doc__)
    parser.add_argument("recipe", nargs="?", default="circles")
    parser.add_argument("changes", nargs="*", metavar="field=value")
    parser.add_argument("--only", default=SEARCHED, help="what is searched; '' is all")
    parser.add_argument(
        "--trials", type=command.times, default=128, help="of zoo's search"
    )
    parser.add_argument(
        "--plain", type=command.times, default=8, help="trials of plain `fit`"
    )
    parser.add_argument("--folds", type=int, default=0, help="of cross-validation")
    parser.add_argument("--rounds", type=command.times, default=3)
    parser.add_argument("--backend", default="jax")
    arguments = parser.parse_intermixed_args(words)
    startup.load(arguments.backend)
    fasts, slows, ratios = [], [], []
    for number in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            fast, trials = zoo_search(arguments, number, Path(folder))
            slow, losses = plain_search(arguments, trials, Path(folder))
        known = [trials[place]["validation_loss"] for place in losses]
        pairs = ", ".join(
            f"{a:.3g}/{b:.3g}" for a, b in zip(known, losses.values(), strict=True)
        )
        fasts.append(fast)
        slows.append(slow)
        ratios.append(fast / slow)
        print(
            f"round {number + 1}: zoo {fast:.1f} trials a minute, keras-tuner "
            f"{slow:.2f}, ratio {fast / slow:.1f}; rank correlation of "
            f"{len(known)} trials {correlation(known, list(losses.values())):.3f}, "
            f"the best is {'the same' if same_best(known, losses) else 'another'} "
            f"({pairs})",
            flush=True,
        )
    what = f"trials a minute on `{arguments.recipe}`"
    what += f", {arguments.folds} folds" if arguments.folds else ""
    for name, values in (("zoo", fasts), ("keras-tuner with `fit`", slows)):
        _put(arguments, f"{what}: {name}", "trials/minute", values)
    _put(arguments, f"{what}: zoo over keras-tuner", "ratio", ratios)


def _put(arguments, what: str, unit: str, values: list[float]) -> None:
    line = {"verb": "search", "what": what, "backend": arguments.backend}
    line |= {"unit": unit, "values": values}
    report.put(line)
    print(report.words(line))


def zoo_search(arguments, seed: int, folder: Path) -> tuple[float, list[dict]]:
    """Trials a minute of `zoo tune`, start of the process included, and its trials."""
    from zoo.tuning import load

    words = [sys.executable, "-m", "zoo", "tune", arguments.recipe]
    words += [*arguments.changes, "--only", arguments.only, "--objective", "loss"]
    words += ["--trials", str(arguments.trials), "--seed", str(seed)]
    words += ["--folds", str(arguments.folds)]
    words += ["--winners", "0", "--run", str(folder / "zoo")]
    cache = {"JAX_COMPILATION_CACHE_DIR": str(folder / "cache")}
    environment = {**os.environ, **cache, "KERAS_BACKEND": arguments.backend}
    started = time.perf_counter()
    subprocess.run(words, env=environment, check=True, stderr=subprocess.DEVNULL)
    minutes = (time.perf_counter() - started) / 60
    trials = load(folder / "zoo").trials
    return len(trials) / minutes, trials


def plain_search(arguments, trials: list[dict], folder: Path):
    """Trials a minute of keras-tuner's own search, and their losses by number."""
    import keras
    import keras_tuner

    import zoo
    from zoo.tuning import trial

    step = max(1, len(trials) // arguments.plain)
    left = [t["trial"] for t in trials if t["status"] == "COMPLETED"][::step]
    recipe = recipes.override(recipes.load(arguments.recipe), arguments.changes)
    files = sorted((folder / "zoo" / "state").glob("trial_*/trial.json"))
    states = {number: json.loads(files[number].read_text()) for number in left}
    hypermodel = zoo.hypermodel(recipe)
    folds = trial.datasets(recipe, arguments.folds)

    class Given(keras_tuner.Oracle):
        """Draws zoo's trials; what was not searched is as in the recipe."""

        def populate_space(self, trial_id):
            place = len(self.trials)
            if place >= len(left):
                return {"status": "STOPPED"}
            values = states[left[place]]["hyperparameters"]["values"]
            usual = keras_tuner.HyperParameters()
            usual.merge(self.get_space().space)
            return {"status": "RUNNING", "values": {**usual.values, **values}}

    class Losses(keras.callbacks.Callback):
        """The validation loss after each epoch, without penalties."""

        def __init__(self):
            super().__init__()
            self.known = []

        def on_epoch_end(self, epoch, logs=None):
            penalties = sum(map(float, self.model.losses))
            self.known.append(logs["val_loss"] - penalties)

    class CrossValidated(keras_tuner.Tuner):
        """Trains on fold after fold; the score is the mean of the last losses."""

        def run_trial(self, trial, **_):
            hp, last = trial.hyperparameters, []
            for fold in folds:
                hypermodel.dataset = fold
                losses = Losses()
                hypermodel.fit(hp, hypermodel.build(hp), verbose=0, callbacks=[losses])
                last.append(losses.known[-1])
            return statistics.fmean(last)

    oracle = Given(objective=keras_tuner.Objective("val_loss", "min"))
    tuner = CrossValidated(oracle, hypermodel, directory=folder, project_name="plain")
    started = time.perf_counter()
    tuner.search(verbose=0)
    minutes = (time.perf_counter() - started) / 60
    ended = [oracle.trials[key] for key in sorted(oracle.trials)]
    losses = {n: trial.score for n, trial in zip(left, ended, strict=True)}
    return len(losses) / minutes, losses


def same_best(known: list[float], losses: dict[int, float]) -> bool:
    others = list(losses.values())
    return known.index(min(known)) == others.index(min(others))


def correlation(a: list[float], b: list[float]) -> float:
    """Spearman's, without ties."""

    def ranks(values):
        return [sorted(values).index(value) for value in values]

    return statistics.correlation(ranks(a), ranks(b))
