"""Trains the examples' models with PyTorch and minitorch: the loss curves, side by side.

    python benchmarks/curves.py                 # one epoch of each: some minutes
    python benchmarks/curves.py --models mlp    # one of mlp, cnn, gpt
    python benchmarks/curves.py --steps 100     # stop early

The same function is run with either library from the same seed: initial weights, the order of the
batches and the dropout masks come from each library's own random numbers, as in any program.  A
third run uses PyTorch without AVX: how far PyTorch lies from itself when sums are rounded in
another order is the measure of what can be asked of anyone.

Prints, for each model, the largest relative difference of the loss of a step and of the mean over
the last 50 steps.  Writes curves.json and curves.png in --out.  Needs torch beside minitorch.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
WINDOW = 50  # steps over which a smoothed curve is averaged
RUNS = {
    "PyTorch": ("torch", {}),
    "minitorch": ("minitorch", {}),
    "PyTorch without AVX": (
        "torch",
        {  # its own kernels, MKL's matrix products, oneDNN's convolutions
            "ATEN_CPU_CAPABILITY": "default",
            "MKL_CBWR": "COMPATIBLE",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
        },
    ),
}


def digits() -> tuple[np.ndarray, np.ndarray]:
    """The training digits of MNIST, normalised, (60000, 1, 28, 28), and what they are."""
    from minitorch.vision.datasets import MNIST

    digits = MNIST(ROOT / "examples" / "data", train=True)
    pixels = digits.data.numpy().astype(np.float32)[:, None]
    return (pixels / 255 - np.float32(0.1307)) / np.float32(0.3081), digits.targets.numpy()


def losses_of_classifier(lib: Any, model: Any, optimizer: Any, inputs, scheduler=None):
    """One epoch over the digits in batches of 64."""
    targets = digits()[1]
    dataset = lib.utils.data.TensorDataset(lib.from_numpy(inputs), lib.from_numpy(targets))
    criterion = lib.nn.CrossEntropyLoss()
    for batch, answers in lib.utils.data.DataLoader(dataset, batch_size=64, shuffle=True):
        loss = criterion(model(batch), answers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        yield loss.item()


def mlp(lib: Any) -> Iterator[float]:
    """The model of examples/mnist_mlp.py: 784-500-10, SGD with momentum."""
    nn = lib.nn
    model = nn.Sequential(nn.Linear(784, 500), nn.ReLU(), nn.Linear(500, 10))
    optimizer = lib.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    yield from losses_of_classifier(lib, model, optimizer, digits()[0].reshape(-1, 784))


def cnn(lib: Any) -> Iterator[float]:
    """The model of examples/mnist_cnn.py: two convolutions, dropout, Adam in one cycle."""
    nn = lib.nn
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(512, 128),
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(128, 10),
    )
    optimizer = lib.optim.Adam(model.parameters(), lr=3e-3)
    cycle = lib.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=938)
    yield from losses_of_classifier(lib, model, optimizer, digits()[0], cycle)


def gpt(lib: Any) -> Iterator[float]:
    """The model of examples/char_gpt.py, on the same text: 1,000 steps, AdamW, clipping."""
    nn, F = lib.nn, lib.nn.functional
    context, batch_size, width, heads, layers, steps = 64, 16, 96, 4, 3, 1000
    files = sorted((ROOT / "minitorch").rglob("*.py"))
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    letters = sorted(set(text))
    number_of = {letter: number for number, letter in enumerate(letters)}
    encoded = lib.tensor([number_of[letter] for letter in text])

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention_norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(
                nn.Linear(width, 4 * width),
                nn.GELU(approximate="tanh"),
                nn.Linear(4 * width, width),
            )

        def forward(self, x):  # (B, T, C)
            B, T, C = x.shape
            q, k, v = (
                part.view(B, T, heads, C // heads).transpose(1, 2)
                for part in self.qkv(self.attention_norm(x)).chunk(3, dim=2)
            )
            found = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (B, H, T, D)
            x = x + self.project(found.transpose(1, 2).reshape(B, T, C))
            return x + self.mlp(self.mlp_norm(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.letter, self.place = nn.Embedding(len(letters), width), nn.Embedding(64, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(layers)))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, len(letters), bias=False)
            for parameter in self.parameters():
                if parameter.dim() == 2:
                    nn.init.normal_(parameter, std=0.02)
            self.head.weight = self.letter.weight

        def forward(self, indices):  # (B, T) -> (B, T, letters)
            return self.head(self.norm(self.blocks(self.letter(indices) + self.place.weight)))

    model = GPT()
    optimizer = lib.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.99), weight_decay=0.1)
    scheduler = lib.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / 50, 0.55 + 0.45 * math.cos(math.pi * step / steps)),
    )
    for _ in range(steps):
        starts = lib.randint(len(encoded) - context, (batch_size, 1))
        windows = starts + lib.arange(context)
        scores = model(encoded[windows]).flatten(0, 1)
        loss = F.cross_entropy(scores, encoded[windows + 1].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        yield loss.item()


MODELS = {"mlp": mlp, "cnn": cnn, "gpt": gpt}


def train(library: str, model: str, steps: int) -> list[float]:
    """The loss of each step, at most ``steps`` of them."""
    lib = importlib.import_module(library)
    lib.manual_seed(0)
    return [loss for _, loss in zip(range(steps), MODELS[model](lib), strict=False)]


def train_apart(library: str, model: str, steps: int, environment: dict) -> list[float]:
    """The same in a process of its own, with other environment variables."""
    command = [sys.executable, __file__, "--train", library, model, str(steps)]
    done = subprocess.run(
        command, env=os.environ | environment, check=True, capture_output=True, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def smoothed(losses: list[float]) -> np.ndarray:
    """The mean over the last WINDOW steps, from the first full window on."""
    window = min(WINDOW, len(losses))
    return np.convolve(losses, np.full(window, 1 / window), mode="valid")


def largest_difference(reference, subject) -> float:
    """The largest relative difference between two curves."""
    reference, subject = np.asarray(reference), np.asarray(subject)
    return float((abs(reference - subject) / abs(reference)).max())


def steps_that_agree(reference: list[float], subject: list[float]) -> int:
    """How many steps pass before the losses differ by more than 1e-4 of their size."""
    for step, (a, b) in enumerate(zip(reference, subject, strict=True)):
        if abs(a - b) > 1e-4 * abs(a):
            return step
    return len(reference)


def draw(curves: dict[str, dict[str, list[float]]], file: Path) -> None:
    """For each model the smoothed curves above, and their difference to PyTorch's below."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2, len(curves), figsize=(4.5 * len(curves), 6), layout="constrained", squeeze=False
    )
    styles = zip(RUNS, ("-", "--", ":"), ("tab:blue", "tab:orange", "0.5"), strict=True)
    styles = {name: {"linestyle": line, "color": color} for name, line, color in styles}
    for (model, runs), (above, below) in zip(curves.items(), axes.T, strict=True):
        reference = smoothed(runs["PyTorch"])
        for name, losses in runs.items():
            curve = smoothed(losses)
            above.plot(curve, label=name, **styles[name])
            if name != "PyTorch":
                below.plot(abs(curve / reference - 1) + 1e-9, label=name, **styles[name])
        above.set(title=model, ylabel=f"loss, mean of {WINDOW} steps", yscale="log")
        below.set(xlabel="step", ylabel="relative difference to PyTorch", yscale="log")
        above.legend(fontsize=7)
    figure.savefig(file, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description="Loss curves of both libraries, side by side.")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--steps", type=int, default=10**9, help="at most so many")
    parser.add_argument("--out", type=Path, default=Path("out/curves"))
    parser.add_argument("--train", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.train:
        library, model, steps = args.train
        print(json.dumps(train(library, model, int(steps))))
        return

    curves: dict[str, dict[str, list[float]]] = {}
    print(f"{'':6}{'':38}{'steps':>6}{'equal to 1e-4 for':>19}{'a step':>10}{'smoothed':>10}")
    for model in args.models:
        curves[model] = {
            name: train_apart(library, model, args.steps, environment)
            for name, (library, environment) in RUNS.items()
        }
        reference = curves[model]["PyTorch"]
        for name, losses in list(curves[model].items())[1:]:
            print(
                f"{model:6}{name:38}{len(losses):6}{steps_that_agree(reference, losses):13} steps"
                f"{largest_difference(reference, losses):10.1e}"
                f"{largest_difference(smoothed(reference), smoothed(losses)):10.1e}",
                flush=True,
            )
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "curves.json").write_text(json.dumps(curves) + "\n", encoding="utf-8")
    draw(curves, args.out / "curves.png")
    print(f"curves.json and curves.png in {args.out}")


if __name__ == "__main__":
    main()
