"""PyTorch: eager steps."""

import keras
import numpy as np
import torch

from zoo.steps import wrong


class Trainer:
    def __init__(self, model, loss, optimizer):
        self.model, self.loss, self.optimizer = model, loss, optimizer

    def train(self, inputs, targets, count):
        device = keras.src.backend.torch.core.get_device()
        inputs = torch.from_numpy(inputs[:count]).to(device)
        targets = torch.from_numpy(targets[:count]).to(device)
        done = [self._step(x, y) for x, y in zip(inputs, targets, strict=True)]
        values, errors = zip(*done, strict=True)
        return torch.stack(values).cpu().numpy(), torch.stack(errors).cpu().numpy()

    def _step(self, x, y):
        outputs = self.model(x, training=True).float()
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

    def load(self):
        pass

    def sync(self):
        pass


def forward(model):
    def run(inputs):
        with torch.inference_mode():
            outputs = model(torch.from_numpy(np.ascontiguousarray(inputs)))
            return outputs.float().cpu().numpy()

    return run
