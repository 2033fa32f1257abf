"""Trials of small dense networks, trained side by side as one JAX program.

A small network keeps a device busy for microseconds a step, and the compiler for
seconds. Here many networks of different widths, depths, activations, normalization,
dropout, penalties, learning rates and cross-validation folds become members of one
program: their weights are padded with zeros to one shape, which changes no output, and
stacked. Each member gets the batches, masks and updates that `zoo.train` would give it.
"""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import jax
import keras
import numpy as np

from zoo.core.processors import processors
from zoo.data import Dataset, order
from zoo.errors import Mistake
from zoo.recipe import Recipe
from zoo.training import losses, optimizer
from zoo.training.setup import build_for, check
from zoo.tuning import network
from zoo.tuning.side_by_side.population import FIELDS, Population
from zoo.tuning.trial import Limits, OutOfTime, judge

_WIDTH_STEP = 8
_MEMBERS_STEP = 16  # members of a program, so that few programs are compiled
_MOST_EPOCHS = 50  # in one call


@dataclass
class _Member:
    """A run: one fold of one trial."""

    trial: int
    recipe: Recipe
    fold: int
    network: network.Network


def run(
    recipes: Sequence[Recipe],
    datasets: Sequence[Dataset],
    objective: str,
    limits: Sequence[Limits],
) -> Iterator[list[tuple[int, dict | Mistake]]]:
    """Train those of the recipes that fit, as `zoo.tuning.trial.run` would one by one.

    Args:
        recipes: one a trial; they differ in model arguments and training fields only.
        datasets: one, or one a fold.
        objective: see `zoo.tuning.trial.judge`.
        limits: of each trial; folders of states are not used.

    Returns:
        Program by program, pairs of a position in `recipes` and the trial's metrics, or
        why it failed. The recipes that do not turn up have to be trained one by one.

    Raises:
        OutOfTime: the deadline has passed.
    """
    groups: dict[tuple, list[_Member]] = {}
    for number, recipe in enumerate(recipes):
        for member in _members(number, recipe, datasets):
            epochs = limits[number].epochs or recipe.epochs
            groups.setdefault((_kind(member), epochs), []).append(member)
    plans = [
        (members, datasets, epochs, limits[members[0].trial].deadline)
        for (_, epochs), members in groups.items()
    ]
    # Compiling takes one core for longer than training does.
    with ThreadPoolExecutor(max(1, min(len(plans), processors()))) as pool:
        running = [pool.submit(_timed, *plan) for plan in plans]
        for (members, *_), program in zip(plans, running, strict=True):
            try:
                histories, seconds = program.result()
            except jax.errors.JaxRuntimeError:  # too much memory for all at once
                continue
            yield _results(members, histories, seconds, recipes, objective)


def _timed(*plan):
    started = time.perf_counter()
    histories = _train(*plan)
    return histories, time.perf_counter() - started


def _results(members, histories, seconds, recipes, objective):
    """Of the trials of a program: their positions and metrics, or why they failed."""
    share = seconds / len(members)
    parameters = {member.trial: member.network.parameters for member in members}
    runs: dict[int, list] = {}
    for member, history in zip(members, histories, strict=True):
        runs.setdefault(member.trial, []).append(history)
    return [
        (n, _metrics(runs[n], objective, recipes[n], share, parameters[n]))
        for n in runs
    ]


def _metrics(trial, objective, recipe, share, parameters):
    """Of a trial's runs; why it failed, if one has."""
    for history in trial:
        if isinstance(history, Mistake):
            return history
    seconds = share * len(trial)
    judged = judge(trial, objective, recipe.early_stopping)
    return {**judged, "parameters": parameters, "seconds": seconds}


def _members(number, recipe, datasets):
    """The runs of a trial; none if it has to be trained by itself."""
    members = []
    for fold, dataset in enumerate(datasets):
        try:
            check(recipe, dataset)
            if dataset.task != "classes":
                return []
            model = build_for(recipe, dataset)
        except Exception:
            return []  # told when it is trained by itself
        plain = network.network(recipe, model, dataset)
        if plain is None:
            return []
        members.append(_Member(number, recipe, fold, plain))
    return members


def _kind(member):
    """Equal for members of one program."""
    shared = ("batch", "epochs", "seed", "shuffle", *FIELDS)
    outputs = member.network.layers[-1].bias.size
    return (outputs, *(getattr(member.recipe, name) for name in shared))


