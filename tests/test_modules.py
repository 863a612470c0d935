"""Every layer and loss, from one table that is run in both libraries.

A row of CASES names a module, its constructor's arguments and its inputs.  From it follow: the same
initial parameters under the same seed, the same text, the same state; and, in training and in
evaluation, the same results, buffers and gradients of first and second order.
"""

import copy
import doctest
import importlib
import io
import pkgutil
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.nn import modules

# ---- how a case is written -----------------------------------------------------------------------


class Values(NamedTuple):
    """An array, given by a rule, so that both libraries get the same one."""

    draw: Any
    differentiable: bool = False

    def array(self, seed):
        return self.draw(np.random.default_rng(seed))


class Case(NamedTuple):
    """A module by its name and arguments, and the inputs it is called with."""

    name: str
    args: tuple
    kwargs: dict
    inputs: tuple

    def __str__(self):
        arguments = [str(arg) for arg in self.args if is_plain(arg)]
        arguments += [f"{key}={value}" for key, value in self.kwargs.items() if is_plain(value)]
        return f"{self.name}({','.join(arguments)})".replace(" ", "")


def is_plain(value):
    return isinstance(value, (int, float, str, type(None))) or type(value) is tuple


def case(name, args, *inputs, **kwargs):
    args = args if type(args) is tuple else (args,)
    return Case(name, args, kwargs, inputs)


def normal(*shape):
    return Values(lambda rng: rng.standard_normal(shape), differentiable=True)


def probabilities(*shape):
    return Values(lambda rng: rng.uniform(0.05, 0.95, shape), differentiable=True)


def positive(*shape):
    return Values(lambda rng: rng.uniform(0.5, 3.0, shape), differentiable=True)


def targets(*shape):
    """Numbers between 0 and 1 that nobody differentiates for."""
    return Values(lambda rng: rng.uniform(0.05, 0.95, shape))


def counts(*shape):
    return Values(lambda rng: rng.integers(0, 5, shape).astype(np.float64))


def signs(*shape):
    return Values(lambda rng: rng.choice([-1.0, 1.0], shape))


def classes(high, *shape):
    return Values(lambda rng: rng.integers(0, high, shape))


def exactly(values):
    return Values(lambda rng: np.array(values))


WEIGHT = exactly([0.5, 1.0, 2.0, 0.25])
MASK = exactly([[False, True, True], [False, False, True], [False, False, False]])
PADDING = exactly([[False, False, True], [False, False, False]])
#: Log probabilities of 4 classes, of 2 sequences in 6 steps.
LOGS = Values(lambda rng: np.log(rng.dirichlet(np.ones(4), (6, 2))), differentiable=True)
LABELS = [[3, 0, -1, 1], [2, 2, 1, 0], [-1, 0, 1, 2]]
ENCODER = Case("TransformerEncoderLayer", (4, 2, 6), {"dropout": 0.0}, ())
DECODER = Case("TransformerDecoderLayer", (4, 2, 6), {"dropout": 0.0}, ())

# ---- the table, in the order in which programs use them ------------------------------------------

