#!/usr/bin/env python3
"""Logits of tiny models of every architecture, ours against the peer's.

    compare_tiny.py FOLDER CAISSON_INFER REFERENCE       FOLDER as make_tiny.py filled it

Prints the greatest difference of a logit and the mean divergence (KL) for each; fails above a
thousandth of the greatest logit: the cache is f16 on both sides, and everything else is f32.
"""
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

VOCABULARY = 320


def logits(program, model, tokens):
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([program, "logits", model, out.name], input=tokens, text=True, check=True,
                       env=dict(os.environ, FLASH="0"))
        return np.fromfile(out.name, np.float32).reshape(-1, VOCABULARY).astype(np.float64)


def log_shares(rows):
    rows = rows - rows.max(-1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(-1, keepdims=True))


def main():
    folder, ours, peer = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    numbers = random.Random(3)
    tokens = " ".join(str(numbers.randrange(VOCABULARY)) for _ in range(150))
    worst = 0
    for model in sorted(folder.glob("*.gguf")):
        a, b = logits(peer, model, tokens), logits(ours, model, tokens)
        p, q = log_shares(a), log_shares(b)
        divergence = (np.exp(p) * (p - q)).sum(-1).mean()
        difference = np.abs(a - b).max()
        worst = max(worst, difference / np.abs(a).max())
        print(f"{model.stem:16} greatest difference {difference:.5f} of {np.abs(a).max():.1f}"
              f"   mean KL {divergence:.1e}   same best {(a.argmax(-1) == b.argmax(-1)).mean():.3f}")
    sys.exit(1 if worst > 1e-3 else 0)


main()
