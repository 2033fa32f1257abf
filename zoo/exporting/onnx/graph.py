"""An ONNX graph that grows node by node."""

from dataclasses import dataclass

import keras
import numpy as np
import onnx

from zoo.errors import Mistake

OPSET, IR = 18, 8  # of 2022; what runtimes of these years read


class Unsupported(Mistake):
    """The model has a layer or an operation for which no translation is known."""


@dataclass(frozen=True)
class Tensor:
    """A tensor of the graph.

    Attributes:
        name: in the graph.
        shape: None for a length that is not known, such as the batch's.
        dtype: as Keras calls it; every float is "float32".
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str


def dtype_of(spec) -> str:
    """The dtype in the graph of what Keras computes in `spec.dtype`."""
    dtype = keras.backend.standardize_dtype(spec.dtype)
    return "float32" if "float" in dtype else dtype


class Graph:
    """Nodes and constants, with names of its own."""

    def __init__(self):
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[tuple, onnx.TensorProto] = {}
        self.scope = ""  # the layer that is translated, for names

    def add(self, kind: str, *inputs, outputs: int = 1, **attributes):
        """A node; the name of its output, or a list of names.

        Args:
            kind: ONNX's name of the operator.
            inputs: tensors, names, or arrays and numbers, which become constants; None
                for one that is left out.
            outputs: how many.
            attributes: of the operator.
        """
        number = len(self.nodes)
        names = [f"{self.scope}/{kind}_{number}_{i}" for i in range(outputs)]
        given = ["" if x is None else self.name(x) for x in inputs]
        node = onnx.helper.make_node(
            kind, given, names, name=f"{self.scope}/{kind}_{number}", **attributes
        )
        self.nodes.append(node)
        return names if outputs > 1 else names[0]

    def name(self, value) -> str:
        """The name of a tensor, or of a constant."""
        if isinstance(value, str):
            return value
        if isinstance(value, Tensor):
            return value.name
        array = np.ascontiguousarray(value)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self.constants:
            name = f"constant_{len(self.constants)}"
            self.constants[key] = onnx.numpy_helper.from_array(array, name)
        return self.constants[key].name

    def cast(self, value, dtype: str) -> str:
        """A tensor, a variable, an array or a number, in `dtype`."""
        if not isinstance(value, Tensor):
            return self.name(array(value).astype(dtype))
        if value.dtype == dtype:
            return value.name
        kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.add("Cast", value, to=kind)

    def shape(self, value) -> str:
        """The lengths of a tensor as it comes, int64."""
        return self.add("Shape", value)

    def model(
        self, inputs: list[Tensor], outputs: list[Tensor], about: dict[str, str]
    ) -> onnx.ModelProto:
        """The graph as a model, which ONNX has checked.

        Args:
            inputs, outputs: of the graph; their first length is called "batch".
            about: the metadata.
        """
        graph = onnx.helper.make_graph(
            self.nodes,
            "zoo",
            [_described(x) for x in inputs],
            [_described(x) for x in outputs],
            list(self.constants.values()),
        )
        model = onnx.helper.make_model(
            graph,
            opset_imports=[onnx.helper.make_opsetid("", OPSET)],
            ir_version=IR,
            producer_name="zoo",
        )
        onnx.helper.set_model_props(model, about)
        onnx.checker.check_model(model)
        return model


def array(value) -> np.ndarray:
    """A variable, a tensor of any backend, or numbers, as a NumPy array."""
    if isinstance(value, keras.Variable) or keras.ops.is_tensor(value):
        value = keras.ops.convert_to_numpy(value)
    return np.asarray(value)


def weight(variable) -> np.ndarray:
    """A variable of a layer, as a float32 NumPy array."""
    return array(variable).astype(np.float32)


# ONNX Runtime repeats a constant span by span, and one of shape (1,) along images of
# (28, 28, 1) number by number: the scaling of 500 took 3.8 ms, and takes 0.045 ms by
# (1, 1, 1, 1). Three numbers for the channels of 500 images (64, 64, 3) took 24 ms.
SPAN = 64  # numbers


def spread(value: np.ndarray, shape: tuple[int | None, ...]) -> np.ndarray:
    """A constant for tensors of a shape, so that it is repeated in long spans.

    Args:
        value: of at most as many axes; what it would be repeated along has length 1.
        shape: of the tensors; None for a length that is not known.

    Returns:
        It, with as many axes as the tensors; it is repeated along their last ones,
        until it has `SPAN` numbers in a row. A single number stays one.
    """
    if value.ndim > len(shape):
        return value
    value = value.reshape((1,) * (len(shape) - value.ndim) + value.shape)
    if value.size == 1:
        return value
    span = 1
    for axis in range(len(shape) - 1, 0, -1):
        length = shape[axis]
        if span >= SPAN or length is None:
            break
        if value.shape[axis] == 1:
            value = np.repeat(value, length, axis)
        span *= value.shape[axis]
    return value


def _described(tensor: Tensor) -> onnx.ValueInfoProto:
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(tensor.dtype))
    rest = [
        f"{tensor.name}_{place}" if length is None else length
        for place, length in enumerate(tensor.shape[1:], 1)
    ]
    return onnx.helper.make_tensor_value_info(tensor.name, kind, ["batch", *rest])
