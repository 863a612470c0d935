"""When does an L1 penalty help, and when an L2 penalty?  A study on made-up data.

    python examples/regularization_study.py            # 34 small trainings
    python examples/regularization_study.py --quick    # fewer and shorter

A linear model with 200 weights learns from 200 noisy samples, so that it can fit every one of them,
noise and all, and predict badly.  Twice: once only 10 of the true weights differ from zero, once
all do.  The loss is the mean squared error plus strength * sum |w| (L1) or strength / 2 * sum w^2
(L2), over a range of strengths.

What comes out: where few weights matter, L1 finds them and comes near the noise, and L2 does not;
where all matter a little, L2 is slightly better, and both are far better than no penalty.

Saves in --out: error.png (test error over the strength), weights.png (what was learned beside the
truth) and histograms.png (how the learned weights are spread).
"""

import argparse
import sys
from pathlib import Path

import minitorch
from minitorch import nn, optim
from minitorch.nn.regularization import l1_penalty, l2_penalty, weights_only

try:
    import matplotlib
    from tqdm import tqdm
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is missing; from the repository: pip install -e '.[examples]'")
matplotlib.use("Agg")  # pictures go to files: no screen needed
import matplotlib.pyplot as plt  # noqa: E402

# --- settings -------------------------------------------------------------------------------------

INPUTS = 200
SAMPLES = 200  # as many as weights: just enough to fit the noise, the worst case without a penalty
TEST_SAMPLES = 2000
FEW = 10  # true weights that differ from zero, where only few do
NOISE = 2.0  # standard deviation: no model gets below a squared error of 4
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
LEARNING_RATE = 0.05
MOMENTUM = 0.9
EPOCHS = 500  # each is one step on all samples; the rate falls to 0, or |w| would jitter around 0
NEAR_ZERO = 0.01  # counted as zero; the smallest of the few true weights is 1

parser = argparse.ArgumentParser(description="L1 and L2 penalties compared.")
parser.add_argument("--epochs", type=int, default=EPOCHS)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, default=Path("out/regularization_study"))
parser.add_argument("--quick", action="store_true", help="three strengths, 100 epochs")
args = parser.parse_args()
if args.quick:
    args.epochs, STRENGTHS = 100, (0.01, 0.1, 1.0)

minitorch.manual_seed(args.seed)
args.out.mkdir(parents=True, exist_ok=True)

# --- data -----------------------------------------------------------------------------------------

signs = minitorch.randn(FEW).sign()
few = minitorch.zeros(INPUTS)
few[minitorch.randperm(INPUTS)[:FEW]] = signs * (1 + minitorch.rand(FEW))  # +-(1 ... 2)
truths = {
    "10 of 200 true weights are not zero": few,
    "all 200 true weights are not zero": 0.3 * minitorch.randn(INPUTS),  # about the same in total
}


def samples(count, truth):
    """Random inputs (N, 200) and their noisy outputs (N, 1)."""
    inputs = minitorch.randn(count, INPUTS)
    outputs = inputs @ truth + NOISE * minitorch.randn(count)
    return inputs, outputs.unsqueeze(1)


# --- penalties ------------------------------------------------------------------------------------

# Each is an ordinary differentiable function of the parameters and can be added to any loss.  The
# bias is left out, as usual: a constant shift is no sign of overfitting.
penalties = {"L1": l1_penalty, "L2": l2_penalty}
colors = {"none": "0.4", "L1": "tab:red", "L2": "tab:blue"}


def train(inputs, outputs, penalty=None, strength=0.0, weight_decay=0.0):
    """A linear model trained on the samples, from the same start each time."""
    model = nn.Linear(INPUTS, 1)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    groups = [
        {"params": [model.weight], "weight_decay": weight_decay},
        {"params": [model.bias]},
    ]
    optimizer = optim.SGD(groups, lr=LEARNING_RATE, momentum=MOMENTUM)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    criterion = nn.MSELoss()
    for _ in range(args.epochs):
        loss = criterion(model(inputs), outputs)
        if penalty is not None:
            loss = loss + penalties[penalty](model, strength, include=weights_only)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return model


# --- the study ------------------------------------------------------------------------------------

