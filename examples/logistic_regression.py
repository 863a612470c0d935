"""Tell two clouds of points apart by logistic regression.

    python examples/logistic_regression.py

The model is p = sigmoid(w . x + b), trained on the binary cross-entropy.  Half of the points are
kept for the test.  Saves in --out: boundary.png (the probability over the plane) and curves.png
(loss and accuracy on both halves).
"""

import argparse
import sys
from pathlib import Path

import minitorch
from minitorch import nn, optim
from minitorch.utils.data import DataLoader, TensorDataset, random_split

try:
    import matplotlib
    from tqdm import trange
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is missing; from the repository: pip install -e '.[examples]'")
matplotlib.use("Agg")  # pictures go to files: no screen needed
import matplotlib.pyplot as plt  # noqa: E402

# --- settings -------------------------------------------------------------------------------------

POINTS = 400  # half of them to train on
CENTERS = ((-1.0, -0.5), (1.0, 0.8))  # with spread 0.8 the clouds overlap: no line gets all right
SPREAD = 0.8
BATCH_SIZE = 50
LEARNING_RATE = 0.5
EPOCHS = 40  # the loss is convex; by then it lies flat

parser = argparse.ArgumentParser(description="Logistic regression on two clouds of points.")
parser.add_argument("--epochs", type=int, default=EPOCHS)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, default=Path("out/logistic_regression"))
parser.add_argument("--quick", action="store_true", help="5 epochs")
args = parser.parse_args()
if args.quick:
    args.epochs = 5

minitorch.manual_seed(args.seed)
args.out.mkdir(parents=True, exist_ok=True)

# --- data -----------------------------------------------------------------------------------------

labels = minitorch.arange(POINTS) % 2  # 0, 1, 0, 1, ...
points = minitorch.tensor(CENTERS)[labels] + SPREAD * minitorch.randn(POINTS, 2)  # (N, 2)
train_set, test_set = random_split(TensorDataset(points, labels.float()), [0.5, 0.5])
train_loader = DataLoader(train_set, batch_size=BATCH_SIZE, shuffle=True)

# --- model ----------------------------------------------------------------------------------------

model = nn.Linear(2, 1)  # the score w . x + b
# The sigmoid is inside the loss: the logarithm of a sigmoid is exact there where sigmoid() alone
# would already have rounded to 0 or 1.
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.SGD(model.parameters(), lr=LEARNING_RATE)


def evaluate(subset):
    """Loss and percent right on a subset."""
    inputs, targets = next(iter(DataLoader(subset, batch_size=len(subset))))  # all in one batch
    with minitorch.no_grad():
        scores = model(inputs).squeeze(1)
    hits = (scores > 0) == (targets > 0)  # sigmoid(s) > 1/2 exactly where s > 0
    return criterion(scores, targets).item(), 100 * hits.float().mean().item()


# --- training -------------------------------------------------------------------------------------

history = {"train": [], "test": []}  # (loss, accuracy) per epoch
for epoch in trange(args.epochs, desc="training", leave=False, disable=None):
    for inputs, targets in train_loader:  # (B, 2), (B,)
        loss = criterion(model(inputs).squeeze(1), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    history["train"].append(evaluate(train_set))
    history["test"].append(evaluate(test_set))
    if (epoch + 1) % 5 == 0:
        print(
            f"epoch {epoch + 1:2d}"
            f"  train loss {history['train'][-1][0]:.4f}  test loss {history['test'][-1][0]:.4f}"
            f"  test accuracy {history['test'][-1][1]:.1f}%"
        )

# --- pictures -------------------------------------------------------------------------------------

figure, axis = plt.subplots(figsize=(6, 5), layout="constrained")
low, high = points.min().item() - 0.3, points.max().item() + 0.3
ticks = minitorch.linspace(low, high, 120)
plane = minitorch.cartesian_prod(ticks, ticks)  # (14400, 2): x changes slowly, y fast
with minitorch.no_grad():
    probability = model(plane).sigmoid().view(120, 120).T  # rows: y, columns: x
levels = [level / 20 for level in range(21)]
filled = axis.contourf(ticks, ticks, probability, levels=levels, cmap="RdBu_r", alpha=0.6)
axis.contour(ticks, ticks, probability, levels=[0.5], colors="black")
figure.colorbar(filled, label="probability of class 1", ticks=[0, 0.25, 0.5, 0.75, 1])
for subset, marker, name in ((train_set, "o", "train"), (test_set, "^", "test")):
    for label, color in ((0, "tab:blue"), (1, "tab:red")):
        chosen = [index for index in subset.indices if labels[index] == label]
        style = {"marker": marker, "color": color, "edgecolors": "white", "linewidths": 0.4}
        axis.scatter(*points[chosen].T, s=14, label=f"class {label}, {name}", **style)
axis.set(xlim=(low, high), ylim=(low, high), title="p = 1/2 on the black line")
axis.legend(fontsize=8)
figure.savefig(args.out / "boundary.png", dpi=120)

figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
epochs = range(1, args.epochs + 1)
for name, color in (("train", "tab:blue"), ("test", "tab:orange")):
    for axis, values in zip(axes, zip(*history[name], strict=True), strict=True):
        axis.plot(epochs, values, color=color, label=name)
axes[0].set(xlabel="epoch", title="binary cross-entropy")
axes[1].set(xlabel="epoch", title="% right")
axes[0].legend()
figure.savefig(args.out / "curves.png", dpi=120)

print(f"pictures in {args.out}")
print(f"w {[round(w, 3) for w in model.weight.flatten().tolist()]}  b {model.bias.item():.3f}")
print(f"test accuracy {history['test'][-1][1]:.1f}%")
