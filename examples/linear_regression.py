"""Fit a line to noisy points by gradient descent, once by hand and once with nn and optim.

    python examples/linear_regression.py

The model is y = w x + b.  The first half uses nothing but tensors and backward(); the second half
is the same descent written with nn.Linear, nn.MSELoss and optim.SGD, and finds the same numbers.
Both are compared with the exact least-squares line.  Saves fit.png (the points, the line, and the
path of the descent over the surface of the loss) in --out.
"""

import argparse
import sys
from pathlib import Path

import minitorch
from minitorch import nn, optim

try:
    import matplotlib
    from tqdm import trange
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is missing; from the repository: pip install -e '.[examples]'")
matplotlib.use("Agg")  # pictures go to files: no screen needed
import matplotlib.pyplot as plt  # noqa: E402

# --- settings -------------------------------------------------------------------------------------

POINTS = 100
TRUE_W, TRUE_B, NOISE = 2.0, -1.0, 0.5
LEARNING_RATE = 0.1  # the curvature of this loss is about 2: steps above 1 would diverge
EPOCHS = 60  # each multiplies the distance to the minimum by about 0.8: 1e-6 of it is left

parser = argparse.ArgumentParser(description="Fit a line by gradient descent.")
parser.add_argument("--epochs", type=int, default=EPOCHS, help="steps: each sees all points")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, default=Path("out/linear_regression"))
parser.add_argument("--quick", action="store_true", help="20 steps")
args = parser.parse_args()
if args.quick:
    args.epochs = 20

minitorch.manual_seed(args.seed)
args.out.mkdir(parents=True, exist_ok=True)

# --- data: points around a known line -------------------------------------------------------------

x = minitorch.randn(POINTS, 1)  # (N, 1)
y = TRUE_W * x + TRUE_B + NOISE * minitorch.randn(POINTS, 1)

# The exact answer, to compare with: w = cov(x, y) / var(x), b = mean(y) - w mean(x).
best_w = (((x - x.mean()) * (y - y.mean())).mean() / x.var(unbiased=False)).item()
best_b = (y.mean() - best_w * x.mean()).item()

# --- by hand --------------------------------------------------------------------------------------

w = minitorch.zeros(1, requires_grad=True)
b = minitorch.zeros(1, requires_grad=True)
path = [(0.0, 0.0)]
for epoch in trange(args.epochs, desc="by hand", leave=False, disable=None):
    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()
    with minitorch.no_grad():  # the update is not part of the function being differentiated
        w -= LEARNING_RATE * w.grad
        b -= LEARNING_RATE * b.grad
    w.grad = b.grad = None
    path.append((w.item(), b.item()))
    if (epoch + 1) % 10 == 0:
        print(f"step {epoch + 1:3d}  loss {loss.item():.4f}  w {w.item():+.4f}  b {b.item():+.4f}")

# --- with nn and optim ----------------------------------------------------------------------------

model = nn.Linear(1, 1)
nn.init.zeros_(model.weight)  # start where the descent by hand started
nn.init.zeros_(model.bias)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=LEARNING_RATE)
losses = []
for _ in trange(args.epochs, desc="nn.Linear", leave=False, disable=None):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

# --- picture --------------------------------------------------------------------------------------

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
left.scatter(x, y, s=12, color="0.6", label="data")
ends = minitorch.tensor([[x.min().item()], [x.max().item()]])
left.plot(ends, model(ends).detach(), color="tab:blue", label="gradient descent")
left.plot(ends, TRUE_W * ends + TRUE_B, color="black", linestyle=":", label="true line")
left.set(xlabel="x", ylabel="y", title=f"y = {model.weight.item():.2f} x {model.bias.item():+.2f}")
left.legend()

# The loss of every (w, b) on a grid, all at once: (1, 80) and (80, 1) broadcast with (N, 1, 1).
grid_w = minitorch.linspace(best_w - 2.5, best_w + 2.5, 80)
grid_b = minitorch.linspace(best_b - 2, best_b + 2, 80)
surface = ((grid_w[None, :] * x[:, :, None] + grid_b[:, None] - y[:, :, None]) ** 2).mean(dim=0)
levels = [0.3, 0.5, 1, 2, 3, 4, 6, 8]
contours = right.contour(grid_w, grid_b, surface, levels=levels, cmap="viridis_r")
right.clabel(contours, fontsize=8)
right.plot(*zip(*path, strict=True), marker=".", color="tab:red", label="descent")
right.plot(best_w, best_b, marker="*", markersize=12, color="black", label="least squares")
right.set(xlabel="w", ylabel="b", title="mean squared error")
right.legend(loc="lower right")
figure.savefig(args.out / "fit.png", dpi=120)

print(f"pictures in {args.out}")
print(f"true line      w {TRUE_W:+.4f}  b {TRUE_B:+.4f}")
print(f"least squares  w {best_w:+.4f}  b {best_b:+.4f}")
print(f"by hand        w {w.item():+.4f}  b {b.item():+.4f}")
print(f"nn.Linear      w {model.weight.item():+.4f}  b {model.bias.item():+.4f}")
