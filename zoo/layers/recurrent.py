"""Recurrent layers; on PyTorch its fused kernels, where Keras runs step by step."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="zoo")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM`; on PyTorch by `torch.lstm`.

    With a mask, without biases, with other activations than tanh and sigmoid or with
    dropout inside it is Keras's own everywhere.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not _can_fuse(self, mask):
            return super().inner_loop(sequences, initial_state, mask, training)
        import torch

        kernels = [ops.transpose(kernel) for kernel in _kernels(self.cell)]
        bias = ops.convert_to_tensor(self.cell.bias)
        weights = [*kernels, bias, torch.zeros_like(bias)]
        return _run(torch.lstm, self, sequences, initial_state, weights)


@keras.saving.register_keras_serializable(package="zoo")
class GRU(keras.layers.GRU):
    """`keras.layers.GRU`; on PyTorch by `torch.gru`.

    With `reset_after=False`, and where `LSTM` is, it is Keras's own everywhere.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not (_can_fuse(self, mask) and self.cell.reset_after):
            return super().inner_loop(sequences, initial_state, mask, training)
        import torch

        def reorder(weights):
            update, reset, candidate = torch.chunk(weights, 3, dim=-1)
            return torch.cat([reset, update, candidate], dim=-1)

        kernels = [ops.transpose(reorder(kernel)) for kernel in _kernels(self.cell)]
        biases = reorder(ops.convert_to_tensor(self.cell.bias))
        return _run(torch.gru, self, sequences, initial_state, [*kernels, *biases])


def _can_fuse(layer, mask) -> bool:
    return (
        keras.backend.backend() == "torch"
        and mask is None
        and layer.use_bias
        and layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll)
    )


def _kernels(cell):
    return ops.convert_to_tensor(cell.kernel), ops.convert_to_tensor(
        cell.recurrent_kernel
    )


def _run(function, layer, sequences, states, weights):
    """What Keras's `inner_loop` returns: last output, all outputs, last states."""
    import torch

    if layer.go_backwards:
        sequences = torch.flip(sequences, [1])
    states = [state[None] for state in states]
    outputs, *states = function(
        sequences,
        states if len(states) > 1 else states[0],
        weights,
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=torch.is_grad_enabled(),
        bidirectional=False,
        batch_first=True,
    )
    return outputs[:, -1], outputs, [state[0] for state in states]
