"""A training run as it goes on: epochs, history, and the states that are saved."""

import contextlib
import json
import math
import time

import keras
import numpy as np

from zoo import recipe as recipes
from zoo.building import model_files, registry, stored, weight_files
from zoo.core import files, seal
from zoo.engine import device, groups, steps
from zoo.errors import Mistake
from zoo.metrics import measure
from zoo.run import Run, environment, write_history
from zoo.training import optimizer, states
from zoo.training.progress import Progress
from zoo.training.setup import feed_and_loss

CHUNK_SECONDS = 0.5
SAVE_SECONDS = 1.0
SAVE_WITHIN_EPOCH_SECONDS = 120.0


class Stopped(Mistake):
    """Training was asked to stop (Ctrl-C, SIGTERM) and has saved its state."""

    status = 130


class Session:
    """Where a training run stands; all that changes while it runs."""

    def __init__(self, group, recipe, folder, dataset, model, quiet, begun):
        self.group, self.quiet = group, quiet or group.rank > 0
        self.recipe, self.folder, self.dataset, self.model = (
            recipe,
            folder,
            dataset,
            model,
        )
        self.stages = recipe.stage_recipes()
        self.forward = steps.compile_forward(model)
        self.stage = self.epoch = self.step = 0
        self.sums = dict.fromkeys(("loss", "wrong", "examples", "seconds", "waited"), 0)
        self.totals = dict.fromkeys(
            ("total", "processor", "train", "waiting", "compiling", "examples"), 0
        )
        self.clock = begun
        self.history: list[dict] = []
        self.best_loss, self.best_epoch = math.inf, 0
        self.best: list[np.ndarray] = []
        self.saved = time.perf_counter()
        self.reported = self.slow_because = ""
        self._start_stage()

    def _start_stage(self):
        stage = self.stages[self.stage]
        self.first_epoch = sum(s.epochs for s in self.stages[: self.stage])
        if stage.trainable:
            registry.module(stage.model).set_trainable(self.model, stage.trainable)
        self.feed, loss = feed_and_loss(stage, self.model, self.dataset.train)
        with self.group.scope():
            self.optimizer = optimizer.make(
                stage, self.feed.steps, optimizer.spared(self.model)
            )
            self.trainer = steps.trainer(
                self.model, loss, self.optimizer, self.feed.on_device
            )
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
                self.reported = groups.report(
                    self.trainer.examples_by_device(), chunk.rows
                )
                progress.say(self.reported)
            if self.trainer.slow_because != self.slow_because:
                self.slow_because = self.trainer.slow_because
                progress.say(f"plain steps, not the fast ones: {self.slow_because}")
            progress.advance(chunk.count, self._mean_loss())
            seconds, stop, unsaved = self._slowest(seconds, bool(asked))
            self.feed.length = max(1, round(CHUNK_SECONDS * chunk.count / seconds))
            if stop:
                self.save()
                raise Stopped(
                    f"stopped in epoch {self.epoch + 1}; the state is saved; "
                    f"`zoo train {self.folder} --resume` goes on"
                )
            if unsaved > SAVE_WITHIN_EPOCH_SECONDS:
                self.save()
        if not more and self.stages[self.stage].accumulate > 1:
            self.trainer.push()
            with self.group.scope():
                optimizer.apply_rest(self.optimizer, self.model.trainable_variables)
            self.trainer.pull()

    def _slowest(self, *values) -> np.ndarray:
        """The largest of each value, and of the time since saving, over processes."""
        unsaved = time.perf_counter() - self.saved
        return self.group.gather([*values, unsaved]).max(0)

    def _count(self, chunk, values, wrong, seconds):
        skipped = steps.skipped(self.trainer, values)
        lost = ~np.isfinite(values) & ~skipped
        if lost.any():
            raise self._diverged(self.step + int(np.argmax(lost)) + 1)
        batch = chunk.rows
        self.step += chunk.count
        self.sums["loss"] += float(values[~skipped].sum(dtype="float64")) * batch
        self.sums["skipped"] = self.sums.get("skipped", 0) + int(skipped.sum()) * batch
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

    def _diverged(self, step) -> Mistake:
        return Mistake(
            f"the loss is not a number in epoch {self.epoch + 1}, step {step}: "
            "training diverged; try a smaller learning_rate "
            f"(now {self.recipe.learning_rate}) or clip_norm=1"
        )

    def _mean_loss(self) -> float:
        """Of the epoch so far, without the steps that were skipped in float16."""
        counted = self.sums["examples"] - self.sums.get("skipped", 0)
        return self.sums["loss"] / counted if counted else math.nan

    def _end_epoch(self, progress):
        self.trainer.push()
        sums = self.sums
        if sums["examples"] == sums.get("skipped", 0):
            raise self._diverged(self.step)
        line = {
            "epoch": self.epoch + 1,
            "loss": self._mean_loss(),
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
        stage = self.stages[self.stage]
        if stage.early_stopping and line["validation_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = line["validation_loss"], self.epoch
            with self._evaluated_weights():
                self.best = _values(self.model.variables)
        due = self.epoch % self.recipe.save_every == 0
        if due and self._slowest()[0] > SAVE_SECONDS:
            self.save()

    def _should_stop_early(self, stage) -> bool:
        patience = stage.early_stopping
        return bool(patience) and self.epoch - self.best_epoch >= patience

    def _end_stage(self, stage):
        if self.best:
            _assign(self.model.variables, self.best)
        elif stage.ema:
            self.optimizer.finalize_variable_values(self.model.trainable_variables)
        self.trainer.pull()
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
        if not self.stages[self.stage].ema:
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
        with self.group.shared_mistakes():
            if self.group.rank == 0:
                if resume:
                    self._check_recipe()
                    state = states.newest(self.folder)
                (self.folder / seal.NAME).unlink(missing_ok=True)
                stored.keep_source(self.recipe, self.folder)
                self._write("recipe.json", recipes.to_json(self.recipe))
                name = keras.backend.backend()
                self._write("environment.json", environment(name, device.describe()))
        state = self.group.broadcast(state or b"")
        if state:
            self._restore(*states.read(state))

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
        self.trainer.pull()

    def save(self):
        """Write the training state and the history so far."""
        self.trainer.push()
        self._count_time()
        names = ("stage", "epoch", "step", "sums", "totals", "history")
        progress = {name: getattr(self, name) for name in names}
        progress |= {"best_loss": self.best_loss, "best_epoch": self.best_epoch}
        progress["backend"] = keras.backend.backend()
        with self.group.shared_mistakes():
            if self.group.rank == 0:
                variables = self.model.variables + self.optimizer.variables
                states.save(self.folder, _values(variables) + self.best, progress)
                if self.history:
                    write_history(self.folder, self.history)
        self.saved = time.perf_counter()

    def _count_time(self):
        """Add what has passed since the last call, over all starts of the run."""
        now = clock()
        for name, value in now.items():
            self.totals[name] += value - self.clock[name]
        self.clock = now

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
        with self.group.shared_mistakes():
            if self.group.rank == 0:
                self._write_run(metrics)
        return Run(self.folder, trust=True)

    def _write_run(self, metrics):
        with files.writing(self.folder):
            self.dataset.save(self.folder)
            model_files.save(self.model, self.folder / stored.GRAPH)
            weight_files.save(self.model, self.folder / stored.WEIGHTS)
            self._write("metrics.json", metrics)
            seal.write(self.folder)

    def _write(self, name, value):
        files.write_json(self.folder / name, value)


def clock() -> dict[str, float]:
    """Seconds, of the wall's clock and of this process's work on all cores."""
    return {"total": time.perf_counter(), "processor": time.process_time()}


def _values(variables) -> list[np.ndarray]:
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
