"""PyTorch: a step is traced once and replayed, on GPUs as a CUDA graph."""

import zlib
from functools import partial

import keras
import numpy as np
import torch

from zoo.engine import groups, kernels
from zoo.engine.private import written
from zoo.engine.reasons import reason
from zoo.engine.torch import private
from zoo.engine.torch.device import device, full_float32, threads_for
from zoo.engine.torch.recording import (
    CannotRecord,
    capture,
    copies,
    record,
)


class Trainer:
    def __init__(self, model, loss, optimizer, on_device, count):
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.count = count
        self.device = device()
        self.on_device = on_device and [
            torch.from_numpy(a).to(self.device) for a in on_device
        ]
        self.group = groups.current()
        for variable in model.trainable_variables:  # as Adam's kernel takes them
            variable.value.data = variable.value.data.contiguous()
        self.call = self.group.wrap(model) if self.group.processes > 1 else model
        self.slow_because = "several processes" if self.group.processes > 1 else ""
        self._seen = 0
        self._recorded = {}
        self._variables = (
            model.trainable_variables,
            model.non_trainable_variables,
            optimizer.variables,
        )
        self._values = [v.value.detach() for vs in self._variables for v in vs]
        self._use_kernel()

    def train(self, inputs, targets, count, rows=None):
        rows = rows or inputs.shape[1]
        share, split = self.group.share(rows), self.group.splits(rows)
        inputs = torch.from_numpy(inputs[:count]).to(self.device)
        targets = torch.from_numpy(targets[:count]).to(self.device)
        if self.on_device:
            inputs, targets = self.on_device[0][inputs], self.on_device[1][targets]
        with groups.rows_from(share.start), full_float32():
            step = self._chosen_step(inputs[0], targets[0])
            with threads_for(step):
                done = [step(x, y) for x, y in zip(inputs, targets, strict=True)]
        self._seen += count * inputs.shape[1]
        values, errors = zip(*done, strict=True)
        values, errors = torch.stack(values).cpu(), torch.stack(errors).cpu()
        values, errors = map(self.group.total, (values.numpy(), errors.numpy()))
        processes = self.group.processes
        return values / processes, errors / (1 if split else processes)

    def examples_by_device(self):
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

    def _chosen_step(self, x, y):
        """The recorded step for batches like this one; in a group the plain one."""
        if self.group.processes > 1:
            return self._step
        shapes = x.shape, y.shape
        if shapes not in self._recorded:
            self._recorded[shapes] = self._record(x, y)
        return self._recorded[shapes]

    def _record(self, x, y):
        """The step from recordings of its parts; the plain one if there are none.

        Without a recording of the update, as where it branches (accumulated gradients,
        a loss that is scaled), that part is done plainly.
        """
        gradients, update = self._record_parts(x, y)
        values = self._values
        if gradients is None:
            return self._step

        def step(x, y):
            value, errors, *grads = gradients(x, y, *values)
            if update:
                update(*grads, *values)
            else:
                with torch.no_grad():
                    self.optimizer.apply(self._with_unused(grads), self._variables[0])
            return value, errors

        step.size = gradients.size
        return self._captured(step, x, y) if update and x.is_cuda else step

    def _captured(self, step, x, y):
        """`step` as a CUDA graph, which reads its batch from one place."""
        x, y = x.clone(), y.clone()
        try:
            run = capture(lambda: step(x, y), self._values)
        except CannotRecord as why:
            self.slow_because = f"the step of {self.model.name} is no CUDA graph: {why}"
            return step

        def captured(*batch):
            x.copy_(batch[0])
            y.copy_(batch[1])
            value, errors = run()
            return value.clone(), errors.clone()

        return captured

    def _record_parts(self, x, y):
        """Gradients and update, recorded; None for each that cannot be."""
        values, gradients, update = self._values, None, None
        try:
            gradients = record(self._gradients, [x, y, *values], batch=2)
            used = zip(self.model.trainable_variables, self._used, strict=True)
            grads = [variable.value.detach() for variable, is_used in used if is_used]
            update = record(self._update, [*grads, *values], batch=0)
        except CannotRecord as why:
            part = "the update of" if gradients else "the step of"
            self.slow_because = f"{part} {self.model.name} cannot be recorded: {why}"
        return gradients, update

    def _gradients(self, x, y, *values):
        """Loss, what is counted, and the gradients of the variables that are used.

        Which these are is noted in `self._used`; what the model writes to its variables
        is written to `values`.
        """
        count = len(self._variables[0])
        leaves = [value.detach().requires_grad_() for value in values[:count]]
        values = [*leaves, *values[count:]]
        with torch.enable_grad(), self._scope(values, collect_losses=True) as scope:
            value, outputs = self._loss(self.model, x, y)
            scaled = self.optimizer.scale_loss(value)
            grads = torch.autograd.grad(scaled, leaves, allow_unused=True)
        self._write(scope, values)
        self._used = [grad is not None for grad in grads]
        # in the order in memory for which the update is recorded
        grads = [grad.contiguous() for grad in grads if grad is not None]
        return value.detach(), self.count(y, outputs.detach()), *grads

    def _update(self, *grads_and_values):
        """Nothing; what the optimizer computes is written to the values."""
        count = sum(self._used)
        grads, values = grads_and_values[:count], grads_and_values[count:]
        with torch.no_grad(), self._scope(values) as scope:
            self.optimizer.apply(self._with_unused(grads), self._variables[0])
        self._write(scope, values)
        return ()

    def _with_unused(self, grads):
        """`grads` of the used variables, and None for each of the others."""
        grads = iter(grads)
        return [next(grads) if is_used else None for is_used in self._used]

    def _use_kernel(self):
        """Have the optimizer change variables by few kernels that ask for no value.

        Keras's own form of Adam is as many as ten, and that of SGD reads the learning
        rate. Keras's is kept where numbers would differ, as variables of bfloat16 are
        rounded elsewhere, and where the device has no such kernel.
        """
        match self.optimizer:
            case keras.optimizers.Adam(amsgrad=False):
                kernel = _adam
            case keras.optimizers.SGD():
                kernel = _sgd
            case _:
                return
        others = {v.dtype for v in self._variables[0]} - {"float32"}
        if others:
            self.slow_because = (
                "PyTorch's fused kernels take variables of float32, and "
                f"{self.model.name} has others: {', '.join(sorted(others))}"
            )
            return
        self._used = [True] * len(self._variables[0])
        private.replace_update(self.optimizer, partial(kernel, self.optimizer))
        values = copies(self._values)
        try:
            self._update(*copies(values[: len(self._used)]), *values)
        except RuntimeError as error:  # of a device that zoo has not met
            private.replace_update(self.optimizer, None)
            self.slow_because = (
                f"PyTorch's fused kernel for {self.optimizer.name} does not take the "
                f"variables of {self.model.name}: {reason(error)}"
            )

    def _scope(self, values, **options):
        variables = [v for vs in self._variables for v in vs]
        known = list(zip(variables, values, strict=True))
        return keras.StatelessScope(state_mapping=known, **options)

    def _write(self, scope, values):
        with torch.no_grad():
            _write(scope, [v for vs in self._variables for v in vs], values)

    def _loss(self, call, x, y):
        """The loss, penalties included, and the outputs that `call` gives."""
        with kernels.in_use():
            outputs = call(x, training=True).float()
        value = self.loss(y, outputs)
        for penalty in self.model.losses:
            value = value + penalty
        return value, outputs

    def _step(self, x, y):
        value, outputs = self._loss(self.call, x, y)
        variables = self.model.trainable_variables
        for variable in variables:
            variable.value.grad = None
        self.optimizer.scale_loss(value).backward()
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in variables], variables)
            return value.detach(), self.count(y, outputs)

    def pull(self):
        pass

    def push(self):
        pass


