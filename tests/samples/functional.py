"""Samples for the elementwise part of minitorch/nn/functional.py: activations and softmax.

Layers and losses are compared as modules, in tests/test_modules.py.
"""

from __future__ import annotations

import numpy as np

from tests.samples.base import Fails, S, normal, positive

_matrix = normal(3, 4) * 2
_cube = normal(2, 3, 4)
_number = normal()
_empty = normal(0, 3)
_single = normal(3, dtype="float32")
_plain = [S(_matrix), S(_number), S(_empty), S(_single), Fails("a"), Fails(1.0)]
_over_dim = [
    S(_matrix, 1),
    S(_cube, 0),
    S(_cube, dim=-1),
    S(_number, 0),
    S(_empty, 1),
    S(_single, 0, dtype=np.dtype("float64")),
    S(np.array([1000.0, 1001.0, -1000.0]), 0),
    Fails(_matrix, 2),
]

SAMPLES = {
    # The large one is for the kernel in minitorch/backends/numpy/activation.py.
    "relu": [*_plain, S(normal(130, 127)), S(normal(130, 127, dtype="float32"))],
    "nn.functional.relu": [*_plain, S(_matrix, inplace=False)],
    "nn.functional.relu6": [*_plain, S(_matrix * 4)],
    "nn.functional.leaky_relu": [*_plain, S(_matrix, 0.3)],
    "prelu": [
        S(_matrix, positive(4)),
        S(_cube, positive(3)),
        S(_cube, positive(1)),
        Fails(_cube, positive(2)),
    ],
    "nn.functional.hardtanh": [*_plain, S(_matrix, -0.5, 0.25)],
    "threshold": [S(_matrix, 0.1, 2.0), S(_single, 0, -1), Fails(_matrix)],
    "nn.functional.hardshrink": [*_plain, S(_matrix, 0.9)],
    "nn.functional.softshrink": [*_plain, S(_matrix, 0.9), Fails(_matrix, -1.0)],
    "nn.functional.hardsigmoid": [
        *[
            S(
                x,
                _second=False,
                _tolerance=1e-7,
                _why="torch has 1/6 in float32, and no second gradient",
            )
            for x in (_matrix * 3, _number, _single)
        ],
        *_plain[-2:],
    ],
    "nn.functional.hardswish": [*_plain, S(_matrix * 3)],
    "nn.functional.elu": [*_plain, S(_matrix, 0.5)],
    "nn.functional.gelu": [
        *_plain,
        S(_matrix, approximate="tanh"),
        Fails(_matrix, approximate="x"),
    ],
    "nn.functional.silu": _plain,
    "nn.functional.mish": _plain,
    "nn.functional.softplus": [*_plain, S(_matrix, 2.0, 1.0), S(_matrix * 20)],
    "nn.functional.logsigmoid": [*_plain, S(np.array([-800.0, 800.0]))],
    "selu": _plain,
    "celu": [*_plain, S(_matrix, 2.0)],
    "nn.functional.softsign": _plain[:4],
    "nn.functional.tanhshrink": _plain[:4],
    "nn.functional.glu": [S(_matrix), S(_matrix, 1), Fails(normal(3, 3)), Fails(_number)],
    "nn.functional.pixel_shuffle": [
        S(normal(2, 8, 2, 3), 2),
        S(normal(4, 1, 1), upscale_factor=2),
        Fails(normal(3, 2, 2), 2),
    ],
    "nn.functional.pixel_unshuffle": [
        S(normal(2, 2, 4, 6), 2),
        S(normal(1, 2, 2), downscale_factor=2),
        Fails(normal(1, 3, 2), 2),
    ],
    "softmax": _over_dim,
    "log_softmax": _over_dim,
    "nn.functional.softmin": [S(_matrix, 1), S(_cube, dim=0)],
}
