"""Train a small GPT, letter by letter, on the source code of this library.

    python examples/char_gpt.py            # about two minutes: writes what looks like Python
    python examples/char_gpt.py --quick    # some seconds: writes letters at random
    python examples/char_gpt.py --data FILE_OR_FOLDER    # any text of yours instead

The text is every .py file of the installed minitorch, so nothing has to be fetched.  The model is a
transformer that only looks back.  Prints a sample of its writing as it learns.  Saves in --out:
curves.png (loss on text it trains on and on text it never saw) and surprise.png (unseen text, each
letter coloured by how unexpected it was), and sample.txt.
"""

import argparse
import math
import sys
from collections import Counter
from pathlib import Path

import minitorch
from minitorch import nn, optim
from minitorch.nn import functional as F

try:
    import matplotlib
    from tqdm import trange
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is missing; from the repository: pip install -e '.[examples]'")
matplotlib.use("Agg")  # pictures go to files: no screen needed
import matplotlib.pyplot as plt  # noqa: E402

# --- settings -------------------------------------------------------------------------------------

CONTEXT = 64  # letters it can look back: most of a line
BATCH_SIZE = 16  # 1,024 letters a step
WIDTH = 96
HEADS = 4  # of 24 numbers each
LAYERS = 3
DROPOUT = 0.0  # it sees each letter about once: there is nothing to overfit to
MAX_LR = 3e-3  # ends at a loss of 1.5; the usual 1e-3 of larger models ends at 1.8
WARMUP = 50  # steps: Adam's first estimates are noisy, so start gently
WEIGHT_DECAY = 0.1
CLIP = 1.0  # the longest gradient let through; guards against a rare bad batch
STEPS = 1000
EVAL_EVERY = 100
EVAL_BATCHES = 8

parser = argparse.ArgumentParser(description="A small GPT over letters.")
parser.add_argument("--epochs", type=int, default=1, help=f"one is {STEPS} steps")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--data", type=Path, default=Path(minitorch.__file__).parent)
parser.add_argument("--out", type=Path, default=Path("out/char_gpt"))
parser.add_argument("--quick", action="store_true", help="20 steps of a smaller model")
args = parser.parse_args()
steps = args.epochs * STEPS
if args.quick:
    steps, EVAL_EVERY, WARMUP, WIDTH, LAYERS = 20, 10, 5, 32, 2

minitorch.manual_seed(args.seed)
args.out.mkdir(parents=True, exist_ok=True)

# --- data -----------------------------------------------------------------------------------------

files = sorted(args.data.rglob("*.py")) if args.data.is_dir() else [args.data]
text = "\n".join(file.read_text(encoding="utf-8") for file in files)
counts = Counter(text)
letters = sorted(letter for letter in counts if counts[letter] >= 20)  # rarer: not learnable
text = "".join(letter for letter in text if counts[letter] >= 20)
number_of = {letter: number for number, letter in enumerate(letters)}
encoded = minitorch.tensor([number_of[letter] for letter in text])
# Every tenth stretch of 10,000 letters is kept unseen: the end alone would be one single topic.
stretches = encoded.split(10_000)
unseen = minitorch.cat(stretches[9::10] or stretches[-1:])
seen = minitorch.cat([stretch for i, stretch in enumerate(stretches) if i % 10 != 9])
if len(unseen) < 20 * CONTEXT:
    sys.exit(f"a tenth of {args.data} is {len(unseen)} letters: too short to learn from")
print(f"{len(text):,} letters, {len(letters)} different ones, {len(unseen):,} kept unseen")


def batch_of(source):
    """BATCH_SIZE random windows and, shifted by one, what comes next: both (B, T)."""
    starts = minitorch.randint(len(source) - CONTEXT, (BATCH_SIZE, 1))
    windows = starts + minitorch.arange(CONTEXT)  # (B, T)
    return source[windows], source[windows + 1]


# --- model ----------------------------------------------------------------------------------------


class Block(nn.Module):
    """One layer: every letter looks at those before it, then thinks for itself."""

    def __init__(self):
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.project = nn.Linear(WIDTH, WIDTH)
        self.mlp_norm = nn.LayerNorm(WIDTH)
        self.mlp = nn.Sequential(
            nn.Linear(WIDTH, 4 * WIDTH),
            nn.GELU(approximate="tanh"),  # as in GPT-2; the exact one takes longer, learns the same
            nn.Linear(4 * WIDTH, WIDTH),
            nn.Dropout(DROPOUT),
        )

    def forward(self, x):  # (B, T, C)
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, HEADS, C // HEADS).transpose(1, 2)  # (B, H, T, D)
            for part in self.qkv(self.attention_norm(x)).chunk(3, dim=2)
        )
        looked_up = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (B, H, T, D)
        x = x + self.project(looked_up.transpose(1, 2).reshape(B, T, C))
        return x + self.mlp(self.mlp_norm(x))