CASES = [
    case("Linear", (3, 4), normal(5, 3)),
    case("Linear", (3, 4), normal(2, 5, 3)),
    case("Linear", (3, 4), normal(3), bias=False),
    case("Conv2d", (2, 4, 3), normal(3, 2, 6, 5)),
    case("Conv2d", (2, 4, 3), normal(3, 2, 6, 5), padding=1, stride=2, bias=False),
    case("Conv2d", (4, 4, (3, 2)), normal(2, 4, 6, 5), groups=2, dilation=2, padding=(2, 1)),
    case("Conv2d", (2, 4, 2), normal(2, 2, 6, 5), padding="same"),
    case("Conv2d", (2, 4, 3), normal(2, 6, 5), padding="valid"),
    case("Conv2d", (2, 4, 3), normal(2, 2, 6, 5), padding=1, padding_mode="circular"),
    case("Conv2d", (2, 4, 3), normal(2, 2, 6, 5), padding=1, padding_mode="reflect"),
    case("Conv2d", (2, 4, 2), normal(2, 2, 6, 5), padding="same", padding_mode="replicate"),
    case("ReLU", (), normal(3, 4)),
    case("ReLU", (True,), normal(3, 4)),
    case("Dropout", (0.3,), normal(4, 5)),
    case("Dropout", (0.3, True), normal(4, 5)),
    case("Dropout", (0,), normal(4, 5)),
    case("Dropout", (1,), normal(4, 5)),
    case("CrossEntropyLoss", (), normal(5, 4), classes(4, 5)),
    case("CrossEntropyLoss", WEIGHT, normal(5, 4), classes(4, 5), label_smoothing=0.1),
    case("CrossEntropyLoss", (), normal(5, 4, 3), classes(4, 5, 3), ignore_index=1),
    case("CrossEntropyLoss", WEIGHT, normal(5, 4, 3), classes(4, 5, 3), reduction="none"),
    case("CrossEntropyLoss", WEIGHT, normal(5, 4), targets(5, 4), label_smoothing=0.2),
    case("CrossEntropyLoss", (), normal(5, 4), targets(5, 4), reduction="sum"),
    case("CrossEntropyLoss", (), normal(4), classes(4)),
    case("Embedding", (7, 3), classes(7, 2, 4)),
    case("Embedding", (7, 3), classes(7, 2, 4), padding_idx=-1),
    case("Embedding", (7, 3), classes(7, 6), max_norm=1.0, norm_type=1.0),
    case("Embedding", (7, 3), classes(4, 3, 5), scale_grad_by_freq=True),
    case("EmbeddingBag", (7, 3), classes(7, 2, 4)),
    case("EmbeddingBag", (7, 3), classes(7, 6), exactly([0, 0, 3, 6])),
    case("EmbeddingBag", (4, 3), classes(4, 9), exactly([0, 2, 9]), mode="sum", padding_idx=1),
    case("EmbeddingBag", (4, 3), classes(4, 9), exactly([0, 2, 9]), padding_idx=-1),
    case("EmbeddingBag", (4, 3), classes(4, 3, 5), mode="max"),
    case("EmbeddingBag", (4, 3), classes(4, 9), exactly([0, 4, 4]), mode="max", padding_idx=2),
    case("EmbeddingBag", (4, 3), classes(4, 9), exactly([0, 4, 9]), include_last_offset=True),
    case("EmbeddingBag", (4, 3), classes(4, 9), exactly([0, 4]), max_norm=1.0, mode="sum"),
    case("BatchNorm2d", 3, normal(4, 3, 2, 5)),
    case("BatchNorm2d", 3, normal(4, 3, 2, 5), momentum=None),
    case("BatchNorm2d", 3, normal(4, 3, 2, 5), affine=False, eps=0.1),
    case("BatchNorm2d", 3, normal(4, 3, 2, 5), track_running_stats=False),
    case("MaxPool2d", 2, normal(2, 3, 6, 5)),
    case("MaxPool2d", (3, 2, 1), normal(3, 6, 5), dilation=2, ceil_mode=True),
    case("MaxPool2d", ((2, 3),), normal(2, 3, 6, 5), return_indices=True, padding=(1, 0)),
    case("MSELoss", (), normal(3, 4), normal(3, 4)),
    case("MSELoss", (), normal(3, 4), normal(3, 4), reduction="none"),
    case("Tanh", (), normal(3, 4)),
    case("LayerNorm", 4, normal(3, 4)),
    case("LayerNorm", ((2, 4),), normal(3, 2, 4), bias=False),
    case("LayerNorm", 4, normal(3, 4), elementwise_affine=False, eps=0.1),
    case("GELU", (), normal(3, 4)),
    case("GELU", "tanh", normal(3, 4)),
    case("LeakyReLU", (), normal(3, 4)),
    case("LeakyReLU", (0.2, True), normal(3, 4)),
    case("Identity", (54, 3), normal(3, 4), unused=2),
    case("Sigmoid", (), normal(3, 4)),
    case("Softmax", 1, normal(3, 4)),
    case("ConvTranspose2d", (4, 2, 3), normal(2, 4, 5, 4)),
    case("ConvTranspose2d", (4, 4, 3, 2, 1, 1), normal(2, 4, 5, 4), groups=2, bias=False),
    case("ConvTranspose2d", (4, 2, (3, 2)), normal(4, 5, 4), stride=2, dilation=2, padding=1),
    case("Flatten", (), normal(3, 4, 2)),
    case("Flatten", (0, 1), normal(3, 4, 2)),
    case("AvgPool2d", 2, normal(2, 3, 6, 5)),
    case("AvgPool2d", (3, 2, 1), normal(3, 6, 5), ceil_mode=True, count_include_pad=False),
    case("AvgPool2d", (3, 2, 1), normal(2, 3, 6, 5), ceil_mode=True),
    case("AvgPool2d", ((2, 3),), normal(2, 3, 6, 5), divisor_override=5),
    case("BatchNorm1d", 3, normal(4, 3)),
    case("BatchNorm1d", 3, normal(4, 3, 5), bias=False),
    case("LSTM", (3, 4), normal(5, 2, 3)),
    case("LSTM", (3, 4, 2), normal(2, 5, 3), batch_first=True, bidirectional=True, dropout=0.4),
    case("LSTM", (3, 4, 2), normal(5, 3), bias=False),
    case("LSTM", (3, 4, 2), normal(5, 2, 3), bidirectional=True, proj_size=2),
    case("AdaptiveAvgPool2d", 1, normal(2, 3, 6, 5)),
    case("AdaptiveAvgPool2d", ((4, None),), normal(2, 3, 6, 5)),
    case("AdaptiveAvgPool2d", ((3, 5),), normal(3, 6, 5)),
    case("GRU", (3, 4), normal(5, 2, 3)),
    case("GRU", (3, 4, 2), normal(5, 2, 3), normal(4, 2, 4), bidirectional=True, dropout=0.4),
    case("GRU", (3, 4), normal(5, 3), normal(1, 4), bias=False),
    case("BCELoss", (), probabilities(3, 4), targets(3, 4)),
    case("BCELoss", WEIGHT, probabilities(3, 4), targets(3, 4), reduction="sum"),
    case("NLLLoss", (), normal(5, 4), classes(4, 5)),
    case("NLLLoss", WEIGHT, normal(5, 4, 2, 3), classes(4, 5, 2, 3), ignore_index=2),
    case("NLLLoss", WEIGHT, normal(5, 4), classes(4, 5), reduction="none"),
    case("Upsample", (), normal(2, 3, 4, 5), scale_factor=2),
    case("Upsample", ((7, 3), None, "bilinear"), normal(2, 3, 4, 5)),
    case("Upsample", (None, 1.7, "bicubic"), normal(2, 3, 4, 5), recompute_scale_factor=True),
    case("Upsample", (7, None, "linear", True), normal(2, 3, 4)),
    case("Upsample", (None, (1.5, 2.0, 0.5), "trilinear"), normal(2, 3, 4, 5, 4)),
    case("Upsample", (None, 1.3, "nearest-exact"), normal(2, 3, 4, 5)),
    case("Upsample", ((3, 2), None, "area"), normal(2, 3, 4, 5)),
    case("BCEWithLogitsLoss", (), normal(3, 4), targets(3, 4)),
    case("BCEWithLogitsLoss", WEIGHT, normal(3, 4), targets(3, 4), pos_weight=WEIGHT),
    case("RNN", (3, 4), normal(5, 2, 3)),
    case("RNN", (3, 4, 2, "relu"), normal(2, 5, 3), batch_first=True, bidirectional=True),
    case("Dropout2d", 0.4, normal(3, 4, 2, 2)),
    case("L1Loss", (), normal(3, 4), normal(3, 4)),
    case("Conv1d", (2, 4, 3), normal(3, 2, 7), stride=2, padding=1),
    case("Conv1d", (2, 4, 4), normal(2, 7), padding="same"),
    case("LogSoftmax", 1, normal(3, 4)),
    case("SiLU", (), normal(3, 4)),
    case("InstanceNorm2d", 3, normal(4, 3, 2, 5)),
    case("InstanceNorm2d", 3, normal(4, 3, 2, 5), affine=True, track_running_stats=True),
    case("InstanceNorm2d", 3, normal(3, 2, 5), affine=True),
    case("Conv3d", (2, 4, 2), normal(1, 2, 3, 4, 3), padding=1),
    case("PReLU", (), normal(3, 4)),
    case("PReLU", (4, 0.1), normal(3, 4, 2)),
    case("ReflectionPad2d", ((2, 1, 0, 3),), normal(2, 3, 4, 5)),
    case("GroupNorm", (2, 4), normal(3, 4, 5)),
    case("GroupNorm", (2, 4), normal(3, 4, 2, 2), affine=False),
    case("GroupNorm", (2, 4), normal(3, 4), bias=False),
    case("ZeroPad2d", 1, normal(2, 3, 4, 5)),
    case("ZeroPad2d", ((1, -1, 0, 2),), normal(2, 3, 4, 5)),
    case("TransformerEncoderLayer", (4, 2, 6), normal(3, 2, 4)),
    case("TransformerEncoderLayer", (4, 2, 6), normal(2, 3, 4), MASK, PADDING, batch_first=True),
    case(
        "TransformerEncoderLayer", (4, 2, 6, 0.2, "gelu"), normal(3, 4), norm_first=True, bias=False
    ),
    case("RMSNorm", 4, normal(3, 4)),
    case("RMSNorm", ((2, 4),), normal(3, 2, 4), eps=0.1, elementwise_affine=False),
    case("MultiheadAttention", (4, 2), normal(3, 2, 4), normal(5, 2, 4), normal(5, 2, 4)),
    case("MultiheadAttention", (4, 2, 0.5), normal(3, 4), normal(5, 4), normal(5, 4)),
    case(
        "MultiheadAttention",
        (4, 2),
        normal(2, 3, 4),
        normal(2, 5, 3),
        normal(2, 5, 2),
        kdim=3,
        vdim=2,
        batch_first=True,
        add_bias_kv=True,
        add_zero_attn=True,
        bias=False,
    ),
    case("AdaptiveMaxPool2d", ((3, 2),), normal(2, 3, 6, 5)),
    case("AdaptiveMaxPool2d", ((4, None),), normal(3, 6, 5), return_indices=True),
    case("SmoothL1Loss", (), normal(3, 4), normal(3, 4)),
    case("SmoothL1Loss", (), normal(3, 4), normal(3, 4), beta=0.5, reduction="sum"),
    case("LSTMCell", (3, 4), normal(2, 3)),
    case("LSTMCell", (3, 4, False), normal(3)),
    case("TransformerEncoder", (ENCODER, 2), normal(3, 2, 4)),
    case("TransformerEncoder", (ENCODER, 2), normal(3, 2, 4), MASK),
    case("PixelShuffle", 2, normal(2, 8, 2, 3)),
    case("BatchNorm3d", 3, normal(2, 3, 2, 2, 3)),
    case("KLDivLoss", (), normal(3, 4), targets(3, 4)),
    case("KLDivLoss", (), normal(3, 4), normal(3, 4), reduction="batchmean", log_target=True),
    case("GRUCell", (3, 4), normal(2, 3)),
    case("GRUCell", (3, 4), normal(3), normal(4), bias=False),
    case("Transformer", (4, 2, 1, 1, 6), normal(3, 2, 4), normal(5, 2, 4)),
    case("ELU", (), normal(3, 4)),
    case("ELU", (0.5, True), normal(3, 4)),
    case("MaxPool3d", 2, normal(2, 3, 4, 5, 4)),
    case("ConvTranspose3d", (2, 4, 2), normal(1, 2, 3, 2, 3), stride=2),
    case("Hardtanh", (), normal(3, 4)),
    case("Hardtanh", (-0.5, 2, True), normal(3, 4)),
    case("Softplus", (), normal(3, 4)),
    case("Softplus", (2, 1), normal(3, 4)),
    case("Hardswish", (), normal(3, 4)),
    case("UpsamplingNearest2d", (), normal(2, 3, 4, 5), size=(3, 8)),
    case("ReLU6", (), normal(3, 4)),
    case("ConstantPad2d", (1, 3.5), normal(2, 3, 4, 5)),
    case("AdaptiveAvgPool1d", 3, normal(2, 3, 5)),
    case("AvgPool1d", 2, normal(2, 3, 5)),
    case("AvgPool1d", (3, 2, 1), normal(3, 5), count_include_pad=False),
    case("CosineEmbeddingLoss", (), normal(3, 4), normal(3, 4), signs(3)),
    case("CosineEmbeddingLoss", 0.2, normal(3, 4), normal(3, 4), signs(3), reduction="none"),
    case("GLU", (), normal(3, 4)),
    case("LogSigmoid", (), normal(3, 4)),
    case("RNNCell", (3, 4), normal(2, 3)),
    case("RNNCell", (3, 4), normal(2, 3), normal(2, 4), bias=False, nonlinearity="relu"),
    case("ReplicationPad2d", 2, normal(2, 3, 4, 5)),
    case("TransformerDecoder", (DECODER, 2), normal(3, 2, 4), normal(5, 2, 4), MASK),
    case("TransformerDecoderLayer", (4, 2, 6), normal(3, 2, 4), normal(5, 2, 4)),
    case("TransformerDecoderLayer", (4, 2, 6), normal(3, 4), normal(5, 4), norm_first=True),
    case("Unflatten", (1, (2, 3)), normal(4, 6)),
    # Rarer ones, by their files.
    case("Bilinear", (3, 2, 4), normal(5, 3), normal(5, 2)),
    case("Bilinear", (3, 2, 4, False), normal(2, 5, 3), normal(2, 5, 2)),
    case("ConvTranspose1d", (2, 4, 3), normal(2, 2, 5), stride=2, output_padding=1),
    case("MaxPool1d", (3, 2, 1), normal(2, 3, 7)),
    case("AvgPool3d", 2, normal(2, 3, 4, 5, 4)),
    case("AdaptiveAvgPool3d", ((2, None, 3),), normal(2, 3, 4, 2, 3)),
    case("AdaptiveMaxPool1d", 3, normal(2, 3, 5)),
    case("AdaptiveMaxPool3d", 2, normal(2, 3, 4, 2, 3)),
    case("LPPool1d", (2, 3), normal(2, 3, 7)),
    case("LPPool2d", (3, 2), positive(2, 3, 4, 5), stride=1, ceil_mode=True),
    case("LPPool3d", (2, 2), positive(2, 3, 4, 5, 4)),
    case("LPPool3d", (3, (1, 2, 2), 1, True), positive(2, 2, 3, 3)),
    case("MaxUnpool1d", 2, normal(2, 3), exactly([[1, 2, 5], [0, 3, 4]])),
    case("MaxUnpool1d", (3, 2, 1), normal(1, 2, 3), exactly([[[1, 2, 4], [0, 3, 4]]])),
    case("MaxUnpool2d", 2, normal(1, 2, 2), exactly([[[5, 2], [9, 15]]])),
    case("MaxUnpool2d", ((2, 1),), normal(1, 1, 2, 2), exactly([[[[0, 1], [6, 7]]]])),
    case("MaxUnpool3d", 2, normal(1, 1, 2, 1), exactly([[[[7], [12]]]])),
    case("FractionalMaxPool2d", 2, normal(2, 3, 7, 8), output_size=(3, 4)),
    case("FractionalMaxPool2d", ((3, 2),), normal(3, 7, 8), output_ratio=(0.5, 0.6)),
    case("FractionalMaxPool2d", (2, 1), normal(1, 2, 5, 5), return_indices=True),
    case("FractionalMaxPool3d", 2, normal(2, 2, 5, 6, 7), output_size=(2, 3, 4)),
    case("FractionalMaxPool3d", (2, 3), normal(2, 6, 6, 6), return_indices=True),
    case("Unfold", 2, normal(2, 3, 4, 5)),
    case("Unfold", ((2, 3), (1, 2), (1, 2), (2, 1)), normal(3, 6, 7)),
    case("Fold", ((4, 5), 2), normal(2, 12, 12)),
    case("Fold", ((6, 7), (2, 3), (1, 2), (1, 2), (2, 1)), normal(18, 28)),
    case("ChannelShuffle", 2, normal(2, 6, 3)),
    case("ChannelShuffle", 3, normal(1, 6, 2, 2)),
    case("SyncBatchNorm", 3, normal(4, 3)),
    case("SyncBatchNorm", (3, 1e-3, None), normal(2, 3, 2, 2)),
    case("InstanceNorm1d", 3, normal(4, 3, 5)),
    case("InstanceNorm3d", 3, normal(2, 3, 2, 2, 3), track_running_stats=True),
    case("LocalResponseNorm", 2, normal(2, 5, 4)),
    case("LocalResponseNorm", 3, normal(2, 5, 2, 3), alpha=0.5, beta=0.5, k=2.0),
    case("Dropout1d", 0.4, normal(3, 4, 2)),
    case("Dropout1d", 0.4, normal(4, 2)),
    case("Dropout3d", 0.4, normal(3, 4, 2, 2, 1)),
    case("AlphaDropout", 0.4, normal(3, 4)),
    case("FeatureAlphaDropout", 0.4, normal(3, 4, 2)),
    case("RReLU", (), normal(3, 4)),
    case("RReLU", (0.1, 0.4, True), normal(3, 4)),
    case("SELU", (), normal(3, 4)),
    case("CELU", 2.0, normal(3, 4)),
    case("CELU", (0.5, True), normal(3, 4)),
    case("Mish", (), normal(3, 4)),
    case("Tanhshrink", (), normal(3, 4)),
    case("Hardsigmoid", (), normal(3, 4)),
    case("Hardshrink", (), normal(3, 4)),
    case("Softshrink", 0.3, normal(3, 4)),
    case("Softsign", (), normal(3, 4)),
    case("Threshold", (0.1, 20), normal(3, 4)),
    case("Softmax2d", (), normal(2, 3, 2, 2)),
    case("Softmin", 0, normal(3, 4)),
    case("RNNBase", ("GRU", 3, 4, 2), normal(5, 2, 3)),
    case("RNNCellBase", (3, 4, True, 2)),
    case("HuberLoss", (), normal(3, 4), normal(3, 4)),
    case("HuberLoss", ("none", 0.5), normal(3, 4), normal(3, 4)),
    case("HingeEmbeddingLoss", (), normal(3, 4), signs(3, 4)),
    case("MarginRankingLoss", 0.3, normal(5), normal(5), signs(5)),
    case("AdaptiveLogSoftmaxWithLoss", (8, 10, [3, 7], 2.0), normal(5, 8), classes(10, 5)),
    case("AdaptiveLogSoftmaxWithLoss", (8, 10, [4]), normal(8), exactly(7), head_bias=True),
    case("CTCLoss", (), LOGS, exactly([[1, 2, 2], [3, 1, 0]]), exactly([6, 5]), exactly([3, 2])),
    case("CTCLoss", (2, "sum"), LOGS, exactly([1, 3, 3]), exactly([6, 6]), exactly([0, 3])),
    case("CTCLoss", (0, "none"), LOGS, exactly([[1, 1], [2, 3]]), exactly([6, 2]), exactly([1, 2])),
    case("MultiLabelMarginLoss", (), normal(3, 4), exactly(LABELS)),
    case("MultiLabelMarginLoss", (), normal(3, 4), exactly(LABELS), reduction="none"),
    case("MultiLabelMarginLoss", (), normal(4), exactly([1, 3, -1, 0]), reduction="sum"),
    case("MultiMarginLoss", (), normal(5, 4), classes(4, 5)),
    case("MultiMarginLoss", (2, 0.5, WEIGHT), normal(5, 4), classes(4, 5), reduction="none"),
    case("MultiLabelSoftMarginLoss", WEIGHT, normal(5, 4), classes(2, 5, 4)),
    case("SoftMarginLoss", (), normal(5, 4), signs(5, 4)),
    case("PoissonNLLLoss", (), normal(3, 4), counts(3, 4), full=True),
    case("PoissonNLLLoss", False, positive(3, 4), counts(3, 4)),
    case("GaussianNLLLoss", (), normal(3, 4), normal(3, 4), positive(3, 4), full=True),
    case("GaussianNLLLoss", (), normal(3, 4), normal(3, 4), positive(3)),
    case("TripletMarginLoss", (), normal(5, 4), normal(5, 4), normal(5, 4)),
    case("TripletMarginLoss", (2.0, 3.0), normal(5, 4), normal(5, 4), normal(5, 4), swap=True),
    case("TripletMarginWithDistanceLoss", (), normal(5, 4), normal(5, 4), normal(5, 4)),
    case("CosineSimilarity", (), normal(5, 4), normal(5, 4)),
    case("CosineSimilarity", 0, normal(5, 4), normal(5, 4)),
    case("PairwiseDistance", (), normal(5, 4), normal(5, 4)),
    case("PairwiseDistance", (1.0, 0.0, True), normal(5, 4), normal(5, 4)),
    case("CircularPad1d", 2, normal(2, 3, 4)),
    case("CircularPad2d", ((1, 2, 0, 3),), normal(2, 3, 4, 5)),
    case("CircularPad3d", 1, normal(2, 3, 2, 3, 2)),
    case("ConstantPad1d", (2, 1.5), normal(2, 3, 4)),
    case("ConstantPad3d", (1, -2), normal(2, 3, 2, 3, 2)),
    case("ReflectionPad1d", 2, normal(2, 3, 4)),
    case("ReflectionPad3d", 1, normal(2, 3, 2, 3, 2)),
    case("ReplicationPad1d", ((3, 1),), normal(2, 3, 4)),
    case("ReplicationPad3d", 1, normal(2, 3, 2, 3, 2)),
    case("ZeroPad1d", 2, normal(3, 4)),
    case("ZeroPad3d", 1, normal(2, 3, 2, 3, 2)),
    case("PixelUnshuffle", 2, normal(2, 3, 4, 6)),
    case("UpsamplingBilinear2d", (), normal(2, 3, 4, 5), scale_factor=2),
]

