"""Plain Keras: the same network of Keras's own layers, `compile`, `fit`, `predict`."""

import keras

import zoo
from zoo.training import losses


def plain(case) -> keras.Model:
    """The model of `case`, each of zoo's layers replaced by Keras's of that name."""

    def clone(layer):
        kind, config = type(layer), layer.get_config()
        if kind.__module__.startswith("zoo.layers"):
            kind = getattr(keras.layers, kind.__name__)
        return kind.from_config(config)

    model = zoo.build(case.model, seed=0, **case.arguments)
    return keras.models.clone_model(model, clone_function=clone, recursive=True)


def fit(case, inputs, classes):
    model = plain(case)
    encode, loss = losses.floats, case.loss
    if loss == "mean_squared":
        loss = "mean_squared_error"
    else:
        encode, loss = losses.make(loss, model.output_shape[-1])
    optimizer = keras.optimizers.get(case.optimizer)
    optimizer.learning_rate = case.rate
    model.compile(optimizer, loss)
    targets = encode(classes)
    return lambda: model.fit(inputs, targets, case.batch, verbose=0)


def fit_half(case, inputs, classes):
    keras.config.set_dtype_policy("mixed_bfloat16")
    return fit(case, inputs, classes)


def answer_predict(case):
    model = plain(case)
    return lambda inputs: model.predict(inputs, len(inputs), verbose=0)
