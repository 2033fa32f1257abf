"""Train a recipe: `train(recipe) -> Run`.

The loop: for each stage, for each epoch, for each chunk of batches that the feed gives,
the backend's trainer takes its steps; then validation, history and the training state.
"""

import contextlib
import inspect
import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from zoo import (
    augment,
    checkpoint,
    data,
    device,
    groups,
    losses,
    optimizer,
    registry,
    saved,
    steps,
)
from zoo import recipe as recipes
from zoo.distribute import joined
from zoo.errors import Mistake
from zoo.evaluate import measure
from zoo.feed import Feed
from zoo.progress import Progress
from zoo.recipe import Recipe
from zoo.run import (
    Run,
    check_folder,
    environment,
    new_folder,
    withdraw,
    write_history,
    write_json,
)

_CHUNK_SECONDS = 0.5
_SAVE_SECONDS = 1.0
_SAVE_WITHIN_EPOCH_SECONDS = 120.0


class Stopped(Mistake):
    """Training was asked to stop (Ctrl-C, SIGTERM) and has saved its state."""

    status = 130


def train(
    recipe: Recipe,
    *,
    name: str = "",
    run: str | Path | None = None,
    resume: bool = False,
    quiet: bool = False,
) -> Run:
    """Train `recipe` on the active backend.

    Args:
        recipe: what to train.
        name: of the recipe, for the folder's name; the model and data by default.
        run: the run's folder; a new readable name under `runs/` by default.
        resume: continue from the newest training state in `run`, if there is one; the
            final weights equal those of a run that was never interrupted, bit for bit.
            Under torchrun, an unfinished run is resumed in any case.
        quiet: print no progress.

    Returns:
        The run, with its model, history and metrics.

    Raises:
        Mistake: the recipe does not fit the data, the backend or the devices; the
            training state is of another recipe or backend; the loss is not a number
            any more; the disk is full.
        Stopped: Ctrl-C or SIGTERM; the state is saved.
    """
    with joined() as group:
        for stage in recipe.stage_recipes():
            groups.check_batch(stage.batch)
        name = name or f"{Path(recipe.model).stem}_{Path(recipe.data).name}"
        chosen, resume, ended = group.decide(lambda: _choose_folder(name, run, resume))
        folder = Path(chosen)
        if ended:
            return Run(folder)
        if group.starter:
            group.start(
                {
                    "recipe": recipes.to_json(recipe),
                    "run": chosen,
                    "resume": resume,
                    "quiet": quiet,
                }
            )
            return Run(folder)
        return _train(group, recipe, folder, resume, quiet)


def _choose_folder(name, run, resume) -> tuple[str, bool, bool]:
    """The run's folder, whether to go on with what is in it, and whether it has ended.

    Only one process asks: the others may be on machines that do not see the folder.
    """
    restarts = groups.restarts()
    if run:
        folder = Path(run)
    elif restarts is None:
        folder = new_folder(name, keras.backend.backend())
    else:
        folder = Path("runs") / f"{name}-{os.environ['TORCHELASTIC_RUN_ID']}"
    check_folder(folder)
    begun = (folder / "recipe.json").exists()
    ended = (folder / "metrics.json").exists()
    if restarts is not None and begun and (restarts or not ended):
        resume = True
    if not resume and folder.exists() and any(folder.iterdir()):
        raise Mistake(
            f"the folder {folder} is not empty; "
            "resume it with --resume or name another with --run"
        )
    return str(folder), resume, ended


def _train(group, recipe, folder, resume, quiet) -> Run:
    clock = _clock()
    if recipe.deterministic:
        device.make_deterministic()
    dataset = group.in_turn(
        lambda: data.load(
            recipe.data,
            validation=recipe.validation,
            seed=recipe.seed,
            **recipe.data_arguments,
        )
    )
    _check(recipe, dataset)
    with group.scope():
        model = build_for(recipe, dataset)
    session = _Session(group, recipe, folder, dataset, model, quiet, clock)
    session.begin(resume)
    try:
        with _stop_on_signals() as asked:
            session.run(asked)
    except Mistake:
        if group.rank == 0 and not resume:
            withdraw(folder)
        raise
    return session.finish()


