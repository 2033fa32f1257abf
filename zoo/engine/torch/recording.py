"""PyTorch: trace a computation once, replay it without layers and autograd.

A recording is a flat list of ATen calls, forward and backward: a graph of `torch.fx`.
Between two kernels of a small network Python spends more time than the kernels do, on
layers, variables and the graph of gradients: replayed, a training step takes 0.5 ms
instead of 4.1 (MLP 2-10-10-1), 2.7 instead of 14.7 (MNIST MLP with batch normalization
and dropout), 28 instead of 40 (LeNet), on one thread. `make_fx` would trace the same,
and load PyTorch's compiler first, which takes seconds.
"""

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch.utils.weak import WeakTensorKeyDictionary

from zoo.engine.reasons import reason
from zoo.engine.torch import private


class CannotRecord(Exception):
    """Why a computation can only be done plainly."""


class Size(NamedTuple):
    """How much the kernels of a recording do.

    Args:
        elements: how many one writes, on average.
        recurrent: how many numbers an LSTM multiplies by its state's weights in a step,
            forward; the most of all; 0 without one.
    """

    elements: float
    recurrent: int


def record(function: Callable, tensors: Sequence[torch.Tensor], batch: int) -> Callable:
    """`function`, as the kernels that it calls for tensors of these shapes.

    It is tried out on copies: once to record it, and once more, with another batch, to
    compare the recording with it.

    Args:
        function: from tensors to a tuple of tensors, or Nones; it may write to the
            tensors it is given, and to nothing else.
        tensors: what to call it with; they stay as they are.
        batch: how many of the tensors, from the first on, hold a batch of examples.

    Returns:
        A function with the same arguments and results, and its `size`, a `Size`. Its
        inputs must not require gradients. Autograd stays enabled while it is traced
        because kernels check that.

    Raises:
        CannotRecord: it looks at values, from which no kernels follow in advance.
    """
    try:
        recorded = _recorded(function, copies(tensors))
        _drop_detached(recorded.graph)
        _compute_constants(recorded)
        replay = partial(_replay(recorded))
        replay.size = recorded.size
        _compare(function, replay, tensors, batch)
    except CannotRecord:
        raise
    except Exception as error:  # whatever a model does there, it can do plainly
        raise CannotRecord(reason(error)) from error
    return replay


def capture(function: Callable, tensors: Sequence[torch.Tensor]) -> Callable:
    """`function` as one CUDA graph, whose kernels the processor launches all at once.

    Args:
        function: of no arguments, to a tuple of tensors; it reads and writes `tensors`
            and tensors that stay where they are.
        tensors: what it writes to; they stay as they are.

    Returns:
        A function without arguments; what it returns is overwritten by its next call.

    Raises:
        CannotRecord: a kernel waits for the processor, or gives it a number.
    """
    kept = copies(tensors)
    stream, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
    stream.wait_stream(torch.cuda.current_stream())
    try:
        with torch.cuda.stream(stream):
            for _ in range(3):  # libraries choose and load their kernels
                function()
        torch.cuda.current_stream().wait_stream(stream)
        with torch.cuda.graph(graph):
            results = function()
    except RuntimeError as error:  # a kernel waits for the processor
        raise CannotRecord(reason(error)) from error
    finally:
        for tensor, value in zip(tensors, kept, strict=True):
            tensor.copy_(value)

    def run():
        graph.replay()
        return results

    run.function = function  # the graph reads the constants that it holds
    return run


def _recorded(function, tensors) -> torch.fx.GraphModule:
    with _Recorder(tensors) as recorder:
        results = function(*tensors)
    recorder.graph.output(recorder.nodes(results))
    recorded = torch.fx.GraphModule(recorder.root, recorder.graph)
    elements = sum(recorder.written) / max(1, len(recorder.written))
    recorded.size = Size(elements, recorder.recurrent)
    return recorded


_LOOKS = "what it does depends on values"
_NEW = torch.ops.aten.lift_fresh.default
_LSTM = torch.ops.aten.mkldnn_rnn_layer.default


