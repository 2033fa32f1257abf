"""PyTorch: a function recorded once, replayed as the bare list of its kernels.

Between two kernels of a small network Keras and autograd's bookkeeping take longer than
the kernels. Recording runs the function, its gradients included, under PyTorch's own
tracer, which notes every kernel call in order. The replay makes the same calls with the
same numbers and nothing in between.
"""

from collections.abc import Callable

import torch
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import make_fx


def record(function: Callable, *tensors: torch.Tensor) -> Callable:
    """`function` as a fast callable for tensors of the same shapes and types.

    It may change its arguments in place. Everything else that it read, such as numbers
    and tensors from outside, is frozen.

    Args:
        function: from tensors to a tuple of tensors.
        tensors: examples of its arguments; they are copied, and stay as they are.

    Raises:
        RuntimeError: `function` looks at a value, so its kernels may differ by call.
    """
    copies = [
        tensor.detach().clone().requires_grad_(tensor.requires_grad)
        for tensor in tensors
    ]
    recorded = make_fx(function)(*copies)
    constants = _fold(recorded)
    forward = recorded.forward

    def replay(*tensors):
        return forward(*constants, *(tensor.detach() for tensor in tensors))

    return replay


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
        elif _is_pure(node) and node not in changed:
            inputs = node.all_input_nodes
            if node.target in _SAME and inputs[0] not in changed:
                node.replace_all_uses_with(inputs[0])
            elif all(one in known for one in inputs):
                values = torch.fx.node.map_arg((node.args, node.kwargs), known.get)
                with torch.no_grad():
                    known[node] = node.target(*values[0], **values[1])
    constants = []
    start = next(iter(graph.nodes))
    for node, value in known.items():
        if any(user not in known for user in node.users):
            with graph.inserting_before(start):
                place = graph.placeholder(f"constant_{len(constants)}")
            node.replace_all_uses_with(place)
            constants.append(value)
    graph.eliminate_dead_code()
    recorded.recompile()
    return constants


_SAME = (torch.ops.aten.detach.default, torch.ops.aten.lift_fresh_copy.default)


def _is_pure(node):
    if not isinstance(node.target, torch._ops.OpOverload) or node.is_impure():
        return False
    return torch.Tag.nondeterministic_seeded not in node.target.tags


def _changed_in_place(graph):
    """Nodes whose memory some kernel writes to, directly or through a view."""
    changed: set[Node] = set()
    for node in reversed(graph.nodes):
        if not isinstance(node.target, torch._ops.OpOverload):
            continue
        schema = node.target._schema
        if schema.is_mutable:
            changed.update(node.all_input_nodes)
        if node in changed and any(value.alias_info for value in schema.returns):
            changed.update(node.all_input_nodes)
    return changed