runs = [("none", 0.0)] + [(penalty, strength) for penalty in penalties for strength in STRENGTHS]
results = {}  # truth -> {(penalty, strength): (train error, test error, learned weights)}
for name, truth in truths.items():
    train_samples, test_samples = samples(SAMPLES, truth), samples(TEST_SAMPLES, truth)
    results[name] = {}
    for penalty, strength in tqdm(runs, name, leave=False, disable=None):
        model = train(*train_samples, None if penalty == "none" else penalty, strength)
        with minitorch.no_grad():
            train_error, test_error = (
                nn.functional.mse_loss(model(inputs), outputs).item()
                for inputs, outputs in (train_samples, test_samples)
            )
        weights = model.weight.detach()[0]
        results[name][penalty, strength] = train_error, test_error, weights
    print(f"\n{name}")
    print("penalty  strength  train error  test error  weights near 0")
    for (penalty, strength), (train_error, test_error, weights) in results[name].items():
        zeros = (weights.abs() < NEAR_ZERO).sum().item()
        print(f"{penalty:7}  {strength:8g}  {train_error:11.3f}  {test_error:10.3f}  {zeros:14d}")

# The gradient of strength / 2 * w^2 is strength * w: what the optimizer adds as weight_decay.
with_penalty = train(*train_samples, "L2", 0.1).weight
with_decay = train(*train_samples, weight_decay=0.1).weight
difference = (with_penalty - with_decay).abs().max().item()
print(f"\nL2 with strength 0.1 and weight_decay=0.1: weights differ by at most {difference:.1e}")

# --- pictures -------------------------------------------------------------------------------------

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for axis, (name, outcomes) in zip(axes, results.items(), strict=True):
    axis.axhline(outcomes["none", 0.0][1], color=colors["none"], linestyle="--", label="no penalty")
    for penalty in penalties:
        errors = [outcomes[penalty, strength][1] for strength in STRENGTHS]
        axis.plot(STRENGTHS, errors, marker="o", color=colors[penalty], label=penalty)
    axis.axhline(NOISE**2, color="black", linestyle=":", label="noise")
    axis.set(xscale="log", xlabel="strength", title=name, ylim=(0, None))
axes[0].set_ylabel("squared error on the test samples")
axes[0].legend()
figure.savefig(args.out / "error.png", dpi=120)

# For the other two pictures: each penalty at the strength that predicted best.
best = {}  # truth -> {penalty: (strength, learned weights)}
for name, outcomes in results.items():
    best[name] = {}
    by_error = sorted(outcomes.items(), key=lambda outcome: outcome[1][1])
    for penalty in ("none", *penalties):
        best[name][penalty] = next(
            (strength, weights) for (kind, strength), (_, _, weights) in by_error if kind == penalty
        )

figure, axes = plt.subplots(3, 2, figsize=(11, 6), layout="constrained", sharex=True, sharey="col")
for column, (name, truth) in zip(axes.T, truths.items(), strict=True):
    for axis, (penalty, (strength, weights)) in zip(column, best[name].items(), strict=True):
        axis.bar(range(INPUTS), weights.numpy(), width=1, color=colors[penalty], label="learned")
        axis.plot(truth.numpy(), ".", color="black", markersize=3, label="true")
        axis.set_ylabel(penalty if penalty == "none" else f"{penalty}, {strength:g}")
    column[0].set_title(name)
    column[-1].set_xlabel("weight")
axes[0, 0].legend(fontsize=8)
figure.savefig(args.out / "weights.png", dpi=120)

figure, axes = plt.subplots(2, 3, figsize=(10, 5), layout="constrained", sharex=True, sharey=True)
for row, (name, choices) in zip(axes, best.items(), strict=True):
    for axis, (penalty, (strength, weights)) in zip(row, choices.items(), strict=True):
        zeros = (weights.abs() < NEAR_ZERO).sum().item()
        axis.hist(weights.numpy(), bins=51, range=(-2, 2), color=colors[penalty], log=True)
        title = penalty if penalty == "none" else f"{penalty}, {strength:g}"
        axis.set_title(f"{title}: {zeros} of {INPUTS} near 0", fontsize=10)
    row[0].set_ylabel(name, fontsize=8)
figure.savefig(args.out / "histograms.png", dpi=120)

print(f"pictures in {args.out}")