#: Modules that hold others are the subject of test_module.py.
CONTAINERS = {"Module", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"}
BASES = {"RNNBase", "RNNCellBase"}

every_case = pytest.mark.parametrize("case", CASES, ids=str)

pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{beginning}")
    for beginning in (
        "Using padding='same' with even kernel lengths",
        "LSTM with projections is not supported with oneDNN",
        "reduction. 'mean' divides the total loss",
        "Using a target size",
    )
]

# ---- building and running in either library ------------------------------------------------------


def tensor_of(lib, array):
    return lib.from_numpy(np.array(array))


def built(lib, value):
    """A constructor's argument in one library: modules and tensors from their descriptions."""
    if isinstance(value, Case):
        arguments = [built(lib, arg) for arg in value.args]
        named = {name: built(lib, arg) for name, arg in value.kwargs.items()}
        return getattr(lib.nn, value.name)(*arguments, **named)
    return tensor_of(lib, value.array(0)) if isinstance(value, Values) else value


def seeded(lib, case):
    lib.manual_seed(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about nested tensors and single layers
        return built(lib, case)


def inputs_of(lib, case, dtype=np.float64):
    made = []
    for position, values in enumerate(case.inputs):
        array = values.array(position + 1)
        array = array.astype(dtype) if array.dtype == np.float64 else array
        tensor = tensor_of(lib, array)
        made.append(tensor.requires_grad_() if values.differentiable else tensor)
    return made


def called(lib, module, inputs):
    """The results, as a flat list; layers that write in place get copies, not the leaves."""
    if getattr(module, "inplace", False):
        inputs = [x.clone() for x in inputs]
    lib.manual_seed(5)
    return flat(module(*inputs))


def flat(result):
    if isinstance(result, (tuple, list)):
        return [tensor for part in result for tensor in flat(part)]
    return [] if result is None else [result]


def directions(lib, tensors, seed):
    """A random direction for each tensor, to differentiate along, and for."""
    rng = np.random.default_rng(seed)
    drawn = [rng.standard_normal(tuple(tensor.shape)) for tensor in tensors]
    return [tensor_of(lib, array).requires_grad_() for array in drawn]


def numbers(tensors):
    """The arrays; torch's all-zero gradients without memory become plain zeros."""
    return [None if t is None else (t.detach() + 0).numpy().copy() for t in tensors]


def run(lib, case, training, order=2):
    """Everything that a case gives in float64: results, names of nodes, gradients, buffers."""
    module = seeded(lib, case).double().train(training)
    inputs = inputs_of(lib, case)
    results = called(lib, module, inputs)
    wanted = [x for x in (*inputs, *module.parameters()) if x.requires_grad]
    got = {"results": numbers(results), "nodes": [node_name(r) for r in results]}
    got["buffers"] = numbers(module.buffers())
    results = [result for result in results if result.requires_grad]
    if wanted and results:
        ways = directions(lib, results, 11)
        options = {"create_graph": order > 1, "allow_unused": True}
        firsts = lib.autograd.grad(results, wanted, ways, **options)
        got["first"] = numbers(firsts)
        firsts = [gradient for gradient in firsts if gradient is not None]
        if order > 1:
            wanted = [*wanted, *ways]
            try:
                seconds = lib.autograd.grad(
                    firsts, wanted, directions(lib, firsts, 12), allow_unused=True
                )
                got["second"] = numbers(seconds)
            except RuntimeError as error:
                if "derivative for" not in str(error) or lib is mt:
                    raise
    return got


def node_name(tensor):
    """The name as it is printed."""
    return tensor.grad_fn and tensor.grad_fn.name().removeprefix("torch::autograd::")


def assert_close(actual, expected, what, tolerance=1e-9):
    assert len(actual) == len(expected), what
    for a, e in zip(actual, expected, strict=True):
        if e is None or a is None:
            # None stands for zeros: which of both a library gives depends on how it is built.
            assert a is None or not a.any(), what
            assert e is None or not e.any(), what
            continue
        assert a.dtype == e.dtype and a.shape == e.shape, what
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance, err_msg=what)


