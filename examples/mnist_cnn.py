"""Teach a convolutional network to read handwritten digits (MNIST).

    python examples/mnist_cnn.py            # three epochs: at least 98.8% of the test digits
    python examples/mnist_cnn.py --quick    # some seconds, on a part of the digits

Reads the data in examples/data, no download.  Prints a line per epoch and, last, the accuracy on
the 10,000 test digits.  Saves in --out: curves.png (loss, learning rate and accuracy), digits.png
(test digits with the predictions), mistakes.png (the misread digits it was surest of),
confusion.png (which digit was taken for which) and filters.png (what the first layer looks for).
"""

import argparse
import sys
from pathlib import Path

import minitorch
from minitorch import nn, optim
from minitorch.nn import functional as F
from minitorch.utils.data import DataLoader, Subset
from minitorch.vision import datasets, transforms

try:
    import matplotlib
    from tqdm import tqdm
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is missing; from the repository: pip install -e '.[examples]'")
matplotlib.use("Agg")  # pictures go to files: no screen needed
import matplotlib.pyplot as plt  # noqa: E402

# --- settings -------------------------------------------------------------------------------------

BATCH_SIZE = 64
CHANNELS = (16, 32)  # (8, 16) reaches 99.2%, too, and takes two thirds of the time
KERNEL = 5  # 3 with padding reaches the same in nearly twice the time: the images stay larger
HIDDEN = 128
DROPOUT = 0.25  # makes no difference in three epochs; the usual guard when training for longer
MAX_LR = 3e-3  # the peak of the one-cycle schedule; a constant 1e-3 ends 0.4 points lower
PIXEL_MEAN, PIXEL_STD = 0.1307, 0.3081  # over all training pixels, scaled to [0, 1]

parser = argparse.ArgumentParser(description="Train a convolutional network on MNIST.")
parser.add_argument("--epochs", type=int, default=3)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
parser.add_argument("--out", type=Path, default=Path("out/mnist_cnn"))
parser.add_argument("--quick", action="store_true", help="one epoch on 3,000 digits")
args = parser.parse_args()

minitorch.manual_seed(args.seed)
args.out.mkdir(parents=True, exist_ok=True)

# --- data -----------------------------------------------------------------------------------------

# Each digit is decoded and normalised when it is asked for, as most programs do it;
# mnist_mlp.py shows the other way, all at once.
transform = transforms.Compose(
    [transforms.ToTensor(), transforms.Normalize((PIXEL_MEAN,), (PIXEL_STD,))]
)
train_set = datasets.MNIST(args.data, train=True, transform=transform)
test_set = datasets.MNIST(args.data, train=False, transform=transform)
if args.quick:
    args.epochs = 1
    train_set, test_set = Subset(train_set, range(3000)), Subset(test_set, range(1000))
train_loader = DataLoader(train_set, batch_size=BATCH_SIZE, shuffle=True)
test_loader = DataLoader(test_set, batch_size=1000)  # no gradients are kept: larger batches fit

# --- model ----------------------------------------------------------------------------------------


