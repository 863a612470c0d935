"""Teach a network of two linear layers to read handwritten digits (MNIST).

    python examples/mnist_mlp.py            # five epochs: at least 97.5% of the test digits
    python examples/mnist_mlp.py --quick    # a few seconds, on a part of the digits

Reads the data in examples/data, no download.  Prints a line per epoch and, last, the accuracy on
the 10,000 test digits.  Saves in --out: curves.png (loss and accuracy), digits.png (test digits
with the predictions), confusion.png (which digit was taken for which).
"""

import argparse
import sys
from pathlib import Path

import minitorch
from minitorch import nn, optim
from minitorch.utils.data import DataLoader, TensorDataset
from minitorch.vision import datasets

try:
    import matplotlib
    from tqdm import tqdm
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is missing; from the repository: pip install -e '.[examples]'")
matplotlib.use("Agg")  # pictures go to files: no screen needed
import matplotlib.pyplot as plt  # noqa: E402

# --- settings -------------------------------------------------------------------------------------

BATCH_SIZE = 128  # 469 steps an epoch; 64 learns no better and takes longer
HIDDEN = 500  # half of it ends 0.3 points lower; twice as much gains 0.1 for twice the time
LEARNING_RATE = 0.05  # 0.1 jumps about between epochs and ends 0.3 points lower
MOMENTUM = 0.9
PIXEL_MEAN, PIXEL_STD = 0.1307, 0.3081  # over all training pixels, scaled to [0, 1]

parser = argparse.ArgumentParser(description="Train a two-layer network on MNIST.")
parser.add_argument("--epochs", type=int, default=5)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
parser.add_argument("--out", type=Path, default=Path("out/mnist_mlp"))
parser.add_argument("--quick", action="store_true", help="one epoch on 6,000 digits")
args = parser.parse_args()

minitorch.manual_seed(args.seed)
args.out.mkdir(parents=True, exist_ok=True)

# --- data -----------------------------------------------------------------------------------------

train_digits = datasets.MNIST(args.data, train=True)
test_digits = datasets.MNIST(args.data, train=False)


def as_inputs(pixels):
    """Bytes (N, 28, 28) as floats (N, 784) with mean 0 and standard deviation 1."""
    return ((pixels.float() / 255 - PIXEL_MEAN) / PIXEL_STD).flatten(1)


# The whole set is normalised once here.  A transform would do the same to each digit again in every
# epoch, through a PIL image, and would take longer than the training itself.
train_set = TensorDataset(as_inputs(train_digits.data), train_digits.targets)
test_inputs, test_targets = as_inputs(test_digits.data), test_digits.targets
if args.quick:
    args.epochs = 1
    train_set = TensorDataset(*train_set[:6000])
train_loader = DataLoader(train_set, batch_size=BATCH_SIZE, shuffle=True)

# --- model ----------------------------------------------------------------------------------------

model = nn.Sequential(
    nn.Linear(784, HIDDEN),  # (B, 784) -> (B, 500)
    nn.ReLU(),
    nn.Linear(HIDDEN, 10),  # (B, 500) -> (B, 10): one score per digit
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
print(model)
print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(train_set):,} digits")

# --- training -------------------------------------------------------------------------------------

losses = []  # one per step
accuracies = []  # percent of the test digits, one per epoch
for epoch in range(1, args.epochs + 1):
    # disable=None: the bar is drawn on a terminal only, so that logs stay readable
    for inputs, targets in tqdm(train_loader, f"epoch {epoch}", leave=False, disable=None):
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())

    with minitorch.no_grad():
        scores = model(test_inputs)  # (10000, 10)
        test_loss = criterion(scores, test_targets).item()
    predictions = scores.argmax(dim=1)
    accuracies.append(100 * (predictions == test_targets).float().mean().item())
    epoch_losses = losses[-len(train_loader) :]
    print(
        f"epoch {epoch}/{args.epochs}  train loss {sum(epoch_losses) / len(epoch_losses):.4f}"
        f"  test loss {test_loss:.4f}  test accuracy {accuracies[-1]:.2f}%"
    )

# --- pictures -------------------------------------------------------------------------------------

steps = minitorch.arange(len(losses)) / len(train_loader)  # in epochs
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(steps, losses, color="0.8", linewidth=0.7, label="one batch")
window = max(1, len(train_loader) // 10)  # single batches are noisy: draw a running mean too
means = minitorch.tensor(losses).unfold(0, window, 1).mean(dim=1)
left.plot(steps[window - 1 :], means, color="tab:blue", label=f"mean of {window} batches")
left.set(xlabel="epoch", ylabel="cross-entropy", title="training loss", yscale="log")
left.legend()
right.plot(range(1, len(accuracies) + 1), accuracies, marker="o", color="tab:green")
right.set(xlabel="epoch", ylabel="% right", title="test accuracy", xticks=range(1, args.epochs + 1))
right.grid(alpha=0.3)
figure.savefig(args.out / "curves.png", dpi=120)

# The first 32 test digits, and the first 8 that were misread.
misread = (predictions != test_targets).nonzero().flatten().tolist()
figure, axes = plt.subplots(5, 8, figsize=(8, 6.2), layout="constrained")
for axis, index in zip(axes.flat, [*range(32), *misread[:8]], strict=False):
    guess, truth = predictions[index].item(), test_targets[index].item()
    axis.imshow(test_digits.data[index].numpy(), cmap="gray_r")
    if guess == truth:
        axis.set_title(f"{guess}", color="tab:green", fontsize=11)
    else:
        axis.set_title(f"{guess} (is {truth})", color="tab:red", fontsize=11)
for axis in axes.flat:
    axis.axis("off")
figure.suptitle("predictions: the first 32 test digits, then the first 8 misread ones")
figure.savefig(args.out / "digits.png", dpi=120)

confusion = minitorch.bincount(10 * test_targets + predictions, minlength=100).view(10, 10)
figure, axis = plt.subplots(figsize=(6, 5.4), layout="constrained")
mistakes = confusion.clone().fill_diagonal_(0)  # the hits would drown the colours of the mistakes
axis.imshow(mistakes.numpy(), cmap="Reds")
for truth in range(10):
    for guess in range(10):
        count = confusion[truth, guess].item()
        dark = mistakes[truth, guess].item() > mistakes.max().item() / 2
        color = "white" if dark else "tab:green" if truth == guess else "black"
        axis.text(guess, truth, count or "", ha="center", va="center", fontsize=9, color=color)
axis.set(xlabel="predicted digit", ylabel="true digit", title="confusion on the test digits")
axis.set(xticks=range(10), yticks=range(10))
figure.savefig(args.out / "confusion.png", dpi=120)

print(f"pictures in {args.out}")
print(f"test accuracy {accuracies[-1]:.1f}%")