# ---- without torch -------------------------------------------------------------------------------


def test_every_module_is_in_the_table():
    named = {case.name for case in CASES}
    lazy = {name for name in modules.__all__ if name.startswith("Lazy")}  # tests/test_lazy.py
    assert sorted(named | CONTAINERS | lazy | {"NLLLoss2d"}) == modules.__all__
    assert set(modules.__all__) <= set(nn.__all__)


@every_case
def test_gradients_are_the_slopes(case):
    """Along random directions, by finite differences."""
    if case.name in BASES:
        pytest.skip("a base, which is not called by itself")
    if case.name == "CTCLoss":
        pytest.skip("torch: its gradient is right after a log_softmax only")
    if case.name in ("Embedding", "EmbeddingBag") and case.kwargs:
        pytest.skip("rows are shrunk, or left out, behind the gradient's back, as in torch")
    module = seeded(mt, case).double()
    inputs = inputs_of(mt, case)
    wanted = [x for x in (*inputs, *module.parameters()) if x.requires_grad]
    results = [r for r in called(mt, module, inputs) if r.requires_grad]
    if not wanted or not results:
        return
    ways = directions(mt, results, 1)
    gradients = mt.autograd.grad(results, wanted, ways, allow_unused=True)

    def total():
        outputs = called(mt, copy.deepcopy(module), inputs)
        pairs = zip([r for r in outputs if r.dtype is mt.float64], ways, strict=True)
        return sum((r * way).sum().item() for r, way in pairs)

    for tensor, gradient in zip(wanted, gradients, strict=True):
        way = mt.from_numpy(np.random.default_rng(2).standard_normal(tuple(tensor.shape))) * 1e-6
        with mt.no_grad():
            above = (tensor.add_(way), total())[1]
            below = (tensor.sub_(way * 2), total())[1]
            tensor.add_(way)
        expected = 0.0 if gradient is None else (gradient * way).sum().item()
        # Some functions have bends: the step is too short to meet one.
        assert (above - below) / 2 == pytest.approx(expected, rel=1e-4, abs=1e-12)