def _train(members, datasets, epochs, deadline):
    """For each member its history, or the `Mistake` that ended it."""
    recipe = members[0].recipe
    widest = max(member.network.width for member in members)
    width = -(-widest // _WIDTH_STEP) * _WIDTH_STEP
    depth = max(1, *(len(m.network.layers) - 1 for m in members))
    count = len(members)
    padded = -(-count // _MEMBERS_STEP) * _MEMBERS_STEP
    members = [*members, *[members[0]] * (padded - count)]
    stacked = [_arrays(m.network, width, depth) for m in members]
    weights, masks, facts = (_stack(parts) for parts in zip(*stacked, strict=True))
    tables, place = _features(members, datasets, width)
    outputs = members[0].network.layers[-1].bias.size
    encode, _ = losses.make(recipe.loss, outputs, recipe.label_smoothing)
    splits = _splits(tables, datasets, encode)
    batches = _batches(recipe, datasets, epochs)
    facts |= {
        "table": place,
        "fold": np.array([m.fold for m in members]),
        "weight_decay": np.array([m.recipe.weight_decay for m in members], "float32"),
        "rates": np.stack([_rates(m.recipe, batches[m.fold], epochs) for m in members]),
    }
    own = [(m.recipe.optimizer.lower(), m.recipe.momentum) for m in members]
    rules = tuple(sorted(set(own)))
    facts["rule"] = np.array([rules.index(rule) for rule in own])
    hidden = [layer for member in members for layer in member.network.layers[:-1]]
    program = Population(
        tuple(getattr(recipe, name) for name in FIELDS),
        rules,
        (width, depth, outputs),
        tuple(sorted({layer.activation for layer in hidden})),
        any(layer.normalization for layer in hidden),
        any(layer.dropout for layer in hidden),
        bool(facts["weight_decay"].any()),
    )
    state = program.start(weights, count=padded)
    chunk = max(n for n in range(1, min(epochs, _MOST_EPOCHS) + 1) if epochs % n == 0)
    curves: list[dict] = []
    for first in range(0, epochs, chunk):
        part = slice(first, first + chunk)
        rates = facts["rates"][:, part]
        state, curve = program.run(
            state, masks, {**facts, "rates": rates}, splits, batches[:, part]
        )
        curves.append(jax.device_get(curve))
        if deadline is not None and time.monotonic() > deadline:
            raise OutOfTime
    merged = {k: np.concatenate([c[k] for c in curves], axis=1) for k in curves[0]}
    return [
        _history(member, {k: v[i] for k, v in merged.items()}, datasets[member.fold])
        for i, member in enumerate(members[:count])
    ]


def _history(member, curve, dataset):
    """The lines that a run by itself would have written, up to its early end."""
    recipe, history, best, best_epoch = member.recipe, [], np.inf, 0
    for place, bad in enumerate(curve["bad_step"]):
        epoch = place + 1
        if bad:
            return Mistake(
                f"the loss is not a number in epoch {epoch}, step {bad}: training "
                f"diverged; try a smaller learning_rate (now {recipe.learning_rate}) "
                "or clip_norm=1"
            )
        right = int(curve["validation_right"][place])
        line = {
            "epoch": epoch,
            "loss": float(curve["loss"][place]),
            "accuracy": 1 - int(curve["wrong"][place]) / len(dataset.train),
            "validation_loss": float(curve["validation_loss"][place]),
            "validation_accuracy": right / len(dataset.validation),
        }
        history.append(line)
        if line["validation_loss"] < best:
            best, best_epoch = line["validation_loss"], epoch
        if recipe.early_stopping and epoch - best_epoch >= recipe.early_stopping:
            break
    return history


def _arrays(member, width, depth):
    """Weights padded with zeros, masks of what is not padding, and what layers do."""
    hidden, last = member.layers[:-1], member.layers[-1]
    weights = {
        "kernel": np.zeros((depth, width, width), "float32"),
        "bias": np.zeros((depth, width), "float32"),
        "gamma": np.zeros((depth, width), "float32"),
        "beta": np.zeros((depth, width), "float32"),
        "logits_kernel": np.zeros((width, last.bias.size), "float32"),
        "logits_bias": last.bias,
    }
    masks = {name: np.zeros(value.shape, bool) for name, value in weights.items()}
    for place, layer in enumerate(hidden):
        inputs, units = layer.kernel.shape
        weights["kernel"][place, :inputs, :units] = layer.kernel
        weights["bias"][place, :units] = layer.bias
        weights["gamma"][place, :units] = 1
        masks["kernel"][place, :inputs, :units] = True
        for name in ("bias", "gamma", "beta"):
            masks[name][place, :units] = True
    weights["logits_kernel"][: last.kernel.shape[0]] = last.kernel
    masks["logits_kernel"][: last.kernel.shape[0]] = True
    masks["logits_bias"][:] = True
    spare = depth - len(hidden)

    def column(name, empty):
        return np.array([getattr(layer, name) for layer in hidden] + [empty] * spare)

    dropout = column("dropout", 0.0)
    facts = {
        "is_used": np.arange(depth) < len(hidden),
        "units": np.array([layer.bias.size for layer in hidden] + [width] * spare),
        "activation": np.array(
            [network.ACTIVATIONS.index(layer.activation) for layer in hidden]
            + [0] * spare
        ),
        "normalization": column("normalization", 0),
        "dropout": dropout.astype("float32"),
        "threshold": (np.round(dropout * 2**32) - 2**31).astype("int32"),
        "seed": column("seed", 0).astype("int32"),
        "l1": column("l1", 0.0).astype("float32"),
        "l2": column("l2", 0.0).astype("float32"),
        "logits_l1": np.float32(last.l1),
        "logits_l2": np.float32(last.l2),
    }
    return weights, masks, facts


def _stack(parts):
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def _features(members, datasets, width):
    """The different tables of features, and which of them each member reads."""
    tables, place = {}, []
    for member in members:
        key = (member.fold, member.network.kind)
        if key not in tables:
            dataset, compute = datasets[member.fold], member.network.features
            tables[key] = [
                _rows(split.inputs, compute, width)
                for split in (dataset.train, dataset.validation)
            ]
        place.append(list(tables).index(key))
    return list(tables.values()), np.array(place)


def _rows(inputs, compute, width):
    inputs = np.asarray(inputs)
    if compute is not None:
        inputs = keras.ops.convert_to_numpy(compute(inputs))
    padded = np.zeros((len(inputs), width), "float32")
    padded[:, : inputs.shape[1]] = inputs
    return padded


def _splits(tables, datasets, encode):
    splits = [(d.train, d.validation) for d in datasets]
    train_targets = [encode(np.asarray(t.targets)) for t, _ in splits]
    return {
        "train": _ragged([train for train, _ in tables]),
        "train_targets": _ragged(train_targets),
        "validation": _ragged([validation for _, validation in tables]),
        "validation_targets": _ragged([np.asarray(v.targets) for _, v in splits]),
        "validation_count": np.array([len(v) for _, v in splits]),
    }


def _ragged(arrays):
    """Arrays of different lengths as one, filled up with zeros."""
    longest = max(map(len, arrays))
    stacked = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), arrays[0].dtype)
    for place, array in enumerate(arrays):
        stacked[place, : len(array)] = array
    return stacked


def _batches(recipe, datasets, epochs):
    """Which examples are in a batch: int (folds, epochs, steps, batch), -1 is none."""
    counts = [len(dataset.train) for dataset in datasets]
    steps = -(-max(counts) // recipe.batch)
    index = np.full((len(counts), epochs, steps * recipe.batch), -1, "int32")
    for fold, count in enumerate(counts):
        for epoch in range(epochs):
            shuffled = (
                order(count, recipe.seed, epoch) if recipe.shuffle else range(count)
            )
            index[fold, epoch, :count] = shuffled
    return index.reshape(len(counts), epochs, steps, recipe.batch)


def _rates(recipe, batches, epochs):
    """The learning rate of each step, float32 (epochs, steps)."""
    steps = int((batches[0] >= 0).any(axis=1).sum())
    rates = optimizer.schedule(recipe, steps)
    if callable(rates):
        rates = keras.ops.convert_to_numpy(rates(np.arange(epochs * steps)))
    rates = np.broadcast_to(np.float32(rates), epochs * steps).reshape(epochs, steps)
    spare = batches.shape[1] - steps
    return np.pad(rates, [(0, 0), (0, spare)])
