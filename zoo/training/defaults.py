"""A recipe for data of one's own: the model and the numbers, by the kind of data."""

import math
import os
from dataclasses import replace

from zoo import data
from zoo.core.paths import expand
from zoo.data.sources import own, table
from zoo.errors import Mistake
from zoo.recipe import Recipe

STEPS = 3000  # of an optimizer, about
WINDOW_STEPS = 1000  # on windows of a series, which take longer
SMALL = 50  # training examples, below which none are held out for validation
PICTURES = 64  # height and width


def recipe_for(path: str, arguments: dict, validation: float | None = None) -> Recipe:
    """A sensible first recipe for the data at a path.

    Rows are learned by a multilayer perceptron, texts, series and sounds by recurrent
    networks, pictures by a small convolutional one. The batch and the epochs follow
    from the number of examples.

    Args:
        path: of the data.
        arguments: of the data set, such as {"target": "price"}.
        validation: share to hold out; by default a tenth, or none of few examples.

    Raises:
        Mistake: the data cannot be loaded.
    """
    path = path if data.is_path(path) else f"./{path}"
    if own.is_pictures(path) and "size" not in arguments:
        arguments = {**arguments, "size": PICTURES}
    with table.ahead():
        dataset = data.load(
            os.path.abspath(expand(path)),
            validation=None,
            joined=False,
            **arguments,
        )
    known = len(dataset.train)  # of which some may be held out, and of `more` none
    count = known + (len(dataset.more) if dataset.more else 0)
    if dataset.timeline:
        return _of_series(path, arguments, count, validation)
    if dataset.unit:
        return _of_language(path, arguments, count, validation)
    if validation is None:
        small = known < SMALL and dataset.validation is None
        validation = 0.0 if small else data.VALIDATION
    batch = 2 ** max(2, min(9, round(math.log2(count / 16))))
    batch = min(batch, max(1, count - round(validation * known)))
    epochs = max(2, min(100, round(STEPS * batch / count)))
    draft = Recipe(
        model="deep_mlp",
        data=path,
        data_arguments=arguments,
        validation=validation,
        batch=batch,
        epochs=epochs,
        learning_rate=3e-3,
        schedule="cosine",
        loss="mean_squared" if dataset.task == "numbers" else "crossentropy",
    )
    if dataset.kind == "text":
        assert dataset.encoder, "`load` gives texts an encoder"
        return replace(
            draft,
            model="lstm_sentiment",
            model_arguments={"embedding": 32, "units": (32,), "dropout": 0.3},
            batch=min(32, batch),
            epochs=min(10, epochs),
        )
    if dataset.task == "strings":
        return replace(
            draft,
            model="lstm_speech",
            model_arguments={"head": "ctc", "units": (96,), "dropout": 0.3},
            batch=min(32, batch),
            epochs=min(60, epochs),
            loss="ctc",
            augment={"noise": 0.1},  # what moves or cuts could take symbols away
        )
    if dataset.kind in ("sound", "sequence"):
        heard = dataset.kind == "sound"
        return replace(
            draft,
            model="lstm_speech",
            model_arguments={"dropout": 0.3, **({} if heard else {"joined": 1})},
            batch=min(64, batch),
            epochs=min(30, epochs),
            augment={"time_shift": 0.1, "speed": 0.1, "noise": 0.1} if heard else {},
        )
    if dataset.kind == "image":
        if min(dataset.input_shape[:2]) < 12:
            raise Mistake(
                f"pictures of {dataset.input_shape[:2]} are too small for tiny_vgg; "
                "name a model in a recipe"
            )
        return replace(draft, model="tiny_vgg", epochs=min(30, epochs))
    return replace(
        draft, model_arguments={"hidden": (64, 32), "dropout": 0.1}, weight_decay=0.01
    )


def _of_series(path: str, arguments: dict, count: int, validation) -> Recipe:
    """A small recurrent network, and few epochs over many windows."""
    batch = 2 ** max(2, min(6, round(math.log2(count / 16))))
    epochs = max(3, min(100, round(WINDOW_STEPS * batch / count)))
    return Recipe(
        model="lstm_forecast",
        model_arguments={"units": (32,), "dropout": 0.1},
        data=path,
        data_arguments=arguments,
        validation=data.VALIDATION if validation is None else validation,
        batch=min(batch, count),
        epochs=epochs,
        learning_rate=2e-3,
        schedule="cosine",
    )


def _of_language(path: str, arguments: dict, count: int, validation) -> Recipe:
    """A small recurrent network, and few epochs over a long text."""
    batch = min(32, max(1, count // 16))
    return Recipe(
        model="lstm_language",
        data=path,
        data_arguments=arguments,
        validation=data.VALIDATION if validation is None else validation,
        batch=batch,
        epochs=max(3, min(30, round(WINDOW_STEPS * batch / count))),
        learning_rate=4e-3,
        schedule="cosine",
        clip_norm=1.0,
    )