@every_case
def test_state_goes_through_a_file_and_a_copy(case):
    module = seeded(mt, case)
    mt.manual_seed(8)
    other = built(mt, case)
    assert str(other.load_state_dict(module.state_dict())) == "<All keys matched successfully>"
    twin = copy.deepcopy(module)
    assert repr(twin) == repr(other) == repr(module)
    for key, value in module.state_dict().items():
        assert mt.equal(twin.state_dict()[key], value) and mt.equal(other.state_dict()[key], value)
        assert twin.state_dict()[key].data_ptr() != value.data_ptr() or not value.numel()


@pytest.mark.parametrize("name", [info.name for info in pkgutil.iter_modules(modules.__path__)])
def test_examples_in_the_docstrings_run(name):
    module = importlib.import_module(f"{modules.__name__}.{name}")
    output = io.StringIO()
    runner = doctest.DocTestRunner()
    for example in doctest.DocTestFinder().find(module):
        runner.run(example, out=output.write)
    assert not runner.failures, output.getvalue()


@pytest.mark.parametrize("name", sorted(set(modules.__all__) - CONTAINERS - BASES))
def test_every_module_says_formula_shape_source_and_example(name):
    text = getattr(nn, name).__doc__
    for part in ("Shape:", "Source: torch.nn.", "Example::", ">>> import minitorch"):
        assert part in text, f"{name} lacks {part!r}"


def test_old_names_are_remarked():
    with pytest.warns(FutureWarning, match="`NLLLoss2d` has been deprecated"):
        loss = nn.NLLLoss2d(reduction="sum")
    logs, labels = mt.full((1, 2, 3, 3), -0.5), mt.zeros(1, 3, 3, dtype=mt.int64)
    assert loss(logs, labels).item() == 4.5
    for name in ("upsample", "upsample_nearest", "upsample_bilinear"):
        with pytest.warns(UserWarning, match=f"`nn.functional.{name}` is deprecated"):
            large = getattr(nn.functional, name)(mt.ones(1, 1, 2, 2), scale_factor=2)
        assert large.shape == (1, 1, 4, 4)


def test_frequent_rows_of_a_bag_get_smaller_gradients():
    indices = mt.tensor([[0, 1, 0], [0, 2, 2]])
    gradients = []
    for scale in (False, True):
        table = nn.EmbeddingBag(3, 2, mode="sum", scale_grad_by_freq=scale)
        table(indices).sum().backward()
        gradients.append(table.weight.grad[:, 0].tolist())
    np.testing.assert_allclose(gradients, [[3, 1, 2], [1, 1, 1]], rtol=1e-6)


def test_module_moves_to_another_dtype_at_construction():
    layer = nn.Linear(2, 3, dtype=mt.float64, device="cpu")
    assert layer.weight.dtype is layer.bias.dtype is mt.float64
    norm = nn.BatchNorm1d(2, dtype=mt.float64)
    assert norm.running_mean.dtype is mt.float64 and norm.num_batches_tracked.dtype is mt.int64


def test_batch_norm_takes_a_state_without_count():
    old = nn.BatchNorm1d(2).state_dict()
    del old["num_batches_tracked"], old._metadata
    layer = nn.BatchNorm1d(2)
    layer.load_state_dict(old)
    assert layer.num_batches_tracked.item() == 0


def test_embedding_from_pretrained_shares_and_freezes():
    table = mt.arange(6.0).reshape(3, 2)
    layer = nn.Embedding.from_pretrained(table, padding_idx=0)
    assert layer.weight.data_ptr() == table.data_ptr() and not layer.weight.requires_grad
    assert layer(mt.tensor([2])).tolist() == [[4.0, 5.0]]
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad


def test_embedding_shrinks_only_the_rows_it_uses():
    layer = nn.Embedding.from_pretrained(mt.full((3, 4), 2.0), max_norm=1.0)
    layer(mt.tensor([1]))
    assert layer.weight.norm(dim=1).tolist() == pytest.approx([4.0, 1.0, 4.0])


def test_transposed_convolution_reaches_the_size_asked_for():
    down, up = nn.Conv2d(2, 3, 3, stride=2, padding=1), nn.ConvTranspose2d(3, 2, 3, 2, 1)
    for size in ((6, 7), (5, 8)):
        small = down(mt.zeros(1, 2, *size))
        assert up(small, output_size=size).shape == (1, 2, *size)
        assert up(small, output_size=(1, 2, *size)).shape == (1, 2, *size)
    with pytest.raises(ValueError, match="requested an output size of"):
        up(small, output_size=(20, 20))