def build_for(recipe: Recipe, dataset: data.Dataset) -> keras.Model:
    """The recipe's model, sized and adapted to the data, at its initial weights.

    Two classes make one logit, that of the second class.
    """
    accepted = inspect.signature(registry.module(recipe.model).build).parameters
    facts = dataset.facts()
    if facts.get("classes") == 2:
        facts["classes"] = 1
    facts = {key: value for key, value in facts.items() if key in accepted}
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(recipe.precision)
    try:
        model = registry.build(
            recipe.model, seed=recipe.seed, **{**facts, **recipe.model_arguments}
        )
    finally:
        keras.config.set_dtype_policy(policy)
    for layer in model.layers:
        if hasattr(layer, "adapt"):
            layer.adapt(np.asarray(dataset.train.inputs))
    outputs, classes = model.output_shape[-1], len(dataset.classes)
    if outputs != classes and (outputs, classes) != (1, 2):
        raise Mistake(
            f"model {recipe.model} has {outputs} outputs and data {recipe.data} has "
            f"{classes} classes ({', '.join(dataset.classes)})"
        )
    return model


def feed_and_loss(
    stage: Recipe, model: keras.Model, split: data.Split
) -> tuple[Feed, Callable]:
    """The batches that a stage trains on, and the loss that takes their targets."""
    soft = "mixup" in stage.augment or "cutmix" in stage.augment
    outputs = model.output_shape[-1]
    encode, loss = losses.make(stage.loss, outputs, stage.label_smoothing, soft)
    feed = Feed(split, stage.batch, stage.seed, encode, stage.augment, stage.shuffle)
    return feed, loss


def _check(recipe, dataset):
    count = len(dataset.train)
    if recipe.batch > count:
        raise Mistake(
            f"batch={recipe.batch} is larger than the data: {recipe.data} has {count} "
            f"training examples; accepted: 1 <= batch <= {count}"
        )
    for stage in recipe.stage_recipes():
        if stage.augment and dataset.kind != "image":
            raise Mistake(
                f"augment={stage.augment} changes images; {recipe.data} is "
                f"{dataset.kind} data; set augment={{}}"
            )
        augment.check(stage.augment, dataset.input_shape)
    if recipe.early_stopping and dataset.validation is None:
        raise Mistake(
            f"early_stopping={recipe.early_stopping} needs validation data; "
            "set validation=0.1"
        )


