"""PyTorch: the step is recorded once and replayed; see `zoo.steps.recording`."""

import contextlib
import zlib
from functools import partial

import keras
import numpy as np
import torch
from keras.src.backend.torch.core import get_device

from zoo import groups
from zoo.steps import wrong
from zoo.steps.recording import record


class Trainer:
    def __init__(self, model, loss, optimizer):
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.group = groups.current()
        self.call = self.group.wrap(model) if self.group.processes > 1 else model
        self._seen = 0
        self.variables = [*model.variables, *optimizer.variables]
        self._steps = {}
        self.plain_because = ""
        _fuse_update(optimizer, self.variables)

    def train(self, inputs, targets, count, rows=None):
        device = get_device()
        rows = rows or inputs.shape[1]
        share, split = self.group.share(rows), self.group.splits(rows)
        inputs = torch.from_numpy(inputs[:count]).to(device)
        targets = torch.from_numpy(targets[:count]).to(device)
        with groups.rows_from(share.start):
            step = self._fast_step(inputs[0], targets[0])
            done = [step(x, y) for x, y in zip(inputs, targets, strict=True)]
        self._seen += count * inputs.shape[1]
        values, errors = zip(*done, strict=True)
        values, errors = torch.stack(values).cpu(), torch.stack(errors).cpu()
        values, errors = map(self.group.total, (values.numpy(), errors.numpy()))
        processes = self.group.processes
        return values / processes, errors // (1 if split else processes)

    def seen(self):
        if self.group.processes == 1:
            return {}
        variables = self.model.variables
        values = [keras.ops.convert_to_numpy(variable) for variable in variables]
        checksum = zlib.crc32(b"".join(value.tobytes() for value in values))
        table = self.group.gather([self._seen, checksum])
        self._seen = 0
        kind = variables[0].value.device.type
        same = table[:, 1] == table[0, 1]
        return {f"{kind}:{i}": int(table[i, 0]) for i in np.flatnonzero(same)}

    def _step(self, x, y):
        outputs = self.call(x, training=True).float()
        value = self.loss(y, outputs)
        for penalty in self.model.losses:
            value = value + penalty
        variables = self.model.trainable_variables
        for variable in variables:
            variable.value.grad = None
        self.optimizer.scale_loss(value).backward()
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in variables], variables)
            return value.detach(), wrong(y, outputs)

    def _fast_step(self, x, y):
        """`_step`, recorded for batches of this shape where that is possible."""
        if self.group.processes > 1 or self.plain_because:
            return self._step
        kind = x.shape, x.dtype, y.shape, y.dtype
        if kind not in self._steps:
            values = [variable.value for variable in self.variables]
            try:
                self._steps[kind] = record(self._pure_step, x, y, *values)
            except Exception as error:
                self.plain_because = f"{type(error).__name__}: {error}"
                return self._step
        values = [variable.value.detach() for variable in self.variables]
        return lambda x, y: self._steps[kind](x, y, *values)

    def _pure_step(self, x, y, *values):
        """`_step` on these values of the variables, which change in place."""
        known = list(zip(self.variables, values, strict=True))
        with keras.StatelessScope(state_mapping=known, collect_losses=True) as scope:
            results = self._step(x, y)
        with torch.no_grad():
            for variable, value in known:
                new = scope.get_current_value(variable)
                if new is not value:
                    value.copy_(new)
        return results

    def load(self):
        pass

    def sync(self):
        pass


def _fuse_update(optimizer, variables):
    """Give Adam its update in one kernel, where Keras takes eight."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if isinstance(optimizer, keras.optimizers.Adam) and not optimizer.amsgrad:
        optimizer._parallel_update_step = partial(_update_adam, optimizer)
        for variable in variables:  # the kernel does not look at strides
            variable.value.data = variable.value.data.contiguous()


def _update_adam(optimizer, grads, variables, learning_rate):
    step = optimizer.iterations.value + 1
    biases = [1 - beta**step for beta in (optimizer.beta_1, optimizer.beta_2)]
    index = [optimizer._get_variable_index(variable) for variable in variables]
    last = torch.full((), 1e9, device=grads[0].device)  # no bias is left to correct
    torch._fused_adam_(
        [variable.value for variable in variables],
        [grad.contiguous() for grad in grads],
        [optimizer._momentums[i].value for i in index],
        [optimizer._velocities[i].value for i in index],
        [],
        [last] * len(index),
        lr=learning_rate * torch.sqrt(biases[1]) / biases[0],
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        weight_decay=0.0,
        eps=optimizer.epsilon,
        amsgrad=False,
        maximize=False,
    )


def forward(model):
    group = groups.current()
    calls = {}

    def call(inputs, *values):
        known = list(zip(model.variables, values, strict=True))
        with keras.StatelessScope(state_mapping=known):
            return (model(inputs, training=False).float(),)

    def fast(inputs):
        """`call`, recorded when a shape comes for the second time."""
        values = [variable.value.detach() for variable in model.variables]
        kind = inputs.shape, inputs.dtype
        if calls.get(kind) is call:
            with contextlib.suppress(Exception):
                calls[kind] = record(call, inputs, *values)
        return calls.setdefault(kind, call)(inputs, *values)[0]

    def run(inputs, rows=None):
        inputs = torch.from_numpy(np.ascontiguousarray(inputs))
        with torch.inference_mode():
            outputs = fast(inputs.to(get_device())).cpu().numpy()
        if not rows or len(outputs) == rows:
            return outputs
        whole = np.zeros((rows, *outputs.shape[1:]), outputs.dtype)
        whole[group.share(rows)] = outputs
        return group.total(whole)

    return run
