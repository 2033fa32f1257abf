"""What an ONNX file asks for, read before ONNX Runtime sees it, and without `onnx`.

The file may come from anybody. What is accepted are operators on tensors of numbers:
no loops and no graphs in graphs, no operators of others, no text, no arrays in other
files, no array whose shape says more than its bytes hold, and no shape that depends on
an input's numbers. How much memory and time they may take, `zoo.core.sessions` bounds.
"""

from collections.abc import Iterator

from zoo.core import signatures
from zoo.errors import Mistake

# Those that `zoo.exporting` writes, and those that PyTorch may find in a layer of a
# user's own. Nothing random, and none of text, sequences and optional values.
_NAMES = """
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool
    BatchNormalization BitShift Cast Ceil Celu Clip Concat Constant ConstantOfShape Conv
    ConvInteger ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div
    DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor GRU
    Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
    GreaterOrEqual GroupNormalization HardSigmoid HardSwish Hardmax Identity
    InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less
    LessOrEqual Log LogSoftmax LpNormalization LpPool MatMul MatMulInteger Max MaxPool
    Mean Min Mish Mod Mul Neg Not OneHot Or PRelu Pad Pow QLinearConv QLinearMatMul
    QuantizeLinear RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
    ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape
    Resize Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size
    Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan
    Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor
"""
ACCEPTED = frozenset(_NAMES.split())
PARTS = 500_000  # of the file: names, numbers, nodes; the largest of zoo's has 10,000
# ONNX Runtime looks at each pair of some: 2 s for so many, 28 s for 20,000.
NODES = 5_000  # EfficientNet-B0 has 326
# Whose output has a shape that the values of their inputs say, from which input on.
_SHAPING = {
    **dict.fromkeys(("ConstantOfShape", "Range"), 0),
    **dict.fromkeys(("Expand", "OneHot", "Pad", "Reshape", "Resize", "Slice"), 1),
    **dict.fromkeys(("Split", "Squeeze", "Tile", "TopK", "Unsqueeze"), 1),
    **dict.fromkeys((name for name in ACCEPTED if name.startswith("Reduce")), 1),
}
# Numbers of the fields in ONNX's description of its files, `onnx.proto`.
_GRAPH, _FUNCTIONS, _TRAINING = 7, 25, 20
_NODE, _ARRAY, _SPARSE = 1, 5, 15
_TAKEN, _GIVEN, _OPERATOR, _DOMAIN, _ATTRIBUTE = 1, 2, 4, 7, 5
_CALLED = 8  # of an array
_DIMENSION, _TYPE, _STRINGS, _OUTSIDE, _PLACE = 1, 2, 6, 13, 14
_NAME, _WORD, _WHOLE, _WORDS = 1, 4, 3, 9
_ARRAYS = (5, 10)
_INSIDE = {
    6: "a graph in a graph",
    11: "a graph in a graph",
    22: "a sparse array",
    23: "a sparse array",
}
_TEXT = 8  # the number of the type
_OWN = ("", "ai.onnx")  # the domain of ONNX's own operators


class _Reader:
    """Fields of messages, as Protocol Buffers write them."""

    def __init__(self):
        self.left = PARTS

    def fields(self, content: memoryview) -> Iterator[tuple[int, int | memoryview]]:
        """(number, value) of each field; a value of fixed length is its bytes."""
        place, end = 0, len(content)
        while place < end:
            self.left -= 1
            if self.left < 0:
                raise ValueError(f"it has more than {PARTS:,} parts")
            key, place = _number(content, place)
            kind = key & 7
            if kind == 0:
                value, place = _number(content, place)
                yield key >> 3, value
                continue
            if kind not in (1, 2, 5):
                raise ValueError("a part of it is of no known kind")
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                length, place = _number(content, place)
            if place + length > end:
                raise ValueError("it is cut off")
            yield key >> 3, content[place : place + length]
            place += length


