"""PyTorch: a computation is recorded once and played back, kernel after kernel.

Between two kernels of a small network Python spends more time than the kernels: layers,
variables, the bookkeeping of gradients. A recording is the list of the kernels, forward
and backward, that ran on copies of the tensors, as a graph of `torch.fx`; what depends
on no input is computed once. (`make_fx` would record the same, and load PyTorch's
compiler first.)
"""

import operator
import re
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only
from torch.utils.weak import WeakTensorKeyDictionary

from zoo.engine.torch.kernels import PYTHON_KERNELS


class CannotRecord(Exception):
    """Why a computation can only be done plainly."""


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
        A function with the same arguments and results. No tensor that it is given may
        need a gradient; none is recorded, though kernels ask whether they should.

    Raises:
        CannotRecord: it looks at values, from which no kernels follow in advance.
    """
    try:
        recorded = _recorded(function, _copies(tensors))
    except Exception as error:  # whatever a model does there, it can do plainly
        raise CannotRecord(_reason(error)) from error
    _drop_detached(recorded.graph)
    _compute_constants(recorded)
    replay = _compiled(recorded)
    _compare(function, replay, tensors, batch)
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
    kept = _copies(tensors)
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
        raise CannotRecord(_reason(error)) from error
    finally:
        for tensor, value in zip(tensors, kept, strict=True):
            tensor.copy_(value)

    def run():
        graph.replay()
        return results

    run.function = function  # the graph reads the constants that it holds
    return run


def _reason(error: Exception) -> str:
    text = str(error).strip()
    if _LOOKS in text:  # Keras puts words of its own before it
        return _LOOKS
    return text.split("\n")[0] or type(error).__name__


def _recorded(function, tensors) -> torch.fx.GraphModule:
    with _Recorder(tensors) as recorder:
        results = function(*tensors)
    recorder.graph.output(recorder.nodes(results))
    return torch.fx.GraphModule(recorder.root, recorder.graph)


_LOOKS = "what it does depends on values"
_NEW = torch.ops.aten.lift_fresh.default


class _Recorder(TorchDispatchMode):
    """Inside, kernels become nodes of `graph`, whose inputs are `tensors`.

    Other tensors that kernels meet become attributes of `root`.
    """

    def __init__(self, tensors):
        super().__init__()
        self.root, self.graph = torch.nn.Module(), torch.fx.Graph()
        self._node_of = WeakTensorKeyDictionary()
        self._varying = set()  # nodes that depend on the inputs
        for number, tensor in enumerate(tensors):
            self._know(tensor, self.graph.placeholder(f"tensor_{number}"), True)

    @classmethod
    def _should_skip_dynamo(cls):  # so that PyTorch does not load its compiler for it
        return False

    def nodes(self, values):
        """`values`, however nested, with nodes for tensors."""
        return tree_map_only(torch.Tensor, self._node, values)

    def _node(self, tensor):
        if tensor not in self._node_of:
            name = f"outside_{len(self.graph.nodes)}"
            self.root.register_buffer(name, tensor, persistent=False)
            self._node_of[tensor] = self.graph.get_attr(name)
        return self._node_of[tensor]

    def __torch_dispatch__(self, kernel, types, arguments=(), options=None):
        options = options or {}
        if kernel is _NEW:  # a tensor of given numbers, anew in every replay
            kernel = torch.ops.aten.lift_fresh_copy.default
        results = kernel(*arguments, **options)
        node = self.graph.call_function(kernel, *self.nodes((arguments, options)))
        varies = not self._varying.isdisjoint(node.all_input_nodes)
        if isinstance(results, torch.Tensor):
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


def _copies(tensors):
    return [tensor.detach().clone() for tensor in tensors]


def _compare(function, replay, tensors, batch):
    """Both, two times, on every second example twice: other values of the same kind."""
    tensors = _copies(tensors)
    for tensor in tensors[:batch]:
        tensor[1::2] = tensor[: len(tensor) // 2 * 2 : 2].clone()
    expected, found, count = _copies(tensors), _copies(tensors), len(tensors)
    for _ in range(2):
        expected += function(*expected[:count])
        found += replay(*found[:count])
    for one, other in zip(expected, found, strict=True):
        if one is not None and not torch.allclose(
            one, other, rtol=1e-4, atol=1e-6, equal_nan=True
        ):
            raise CannotRecord("values come from outside of the tensors")


def _drop_detached(graph):
    """Nothing is left from which tensors would have to be detached."""
    for node in graph.find_nodes(
        op="call_function", target=torch.ops.aten.detach.default
    ):
        node.replace_all_uses_with(node.args[0])
        graph.erase_node(node)


def _compute_constants(recorded):
    """Replace what depends on no input, and is never written to, by its value."""
    graph, written = recorded.graph, _written(recorded.graph)
    known = {}
    for node in list(graph.nodes):
        if node.op == "get_attr" and node not in written:
            known[node] = getattr(recorded, node.target)
        pure = node.op == "call_function" and not node.is_impure()
        seeded = torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())
        if not pure or seeded or node in written:
            continue
        if all(each in known for each in node.all_input_nodes):
            arguments = torch.fx.map_arg((node.args, node.kwargs), known.__getitem__)
            known[node] = node.target(*arguments[0], **arguments[1])
    for number, (node, value) in enumerate(known.items()):
        outside = any(user not in known for user in node.users)
        if node.op == "call_function" and outside and torch.is_tensor(value):
            name = f"constant_{number}"
            recorded.register_buffer(name, value, persistent=False)
            with graph.inserting_before(node):
                node.replace_all_uses_with(graph.get_attr(name))
    graph.eliminate_dead_code()


def _written(graph) -> set:
    """The nodes that share memory with one that a kernel writes to."""
    shared: dict = {}

    def root(node):
        while node in shared:
            node = shared[node]
        return node

    written = set()
    for node in graph.nodes:
        schema = getattr(node.target, "_schema", None)
        if schema is None:
            if node.op == "call_function":  # one of several results
                shared[node] = node.args[0]
            continue
        for place, argument in enumerate(schema.arguments):
            given = node.args[place] if place < len(node.args) else None
            given = node.kwargs.get(argument.name, given)
            if argument.alias_info is None or given is None:
                continue
            many = given if isinstance(given, list | tuple) else [given]
            if argument.alias_info.is_write:
                written |= {root(each) for each in many}
            elif isinstance(given, torch.fx.Node):
                shared[node] = given
        if schema.name.endswith("_") and node.args:
            shared.setdefault(node, node.args[0])
    return {node for node in graph.nodes if root(node) in written}


def _compiled(recorded) -> Callable:
    """The recording as a Python function that calls PyTorch's kernels directly."""
    code = recorded.graph.python_code("self")
    names = dict(code.globals)

    def kernel(match):
        name = match[0].replace(".", "_")
        target = torch
        for part in match[0].split(".")[1:]:
            target = getattr(target, part)
        names[name] = PYTHON_KERNELS.get(target, target._op)
        return name

    def constant(match):
        names[f"held_{match[1]}"] = getattr(recorded, match[1])
        return f"= held_{match[1]}"

    source = re.sub(r"torch\.ops\.\w+\.\w+\.\w+(?=\()", kernel, code.src)
    source = re.sub(r"= self\.(\w+)(?=[;\n])", constant, source)
    exec(source, names)
    return partial(names["forward"], None)
