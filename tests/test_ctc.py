"""CTC: against the sum over all alignments, and against PyTorch behind a log_softmax."""

import itertools
import math

import numpy as np
import pytest

import minitorch as mt
from minitorch.nn import functional as F


def probability(logs, text, blank):
    """Of a text: the sum over every path of classes that reads as it."""
    steps, classes = logs.shape
    total = 0.0
    for path in itertools.product(range(classes), repeat=steps):
        read = [c for c, _ in itertools.groupby(path) if c != blank]
        if read == list(text):
            total += math.exp(sum(logs[t, c] for t, c in enumerate(path)))
    return total


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("text", [(), (1,), (1, 1), (1, 3, 1), (3, 3)])
def test_the_sum_over_all_alignments(text, blank):
    rng = np.random.default_rng(0)
    logs = np.log(rng.dirichlet(np.ones(4), 5))
    loss = F.ctc_loss(
        mt.tensor(logs), mt.tensor(text, dtype=mt.int64), (5,), (len(text),), blank, "sum"
    )
    expected = probability(logs, text, blank)
    assert loss.item() == pytest.approx(-math.log(expected), rel=1e-9)


def test_a_text_too_long_for_its_time():
    logs = mt.full((2, 1, 3), -1.0, requires_grad=True)
    targets = mt.tensor([[1, 1]])  # needs a blank between
    assert F.ctc_loss(logs, targets, (2,), (2,)).item() == math.inf
    loss = F.ctc_loss(logs, targets, (2,), (2,), zero_infinity=True)
    loss.backward()
    assert loss.item() == 0


def test_gradient_behind_a_log_softmax():
    mt.manual_seed(0)
    scores = mt.randn(4, 2, 3, dtype=mt.float64, requires_grad=True)

    def loss(scores):
        logs = F.log_softmax(scores, 2)
        return F.ctc_loss(logs, mt.tensor([[1, 2], [2, 0]]), (4, 3), (2, 1))

    assert mt.autograd.gradcheck(loss, (scores,))


@pytest.mark.compare
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_training_as_torch(reduction):
    torch = pytest.importorskip("torch")
    results = []
    for lib in (mt, torch):
        lib.manual_seed(0)
        scores = lib.randn(20, 3, 6, requires_grad=True)
        logs = lib.nn.functional.log_softmax(scores, 2)
        targets = lib.randint(1, 6, (3, 7))
        lengths, counts = lib.tensor([20, 17, 12]), lib.tensor([7, 4, 1])
        loss = lib.nn.CTCLoss(reduction=reduction)(logs, targets, lengths, counts)
        loss.sum().backward()
        results.append((loss.detach().numpy(), scores.grad.numpy()))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
