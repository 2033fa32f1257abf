"""What is found out about a stage of training when it has ended."""

import warnings

import keras
import numpy as np

from zoo.training import optimizer

LOOKED_AT = 4096  # numbers of each variable
LEAST = 2.0**-24  # of the largest weight: what 32 bits round away
NOTHING = 1e-12  # of weights that begin at zero, and could move by less


def weights(model: keras.Model) -> list[np.ndarray]:
    """Some numbers of each variable that is trained, as float64.

    NumPy cuts them out: JAX would compile a program for each shape as a stage begins.
    """
    arrays = map(keras.ops.convert_to_numpy, model.trainable_variables)
    return [each.reshape(-1)[:LOOKED_AT].astype("float64") for each in arrays]


def found(session, end: int) -> list[str]:
    """Count the updates that were skipped, and warn if no weight has moved.

    Args:
        session: whose stage ends.
        end: the number of the epoch with which the stage was to end.

    Returns:
        Lines to say.
    """
    state, stage = session.state, session.stages[session.state.stage]
    taken = (state.epoch - end + stage.epochs) * session.feed.steps
    skipped, line = optimizer.skipped_updates(session.optimizer, stage, taken)
    state.totals["skipped"] = state.totals.get("skipped", 0) + skipped
    if session.group.rank == 0 and _stand(session.before, weights(session.model)):
        warnings.warn(
            f"nothing was learned: in {taken:,} steps no weight has moved by more than "
            f"32 bits round away; the gradient is zero, or learning_rate="
            f"{stage.learning_rate:g}{_others(stage)} is too small",
            stacklevel=2,
        )
    return [line] if skipped else []


def _stand(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
    pairs = [pair for pair in zip(before, after, strict=True) if pair[0].size]
    moved = max((np.abs(one - two).max() for one, two in pairs), default=np.inf)
    largest = max((np.abs(two).max() for _, two in pairs), default=0.0)
    return bool(moved <= max(LEAST * largest, NOTHING))


def _others(stage) -> str:
    """What else makes updates small."""
    clipped = f", or clip_norm={stage.clip_norm:g}," if stage.clip_norm else ""
    epsilon = stage.optimizer_arguments.get("epsilon")
    return clipped + (f" beside epsilon={epsilon:g}" if epsilon else "")