class _Session:
    """Where a training run stands; all that changes while it runs."""

    def __init__(self, group, recipe, folder, dataset, model, quiet, clock):
        self.group, self.quiet = group, quiet or group.rank > 0
        self.recipe, self.folder, self.dataset, self.model = (
            recipe,
            folder,
            dataset,
            model,
        )
        self.stages = recipe.stage_recipes()
        self.forward = steps.forward(model)
        self.stage = self.epoch = self.step = 0
        self.sums = dict.fromkeys(("loss", "wrong", "examples", "seconds", "waited"), 0)
        self.totals = dict.fromkeys(
            ("total", "processor", "train", "waiting", "compiling", "examples"), 0
        )
        self.clock = clock
        self.history: list[dict] = []
        self.best_loss, self.best_epoch = math.inf, 0
        self.best: list[np.ndarray] = []
        self.saved = time.perf_counter()
        self.reported = self.plain = ""
        self._start_stage()

    def _start_stage(self):
        stage = self.stages[self.stage]
        self.first_epoch = sum(s.epochs for s in self.stages[: self.stage])
        if stage.trainable:
            registry.module(stage.model).set_trainable(self.model, stage.trainable)
        self.feed, loss = feed_and_loss(stage, self.model, self.dataset.train)
        with self.group.scope():
            self.optimizer = optimizer.make(stage, self.feed.steps)
            self.trainer = steps.trainer(self.model, loss, self.optimizer)
        self.compiled: set[int] = set()

    def run(self, asked):
        total = sum(stage.epochs for stage in self.stages)
        with Progress(total, self.feed.steps, self.quiet) as progress:
            while self.stage < len(self.stages):
                stage = self.stages[self.stage]
                end = self.first_epoch + stage.epochs
                while self.epoch < end and not self._should_stop_early(stage):
                    self._train_epoch(progress, asked, self.epoch + 1 < end)
                    self._end_epoch(progress)
                self._end_stage(stage)

    def _train_epoch(self, progress, asked, more):
        progress.start(self.epoch, self.step, self.feed.steps)
        for chunk in self.feed.chunks(self.epoch, self.step, more):
            start = time.perf_counter()
            batches = (
                self.group.computed(read, chunk.rows, axis=1)
                for read in (chunk.inputs, chunk.targets)
            )
            values, wrong = self.trainer.train(*batches, chunk.count, chunk.rows)
            seconds = time.perf_counter() - start
            self._count(chunk, values, wrong, seconds)
            if self.group.devices > 1 and not self.reported:
                self.reported = groups.report(self.trainer.seen(), chunk.rows)
                progress.say(self.reported)
            if self.trainer.plain != self.plain:
                self.plain = self.trainer.plain
                progress.say(f"plain steps, not the fast ones: {self.plain}")
            progress.advance(chunk.count, self.sums["loss"] / self.sums["examples"])
            seconds, stop, unsaved = self._slowest(seconds, bool(asked))
            self.feed.length = max(1, round(_CHUNK_SECONDS * chunk.count / seconds))
            if stop:
                self.save()
                raise Stopped(
                    f"stopped in epoch {self.epoch + 1}; the state is saved; "
                    f"`zoo train {self.folder} --resume` goes on"
                )
            if unsaved > _SAVE_WITHIN_EPOCH_SECONDS:
                self.save()

    def _slowest(self, *values) -> np.ndarray:
        """The largest of each value, and of the time since saving, over processes."""
        unsaved = time.perf_counter() - self.saved
        return self.group.gather([*values, unsaved]).max(0)

    def _count(self, chunk, values, wrong, seconds):
        if not np.isfinite(values).all():
            step = self.step + int(np.argmin(np.isfinite(values))) + 1
            raise Mistake(
                f"the loss is not a number in epoch {self.epoch + 1}, step {step}: "
                "training diverged; try a smaller learning_rate "
                f"(now {self.recipe.learning_rate}) or clip_norm=1"
            )
        batch = chunk.rows
        self.step += chunk.count
        self.sums["loss"] += float(values.sum(dtype="float64")) * batch
        self.sums["wrong"] += int(wrong.sum())
        self.sums["examples"] += chunk.count * batch
        self.sums["seconds"] += seconds + chunk.waited
        self.sums["waited"] += chunk.waited
        if batch not in self.compiled:
            self.compiled.add(batch)
            self.totals["compiling"] += seconds
            return
        self.totals["train"] += seconds + chunk.waited
        self.totals["waiting"] += chunk.waited
        self.totals["examples"] += chunk.count * batch

    def _end_epoch(self, progress):
        self.trainer.sync()
        sums = self.sums
        line = {
            "epoch": self.epoch + 1,
            "loss": sums["loss"] / sums["examples"],
            "accuracy": 1 - sums["wrong"] / sums["examples"],
            "wrong": sums["wrong"],
        }
        if self.dataset.validation is not None:
            with self._evaluated_weights():
                for key, value in self._score(self.dataset.validation).items():
                    line[f"validation_{key}"] = value
        line["seconds"] = sums["seconds"]
        line["waiting"] = sums["waited"]
        self.history.append(line)
        progress.end(line)
        self.epoch, self.step = self.epoch + 1, 0
        self.sums = dict.fromkeys(sums, 0)
        if self.recipe.early_stopping and line["validation_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = line["validation_loss"], self.epoch
            with self._evaluated_weights():
                self.best = _values(self.model.variables)
        due = self.epoch % self.recipe.save_every == 0
        if due and self._slowest()[0] > _SAVE_SECONDS:
            self.save()

    def _should_stop_early(self, stage) -> bool:
        patience = stage.early_stopping
        return bool(patience) and self.epoch - self.best_epoch >= patience

    def _end_stage(self, stage):
        if self.best:
            _assign(self.model.variables, self.best)
        elif stage.ema:
            self.optimizer.finalize_variable_values(self.model.trainable_variables)
        self.trainer.load()
        self.stage += 1
        self.best_loss, self.best, self.best_epoch = math.inf, [], self.epoch
        if self.stage < len(self.stages):
            self._start_stage()
            self.epoch = self.first_epoch
            self.best_epoch = self.epoch

    def _score(self, split) -> dict:
        outputs = steps.predict(self.forward, split.inputs)
        return measure(outputs, split.targets)

    @contextlib.contextmanager
    def _evaluated_weights(self):
        """The moving average of the weights, where the recipe asks for it."""
        if not self.recipe.ema:
            yield
            return
        variables = self.model.trainable_variables
        trained = _values(variables)
        self.optimizer.finalize_variable_values(variables)
        yield
        _assign(variables, trained)

    def begin(self, resume: bool):
        """Write the recipe down; go on with the newest state in the folder, if asked.

        Raises:
            Mistake: the state is of another recipe or backend, or damaged.
        """
        state = None
        with self.group.together():
            if self.group.rank == 0:
                if resume:
                    self._check_recipe()
                    state = checkpoint.newest(self.folder)
                self._write("recipe.json", recipes.to_json(self.recipe))
                name = keras.backend.backend()
                self._write("environment.json", environment(name, device.describe()))
        state = self.group.broadcast(state or b"")
        if state:
            self._restore(*checkpoint.read(state))

    def _check_recipe(self):
        """Refuse to go on with a run of another recipe."""
        if not (self.folder / "recipe.json").exists():
            return
        before, now = (
            json.loads(json.dumps(recipes.to_json(recipe)))
            for recipe in (Run(self.folder).recipe, self.recipe)
        )
        changed = [
            f"{key}={before[key]} there and {now[key]} now"
            for key in now
            if before[key] != now[key] and key != "expects"
        ]
        if changed:
            raise Mistake(
                f"the run in {self.folder} has another recipe: {'; '.join(changed)}; "
                f"`zoo train {self.folder} --resume` goes on with it as it is"
            )

    def _restore(self, arrays, progress):
        made = progress.pop("backend")
        if made != keras.backend.backend():
            raise Mistake(
                f"the training state in {self.folder} was made on {made}, this is "
                f"{keras.backend.backend()}; "
                f"`zoo train {self.folder} --resume --backend {made}` goes on"
            )
        for stage in range(1, min(progress["stage"], len(self.stages) - 1) + 1):
            self.stage = stage
            self._start_stage()
        vars(self).update(progress)
        variables = self.model.variables + self.optimizer.variables
        _assign(variables, arrays[: len(variables)])
        self.best = arrays[len(variables) :]
        self.trainer.load()

    def save(self):
        """Write the training state and the history so far."""
        self.trainer.sync()
        self._count_time()
        names = ("stage", "epoch", "step", "sums", "totals", "history")
        progress = {name: getattr(self, name) for name in names}
        progress |= {"best_loss": self.best_loss, "best_epoch": self.best_epoch}
        progress["backend"] = keras.backend.backend()
        with self.group.together():
            if self.group.rank == 0:
                variables = self.model.variables + self.optimizer.variables
                checkpoint.save(self.folder, _values(variables) + self.best, progress)
                if self.history:
                    write_history(self.folder, self.history)
        self.saved = time.perf_counter()

    def _count_time(self):
        """Add what has passed since the last call, over all starts of the run."""
        clock = _clock()
        for name, value in clock.items():
            self.totals[name] += value - self.clock[name]
        self.clock = clock

    def finish(self) -> Run:
        """Evaluate on the test split, once, and write the run."""
        self.save()
        metrics = {}
        for split in ("test", "validation"):
            if getattr(self.dataset, split) is not None:
                metrics[split] = self._score(getattr(self.dataset, split))
        if not metrics:
            metrics["train"] = self._score(self.dataset.train)
        self._count_time()
        seconds = {k: v for k, v in self.totals.items() if k != "examples"}
        train, waiting = seconds["train"], seconds["waiting"]
        metrics["seconds"] = seconds
        metrics["waiting_share"] = waiting / train if train else 0.0
        metrics["examples_per_second"] = self.totals["examples"] / max(train, 1e-9)
        metrics["parameters"] = self.model.count_params()
        metrics["epochs"] = self.epoch
        with self.group.together():
            if self.group.rank == 0:
                self._write_run(metrics)
        return Run(self.folder)

    def _write_run(self, metrics):
        with checkpoint.writing(self.folder):
            self.dataset.save(self.folder)
            saved.save(self.model, self.folder / "model.keras")
            self._write("metrics.json", metrics)

    def _write(self, name, value):
        write_json(self.folder / name, value)


@contextlib.contextmanager
def _stop_on_signals():
    """A list that fills when the process is asked to stop; a second time, it stops."""
    asked: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number, frame):
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _clock() -> dict[str, float]:
    """Seconds, of the wall's clock and of this process's work on all cores."""
    return {"total": time.perf_counter(), "processor": time.process_time()}


def _values(variables) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
