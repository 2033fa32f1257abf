"""PyTorch's private names, and Keras's own on PyTorch, each with its reason.

A release may rename any of them; tests/test_private.py says which one.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import keras
import torch
from keras.src.backend.torch import numpy as torch_numpy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

# The one way to see the kernels of a computation, forward and backward; `make_fx` sees
# them too, and loads PyTorch's compiler, which takes seconds. `tree_map_only` finds the
# tensors in a kernel's nested arguments as PyTorch itself does.
__all__ = ["TorchDispatchMode", "tree_map_only"]

# The kernels under `torch.optim`'s `fused=True` and `foreach=True`, whose optimizers
# would compute other numbers than Keras's: one call for all variables where Keras makes
# ten for each, see `zoo.engine.torch.steps`. No public name leads to them.
fused_adam = torch._fused_adam_
foreach_mul, foreach_mul_in_place = torch._foreach_mul, torch._foreach_mul_
foreach_add = torch._foreach_add_


def without_call(kernel) -> Callable:
    """What an operator such as `torch.ops.aten.mm.default` calls, built in C++.

    The operator itself is an object whose `__call__` is written in Python: with it, and
    with tensors in buffers, a step takes 1.28 times as long (MLP 2-10-10-1), 1.20 times
    (MNIST MLP with batch normalization and dropout), 1.04 times (LeNet).
    """
    return getattr(kernel, "_op", kernel)


def replace_update(optimizer: keras.Optimizer, update: Callable | None) -> None:
    """Have Keras's optimizer call `update(grads, variables, rate)`; None undoes it.

    Keras has no public place for it: `update_step` sees one variable at a time.
    """
    if update:
        optimizer._parallel_update_step = update
    else:
        del optimizer._parallel_update_step


def moments(optimizer: keras.optimizers.Adam, variables: Sequence) -> tuple[list, list]:
    """Adam's means of gradients and of their squares, tensors in this order."""
    places = [optimizer._get_variable_index(variable) for variable in variables]
    return (
        [optimizer._momentums[place].value for place in places],
        [optimizer._velocities[place].value for place in places],
    )


@contextlib.contextmanager
def sizes_stay_open() -> Iterator[None]:
    """Inside, `keras.ops.take_along_axis` keeps sizes open that `torch.export` traces.

    Keras calls `torch.take_along_dim`, which compares the sizes of both tensors: the
    batch would be fixed to that of the example. `torch.gather` does not.
    """

    def take(x, indices, axis=None):
        shape, axis = list(x.shape), axis % x.ndim
        shape[axis] = indices.shape[axis]
        return torch.gather(x, axis, indices.long().expand(shape))

    before = torch_numpy.take_along_axis
    torch_numpy.take_along_axis = take
    try:
        yield
    finally:
        torch_numpy.take_along_axis = before


def velocities(optimizer: keras.optimizers.SGD, variables: Sequence) -> list:
    """The velocities of SGD with momentum, tensors in this order."""
    places = [optimizer._get_variable_index(variable) for variable in variables]
    return [optimizer.momentums[place].value for place in places]


def keras_joins_processes() -> bool:
    """Whether this release of Keras joins PyTorch's processes itself.

    3.15 does not, and `keras.distribution.initialize` raises there; support is merged
    upstream for a later release, after which zoo's own rendezvous can go.
    """
    return keras.src.backend.distribution_lib is not None
