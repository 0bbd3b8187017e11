#!/usr/bin/env python3
"""What our engine says, against what the peer says.

    compare.py greedy MODEL CAISSON_INFER REFERENCE [TOKENS]    prompts.txt, 64 tokens each
    compare.py perplexity MODEL CAISSON_INFER REFERENCE         text.txt, its first 2,000 tokens
    compare.py divergence CAISSON_INFER REFERENCE MODEL ...     128 random tokens each

REFERENCE is reference.c, linked with the peer. 8-bit activations make a model of 4-bit weights react
to the last digit of a sum: the peer with and without its flash attention is compared, too, to tell
how much of a difference is that.
"""
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def run(command, text, flash="0"):
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=True,
                          env=dict(os.environ, FLASH=flash))
    return done.stdout.splitlines()


def logits(program, model, tokens, flash="0"):
    with tempfile.NamedTemporaryFile() as out:
        run([program, "logits", model, out.name], " ".join(map(str, tokens)), flash)
        return np.fromfile(out.name, np.float32).reshape(len(tokens), -1)


def log_shares(rows):
    rows = rows.astype(np.float64)
    rows = rows - rows.max(-1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(-1, keepdims=True))


def divergence(a, b):
    """Mean Kullback-Leibler divergence of b from a, a row at a time: memory."""
    values = []
    for one, other in zip(a, b):
        p, q = log_shares(one), log_shares(other)
        values.append(float((np.exp(p) * (p - q)).sum()))
    return np.array(values)


def greedy(model, ours, peer, count="64"):
    prompts = run([peer, "tokens", model], (HERE / "prompts.txt").read_text())
    text = "\n".join(prompts) + "\n"
    mine = [line.split() for line in run([ours, "greedy", model, count], text)]
    answers = run([peer, "greedy", model, count], text)
    theirs, gaps = [line.split() for line in answers[0::2]], answers[1::2]
    flash = [line.split() for line in run([peer, "greedy", model, count], text, "1")[0::2]]

    def first(a, b):
        return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), None)

    def report(name, others):
        places = [(n, first(a, b)) for n, (a, b) in enumerate(zip(others, theirs))]
        apart = [(n, at, float(gaps[n].split()[at])) for n, at in places if at is not None]
        same = sum(int(count) if at is None else at for _, at in places)
        print(f"{name}: {len(places) - len(apart)} of {len(places)} prompts the same for {count}"
              f" tokens; {same} of {len(places) * int(count)} tokens before the first difference")
        widths = sorted(gap for _, _, gap in apart)
        if widths:
            print(f"   gap of the peer's two best where they part: median {np.median(widths):.4f},"
                  f" greatest {widths[-1]:.4f}, below 0.001: {sum(w < 1e-3 for w in widths)}")

    report("ours and the peer", mine)
    report("the peer with flash attention and without", flash)


def perplexity(model, ours, peer):
    text = (HERE / "text.txt").read_text().replace("\n", "\\n")
    tokens = list(map(int, run([peer, "tokens", model], text + "\n")[0].split()))[:2000]

    def of(rows):
        return float(np.exp(-np.mean([log_shares(row)[token]
                                      for row, token in zip(rows[:-1], tokens[1:])])))

    a, b, c = (logits(peer, model, tokens), logits(ours, model, tokens),
               logits(peer, model, tokens, "1"))
    base = of(a)
    print(f"{len(tokens)} tokens: peer {base:.4f}, ours {of(b):.4f}"
          f" ({100 * (of(b) / base - 1):+.3f} %), peer with flash attention {of(c):.4f}"
          f" ({100 * (of(c) / base - 1):+.3f} %)")
    print(f"mean KL: ours {divergence(a, b).mean():.5f},"
          f" peer with flash attention {divergence(a, c).mean():.5f}")


def divergences(ours, peer, *models):
    numbers = random.Random(2)
    for model in models:
        size = logits(peer, model, [0]).shape[1]
        count = 128 if size < 10000 else 32
        tokens = [numbers.randrange(min(size, 30000)) for _ in range(count)]
        a, b = logits(peer, model, tokens), logits(ours, model, tokens)
        values = divergence(a, b)
        noise = divergence(a, logits(peer, model, tokens, "1"))
        print(f"{Path(model).stem:20} mean KL {values.mean():.2e}, greatest {values.max():.2e},"
              f" same best {(a.argmax(-1) == b.argmax(-1)).mean():.3f};"
              f" peer with flash attention {noise.mean():.2e}")


{"greedy": greedy, "perplexity": perplexity, "divergence": divergences}[sys.argv[1]](*sys.argv[2:])
