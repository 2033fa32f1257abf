"""PyTorch: a function recorded once, replayed as the bare list of its kernels.

Between two kernels of a small network Keras and autograd's bookkeeping take longer than
the kernels. Recording runs the function, its gradients included, under PyTorch's own
tracer, which notes every kernel call in order. The replay makes the same calls with the
same numbers and nothing in between; it needs no compiler.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import _C
from torch._ops import OpOverload
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx

_SAME = (torch.ops.aten.detach.default, torch.ops.aten.lift_fresh_copy.default)
_OF_SHAPE = (torch.ops.aten.ones_like.default, torch.ops.aten.zeros_like.default)


def record(function: Callable, *tensors: torch.Tensor) -> Callable:
    """`function` as a fast callable for tensors of the same shapes and types.

    It may change its arguments in place. Everything else that it read, such as numbers
    and tensors from outside, is frozen.

    Args:
        function: from tensors to a tuple of tensors.
        tensors: examples of its arguments; they are copied, and stay as they are.

    Returns:
        Takes the arguments, which must not require gradients.

    Raises:
        RuntimeError: `function` looks at a value, so its kernels may differ by call.
    """
    copies = [
        tensor.detach().clone().requires_grad_(tensor.requires_grad)
        for tensor in tensors
    ]
    recorded = make_fx(function)(*copies)
    constants = _fold(recorded)
    for node in recorded.graph.nodes:
        if isinstance(node.target, OpOverload):
            node.target = _direct(node.target)
    recorded.recompile()
    return partial(recorded.forward, *constants)


def _fold(recorded: GraphModule) -> list[torch.Tensor]:
    """Compute what depends on constants alone; returns the constants that remain.

    They become the first arguments of `recorded`.
    """
    graph = recorded.graph
    changed = _changed_in_place(graph)
    known: dict[Node, torch.Tensor] = {}
    for node in graph.nodes:
        if node.op == "get_attr":
            known[node] = getattr(recorded, node.target)
        elif isinstance(node.target, OpOverload) and node not in changed:
            value = _constant(node, known)
            if value is not None:
                known[node] = value
            elif node.target in _SAME and node.args[0] not in changed:
                node.replace_all_uses_with(node.args[0])
    constants = []
    start = next(iter(graph.nodes))
    for node, value in known.items():
        if any(user not in known for user in node.users):
            with graph.inserting_before(start):
                place = graph.placeholder(f"constant_{len(constants)}")
            node.replace_all_uses_with(place)
            constants.append(value)
    graph.eliminate_dead_code()
    return constants


def _constant(node, known):
    """The value of `node` if it is always the same, else None."""
    if node.target in _OF_SHAPE:
        like = node.args[0].meta["val"]
        known = {
            node.args[0]: torch.empty_strided(
                like.size(), like.stride(), dtype=like.dtype, device=like.device
            )
        }
    random = torch.Tag.nondeterministic_seeded in node.target.tags
    if node.is_impure() or random or any(n not in known for n in node.all_input_nodes):
        return None
    args, kwargs = torch.fx.map_arg((node.args, node.kwargs), known.get)
    with torch.no_grad():
        return node.target(*args, **kwargs)


def _changed_in_place(graph) -> set[Node]:
    """Nodes whose memory some kernel writes to, directly or through a view."""
    changed: set[Node] = set()
    for node in reversed(graph.nodes):
        if isinstance(node.target, OpOverload):
            schema = node.target._schema
            is_view = any(value.alias_info for value in schema.returns)
            if schema.is_mutable or (node in changed and is_view):
                changed.update(node.all_input_nodes)
    return changed


def _direct(kernel: OpOverload) -> Callable:
    """The same by way of PyTorch's Python interface, half a microsecond faster."""
    for home in (_C._VariableFunctions, _C.TensorBase, _C._nn):
        if hasattr(home, kernel._opname):
            return getattr(home, kernel._opname)
    return kernel
