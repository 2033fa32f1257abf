"""From a Keras model to the bytes of an ONNX file."""

from inspect import signature

import keras
import onnx

from zoo.engine import private
from zoo.exporting.onnx.graph import Graph, Tensor, Unsupported, dtype_of
from zoo.exporting.onnx.layers import LAYERS
from zoo.exporting.onnx.operations import OPERATIONS

INPUT, OUTPUT = "input", "output"


def translated(model: keras.Model, about: dict[str, str]) -> onnx.ModelProto:
    """The ONNX model that answers as `model` does outside of training.

    Args:
        model: a functional or sequential model with one input and one output, in
            float32.
        about: the file's metadata.

    Raises:
        Unsupported: it has a layer or an operation for which no translation is known.
    """
    graph = Graph()
    [taken], [given] = model.inputs, model.outputs
    first = Tensor(INPUT, tuple(taken.shape), dtype_of(taken))
    inside = _graph(model) if _is_graph(model, [first]) else _inside(model, [first], {})
    [last] = _walk(graph, inside, [first])
    graph.nodes.append(onnx.helper.make_node("Identity", [last.name], [OUTPUT]))
    output = Tensor(OUTPUT, tuple(given.shape), last.dtype)
    return graph.model([first], [output], about)


def _walk(graph: Graph, function: keras.Function, inputs: list[Tensor]) -> list[Tensor]:
    known = {
        id(spec): tensor for spec, tensor in zip(function.inputs, inputs, strict=True)
    }
    for node in private.nodes(function):
        if all(id(spec) in known for spec in node.outputs):
            continue
        args, options = node.arguments.fill_in(known)
        graph.scope = node.operation.name
        found = _translate(graph, node.operation, node.outputs, args, options)
        for spec, name in zip(node.outputs, found, strict=True):
            known[id(spec)] = (
                name
                if isinstance(name, Tensor)
                else Tensor(name, tuple(spec.shape), dtype_of(spec))
            )
    return [known[id(spec)] for spec in function.outputs]


def _translate(graph, operation, outputs, args, options) -> list:
    """The outputs of one call of a layer or an operation."""
    if not isinstance(operation, keras.Layer):
        name = type(operation).__name__
        if name not in OPERATIONS:
            raise Unsupported(f"the operation {name}")
        convert = OPERATIONS[name]
        _check_call(convert, f"the operation {name}", args, options)
        found = convert(graph, operation, outputs[0], *args, **options)
        return found if isinstance(found, list) else [found]
    options = {
        name: value
        for name, value in options.items()
        if name != "training" and value is not None
    }
    tensors = [x for x in keras.tree.flatten((args, options)) if isinstance(x, Tensor)]
    if _is_graph(operation, tensors):
        return _walk(graph, _graph(operation), tensors)
    name = type(operation).__name__
    if name in LAYERS and type(operation).__module__.split(".")[0] == "keras":
        if "mask" in options and "mask" not in signature(LAYERS[name]).parameters:
            raise Unsupported(f"the mask of layer {operation.name}")
        _check_call(LAYERS[name], f"layer {operation.name}", args, options)
        return [LAYERS[name](graph, operation, outputs[0], *args, **options)]
    return _walk(graph, _inside(operation, args, options), tensors)


def _graph(model: keras.Model) -> keras.Function:
    return keras.Function(model.inputs, model.outputs)


def _is_graph(layer: keras.Layer, tensors: list[Tensor]) -> bool:
    """Whether a layer is a model of Keras's own kinds, called with what it takes.

    Keras adds an axis of 1 to what lacks one; a user's kind may have a call of its own.
    """
    return (
        isinstance(layer, keras.Model)
        and type(layer).__module__.split(".")[0] == "keras"
        and bool(layer.built and layer.inputs)
        and [len(x.shape) for x in layer.inputs] == [len(x.shape) for x in tensors]
    )


def _check_call(convert, what: str, args, options) -> None:
    """Refuse a call with more than its translation looks at, such as given states."""
    try:
        signature(convert).bind(None, None, None, *args, **options)
    except TypeError as error:
        more = ", ".join(options) or f"{len(args)} inputs"
        raise Unsupported(f"{what}, called with {more}") from error


def _inside(layer: keras.Layer, args, options) -> keras.Function:
    """What a layer computes, if its `call` is made of layers and `keras.ops`."""

    def spec(x):
        return keras.KerasTensor(x.shape, x.dtype) if isinstance(x, Tensor) else x

    args, options = keras.tree.map_structure(spec, (args, options))
    if "training" in signature(layer.call).parameters:  # whose default may be True
        options = {**options, "training": False}
    inputs = [
        x
        for x in keras.tree.flatten((args, options))
        if isinstance(x, keras.KerasTensor)
    ]
    try:
        return keras.Function(inputs, layer.call(*args, **options))
    # A `call` of another kind fails on symbolic tensors in its own way.
    except Exception as error:
        kind = f"{type(layer).__module__}.{type(layer).__name__}"
        raise Unsupported(f"layer {layer.name} ({kind})") from error
