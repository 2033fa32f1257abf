"""The compiled function of a model, kept with it: who asks again waits once."""

import keras

from zoo.engine import groups, private, steps

_KEPT = "_zoo_forward"


def forward_of(model: keras.Model):
    """`compile_forward` of a model, which keeps it for as long as it stays as it is.

    It is compiled anew if its variables are others or of another type, if a layer says
    something else of itself (`get_config`), or for another group of devices.
    """
    try:
        with private.without_tensorflow():
            about = repr(model.get_config())
    except Exception:  # of a model of one's own, which says nothing of itself
        return steps.compile_forward(model)
    variables = [(id(each), str(private.value(each).dtype)) for each in model.variables]
    state = groups.current(), variables, about
    kept = vars(model).get(_KEPT)  # past Keras, which would track it
    if kept is None or kept[0] != state:
        kept = vars(model)[_KEPT] = state, steps.compile_forward(model)
    return kept[1]
