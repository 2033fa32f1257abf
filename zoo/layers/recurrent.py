"""Recurrent layers; on PyTorch its fused kernels, where Keras runs step by step."""

import keras


@keras.saving.register_keras_serializable(package="zoo")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM`; on PyTorch by `torch.lstm`.

    With a mask, without biases, with other activations than tanh and sigmoid or with
    dropout inside it is Keras's own everywhere.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not _can_fuse(self, mask):
            return super().inner_loop(sequences, initial_state, mask, training)
        from zoo.layers.torch import lstm

        return lstm(self, sequences, initial_state)


@keras.saving.register_keras_serializable(package="zoo")
class GRU(keras.layers.GRU):
    """`keras.layers.GRU`; on PyTorch by `torch.gru`.

    With `reset_after=False`, and where `LSTM` is, it is Keras's own everywhere.
    """

    def inner_loop(self, sequences, initial_state, mask, training=False):
        if not (_can_fuse(self, mask) and self.cell.reset_after):
            return super().inner_loop(sequences, initial_state, mask, training)
        from zoo.layers.torch import gru

        return gru(self, sequences, initial_state)


def _can_fuse(layer, mask) -> bool:
    return (
        keras.backend.backend() == "torch"
        and mask is None
        and layer.use_bias
        and layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll)
    )