def test_causal_mask_hides_the_future():
    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True).double()
    encoder = nn.TransformerEncoder(layer, 2)
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=mt.float64)
    words = mt.randn(1, 5, 4, dtype=mt.float64)
    changed = words.clone()
    changed[:, 3:] = 0
    before, after = encoder(words, mask), encoder(changed, mask)
    assert mt.allclose(before[:, :3], after[:, :3]) and not mt.allclose(before, after)


# ---- the comparison ------------------------------------------------------------------------------


@pytest.mark.compare
@every_case
def test_construction_is_torchs(case):
    torch = pytest.importorskip("torch")
    ours, theirs = seeded(mt, case), seeded(torch, case)
    assert repr(ours) == repr(theirs)
    state, their_state = ours.state_dict(), theirs.state_dict()
    assert list(state) == list(their_state)
    for key, value in their_state.items():
        assert str(state[key].dtype) == str(value.dtype), key
        np.testing.assert_array_equal(state[key].numpy(), value.numpy(), err_msg=key)
    assert [name for name, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]
    assert [name for name, _ in ours.named_parameters()] == [
        n for n, _ in theirs.named_parameters()
    ]
    assert mt.rand(3).tolist() == torch.rand(3).tolist(), "another number of draws"


#: Where torch's last node has another name: a vector without bias is squeezed in another way; one
#: node of ours gives both h and c; in evaluation torch's Dropout1d adds a dimension and takes it
#: away; in place, torch counts some nodes from 1.
OTHER_NODES = {
    "Linear(3,4,bias=False)",
    "LSTMCell(3,4)",
    "Dropout1d(0.4)",
    "LeakyReLU(0.2,True)",
    "ELU(0.5,True)",
    "CELU(0.5,True)",
    "RReLU(0.1,0.4,True)",
}
#: torch rounds the constants in the slopes of these to single precision.
SINGLE_PRECISION_CONSTANTS = {"SELU", "LeakyReLU", "Hardsigmoid"}


@pytest.mark.compare
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@every_case
def test_results_and_gradients_are_torchs(case, training):
    torch = pytest.importorskip("torch")
    if case.name in BASES:
        pytest.skip("a base, which is not called by itself")
    ours, theirs = run(mt, case, training), run(torch, case, training)
    tolerance = 1e-7 if case.name in SINGLE_PRECISION_CONSTANTS else 1e-9
    for key, values in theirs.items():
        if key == "second" and case.kwargs.get("scale_grad_by_freq"):
            continue  # torch: they are not scaled
        if key != "nodes":
            assert_close(ours[key], values, key, tolerance)
    if str(case) not in OTHER_NODES:
        assert ours["nodes"] == theirs["nodes"]


@pytest.mark.compare
@every_case
def test_single_precision_is_torchs(case):
    torch = pytest.importorskip("torch")
    if case.name in BASES:
        pytest.skip("a base, which is not called by itself")
    got = []
    for lib in (mt, torch):
        module = seeded(lib, case).float()
        got.append(numbers(called(lib, module, inputs_of(lib, case, np.float32))))
    assert_close(*got, "float32", 2e-5)


MASKS = {
    "none": None,
    "causal": np.triu(np.ones((3, 3)), 1).astype(bool),
    "added": np.array([[0.0, -np.inf, 0.5], [1.0, 0.0, -1.0], [0.0, 0.0, 0.0]]),
    "per head": np.random.default_rng(3).standard_normal((4, 3, 3)),
}
PADDINGS = {
    "none": None,
    "hidden": np.array([[False, False, True], [False, False, False]]),
    "added": np.array([[0.0, 0.5, -np.inf], [0.0, 0.0, 0.0]]),
}
ATTENTION_OPTIONS = [
    {},
    {"average_attn_weights": False},
    {"need_weights": False},
    {"is_causal": True, "need_weights": False},
]


def attend(lib, mask, padding, options, dropout):
    lib.manual_seed(3)
    layer = lib.nn.MultiheadAttention(4, 2, dropout=dropout, batch_first=True).double()
    words = tensor_of(lib, np.random.default_rng(1).standard_normal((2, 3, 4))).requires_grad_()
    masks = {"attn_mask": mask, "key_padding_mask": padding}
    masks = {name: m if m is None else tensor_of(lib, m) for name, m in masks.items()}
    results = flat(layer(words, words, words, **masks, **options))
    wanted = [words, *layer.parameters()]
    gradients = lib.autograd.grad(results, wanted, directions(lib, results, 1))
    return [node_name(r) for r in results], numbers([*results, *gradients])


@pytest.mark.compare
@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("options", ATTENTION_OPTIONS, ids=str)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.filterwarnings("ignore:Support for mismatched")
def test_attention_under_masks_is_torchs(mask, padding, options, dropout):
    torch = pytest.importorskip("torch")
    if "is_causal" in options and mask == "none":
        pytest.skip("a hint without a mask is refused")
    arguments = MASKS[mask], PADDINGS[padding], options, dropout
    (nodes, ours), (their_nodes, theirs) = (attend(lib, *arguments) for lib in (mt, torch))
    assert nodes == their_nodes
    assert_close(ours, theirs, "attention")


INTERPOLATIONS = [
    {"size": (7, 3), "mode": "bilinear", "antialias": True},
    {"size": (2, 3), "mode": "bilinear", "antialias": True, "align_corners": True},
    {"size": (2, 9), "mode": "bicubic", "antialias": True},
    {"scale_factor": 0.4, "mode": "bicubic", "align_corners": True},
    {"scale_factor": (0.4, 2.3), "mode": "bilinear"},
    {"scale_factor": 2.3, "mode": "nearest"},
    {"scale_factor": 2.3, "mode": "area"},
    {"size": (1, 1), "mode": "bilinear", "align_corners": True},
]


@pytest.mark.compare
@pytest.mark.parametrize("options", INTERPOLATIONS, ids=str)
def test_interpolation_is_torchs(options):
    torch = pytest.importorskip("torch")
    got = []
    for lib in (mt, torch):
        array = np.random.default_rng(0).standard_normal((2, 3, 5, 6))
        image = tensor_of(lib, array).requires_grad_()
        result = lib.nn.functional.interpolate(image, **options)
        way = directions(lib, [result], 1)
        (gradient,) = lib.autograd.grad([result], [image], way, create_graph=True)
        second = lib.autograd.grad([gradient], way, directions(lib, [gradient], 2))
        got.append(([node_name(result)], numbers([result, gradient, *second])))
    assert got[0][0] == got[1][0]
    assert_close(got[0][1], got[1][1], "interpolated", 1e-7)


# ---- what is refused -----------------------------------------------------------------------------

