"""The loop of training: stages, their epochs, and chunks of an epoch's batches.

`zoo.training.record` writes the files before the loop, in it and after it.
"""

import math
import time

import keras
import numpy as np

from zoo.building import answers, registry, unit
from zoo.core.timing import start as timed
from zoo.engine import counting, groups, steps
from zoo.errors import Mistake
from zoo.metrics import counted, measure
from zoo.training import in_front, optimizer, record, stage_end
from zoo.training.folder import saved
from zoo.training.progress import Progress
from zoo.training.setup import feed_and_loss
from zoo.training.states import State

CHUNK_SECONDS = 0.5  # of a chunk; signals are seen after it, at a cost below 1 %
SAVE_SECONDS = 1.0  # the least between two epochs' states: some epochs take 1 ms
SAVE_WITHIN_EPOCH_SECONDS = 120.0  # the most work that a crash can lose


class Session:
    """A run while it is trained: its data, model and optimizer, and its `state`."""

    def __init__(self, group, recipe, folder, dataset, model, quiet, begun):
        self.group, self.quiet = group, quiet or group.rank > 0
        self.recipe, self.folder = recipe, folder
        self.dataset, self.model = dataset, model
        self.stages = recipe.stage_recipes()
        self.forward = steps.compile_forward(model)
        self.clock, self.saved = begun, time.perf_counter()
        self.state = State(keras.backend.backend())
        self.start_stage()

    def run(self, asked: list) -> None:
        """Train to the end of the recipe, from where `state` stands.

        Args:
            asked: not empty once the process has been asked to stop.

        Raises:
            Stopped: the process was asked to stop; the state is saved.
            Mistake: the loss is not a number any more, or the disk is full.
        """
        state, ends = self.state, np.cumsum([stage.epochs for stage in self.stages])
        with Progress(int(ends[-1]), self.quiet) as progress:
            while state.stage < len(self.stages):
                while state.epoch < ends[state.stage] and not self._stops_early():
                    more = state.epoch + 1 < ends[state.stage]
                    self._train_epoch(progress, asked, more)
                    self._end_epoch(progress)
                self._end_stage(progress, int(ends[state.stage]))
            if self._slowest(bool(asked))[0]:  # while the last epoch was judged
                self.save()
                raise saved(self.folder, "after the last epoch")

    def start_stage(self) -> None:
        """Make the feed, the optimizer and the steps of the stage in `state`."""
        stage = self.stages[self.state.stage]
        if stage.trainable:
            registry.module(stage.model).set_trainable(self.model, stage.trainable)
        self.feed, loss = feed_and_loss(stage, self.model, self.dataset)
        with self.group.scope():
            spared = optimizer.spared(self.model)
            self.optimizer = optimizer.make(stage, self.feed.steps, spared)
            on_device, count = self.feed.on_device, counting.of(self.dataset.task)
            self.trained = in_front.trained(stage, self.model, self.dataset)
            self.set_step()
            self.trainer = steps.trainer(
                self.trained, loss, self.optimizer, on_device, count
            )
        self.compiled: set[int] = set()
        self.before = stage_end.weights(self.model)
        self.said = ""  # why steps are slow, once a stage

    def set_step(self) -> None:
        """Let augmentation on the device draw for where `state` stands."""
        step = self.state.epoch * self.feed.steps + self.state.step
        in_front.set_step(self.stages[self.state.stage], self.trained, step)

    def _train_epoch(self, progress, asked, more):
        state, feed, trainer, group = self.state, self.feed, self.trainer, self.group
        progress.show(state.epoch, state.step, feed.steps)
        if not state.step:
            in_front.forget_states(self.trained, trainer)
        for chunk in feed.chunks(state.epoch, state.step, more):
            start = time.perf_counter()
            inputs, targets = (
                group.computed(read, chunk.rows, axis=1)
                for read in (chunk.inputs, chunk.targets)
            )
            values, wrong = trainer.train(inputs, targets, chunk.count, chunk.rows)
            seconds = time.perf_counter() - start
            first = not self.compiled
            for line in timed.first_step_ended():
                progress.say(line)
            self._count(chunk, values, wrong, seconds)
            if first and group.devices > 1:
                progress.say(groups.report(trainer.examples_by_device(), chunk.rows))
            if trainer.slow_because != self.said:
                self.said = trainer.slow_because
                progress.say(f"plain steps, not the fast ones: {self.said}")
            progress.show(state.epoch, state.step, feed.steps, self._mean_loss())
            seconds, stop, unsaved = self._slowest(seconds, bool(asked))
            wanted = round(CHUNK_SECONDS * chunk.count / seconds)
            feed.length = max(1, min(wanted, 2 * feed.length))  # the feed keeps ahead
            if stop or unsaved > SAVE_WITHIN_EPOCH_SECONDS:
                self.save()
            if stop:
                raise saved(self.folder, f"in epoch {state.epoch + 1}")
        if not more and self.stages[state.stage].accumulate > 1:
            trainer.push()
            # Outside the group's scope: TensorFlow's optimizers do not run inside it.
            optimizer.apply_rest(self.optimizer, self.model.trainable_variables)
            trainer.pull()

    def _slowest(self, *values) -> np.ndarray:
        """The maximum over all processes of each value and of the time since saving."""
        unsaved = time.perf_counter() - self.saved
        return self.group.gather([*values, unsaved]).max(0)

    def _count(self, chunk, values, wrong, seconds):
        state, batch = self.state, chunk.rows
        skipped = steps.skipped(self.trainer, values)
        lost = ~np.isfinite(values) & ~skipped
        if lost.any():
            raise self._diverged(state.step + int(np.argmax(lost)) + 1)
        state.step += chunk.count
        state.sums["loss"] += float(values[~skipped].sum(dtype="float64")) * batch
        missed = int(skipped.sum()) * batch
        state.sums["skipped"] = state.sums.get("skipped", 0) + missed
        state.sums["wrong"] += float(wrong.sum(dtype="float64"))
        state.sums["examples"] += chunk.count * batch
        state.sums["seconds"] += seconds + chunk.waited
        state.sums["waited"] += chunk.waited
        if batch not in self.compiled:
            self.compiled.add(batch)
            state.totals["compiling"] += seconds
            return
        state.totals["train"] += seconds + chunk.waited
        state.totals["waiting"] += chunk.waited
        state.totals["examples"] += chunk.count * batch

    def _diverged(self, step) -> Mistake:
        stage = self.stages[self.state.stage]
        decay = stage.weight_decay
        smaller = f" and weight_decay (now {decay:g})" if decay else ""
        half = stage.precision == "mixed_float16"
        short = "; float16 ends at 65,504: mixed_bfloat16 does not" if half else ""
        return Mistake(
            f"the loss is not a number in epoch {self.state.epoch + 1}, step {step}: "
            "training diverged; try a smaller learning_rate "
            f"(now {stage.learning_rate}){smaller} or clip_norm=1{short}"
        )

    def _mean_loss(self) -> float:
        """The mean over the epoch so far; steps skipped in float16 do not count."""
        counted = self.state.sums["examples"] - self.state.sums.get("skipped", 0)
        return self.state.sums["loss"] / counted if counted else math.nan

    def _end_epoch(self, progress):
        self.trainer.push()
        state, sums = self.state, self.state.sums
        if sums["examples"] == sums.get("skipped", 0):
            raise self._diverged(state.step)
        line = {
            "epoch": state.epoch + 1,
            "loss": self._mean_loss(),
            **counted(self.dataset.task, sums["wrong"], sums["examples"]),
        }
        with record.averaged(self):
            if self.dataset.validation is not None:
                for key, value in self.score(self.dataset.validation).items():
                    line[f"validation_{key}"] = value
            line |= {"seconds": sums["seconds"], "waiting": sums["waited"]}
            state.history.append(line)
            state.epoch, state.step = state.epoch + 1, 0
            state.sums = dict.fromkeys(sums, 0)
            if self._patience() and line["validation_loss"] < state.best_loss:
                state.best_loss, state.best_epoch = line["validation_loss"], state.epoch
                state.best = record.values(self.model.variables)
        progress.end(line)
        due = state.epoch % self.recipe.save_every == 0
        if due and self._slowest()[0] > SAVE_SECONDS:
            self.save()

    def _patience(self) -> int:
        return self.stages[self.state.stage].early_stopping

    def _stops_early(self) -> bool:
        waited = self.state.epoch - self.state.best_epoch
        return bool(self._patience()) and waited >= self._patience()

    def _end_stage(self, progress, end):
        state, stage = self.state, self.stages[self.state.stage]
        for line in stage_end.found(self, end):
            progress.say(line)
        if state.best:
            record.assign(self.model.variables, state.best)
        elif stage.ema:
            self.optimizer.finalize_variable_values(self.model.trainable_variables)
        self.trainer.pull()
        state.stage += 1
        if state.stage < len(self.stages):
            state.epoch = end
            self.start_stage()
        state.best_loss, state.best, state.best_epoch = math.inf, [], state.epoch

    def save(self) -> None:
        """Write the training state."""
        record.save(self)

    def score(self, split) -> dict:
        """The metrics of the model on `split`, see `zoo.metrics.measure`."""
        task, spread = self.dataset.task, unit.spread(self.model)
        return measure(self.answer(split), split.targets, task, spread)

    def answer(self, split, whole: bool = False) -> np.ndarray:
        """What the model answers for a split, see `zoo.building.answers.of`."""
        task = self.dataset.task
        return answers.of(self.model, self.forward, split, task, whole=whole)