def _write(scope, variables, values):
    """Write to the values what a model has written to its variables in a scope."""
    known = list(zip(variables, values, strict=True))
    for place, new in written(scope, known).items():
        values[place].copy_(new)


def _adam(optimizer, grads, variables, learning_rate):
    """Adam as Keras computes it, by PyTorch's kernel.

    Keras folds Adam's bias correction into the learning rate. The kernel gets step 1e9,
    so that its own corrections are 1.
    """
    steps = keras.ops.convert_to_tensor(optimizer.iterations) + 1
    first, second = 1 - optimizer.beta_1**steps, 1 - optimizer.beta_2**steps
    rate = keras.ops.convert_to_tensor(learning_rate) * second.sqrt() / first
    means, squares = private.moments(optimizer, variables)
    private.fused_adam(
        [variable.value for variable in variables],
        [grad.contiguous() for grad in grads],
        means,
        squares,
        [],
        [torch.tensor(1e9, device=rate.device)] * len(means),
        lr=rate,
        beta1=optimizer.beta_1,
        beta2=optimizer.beta_2,
        eps=optimizer.epsilon,
        weight_decay=0.0,
        amsgrad=False,
        maximize=False,
    )


def _sgd(optimizer, grads, variables, learning_rate):
    rate = keras.ops.convert_to_tensor(learning_rate)
    changes = private.foreach_mul(grads, -rate)
    values = [variable.value for variable in variables]
    if not optimizer.momentum:
        private.foreach_add(values, changes)
        return
    velocities = private.velocities(optimizer, variables)
    private.foreach_mul_in_place(velocities, optimizer.momentum)
    private.foreach_add(velocities, changes)
    if optimizer.nesterov:
        private.foreach_add(values, changes)
        private.foreach_add(values, velocities, alpha=optimizer.momentum)
    else:
        private.foreach_add(values, velocities)


def compile_forward(model):
    """Plain for the first batch of a shape, recorded from the second on."""
    group, variables = groups.current(), model.variables
    # Assigning to a Keras variable copies into its tensor, so these stay current.
    values = [variable.value for variable in variables]
    recorded = {}

    def plain(inputs, *values):
        known = list(zip(variables, values, strict=True))
        with keras.StatelessScope(known) as scope, torch.no_grad():
            outputs = model(inputs, training=False).float()
            _write(scope, variables, values)
        return (outputs,)

    def chosen(inputs):
        if inputs.shape not in recorded:
            recorded[inputs.shape] = None
            return plain
        if recorded[inputs.shape] is None:
            examples = [inputs, *(value.detach() for value in values)]
            try:
                recorded[inputs.shape] = record(plain, examples, batch=1)
            except CannotRecord:
                recorded[inputs.shape] = plain
        return recorded[inputs.shape]

    def run(inputs, rows=None):
        inputs = torch.from_numpy(np.ascontiguousarray(inputs)).to(device())
        with torch.no_grad(), full_float32():
            answer = chosen(inputs)
            with threads_for(answer):
                outputs = answer(inputs, *values)[0].cpu().numpy()
        if not rows or len(outputs) == rows:
            return outputs
        whole = np.zeros((rows, *outputs.shape[1:]), outputs.dtype)
        whole[group.share(rows)] = outputs
        return group.total(whole)

    return run