REFUSED = [
    case("Linear", (3, 4), normal(5, 2)),
    case("Linear", (3, 4), normal(2, 5, 2)),
    case("Linear", (3, 4), normal(2)),
    case("Linear", (3, 4), classes(4, 5, 3)),
    case("Bilinear", (0, 2, 3)),
    case("Bilinear", (3, 2, 4), normal(5, 2), normal(5, 2)),
    case("Bilinear", (3, 2, 4), normal(5, 3), normal(6, 2)),
    case("Unflatten", (1, 6)),
    case("Unflatten", (1, (2, 2)), normal(4, 6)),
    case("Flatten", (3,), normal(4, 6)),
    case("Conv2d", (3, 4, 2), normal(2, 2, 5, 5)),
    case("Conv2d", (3, 4, 2), normal(5, 5)),
    case("Conv2d", (3, 4, 6), normal(2, 3, 5, 5)),
    case("Conv2d", (3, 4, 2), classes(3, 2, 3, 5, 5)),
    case("Conv2d", (3, 4, 2), groups=2),
    case("Conv2d", (4, 3, 2), groups=2),
    case("Conv2d", (4, 4, 2), groups=0),
    case("Conv2d", (3, 4, 2), padding="full"),
    case("Conv2d", (3, 4, 2), padding="same", stride=2),
    case("Conv2d", (3, 4, 2), padding_mode="ones"),
    case("ConvTranspose2d", (3, 4, 2), padding_mode="reflect"),
    case("ConvTranspose2d", (3, 4, 2), normal(2, 2, 5, 5)),
    case("ConvTranspose2d", (3, 4, 2, 1, 0, 2), normal(2, 3, 5, 5)),
    case("MaxPool2d", 2, normal(5, 5)),
    case("MaxPool2d", 6, normal(2, 5, 5)),
    case("MaxPool2d", (2, 2, 2), normal(2, 5, 5)),
    case("MaxPool2d", (2, 0), normal(2, 5, 5)),
    case("AvgPool2d", (2, 2, 2), normal(2, 5, 5)),
    case("AvgPool2d", (2,), normal(2, 5, 5), divisor_override=0),
    case("AvgPool1d", 6, normal(2, 3, 5)),
    case("AdaptiveAvgPool2d", ((1, 2, 3),), normal(2, 3, 5, 5)),
    case("AdaptiveMaxPool2d", 2, normal(3)),
    case("BatchNorm1d", 3, normal(3)),
    case("BatchNorm2d", 3, normal(4, 3)),
    case("BatchNorm3d", 3, normal(4, 3)),
    case("BatchNorm1d", 3, normal(1, 3)),
    case("BatchNorm1d", 3, normal(4, 2)),
    case("InstanceNorm1d", 3, normal(3)),
    case("InstanceNorm2d", 3, normal(2, 3, 1, 1)),
    case("InstanceNorm2d", 3, normal(2, 2, 4, 4), affine=True),
    case("LayerNorm", 3, normal(2, 4)),
    case("RMSNorm", 3, normal(2, 4)),
    case("GroupNorm", (2, 3)),
    case("GroupNorm", (2, 4), normal(2, 3)),
    case("GroupNorm", (2, 4), normal(4)),
    case("LocalResponseNorm", 2, normal(4, 3)),
    case("Dropout", 1.5),
    case("Dropout", -0.1),
    case("Dropout1d", 0.5, normal(4)),
    case("Hardtanh", (1, -1)),
    case("Softshrink", -1, normal(3)),
    case("CELU", 0, normal(3)),
    case("GELU", "erf", normal(3)),
    case("GLU", (), normal(3)),
    case("PReLU", 3, normal(2, 4)),
    case("Softmax2d", (), normal(3, 4)),
    case("MultiheadAttention", (4, 3)),
    case("MultiheadAttention", (0, 1)),
    case("MultiheadAttention", (4, 2), normal(3, 2, 6), normal(3, 2, 6), normal(3, 2, 6)),
    case("MultiheadAttention", (4, 2), normal(4), normal(4), normal(4)),
    case("Embedding", (3, 2), classes(9, 20)),
    case("Embedding", (3, 2), normal(2)),
    case("EmbeddingBag", (3, 2), classes(9, 20)),
    case("EmbeddingBag", (3, 2), classes(3, 5), exactly([1])),
    case("EmbeddingBag", (3, 2), classes(3, 5), exactly([0, 6])),
    case("EmbeddingBag", (3, 2), classes(3, 5, 2), exactly([0])),
    case("EmbeddingBag", (3, 2), classes(3, 5, 2, 2)),
    case("EmbeddingBag", (3, 2), normal(5, 2)),
    case("EmbeddingBag", (3, 2), classes(3, 5, 2), mode="median"),
    case("EmbeddingBag", (3, 2), classes(3, 5, 2), mode="max", scale_grad_by_freq=True),
    case("EmbeddingBag", (3, 2), classes(3, 5, 2), mode="max", sparse=True),
    case("EmbeddingBag", (3, 2), padding_idx=3),
    case("Unfold", 9, normal(1, 2, 4, 5)),
    case("Unfold", ((2, 2, 2),), normal(1, 2, 4, 5)),
    case("Unfold", 0, normal(1, 2, 4, 5)),
    case("Unfold", (2, 1, 0, 0), normal(1, 2, 4, 5)),
    case("Fold", ((4, 6), 2), normal(1, 8, 12)),
    case("Fold", ((4, 5), 3), normal(1, 8, 12)),
    case("Fold", ((4, 5), 2), normal(12)),
    case("ChannelShuffle", 3, normal(1, 4, 2)),
    case("ChannelShuffle", 0, normal(1, 4, 2)),
    case("ChannelShuffle", 2, normal(4, 2)),
    case("MaxUnpool1d", 2, normal(1, 2), exactly([[0, 9]])),
    case("MaxUnpool1d", 2, normal(1, 3), exactly([[0, 1]])),
    case("MaxUnpool2d", 2, normal(1, 2), exactly([[0, 1]])),
    case("FractionalMaxPool2d", 2),
    case("FractionalMaxPool2d", 2, output_size=2, output_ratio=0.5),
    case("FractionalMaxPool2d", 2, output_ratio=1.5),
    case("FractionalMaxPool2d", 2, normal(1, 4, 5), output_size=7),
    case("SyncBatchNorm", 3, normal(3)),
    case("AdaptiveLogSoftmaxWithLoss", (8, 10, [])),
    case("AdaptiveLogSoftmaxWithLoss", (8, 10, [7, 3])),
    case("AdaptiveLogSoftmaxWithLoss", (8, 10, [10])),
    case("AdaptiveLogSoftmaxWithLoss", (8, 10, [3]), normal(5, 8), classes(10, 4)),
    case("AdaptiveLogSoftmaxWithLoss", (8, 10, [3]), normal(8), classes(10, 8)),
    case("AdaptiveLogSoftmaxWithLoss", (8, 10, [3]), normal(2, 8), exactly([1, 10])),
    case("MultiLabelMarginLoss", (), normal(3, 4), classes(4, 3, 3)),
    case("MultiLabelMarginLoss", (), normal(1, 4), exactly([[0, 4, -1, 0]])),
    case("CTCLoss", (), LOGS, classes(3, 2, 2), exactly([7, 6]), exactly([2, 1])),
    case("CTCLoss", (), LOGS, classes(3, 2, 2), exactly([6, 6]), exactly([3, 1])),
    case("CTCLoss", (), LOGS, classes(3, 2), exactly([6, 6]), exactly([2, 1])),
    case("CTCLoss", (), LOGS, classes(3, 2, 2), exactly([6]), exactly([2, 1])),
    case("CTCLoss", 9, LOGS, classes(3, 2, 2), exactly([6, 6]), exactly([2, 1])),
    case("Embedding", (3, 2), padding_idx=3),
    case("RNN", (0, 3)),
    case("RNN", (2.5, 3)),
    case("RNN", (2, 3, 0)),
    case("RNN", (2, 3, 1, "sigmoid")),
    case("RNN", (2, 3), proj_size=2),
    case("GRU", (2, 3), normal(4)),
    case("GRU", (2, 3), normal(4, 2, 5)),
    case("GRU", (2, 3), normal(4, 2, 2), normal(1, 3, 3)),
    case("GRU", (2, 3), normal(4, 2, 2), normal(1, 3)),
    case("GRU", (2, 3), normal(0, 2, 2)),
    case("LSTM", (2, 3), dropout=2),
    case("LSTM", (2, 3), proj_size=3),
    case("LSTM", (2, 3, 1, "yes")),
    case("RNNCell", (2, 3), normal(4, 3)),
    case("GRUCell", (2, 3), normal(4, 2), normal(3, 3)),
    case("GRUCell", (2, 3), normal(4, 2), normal(4, 2)),
    case("LSTMCell", (2, 3), normal(1, 4, 2)),
    case("TransformerEncoderLayer", (4, 2), activation="tanh"),
    case("Transformer", (4, 2, 1, 1, 6), normal(3, 2, 4), normal(5, 3, 4)),
    case("Transformer", (4, 2, 1, 1, 6), normal(3, 2, 5), normal(5, 2, 5)),
    case("CrossEntropyLoss", (), normal(5, 4), classes(4, 3)),
    case("CrossEntropyLoss", (), normal(5, 4), exactly([0, 1, 2, 3, 4])),
    case("CrossEntropyLoss", (), normal(5, 4), normal(5)),
    case("CrossEntropyLoss", (), normal(5, 4), classes(4, 5), label_smoothing=2.0),
    case("CrossEntropyLoss", exactly([1.0, 2.0]), normal(5, 4), classes(4, 5)),
    case("NLLLoss", (), normal(5, 4), classes(4, 5, 2)),
    case("NLLLoss", (), normal(5, 4), exactly([0, 1, 2, 3, -1])),
    case("MSELoss", (), normal(5), normal(5), reduction="average"),
    case("MSELoss", (), normal(5), normal(4)),
    case("BCELoss", (), normal(50), targets(50)),
    case("BCELoss", (), probabilities(5), targets(4)),
    case("BCEWithLogitsLoss", (), normal(5), targets(4)),
    case("HuberLoss", (), normal(5), normal(5), delta=0.0),
    case("SmoothL1Loss", (), normal(5), normal(5), beta=-1.0),
    case("MultiMarginLoss", 3),
    case("MultiMarginLoss", (1, 1.0, exactly([[1.0]]))),
    case("MarginRankingLoss", (), normal(5), normal(5), normal(5, 1)),
    case("GaussianNLLLoss", (), normal(5), normal(5), exactly([-1.0, 1.0, 1.0, 1.0, 1.0])),
    case("GaussianNLLLoss", (), normal(5, 2), normal(5, 2), positive(3)),
    case("TripletMarginLoss", -1),
    case("TripletMarginWithDistanceLoss", (), margin=0),
    case("ReflectionPad2d", 5, normal(2, 4, 4)),
    case("ReflectionPad1d", 1, normal(4)),
    case("CircularPad1d", 5, normal(2, 4)),
    case("ConstantPad1d", (-3, 0), normal(2, 4)),
    case("PixelShuffle", 2, normal(3, 4, 4)),
    case("PixelUnshuffle", 2, normal(3, 4, 5)),
    case("Upsample", (), normal(2, 3, 4, 4)),
    case("Upsample", (2, 2), normal(2, 3, 4, 4)),
    case("Upsample", (2, None, "bilinear"), normal(3, 4, 4)),
    case("Upsample", (2, None, "nearest", True), normal(2, 3, 4, 4)),
    case("Upsample", ((2, 2, 2),), normal(2, 3, 4, 4)),
    case("Upsample", (None, 0.1), normal(2, 3, 4, 4)),
]