def check(content: bytes, path) -> None:
    """Refuse a file of ONNX that asks for what no file of zoo's asks for.

    Args:
        content: of the file.
        path: of the file, for the message.

    Raises:
        Mistake: the file is none of ONNX, or it has an operator, a graph or an array
            that is not accepted; the message names it.
    """
    reader = _Reader()
    try:
        for number, value in reader.fields(memoryview(content)):
            if number in (_FUNCTIONS, _TRAINING):
                what = "a function" if number == _FUNCTIONS else "a training graph"
                raise _refused(path, f"{what} of its own")
            if number == _GRAPH and isinstance(value, memoryview):
                _check_graph(reader, value, path)
    except Mistake:
        raise
    except (ValueError, IndexError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is cut off"
        found = signatures.what_is(signatures.beginning(content))
        reason = found.words or reason
        raise Mistake(f"{path} is no ONNX file that can be run: {reason}") from error


def _check_graph(reader: _Reader, graph: memoryview, path) -> None:
    fixed, nodes = {b""}, []  # names of what is the same for all inputs of one shape
    for number, value in reader.fields(graph):
        if not isinstance(value, memoryview):
            continue
        if number == _NODE:
            nodes.append(_check_node(reader, value, path))
            if len(nodes) > NODES:
                raise _refused(path, f"more than {NODES:,} operators")
        elif number == _ARRAY:
            fixed.add(_check_array(reader, value, path))
        elif number == _SPARSE:
            raise _refused(path, "a sparse array")
    defined = {*fixed}
    for operators, taken, given in nodes:
        if defined.intersection(given) - {b""}:
            raise _refused(path, "a name that stands for two things")
        defined.update(given)
        first = min((_SHAPING.get(each, len(taken)) for each in operators), default=0)
        if not fixed.issuperset(taken[first:]):
            raise _refused(path, "a shape that depends on an input's numbers")
        if operators in ({"Shape"}, {"Size"}) or fixed.issuperset(taken):
            fixed.update(given)


_Node = tuple[set[str], list[bytes], list[bytes]]  # operators, names taken and given


def _check_node(reader: _Reader, node: memoryview, path) -> _Node:
    fields = [(n, v) for n, v in reader.fields(node) if isinstance(v, memoryview)]
    named = set()  # all, if the file says it twice
    for number, value in fields:
        said = bytes(value[:80]).decode("utf-8", "replace")
        if number == _DOMAIN and said not in _OWN:
            raise _refused(path, f"an operator of {said!r}")
        if number == _OPERATOR:
            named.add(said)
            if said not in ACCEPTED:
                raise _refused(path, f"the operator {said!r}")
    for number, value in fields:
        if number == _ATTRIBUTE:
            _check_attribute(reader, value, named, path)
    taken, given = ([bytes(v) for n, v in fields if n == x] for x in (_TAKEN, _GIVEN))
    return named, taken, given


def _check_attribute(reader: _Reader, attribute: memoryview, of: set, path) -> None:
    fields = [*reader.fields(attribute)]
    names = [value for number, value in fields if number == _NAME]
    for number, value in fields:
        if number in _INSIDE:
            raise _refused(path, _INSIDE[number])
        if number in _ARRAYS and isinstance(value, memoryview):
            _check_array(reader, value, path)
        if "Constant" in of and number in (_WORD, _WORDS):
            raise _refused(path, "an array of text")
        if "Cast" in of and (number, value) == (_WHOLE, _TEXT) and b"to" in names:
            raise _refused(path, "numbers that become text")


def _check_array(reader: _Reader, array: memoryview, path) -> bytes:
    """Its name."""
    count, name = 1, b""
    for number, value in reader.fields(array):
        if number == _DIMENSION:
            for length in _numbers(value):
                count *= length
        if number in (_OUTSIDE, _PLACE) and value not in (0, b""):
            raise _refused(path, "an array in another file")
        if number == _STRINGS or (number == _TYPE and value == _TEXT):
            raise _refused(path, "an array of text")
        if number == _CALLED and isinstance(value, memoryview):
            name = bytes(value)
    if count > len(array):
        raise _refused(path, f"an array of {count:,} numbers in {len(array):,} bytes")
    return name


_THEN = "`zoo predict` takes what `zoo export` writes"


def _refused(path, what: str) -> Mistake:
    return Mistake(f"{path} has {what}, which is not accepted; {_THEN}")


def _numbers(value: int | memoryview) -> Iterator[int]:
    """Those of a field that may be repeated, one by one or all in one."""
    if isinstance(value, int):
        yield value
        return
    place = 0
    while place < len(value):
        number, place = _number(value, place)
        yield number


def _number(content: memoryview, place: int) -> tuple[int, int]:
    """A whole number and where it ends; it has seven bits a byte."""
    found, shift = 0, 0
    while True:
        byte = content[place]
        place += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, place
        shift += 7
        if shift > 63:
            raise ValueError("a number in it has more than 64 bits")
