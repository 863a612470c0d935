"""Single operations, from ten elements (all overhead) to a million (all arithmetic).

Every row is a function ``build(lib)`` that makes its inputs with ``lib`` (torch or minitorch) and
returns what is to be timed.  Calling that gives the result, which must agree between the libraries.
"""

from __future__ import annotations

import numpy as np
from rows import Table

SIZES = (10, 1_000, 100_000, 1_000_000)

elementwise = Table("operations", "forward, nothing recorded")
recorded = Table("gradients", "forward and backward")
matrices = Table("matrices", "matrix products at the shapes of common layers")

OPERATIONS = {
    "add": lambda lib, x, y: x + y,
    "mul": lambda lib, x, y: x * y,
    "add a number": lambda lib, x, y: x + 1.5,
    "relu": lambda lib, x, y: lib.relu(x),
    "exp": lambda lib, x, y: lib.exp(x),
    "tanh": lambda lib, x, y: lib.tanh(x),
    "sum": lambda lib, x, y: x.sum(),
    "compare": lambda lib, x, y: x > y,
    "where": lambda lib, x, y: lib.where(x > y, x, y),
    "slice": lambda lib, x, y: x[2:-2],
    "softmax": lambda lib, x, y: lib.softmax(x, dim=0),
}

GRADIENTS = {
    "mul": lambda lib, x, y: (x * y).sum(),
    "chain of four": lambda lib, x, y: ((x * y + x).tanh() * y).sum(),
    "softmax": lambda lib, x, y: (lib.softmax(x, dim=0) * y).sum(),
    "cat and slice": lambda lib, x, y: lib.cat([x, y])[5:-5].sum(),
}

#: Name, then the shapes of both factors: (M, K) @ (K, N).
MATRIX_SHAPES = {
    "10x10 @ 10x10": ((10, 10), (10, 10)),
    "MLP forward, 64x784 @ 784x500": ((64, 784), (784, 500)),
    "MLP weight gradient, 784x64 @ 64x500": ((784, 64), (64, 500)),
    "GPT layer, 1024x128 @ 128x512": ((1024, 128), (128, 512)),
    "attention scores, 64 times 64x32 @ 32x64": ((64, 64, 32), (64, 32, 64)),
    "square, 1024x1024 @ 1024x1024": ((1024, 1024), (1024, 1024)),
}


def normal(lib, shape, seed):
    """The same normal numbers for either library."""
    numbers = np.random.RandomState(seed).standard_normal(shape)
    return lib.tensor(numbers.astype(np.float32))


def forward_row(operation, size):
    """One operation on vectors of this many elements."""

    def build(lib):
        x, y = normal(lib, size, 0), normal(lib, size, 1)
        return lambda: operation(lib, x, y)

    return build


def backward_row(operation, size):
    """The gradient of x through one expression."""

    def build(lib):
        x, y = normal(lib, size, 0).requires_grad_(), normal(lib, size, 1)

        def run():
            x.grad = None
            operation(lib, x, y).backward()
            return x.grad

        return run

    return build


def matrix_row(left, right):
    """A product of two matrices, or of two stacks of them."""

    def build(lib):
        a, b = normal(lib, left, 0), normal(lib, right, 1)
        return lambda: a @ b

    return build


for name, operation in OPERATIONS.items():
    for size in SIZES:
        elementwise.add(f"{name}, {size:,}", forward_row(operation, size))
for name, operation in GRADIENTS.items():
    for size in SIZES:
        recorded.add(f"{name}, {size:,}", backward_row(operation, size))
for name, (left, right) in MATRIX_SHAPES.items():
    matrices.add(name, matrix_row(left, right))


@recorded.row("200 multiplications in a row, 10")
def long_chain(lib):
    """What recording and walking a long graph costs, beside arithmetic that costs nothing."""
    x, factor = normal(lib, 10, 0).requires_grad_(), normal(lib, 10, 1).abs() ** 0.01

    def run():
        x.grad = None
        y = x
        for _ in range(200):
            y = y * factor
        y.sum().backward()
        return x.grad

    return run


TABLES = (elementwise, recorded, matrices)
