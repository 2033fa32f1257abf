"""PyTorch's own idiom: an `nn.Module`, a fused optimizer, eager or compiled.

Every contestant takes a case, its inputs and its class numbers, and returns a function
that trains an epoch; every answerer takes a case and returns a function from inputs to
outputs.
"""

import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from zoo.core import mel

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Apply(nn.Module):
    """A function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Residual(nn.Module):
    """What comes in, and what the layers make of it."""

    def __init__(self, layers):
        super().__init__()
        self.body = nn.Sequential(*(layer(*each) for each in layers))

    def forward(self, x):
        return x + self.body(x)


class Frozen(nn.BatchNorm2d):
    """Batch normalization with the statistics it has, also in training."""

    def forward(self, x):
        statistics = self.running_mean, self.running_var, self.weight, self.bias
        return functional.batch_norm(x, *statistics, eps=self.eps)


class Text(nn.Module):
    """Embedding, LSTM, and the state behind the last real token."""

    def __init__(self, tokens, width, units):
        super().__init__()
        self.embedding = nn.Embedding(tokens, width)
        self.lstm = nn.LSTM(width, units, batch_first=True)

    def forward(self, ids):
        last = (ids != 0).sum(1) - 1
        states, _ = self.lstm(self.embedding(ids))
        return states[torch.arange(len(ids), device=ids.device), last]


class States(nn.Module):
    """The states of an LSTM at all steps."""

    def __init__(self, units, width):
        super().__init__()
        self.lstm = nn.LSTM(width, units, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]


class Mel(nn.Module):
    """Logarithms of mel bands, by their mean and deviation, a few windows a step."""

    def __init__(self, rate, bands, joined):
        super().__init__()
        self.hop, self.joined = rate // 100, joined
        width = 3 * self.hop
        table = mel.bands(width // 2 + 1, rate, bands, 60.0, rate / 2)
        self.register_buffer("window", torch.hann_window(width))
        self.register_buffer("table", torch.from_numpy(table))

    def forward(self, x):
        width = len(self.window)
        x = torch.stft(
            x / 32767, width, self.hop, window=self.window, return_complex=True
        )
        power = x[..., :-1].abs().square().transpose(1, 2)
        logs = torch.log(power @ self.table / 1e-6 + 1)
        variance, mean = torch.var_mean(logs, (1, 2), correction=0, keepdim=True)
        logs = (logs - mean) * (variance + 0.01).rsqrt()
        return logs.reshape(len(x), -1, self.joined * logs.shape[-1])


class Both(nn.Module):
    """The states of a GRU in both directions, side by side."""

    def __init__(self, units, width):
        super().__init__()
        self.gru = nn.GRU(width, units, batch_first=True, bidirectional=True)

    def forward(self, x):
        return self.gru(x)[0]


def layer(kind: str, *numbers) -> nn.Module:
    match kind, *numbers:
        case "scale", factor, offset:
            return Apply(lambda x: x.float() * factor + offset)
        case "standardize", *_:
            return Apply(lambda x: torch.nan_to_num((x - 2.5) / 1.5))
        case "pad", margin:
            return Apply(lambda x: functional.pad(x, (margin,) * 4))
        case "flatten", *_:
            return nn.Flatten()
        case "embedding", tokens, width:
            return nn.Embedding(tokens, width)
        case "states", units, width:
            return States(units, width)
        case "mel", *numbers:
            return Mel(*numbers)
        case "both", units, width:
            return Both(units, width)
        case "last", *_:
            return Apply(lambda x: x[:, -1])
        case "most", *_:
            return Apply(lambda x: x.amax(1))
        case "dense", width:
            return nn.LazyLinear(width)
        case "conv", filters, size, padding:
            return nn.LazyConv2d(filters, size, padding=padding)
        case "maximum", size:
            return nn.MaxPool2d(size)
        case "average", size:
            return nn.AvgPool2d(size)
        case "normalize", *_:
            return nn.LazyBatchNorm1d()
        case "dropout", rate:
            return nn.Dropout(rate)
        case "unit", filters, size, stride, depthwise, active:
            groups = filters if depthwise else 1
            convolution = nn.LazyConv2d(
                filters, size, stride, size // 2, groups=groups, bias=False
            )
            active = [nn.ReLU6()] if active else []
            return nn.Sequential(convolution, Frozen(filters, eps=1e-3), *active)
        case "residual", layers:
            return Residual(layers)
        case "mean", *_:
            return Apply(lambda x: x.mean((2, 3)))
        case "relu", *_:
            return nn.ReLU()
        case "tanh", *_:
            return nn.Tanh()


def network(case) -> nn.Module:
    layers = list(case.layers)
    parts = []
    if case.tokens and layers[1][0] == "lstm":
        (_, tokens, width), (_, units) = layers[:2]
        parts, layers = [Text(tokens, width, units)], layers[2:]
    warnings.filterwarnings("ignore", "Lazy modules", UserWarning)
    model = nn.Sequential(*parts, *(layer(*each) for each in layers))
    model(_tensor(case.data()[0][:2]))
    return model.to(DEVICE)


def _tensor(inputs: np.ndarray) -> torch.Tensor:
    inputs = torch.from_numpy(inputs)
    return inputs.permute(0, 3, 1, 2) if inputs.ndim == 4 else inputs


def loss(case):
    if "rosenblatt" in case.loss:
        return _rosenblatt
    if case.outputs == 1:
        return functional.binary_cross_entropy_with_logits
    if case.loss == "mean_squared":
        return functional.mse_loss
    return _cross_entropy


def _cross_entropy(logits, targets):
    return functional.cross_entropy(logits.flatten(0, -2), targets.flatten())


def _rosenblatt(scores, targets):
    targets, answers = 2 * targets - 1, torch.where(scores >= 0, 1.0, -1.0)
    return ((answers - targets) * scores).mean()


def eager(case, inputs, classes):
    return _loop(case, inputs, classes, lambda forward: forward)


def compiled(case, inputs, classes):
    return _loop(case, inputs, classes, torch.compile)


def _loop(case, inputs, classes, change):
    model, measure = network(case), loss(case)
    forward = change(lambda x, y: measure(model(x), y))
    kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    optimizer = kinds[case.optimizer](model.parameters(), case.rate, fused=True)
    inputs = _tensor(inputs).contiguous().to(DEVICE)
    targets = torch.from_numpy(classes).to(DEVICE)
    if case.loss != "mean_squared":
        targets = targets.long()
    if case.outputs == 1:
        targets = targets.float()[:, None]

    def epoch():
        losses = []
        order = torch.randperm(len(inputs), device=DEVICE)
        for index in order.split(case.batch):
            optimizer.zero_grad()
            value = forward(inputs[index], targets[index])
            value.backward()
            optimizer.step()
            losses.append(value.detach())
        return torch.stack(losses).mean().item()

    return epoch


def answer_eager(case):
    return _answers(case, lambda forward: forward)


def answer_compiled(case):
    return _answers(case, torch.compile)


def _answers(case, change):
    model = change(network(case).eval())

    def answer(inputs):
        with torch.inference_mode():
            return model(_tensor(inputs).to(DEVICE)).cpu().numpy()

    return answer