class _Recorder(private.TorchDispatchMode):
    """Inside, kernels become nodes of `graph`, whose inputs are `tensors`.

    Other tensors that kernels meet become attributes of `root`.
    """

    def __init__(self, tensors):
        super().__init__()
        self.root, self.graph = torch.nn.Module(), torch.fx.Graph()
        self._node_of = WeakTensorKeyDictionary()
        self._varying = set()  # nodes that depend on the inputs
        self.written = []  # elements, by each kernel
        self.recurrent = 0
        for number, tensor in enumerate(tensors):
            self._know(tensor, self.graph.placeholder(f"tensor_{number}"), True)

    @classmethod
    def _should_skip_dynamo(cls):  # so that PyTorch does not load its compiler for it
        return False

    def nodes(self, values):
        """`values`, however nested, with nodes for tensors."""
        return private.tree_map_only(torch.Tensor, self._node, values)

    def _node(self, tensor):
        if tensor not in self._node_of:
            name = f"outside_{len(self.graph.nodes)}"
            self.root.register_buffer(name, tensor, persistent=False)
            self._node_of[tensor] = self.graph.get_attr(name)
        return self._node_of[tensor]

    def __torch_dispatch__(self, kernel, types, arguments=(), options=None):
        options = options or {}
        if kernel is _NEW:  # a tensor of given numbers, new in every replay
            kernel = torch.ops.aten.lift_fresh_copy.default
        results = kernel(*arguments, **options)
        if kernel is _LSTM:  # inputs, two matrices, two biases, states, ...
            state, weights = arguments[5], arguments[2]
            rows = state.shape[-2]
            self.recurrent = max(self.recurrent, rows * weights.numel())
        node = self.graph.call_function(kernel, *self.nodes((arguments, options)))
        varies = not self._varying.isdisjoint(node.all_input_nodes)
        if isinstance(results, torch.Tensor):
            self.written.append(results.numel())
            self._know(results, node, varies)
        elif results is None or isinstance(results, list | tuple):
            for place, result in enumerate(results or ()):
                item = self.graph.call_function(operator.getitem, (node, place))
                self._know(result, item, varies)
        elif varies:
            raise RuntimeError(_LOOKS)
        else:
            self.graph.erase_node(node)
        return results

    def _know(self, tensor, node, varies):
        if isinstance(tensor, torch.Tensor):
            self._node_of[tensor] = node
        if varies:
            self._varying.add(node)


def copies(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Copies that need no gradients."""
    return [tensor.detach().clone() for tensor in tensors]


def _compare(function, replay, tensors, batch):
    """Run function and recording twice, on a batch of other values of the same kind.

    In this batch each odd row is replaced by the row before it.
    """
    tensors = copies(tensors)
    for tensor in tensors[:batch]:
        tensor[1::2] = tensor[: len(tensor) // 2 * 2 : 2].clone()
    expected, found, count = copies(tensors), copies(tensors), len(tensors)
    for _ in range(2):
        expected += function(*expected[:count])
        found += replay(*found[:count])
    for one, other in zip(expected, found, strict=True):
        if one is not None and not torch.allclose(
            one, other, rtol=1e-4, atol=1e-6, equal_nan=True
        ):
            raise CannotRecord("values come from outside of the tensors")


def _drop_detached(graph):
    """Remove `detach` calls: a recording has no autograd graph."""
    for node in graph.find_nodes(
        op="call_function", target=torch.ops.aten.detach.default
    ):
        node.replace_all_uses_with(node.args[0])
        graph.erase_node(node)


def _compute_constants(recorded):
    """Replace what depends on no input, and shares memory with nothing written, by its
    value.

    It takes a fifth off a step of the smallest networks, whose time is that of the
    calls (0.61 to 0.48 ms, 2-10-10-1), and hardly anything off that of larger ones.
    """
    graph, kept = recorded.graph, {}
    written = _written(graph)
    for node in list(graph.nodes):
        if node in written or node.op not in ("get_attr", "call_function"):
            continue
        if node.op == "get_attr":
            kept[node] = getattr(recorded, node.target)
        elif (
            all(each in kept for each in node.all_input_nodes) and not node.is_impure()
        ):
            arguments = torch.fx.map_arg((node.args, node.kwargs), kept.__getitem__)
            kept[node] = node.target(*arguments[0], **arguments[1])
            if torch.is_tensor(kept[node]):
                name = f"constant_{len(kept)}"
                recorded.register_buffer(name, kept[node], persistent=False)
                with graph.inserting_before(node):
                    constant = graph.get_attr(name)
                node.replace_all_uses_with(constant)
                kept[constant] = kept[node]
    graph.eliminate_dead_code()


def _written(graph) -> set:
    """The nodes that a kernel writes to, and all that these were made from."""
    written = set()
    for node in reversed(graph.nodes):
        writes = node.op == "call_function" and node.is_impure()
        if writes or node in written:
            written |= {*node.all_input_nodes}
    return written


def _replay(recorded) -> Callable:
    """The recording as the function of Python that `torch.fx` writes.

    It calls operators without their `__call__`, which is Python, and finds tensors
    among the object's own attributes, which is faster than among buffers.
    """
    for node in recorded.graph.nodes:
        if node.op == "call_function":
            name = str(node.target).replace(".", "_")
            node.target = partial(private.without_call(node.target))
            vars(node.target).update(__name__=name, __module__="zoo")  # as `fx` asks
    recorded.recompile()
    vars(recorded).update(recorded.named_buffers(remove_duplicate=False))
    return recorded.forward
