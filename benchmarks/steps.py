"""Whole training steps: batch in, loss, gradients, update.

Every row is a function ``build(lib)`` written once for torch and minitorch; it returns a function
that makes one training step and returns the loss.  The losses of the first steps must agree.
"""

from __future__ import annotations

import math

import numpy as np
from rows import Table

training = Table("steps", "training steps")


def normal(lib, *shape):
    """The same normal numbers for either library."""
    numbers = np.random.RandomState(0).standard_normal(shape)
    return lib.tensor(numbers.astype(np.float32))


def integers(lib, high, *shape):
    """The same integers below high for either library."""
    return lib.tensor(np.random.RandomState(1).randint(0, high, shape).astype(np.int64))


def same_start(lib, model):
    """The model with parameters of torch's usual size that do not depend on the library."""
    random = np.random.RandomState(2)
    with lib.no_grad():
        for name, parameter in model.named_parameters():
            if "bias" in name:
                parameter.zero_()
            elif parameter.dim() >= 2:  # not the weights of norms, which are ones
                bound = 1 / math.sqrt(math.prod(parameter.shape[1:]))
                numbers = random.uniform(-bound, bound, tuple(parameter.shape))
                parameter.copy_(lib.tensor(numbers.astype(np.float32)))
    lib.manual_seed(0)  # for dropout
    return model


def step_of(model, optimizer, criterion, inputs, targets):
    """The function that makes one step."""

    def step():
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def mlp(lib, make_optimizer):
    """784-500-10 on batches of 64, as in many first programs."""
    nn = lib.nn
    model = same_start(lib, nn.Sequential(nn.Linear(784, 500), nn.ReLU(), nn.Linear(500, 10)))
    return step_of(
        model,
        make_optimizer(model.parameters()),
        nn.CrossEntropyLoss(),
        normal(lib, 64, 784),
        integers(lib, 10, 64),
    )


@training.row("tiny MLP 2-16-16-2, batch 32, SGD")
def tiny_mlp(lib):
    nn = lib.nn
    model = same_start(
        lib,
        nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2)),
    )
    optimizer = lib.optim.SGD(model.parameters(), lr=0.1)
    inputs, targets = normal(lib, 32, 2), integers(lib, 2, 32)
    return step_of(model, optimizer, nn.CrossEntropyLoss(), inputs, targets)


@training.row("MLP 784-500-10, batch 64, SGD")
def mlp_sgd(lib):
    return mlp(lib, lambda parameters: lib.optim.SGD(parameters, lr=0.01))


@training.row("MLP 784-500-10, batch 64, Adam")
def mlp_adam(lib):
    return mlp(lib, lambda parameters: lib.optim.Adam(parameters, lr=0.001))


@training.row("MNIST CNN 32-64, batch 64, SGD with momentum")
def mnist_cnn(lib):
    nn = lib.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),  # (64, 1, 28, 28) -> (64, 32, 26, 26)
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),  # -> (64, 64, 24, 24)
        nn.ReLU(),
        nn.MaxPool2d(2),  # -> (64, 64, 12, 12)
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )
    model = same_start(lib, model)
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
    inputs, targets = normal(lib, 64, 1, 28, 28), integers(lib, 10, 64)
    return step_of(model, optimizer, nn.CrossEntropyLoss(), inputs, targets)


@training.row("ResNet of 8 layers, 3x32x32, batch 16, SGD with momentum")
def small_resnet(lib):
    nn = lib.nn

    class Block(nn.Module):
        def __init__(self, channels_in, channels, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(channels)
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(channels)
            self.shortcut = nn.Sequential()
            if stride != 1 or channels_in != channels:
                self.shortcut = nn.Conv2d(channels_in, channels, 1, stride, bias=False)

        def forward(self, x):
            out = nn.functional.relu(self.bn1(self.conv1(x)))
            return nn.functional.relu(self.bn2(self.conv2(out)) + self.shortcut(x))

    model = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False),  # (16, 16, 32, 32)
        nn.BatchNorm2d(16),
        nn.ReLU(),
        Block(16, 16, 1),
        Block(16, 32, 2),  # (16, 32, 16, 16)
        Block(32, 64, 2),  # (16, 64, 8, 8)
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    model = same_start(lib, model)
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)
    inputs, targets = normal(lib, 16, 3, 32, 32), integers(lib, 10, 16)
    return step_of(model, optimizer, nn.CrossEntropyLoss(), inputs, targets)


@training.row("char-GPT, 4 layers of 128, 16x64 letters, AdamW")
def char_gpt(lib):
    nn, F = lib.nn, lib.nn.functional
    vocabulary, width, heads, context = 65, 128, 4, 64

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(
                nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
            )

        def forward(self, x):  # (B, T, C)
            B, T, C = x.shape
            q, k, v = (
                part.view(B, T, heads, C // heads).transpose(1, 2)
                for part in self.qkv(self.norm1(x)).split(C, dim=2)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.project(y.transpose(1, 2).reshape(B, T, C))
            return x + self.mlp(self.norm2(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.letter, self.place = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(4)))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

        def forward(self, indices):
            x = self.letter(indices) + self.place.weight
            return self.head(self.norm(self.blocks(x))).flatten(0, 1)

    model = same_start(lib, GPT())
    optimizer = lib.optim.AdamW(model.parameters(), lr=1e-3)
    letters = integers(lib, vocabulary, 16, context + 1)
    inputs, targets = letters[:, :-1], letters[:, 1:].flatten()
    return step_of(model, optimizer, nn.CrossEntropyLoss(), inputs, targets)


@training.row("LSTM of 128, 64 steps, batch 32, Adam")
def lstm(lib):
    nn = lib.nn

    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.letter = nn.Embedding(65, 128)
            self.lstm = nn.LSTM(128, 128, batch_first=True)
            self.head = nn.Linear(128, 65)

        def forward(self, indices):  # (32, 64)
            outputs, _ = self.lstm(self.letter(indices))
            return self.head(outputs).flatten(0, 1)

    model = same_start(lib, Reader())
    optimizer = lib.optim.Adam(model.parameters(), lr=1e-3)
    letters = integers(lib, 65, 32, 65)
    inputs, targets = letters[:, :-1], letters[:, 1:].flatten()
    return step_of(model, optimizer, nn.CrossEntropyLoss(), inputs, targets)


TABLES = (training,)
