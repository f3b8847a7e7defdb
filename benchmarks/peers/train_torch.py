"""Trains one of five networks in PyTorch, as a beginner writes it, and prints one JSON object.

Needs PyTorch and NumPy only:

    python benchmarks/peers/train_torch.py lenet5 DATA.npz --batch 128 --epochs 3 [--compile] [--target 0.89]
"""

import argparse
import json
import math
import re
import time
from pathlib import Path

import numpy as np
import torch  # pyright: ignore[reportMissingImports]
from torch import nn  # pyright: ignore[reportMissingImports]
from torch.nn import functional as F  # noqa: N812  # pyright: ignore[reportMissingImports]


class Names(nn.Module):
    """Embedding, bidirectional recurrent network, maximum over the characters that are there, softmax."""

    def __init__(self, vocabulary: int, classes: int, width: int = 96, units: int = 192):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        self.rnn = nn.RNN(width, units, batch_first=True, bidirectional=True)
        self.drop, self.out = nn.Dropout(0.3), nn.Linear(2 * units, classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        lengths = (tokens != 0).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False
        )
        x, _ = nn.utils.rnn.pad_packed_sequence(
            self.rnn(packed)[0], batch_first=True, padding_value=-math.inf, total_length=tokens.shape[1]
        )
        return self.out(self.drop(x.amax(1)))


class Block(nn.Module):
    """Self-attention and feed-forward with residuals, normalised before (GPT) or after (2017)."""

    def __init__(self, width: int, heads: int, hidden: int, dropout: float, *, gpt: bool):
        super().__init__()
        self.heads, self.gpt, self.rate = heads, gpt, dropout
        self.qkv, self.project = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        act = nn.GELU(approximate="tanh") if gpt else nn.ReLU()
        self.mlp = nn.Sequential(nn.Linear(width, hidden), act, nn.Linear(hidden, width))
        self.drop = nn.Dropout(dropout)

    def attend(self, x: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        b, t, d = x.shape
        q, k, v = (y.view(b, t, self.heads, -1).transpose(1, 2) for y in self.qkv(x).chunk(3, -1))
        y = F.scaled_dot_product_attention(
            q, k, v, mask, 0.0 if self.gpt or not self.training else self.rate, is_causal=self.gpt
        )
        return self.project(y.transpose(1, 2).reshape(b, t, d))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        if self.gpt:
            x = x + self.drop(self.attend(self.norm1(x), mask))
            return x + self.drop(self.mlp(self.norm2(x)))
        x = self.norm1(x + self.drop(self.attend(x, mask)))
        return self.norm2(x + self.drop(self.mlp(x)))


class Encoder(nn.Module):
    def __init__(self, vocabulary: int, classes: int, c: dict):
        super().__init__()
        width = c["embed_dim"]
        self.embedding = nn.Embedding(vocabulary, width, padding_idx=0)
        angle = torch.arange(c["max_length"])[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
        self.register_buffer("positions", torch.stack([angle.sin(), angle.cos()], -1).flatten(1))
        self.blocks = nn.ModuleList(
            Block(width, c["num_heads"], c["mlp_dim"], c["dropout"], gpt=False)
            for _ in range(c["num_layers"])
        )
        self.drop, self.out = nn.Dropout(c["pool_dropout"]), nn.Linear(width, classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        there = tokens != 0
        x = self.embedding(tokens) * math.sqrt(self.positions.shape[1]) + self.positions[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, there[:, None, None])
        mean = (x * there[..., None]).sum(1) / there.sum(1, keepdim=True)
        return self.out(self.drop(mean))


class GPT(nn.Module):
    def __init__(self, vocabulary: int, c: dict):
        super().__init__()
        width = c["embed_dim"]
        self.embedding, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(c["max_length"], width)
        self.blocks = nn.ModuleList(
            Block(width, c["num_heads"], c["mlp_dim"], c["dropout"], gpt=True) for _ in range(c["num_layers"])
        )
        self.drop, self.norm = nn.Dropout(c["dropout"]), nn.LayerNorm(width)
        self.register_buffer("index", torch.arange(c["max_length"]))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.drop(self.embedding(tokens) + self.positions(self.index[: tokens.shape[1]]))
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.embedding.weight.T


class Scale(nn.Module):
    def __init__(self, factor: float, offset: float):
        super().__init__()
        self.factor, self.offset = factor, offset

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.float() * self.factor + self.offset


def build(name: str, arguments: dict) -> nn.Module:
    """Returns the network, with as many weights as the Keras one of the same arguments."""
    if name == "mlp":
        a, b = arguments["widths"]
        rate = arguments["dropout"]
        return nn.Sequential(
            Scale(1 / 255, 0), nn.Flatten(), nn.Linear(784, a), nn.ReLU(), nn.Dropout(rate),
            nn.Linear(a, b), nn.ReLU(), nn.Dropout(rate), nn.Linear(b, 10),
        )  # fmt: skip
    if name == "lenet5":
        return nn.Sequential(
            Scale(1.275 / 255, -0.1), nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.MaxPool2d(2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.MaxPool2d(2), nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
            nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
        )  # fmt: skip
    if name == "simple_rnn":
        return Names(arguments["vocabulary_size"], arguments["num_classes"])
    if name == "transformer_encoder":
        return Encoder(arguments["vocabulary_size"], arguments["num_classes"], arguments)
    return GPT(arguments["vocabulary_size"], arguments)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("data")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--target", type=float)
    options = parser.parse_args()
    data = np.load(options.data)
    torch.manual_seed(0)
    model = build(options.name, json.loads(str(data["arguments"])))
    is_image = data["x"].ndim == 4
    parts = {key: torch.from_numpy(data[key]) for key in ("x", "y", "x_test", "y_test")}
    if is_image:
        parts["x"], parts["x_test"] = (parts[key].permute(0, 3, 1, 2) for key in ("x", "x_test"))
    else:
        parts["x"], parts["x_test"] = parts["x"].long(), parts["x_test"].long()
    parts["y"], parts["y_test"] = parts["y"].long(), parts["y_test"].long()
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(parts["x"], parts["y"]), options.batch, shuffle=True
    )
    count = sum(weight.numel() for weight in model.parameters())
    step = torch.compile(model) if options.compile else model
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    seconds, accuracy = [], None
    for _ in range(options.epochs):
        begin = time.perf_counter()
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            outputs = step(x)
            ignored = 0 if options.name == "gpt" else -100
            F.cross_entropy(outputs.flatten(0, -2), y.flatten(), ignore_index=ignored).backward()
            optimizer.step()
        seconds.append(time.perf_counter() - begin)
        if options.target:
            model.eval()
            with torch.no_grad():
                pieces = zip(parts["x_test"].split(256), parts["y_test"].split(256), strict=True)
                right = sum((model(x).argmax(-1) == y.flatten()).sum().item() for x, y in pieces)
            accuracy = right / len(parts["y_test"])
            if accuracy >= options.target:
                break
    # Not getrusage's maximum, which begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text()
    memory = int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024
    found = {
        "seconds": seconds,
        "examples": len(data["x"]),
        "accuracy": accuracy,
        "memory_mib": round(memory),
    }
    print(json.dumps(found | {"parameters": count, "version": torch.__version__}))


if __name__ == "__main__":
    main()