def refusal(lib, case):
    with pytest.raises(Exception) as caught:
        module = seeded(lib, case).double()
        called(lib, module, inputs_of(lib, case))
    return caught.value


@pytest.mark.compare
@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_refusals_are_torchs(case):
    torch = pytest.importorskip("torch")
    ours, theirs = refusal(mt, case), refusal(torch, case)
    assert type(ours) is type(theirs), f"{theirs!r} in torch, {ours!r} here"
    assert first_words(ours) == first_words(theirs)


def first_words(error):
    return str(error).split()[:3]


# ---- packed sequences ----------------------------------------------------------------------------

LENGTHS = [[4, 2, 1], [2, 4, 1], [3, 3, 3], [1, 1, 4]]


def packed_run(lib, name, lengths, options):
    """A recurrent layer over a packed batch, unpacked again: results and gradients."""
    rnn = lib.nn.utils.rnn
    lib.manual_seed(3)
    layer = getattr(lib.nn, name)(2, 3, **options).double()
    input = tensor_of(lib, np.random.default_rng(1).standard_normal((4, 3, 2))).requires_grad_()
    packed = rnn.pack_padded_sequence(input, lengths, enforce_sorted=False)
    lib.manual_seed(5)
    output, state = layer(packed)
    padded, their_lengths = rnn.pad_packed_sequence(output, padding_value=-1.0, total_length=5)
    results = [padded, *flat(state)]
    gradients = lib.autograd.grad(
        results, [input, *layer.parameters()], directions(lib, results, 1)
    )
    ints = [packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices, their_lengths]
    return numbers([packed.data, *ints, *results, *gradients])


@pytest.mark.compare
@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True, "dropout": 0.4}])
def test_packed_sequences_are_torchs(name, lengths, options):
    torch = pytest.importorskip("torch")
    ours, theirs = (packed_run(lib, name, lengths, options) for lib in (mt, torch))
    assert_close(ours, theirs, "packed")


@pytest.mark.compare
@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"padding_side": "left"}], ids=str)
def test_padding_sequences_is_torchs(options):
    torch = pytest.importorskip("torch")
    got = []
    for lib in (mt, torch):
        rnn = lib.nn.utils.rnn
        sequences = [lib.ones(n, 2) * n for n in (2, 4, 1)]
        packed = rnn.pack_sequence(sequences, enforce_sorted=False)
        again = rnn.unpack_sequence(packed)
        padded = rnn.pad_sequence(sequences, padding_value=-1.0, **options)
        got.append(numbers([padded, packed.data, packed.batch_sizes, *again]))
    assert_close(*got, "padded")


def test_packing_without_gaps_and_back():
    batch = mt.arange(12.0).reshape(4, 3, 1)
    packed = nn.utils.rnn.pack_padded_sequence(batch, [4, 2, 1])
    assert packed.data.flatten().tolist() == [0, 1, 2, 3, 4, 6, 9]
    assert packed.batch_sizes.tolist() == [3, 2, 1, 1]
    padded, lengths = nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    assert padded[1].flatten().tolist() == [1, 4, 0, 0] and lengths.tolist() == [4, 2, 1]


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([1, 2, 4], "must be sorted in decreasing order"),
        ([4, 2, 0], "greater than 0"),
        ([4, 2], "equal to batch_size"),
        ([5, 2, 1], "at most 4"),
    ],
)
def test_packing_refuses_lengths_that_do_not_fit(lengths, message):
    with pytest.raises(RuntimeError, match=message):
        nn.utils.rnn.pack_padded_sequence(mt.zeros(4, 3, 1), lengths)


def test_padding_an_even_kernel_to_the_same_size_warns():
    layer = mt.nn.Conv2d(1, 1, 2, padding="same")
    with pytest.warns(UserWarning, match="Using padding='same' with even kernel lengths"):
        assert layer(mt.ones(1, 1, 4, 4)).shape == (1, 1, 4, 4)