class Net(nn.Module):
    """Two convolutions, each halved by pooling, then two linear layers."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, CHANNELS[0], KERNEL)
        self.conv2 = nn.Conv2d(CHANNELS[0], CHANNELS[1], KERNEL)
        self.dropout = nn.Dropout(DROPOUT)
        self.fc1 = nn.Linear(CHANNELS[1] * 4 * 4, HIDDEN)
        self.fc2 = nn.Linear(HIDDEN, 10)

    def forward(self, x):  # (B, 1, 28, 28)
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (B, 16, 24, 24) -> (B, 16, 12, 12)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (B, 32, 8, 8) -> (B, 32, 4, 4)
        x = F.relu(self.fc1(x.flatten(1)))  # (B, 512) -> (B, 128)
        return self.fc2(self.dropout(x))  # (B, 10)


model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=MAX_LR)
# Rises to MAX_LR in the first third of the steps, then falls to nearly nothing.
scheduler = optim.lr_scheduler.OneCycleLR(
    optimizer, max_lr=MAX_LR, total_steps=args.epochs * len(train_loader)
)
print(model)
print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(train_set):,} digits")

# --- training -------------------------------------------------------------------------------------

losses, rates = [], []  # one per step
accuracies = []  # percent of the test digits, one per epoch
for epoch in range(1, args.epochs + 1):
    model.train()
    # disable=None: the bar is drawn on a terminal only, so that logs stay readable
    bar = tqdm(train_loader, f"epoch {epoch}", leave=False, disable=None)
    for images, targets in bar:
        loss = criterion(model(images), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.append(scheduler.get_last_lr()[0])
        scheduler.step()
        losses.append(loss.item())
        bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)

    model.eval()
    with minitorch.no_grad():
        scores = minitorch.cat([model(images) for images, _ in test_loader])  # (10000, 10)
    test_targets = minitorch.cat([targets for _, targets in test_loader])
    predictions = scores.argmax(dim=1)
    accuracies.append(100 * (predictions == test_targets).float().mean().item())
    epoch_losses = losses[-len(train_loader) :]
    print(
        f"epoch {epoch}/{args.epochs}  train loss {sum(epoch_losses) / len(epoch_losses):.4f}"
        f"  test loss {criterion(scores, test_targets).item():.4f}"
        f"  test accuracy {accuracies[-1]:.2f}%"
    )

# --- pictures -------------------------------------------------------------------------------------

steps = minitorch.arange(len(losses)) / len(train_loader)  # in epochs
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
left.plot(steps, losses, color="0.8", linewidth=0.7, label="one batch")
window = max(1, len(train_loader) // 10)  # single batches are noisy: draw a running mean too
means = minitorch.tensor(losses).unfold(0, window, 1).mean(dim=1)
left.plot(steps[window - 1 :], means, color="tab:blue", label=f"mean of {window} batches")
left.set(xlabel="epoch", ylabel="cross-entropy", title="training loss", yscale="log")
left.legend()
middle.plot(steps, rates, color="tab:orange")
middle.set(xlabel="epoch", title="learning rate")
right.plot(range(1, len(accuracies) + 1), accuracies, marker="o", color="tab:green")
right.set(xlabel="epoch", ylabel="% right", title="test accuracy", xticks=range(1, args.epochs + 1))
right.grid(alpha=0.3)
figure.savefig(args.out / "curves.png", dpi=120)

# Two grids: the first digits of the test set, and the mistakes, the surest first.
confidences = scores.softmax(dim=1).max(dim=1).values  # (10000,)
misread = (predictions != test_targets).nonzero().flatten()
surest = misread[confidences[misread].argsort(descending=True)]
for name, indices in (("digits", range(40)), ("mistakes", surest[:40].tolist())):
    figure, axes = plt.subplots(5, 8, figsize=(8, 6.2), layout="constrained")
    for axis in axes.flat:
        axis.axis("off")  # also where there are fewer than 40 digits
    for axis, index in zip(axes.flat, indices, strict=False):
        image, truth = test_set[index]  # (1, 28, 28)
        guess, sure = predictions[index].item(), 100 * confidences[index].item()
        axis.imshow(image[0].numpy(), cmap="gray_r")
        if guess == truth:
            axis.set_title(f"{guess}  {sure:.0f}%", color="tab:green", fontsize=9)
        else:
            axis.set_title(f"{guess}  {sure:.0f}%  (is {truth})", color="tab:red", fontsize=8)
    figure.suptitle(f"{name}: prediction and its probability")
    figure.savefig(args.out / f"{name}.png", dpi=120)

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

filters = model.conv1.weight.detach()[:, 0]  # (16, 5, 5)
limit = filters.abs().max().item()
figure, axes = plt.subplots(2, 8, figsize=(8, 2.4), layout="constrained")
for axis, kernel in zip(axes.flat, filters, strict=True):
    axis.imshow(kernel.numpy(), cmap="RdBu", vmin=-limit, vmax=limit)
    axis.axis("off")
figure.suptitle("filters of the first layer (blue adds, red subtracts)")
figure.savefig(args.out / "filters.png", dpi=120)

print(f"pictures in {args.out}")
print(f"test accuracy {accuracies[-1]:.1f}%")
