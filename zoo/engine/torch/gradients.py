"""PyTorch: the gradient with respect to the inputs, by `torch.autograd`."""

import numpy as np
import torch

from zoo.engine.torch.device import device, full_float32


def compile_gradient(model):
    def run(inputs, of):
        first, *others = (
            torch.from_numpy(np.ascontiguousarray(each)).to(device()) for each in inputs
        )
        first = first.float().requires_grad_()
        of = torch.as_tensor(np.asarray(of, "float32"), device=device())
        with torch.enable_grad(), full_float32():
            outputs = model([first, *others] if others else first, training=False)
            outputs = outputs.float()
            total = (outputs * of).sum()
            [gradient] = torch.autograd.grad(total, [first], materialize_grads=True)
        return outputs.detach().cpu().numpy(), gradient.cpu().numpy()

    return run
