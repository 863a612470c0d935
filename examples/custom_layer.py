"""Write an operation with its own gradient, wrap it in a layer, and train with it.

    python examples/custom_layer.py

The operation is swish(x, beta) = x * sigmoid(beta * x); beta is learned, one per channel.  It is
written as an autograd.Function, checked against finite differences, put into an nn.Module and used
to tell two spirals apart, beside the same network with ReLU.  Saves in --out: spirals.png (what
both networks learned), curves.png (their losses) and shapes.png (the learned activations).
"""

import argparse
import math
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

POINTS = 200  # per spiral
TURNS = 1.75  # with 3 the ReLU network no longer gets every point right
NOISE = 0.02
HIDDEN = 32
LEARNING_RATE = 0.01
EPOCHS = 600  # each is one step on all points

parser = argparse.ArgumentParser(description="A custom operation and layer.")
parser.add_argument("--epochs", type=int, default=EPOCHS)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, default=Path("out/custom_layer"))
parser.add_argument("--quick", action="store_true", help="50 epochs")
args = parser.parse_args()
if args.quick:
    args.epochs = 50

minitorch.manual_seed(args.seed)
args.out.mkdir(parents=True, exist_ok=True)

# --- the operation --------------------------------------------------------------------------------


class SwishFunction(minitorch.autograd.Function):
    """swish(x, beta) = x * s with s = sigmoid(beta * x), for x (B, C) and beta (C).

    d/dx = s + beta * x * s * (1 - s);  d/dbeta = x^2 * s * (1 - s), summed over the batch.
    """

    @staticmethod
    def forward(ctx, x, beta):
        # Keep x and beta only: s is cheap to compute again, memory is what networks run out of.
        ctx.save_for_backward(x, beta)
        return x * minitorch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad_output):
        x, beta = ctx.saved_tensors
        s = minitorch.sigmoid(beta * x)
        slope = s * (1 - s)
        grad_x = grad_beta = None
        if ctx.needs_input_grad[0]:
            grad_x = grad_output * (s + beta * x * slope)
        if ctx.needs_input_grad[1]:
            grad_beta = (grad_output * x.square() * slope).sum(dim=0)
        return grad_x, grad_beta


# float64, because finite differences in float32 are too coarse to tell right from wrong.
x = minitorch.randn(5, 3, dtype=minitorch.float64, requires_grad=True)
beta = minitorch.randn(3, dtype=minitorch.float64, requires_grad=True)
print("gradcheck     ", minitorch.autograd.gradcheck(SwishFunction.apply, (x, beta)))
# backward() is itself made of differentiable operations, so second derivatives come for free.
print("gradgradcheck ", minitorch.autograd.gradgradcheck(SwishFunction.apply, (x, beta)))

# --- the layer ------------------------------------------------------------------------------------


class Swish(nn.Module):
    """x * sigmoid(beta * x) with one learned beta per channel."""

    def __init__(self, channels):
        super().__init__()
        self.beta = nn.Parameter(minitorch.ones(channels))

    def forward(self, x):
        return SwishFunction.apply(x, self.beta)

    def extra_repr(self):
        return f"channels={len(self.beta)}"


# --- data: two spirals ----------------------------------------------------------------------------

radius = minitorch.linspace(0.1, 1, POINTS)
angle = 2 * math.pi * TURNS * radius
spiral = minitorch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)  # (N, 2)
points = minitorch.cat([spiral, -spiral]) + NOISE * minitorch.randn(2 * POINTS, 2)
labels = minitorch.cat([minitorch.zeros(POINTS), minitorch.ones(POINTS)])

# --- training -------------------------------------------------------------------------------------


def build(activation):
    """Two hidden layers; activation makes one from the number of channels."""
    return nn.Sequential(
        nn.Linear(2, HIDDEN),
        activation(HIDDEN),
        nn.Linear(HIDDEN, HIDDEN),
        activation(HIDDEN),
        nn.Linear(HIDDEN, 1),
    )


models = {"ReLU": build(lambda channels: nn.ReLU()), "Swish": build(Swish)}
print(models["Swish"])
criterion = nn.BCEWithLogitsLoss()
losses = {}
for name, model in models.items():
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses[name] = []
    for _ in trange(args.epochs, desc=name, leave=False, disable=None):
        loss = criterion(model(points).squeeze(1), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses[name].append(loss.item())
    with minitorch.no_grad():
        hits = (model(points).squeeze(1) > 0) == (labels > 0)
    accuracy = 100 * hits.float().mean().item()
    print(f"{name:5}  loss {losses[name][-1]:.4f}  accuracy {accuracy:.1f}%")

# --- pictures -------------------------------------------------------------------------------------

ticks = minitorch.linspace(-1.2, 1.2, 150)
plane = minitorch.cartesian_prod(ticks, ticks)  # (22500, 2): x changes slowly, y fast
figure, axes = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
for axis, (name, model) in zip(axes, models.items(), strict=True):
    with minitorch.no_grad():
        probability = model(plane).sigmoid().view(150, 150).T  # rows: y, columns: x
    axis.imshow(
        probability.numpy(), extent=(-1.2, 1.2, -1.2, 1.2), origin="lower", cmap="RdBu_r", alpha=0.7
    )
    for label, color in ((0, "tab:blue"), (1, "tab:red")):
        chosen = points[labels == label]
        axis.plot(chosen[:, 0], chosen[:, 1], ".", color=color, markersize=4)
    axis.set(title=name, xticks=[], yticks=[])
figure.savefig(args.out / "spirals.png", dpi=120)

figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
for name, values in losses.items():
    axis.plot(values, label=name)
axis.set(xlabel="epoch", title="binary cross-entropy", yscale="log")
axis.legend()
figure.savefig(args.out / "curves.png", dpi=120)

figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
line = minitorch.linspace(-4, 4, 200)
for axis, layer, place in zip(axes, (1, 3), ("first", "second"), strict=True):
    shapes = models["Swish"][layer](line[:, None].expand(-1, HIDDEN)).detach()  # (200, HIDDEN)
    axis.plot(line.numpy(), shapes.numpy(), color="tab:blue", alpha=0.3)
    axis.plot(
        line, line * line.sigmoid(), color="black", linestyle=":", label="beta = 1, the start"
    )
    axis.set(xlabel="x", title=f"swish of the {place} hidden layer, one line per channel")
    axis.legend()
figure.savefig(args.out / "shapes.png", dpi=120)

print(f"pictures in {args.out}")
