"""Kill training at random moments, resume it, and compare the bits with a quiet run.

    python -m tests.stress.kill_and_resume             100 kills on the usual backend
    python -m tests.stress.kill_and_resume --backend torch --kills 20 --seed 7
    python -m tests.stress.kill_and_resume lenet_mnist data=mnist_sample epochs=3

A run is killed by SIGKILL one to three times and then resumed to its end. The moment is
a random time after its start, or in every other case a random one of those moments when
it writes a training state; where it ends before, nothing is killed nor counted.
Compared are all variables of model and optimizer, the history and the metrics. Without
a recipe a small one is used that has everything that must go on exactly: augmentation,
dropout, batch normalization, a schedule, moving averages, accumulated gradients, early
stopping and two stages. Training states are written more often than usual, so that
kills hit the writing too.
"""

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import zoo
from zoo import Recipe
from zoo import recipe as recipes
from zoo.engine import startup
from zoo.errors import Mistake
from zoo.run import Run
from zoo.training import states

EVERYTHING = Recipe(
    model="deep_mlp",
    model_arguments={"hidden": (24,), "batch_normalization": "before", "dropout": 0.2},
    data="mnist_sample",
    augment={"shift": 0.1, "rotation": 10, "mixup": 0.2},
    batch=96,
    optimizer="adamw",
    schedule="cosine",
    warmup_epochs=0.5,
    weight_decay=0.01,
    clip_norm=1.0,
    ema=0.9,
    accumulate=2,
    early_stopping=3,
    stages=({"epochs": 3}, {"epochs": 3, "optimizer": "sgd", "learning_rate": 0.01}),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recipe", nargs="?", help="a recipe's name or file")
    parser.add_argument("changes", nargs="*", default=[], metavar="field=value")
    parser.add_argument("--backend")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="decides the moments")
    parser.add_argument("--save-seconds", type=float, default=0.1)
    options = parser.parse_args()
    recipe = recipes.load(options.recipe) if options.recipe else EVERYTHING
    recipe = recipes.override(recipe, options.changes)
    name = startup.load(options.backend)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["keras", "zoo.training"])
    generator = np.random.default_rng(options.seed)
    different = kills = runs = 0
    with tempfile.TemporaryDirectory() as folder:

        def start(run: Path) -> multiprocessing.Process:
            arguments = (recipe, run, options.save_seconds)
            process = context.Process(target=train, args=arguments)
            process.start()
            return process

        imported = context.Process(target=int)  # before the clock, in the fork server
        imported.start()
        imported.join()
        quiet = Path(folder) / "quiet"
        began = time.perf_counter()
        start(quiet).join()
        seconds = time.perf_counter() - began
        expected = result(quiet)
        writes = written(quiet)
        print(f"{name}: an uninterrupted run takes {seconds:.1f} s, {writes} states")
        print(f"{'run':>3}  {'killed: what was left (epoch/step)':80} result")
        while kills < options.kills:
            runs += 1
            run = Path(folder) / f"killed-{runs}"
            moments = []
            for _ in range(min(generator.integers(1, 4), options.kills - kills)):
                left = max(1, writes - written(run))
                process = start(run)
                if kills % 2:
                    number = int(generator.integers(1, left + 1))
                    wait_for_write(process, run, number)
                    moment = f"in write {number}"
                else:
                    delay = generator.uniform(0, seconds * left / writes)
                    process.join(delay)
                    moment = f"after {delay:.2f} s"
                process.kill()
                process.join()
                if process.exitcode == 0:
                    moments.append("ended")
                    break
                if process.exitcode != -signal.SIGKILL:
                    sys.exit(f"{run} broke off by itself")
                moments.append(f"{moment}: {standing(run)}")
                kills += 1
            else:
                start(run).join()
            differences = compare(expected, result(run))
            different += bool(differences)
            verdict = "; ".join(differences) or "equal"
            print(f"{runs:3}  {', '.join(moments):80} {verdict}", flush=True)
    print(
        f"{kills} kills in {runs} runs: {runs - different} equal, {different} different"
    )
    sys.exit(bool(different))


def train(recipe: Recipe, run: Path, save_seconds: float) -> None:
    """Train or go on, as `zoo train --run RUN --resume` does."""
    from zoo.training import session

    session.SAVE_SECONDS = 0
    session.SAVE_WITHIN_EPOCH_SECONDS = save_seconds
    session.CHUNK_SECONDS = save_seconds / 2
    options = {"keep_states": True, "floor": False, "quiet": True}
    zoo.train(recipe, run=run, resume=True, **options)


def wait_for_write(process, run: Path, number: int) -> None:
    """Return in the middle of write `number` of a state, or at its end."""
    writing = False
    while process.is_alive():
        before, writing = writing, any(run.glob(".state-*"))
        number -= writing and not before
        if number == 0:
            return


def written(run: Path) -> int:
    """The number of the newest state; 0 if there is none."""
    states = run.glob("state-*.npz")
    return max((int(state.name.split("-")[1]) for state in states), default=0)


def standing(run: Path) -> str:
    """Epoch and step of the newest state."""
    state = states.newest(run)
    if state is None:
        return "none"
    _, progress = states.read(state)
    return f"{progress['epoch']}/{progress['step']}"


def result(run: Path) -> dict[str, np.ndarray]:
    """All that must be equal, by name."""
    arrays, _ = states.read(states.newest(run))
    found = {f"variable {i}": array for i, array in enumerate(arrays)}
    ended = Run(run)
    for number, weights in enumerate(ended.model.get_weights()):
        found[f"weight {number} of model.keras"] = weights
    for line in ended.history:
        for key in line.keys() - {"seconds", "waiting"}:
            found[f"epoch {line['epoch']:.0f}: {key}"] = np.array(line[key])
    for split in ("test", "validation"):
        for key, value in ended.metrics.get(split, {}).items():
            found[f"{split} {key}"] = np.array(value)
    return found


def compare(expected: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> list[str]:
    """What differs, in words."""
    if expected.keys() != found.keys():
        return [f"only in one: {', '.join(expected.keys() ^ found.keys())}"]
    return [
        f"{name} differs"
        for name in expected
        if expected[name].tobytes() != found[name].tobytes()
    ]


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        main()
    except Mistake as mistake:
        sys.exit(str(mistake))