class GPT(nn.Module):
    """Letters and their places in, scores of the next letter out."""

    def __init__(self):
        super().__init__()
        self.letter = nn.Embedding(len(letters), WIDTH)
        self.place = nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, len(letters), bias=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                # The two sums into the residual stream start smaller, the more layers add to it.
                into_stream = name.endswith(("project.weight", "mlp.2.weight"))
                std = 0.02 / math.sqrt(2 * LAYERS) if into_stream else 0.02
                nn.init.normal_(parameter, std=std)
        self.head.weight = self.letter.weight  # tied: a letter means the same going in and out

    def forward(self, indices):  # (B, T)
        x = self.letter(indices) + self.place.weight[: indices.shape[1]]  # (B, T, C)
        return self.head(self.norm(self.blocks(x)))  # (B, T, letters)

    @minitorch.no_grad()
    def write(self, prompt, length):
        """The prompt continued by letters drawn one by one from the predicted probabilities."""
        indices = minitorch.tensor([[number_of[letter] for letter in prompt]])  # (1, T)
        for _ in range(length):
            probabilities = self(indices[:, -CONTEXT:])[:, -1].softmax(dim=1)  # (1, letters)
            indices = minitorch.cat([indices, minitorch.multinomial(probabilities, 1)], dim=1)
        return "".join(letters[index] for index in indices[0].tolist())


model = GPT()
# Decay pulls weights towards 0, which makes sense for matrices, not for biases and norms.
matrices = [parameter for parameter in model.parameters() if parameter.dim() == 2]
vectors = [parameter for parameter in model.parameters() if parameter.dim() < 2]
optimizer = optim.AdamW(
    [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}],
    lr=MAX_LR,
    betas=(0.9, 0.99),  # 0.999 would remember a thousand steps: the whole training
)


def rate_at(step):
    """Share of MAX_LR: a linear rise, then a cosine down to a tenth."""
    if step < WARMUP:
        return (step + 1) / WARMUP
    progress = (step - WARMUP) / max(1, steps - WARMUP)
    return 0.55 + 0.45 * math.cos(math.pi * progress)


scheduler = optim.lr_scheduler.LambdaLR(optimizer, rate_at)
print(f"{sum(p.numel() for p in model.parameters()):,} parameters")

# --- training -------------------------------------------------------------------------------------


@minitorch.no_grad()
def mean_loss(source):
    """The loss over some random batches."""
    model.eval()
    total = 0.0
    for _ in range(EVAL_BATCHES):
        inputs, targets = batch_of(source)
        total += F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten()).item()
    model.train()
    return total / EVAL_BATCHES


prompt = "    def " if args.data.is_dir() else text[:8]
history = []  # (step, loss on seen text, loss on unseen text)
bar = trange(1, steps + 1, desc="training", leave=False, disable=None)
for step in bar:
    inputs, targets = batch_of(seen)  # (B, T)
    loss = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimizer.step()
    scheduler.step()
    if step % EVAL_EVERY == 0 or step == 1:
        history.append((step, mean_loss(seen), mean_loss(unseen)))
        bar.write(f"step {step:4d}  seen {history[-1][1]:.3f}  unseen {history[-1][2]:.3f}")
        bar.write("    | " + model.write(prompt, 120).replace("\n", "\n    | "))

# --- pictures -------------------------------------------------------------------------------------

sample = model.write(prompt, 100 if args.quick else 800)
(args.out / "sample.txt").write_text(sample + "\n", encoding="utf-8")
print(f"\n{sample}\n")

figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
at, seen_losses, unseen_losses = zip(*history, strict=True)
axis.axhline(math.log(len(letters)), color="0.6", linestyle=":", label="guessing evenly")
axis.plot(at, seen_losses, label="seen text")
axis.plot(at, unseen_losses, label="unseen text")
axis.set(xlabel="step", ylabel="cross-entropy per letter", title="loss", ylim=(0, None))
axis.legend()
figure.savefig(args.out / "curves.png", dpi=120)

# How unexpected was each letter of a piece of unseen text, in bits?  Windows of CONTEXT letters, of
# which only the second half counts: a letter without anything before it is always a surprise.
model.eval()
half = CONTEXT // 2
piece = unseen[: 20 * half + half + 1]
with minitorch.no_grad():
    windows = piece[:-1].unfold(0, CONTEXT, half)  # (W, T)
    following = piece[1:].unfold(0, CONTEXT, half)  # (W, T)
    losses = F.cross_entropy(model(windows).transpose(1, 2), following, reduction="none")  # (W, T)
bits = (losses[:, half:] / math.log(2)).flatten().tolist()
shown = [letters[index] for index in following[:, half:].flatten().tolist()]

figure, axis = plt.subplots(figsize=(10, 4.5), layout="constrained")
colors = plt.get_cmap("YlOrRd")
row = column = widest = 0
for letter, surprise in zip(shown, bits, strict=True):
    color = colors(min(surprise / 8, 1))  # 8 bits: an odds of 1 in 256
    axis.add_patch(plt.Rectangle((column, row), 1, 1, color=color, linewidth=0))
    axis.text(
        column + 0.5, row + 0.55, letter if letter != "\n" else "\u00b6",
        ha="center", va="center", family="monospace", fontsize=7,
    )  # fmt: skip
    column += 1
    widest = max(widest, column)
    if letter == "\n" or column == 100:
        row, column = row + 1, 0
axis.set(xlim=(0, widest), ylim=(row + 1, 0))
axis.axis("off")
scale = plt.cm.ScalarMappable(plt.Normalize(0, 8), colors)
figure.colorbar(scale, ax=axis, label="surprise (bits)", shrink=0.6)
figure.suptitle(f"unseen text: {sum(bits) / len(bits):.2f} bits a letter")
figure.savefig(args.out / "surprise.png", dpi=120)

print(f"pictures in {args.out}")
print(f"loss per letter: seen {history[-1][1]:.3f}, unseen {history[-1][2]:.3f}")
