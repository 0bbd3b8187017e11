#!/usr/bin/env python3
"""Our tokenizers beside llama.cpp's: the same tokens for random texts, and the speed.

    compare.py TOKENS PEER MODELS [COUNT [CORPUS]]

TOKENS is the program of ../Sources/tokens, PEER that of peer.c (cc -O2 peer.c -I include -lllama), MODELS the
folder with ggml-vocab-*.gguf. Texts are seeded. Characters that the peer's Unicode does not know are
left out, and for BERT those that it takes apart wrongly (it keeps only the first part). What differs
there still are marks and punctuation newer than Unicode 8, and U+2581: Hugging Face's tokenizers, which
embedding/compare.py holds ours against, are right. With CORPUS, a text, the speed is measured, too.
"""

import random
import struct
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

ours, peer, models = sys.argv[1], sys.argv[2], Path(sys.argv[3])
count = int(sys.argv[4]) if len(sys.argv) > 4 else 2000
names = (
    "bert-bge command-r deepseek-coder deepseek-llm falcon gemma-4 gpt-2 llama-bpe llama-spm mpt"
    " phi-3 qwen2 qwen35 refact starcoder aquila baichuan gpt-neox nomic-bert-moe"
).split()
english = (
    "The quick brown fox didn't jump; it walked, as they'd said, 1,234 times (or 56789)! "
    "What's past is prologue. We'll see \"us\" & them's-- http://example.com/?q=1#a \t"
).split(" ")
spice = [
    " ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\t\t ", "'s", "'S", "'ll", "'RE", "'", "0", "42", "1234567",
    "\u00a0", "\u3000", "\u2028", "\u0085", "\u200b", "\u00e9", "e\u0301", "\u0301", "你好", "こんにちは",
    "カタカナ", "한국어", "Привет", "مرحبا", "नमस्ते", "ไทย", "😀", "👨‍👩‍👧", "🇩🇪", "½", "Ⅷ", "٣", "§", "~", "^", "`",
    "$", "+", "<", ">", "|", "<|im_start|>", "</s>", "<s>", "[PAD]", "\\", "{", "}", "…", "。", "، ", "ǅ", "ß",
    "İ", "ſ", "▁", "Ġ", "\x00", "\x07", "\x7f", "ÀÉ",
]
common = [c for c in map(chr, range(0x20, 0x3000)) if unicodedata.category(c) not in ("Cn", "Cs")]
rare = [c for c in map(chr, range(0x3000, 0x30000)) if unicodedata.category(c) not in ("Cn", "Cs")]


def text(r):
    parts = []
    for _ in range(r.randint(1, 24)):
        kind = r.random()
        if kind < 0.4:
            parts.append(r.choice(english) + r.choice(["", " ", " ", "\n"]))
        elif kind < 0.75:
            parts.append(r.choice(spice))
        elif kind < 0.9:
            parts.append("".join(r.choices(common, k=r.randint(1, 4))))
        else:
            parts.append("".join(r.choices(rare, k=r.randint(1, 3))))
    return "".join(parts)


def plain(text):
    """For BERT: what has one part, or marks behind it that are dropped."""
    keep = []
    for c in text:
        parts = unicodedata.normalize("NFD", c)
        if len(parts) == 1 and unicodedata.category(c) not in ("Mc", "Me", "Cc", "Cf", "Co", "Cn"):
            keep.append(c)
    return "".join(keep)


def run(program, name, texts, folder, *more):
    source, target = Path(folder, "in"), Path(folder, "out")
    source.write_bytes(b"".join(struct.pack("<i", len(t)) + t for t in texts))
    command = [program, str(models / f"ggml-vocab-{name}.gguf"), str(source), str(target), *more]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    data, answers, at = target.read_bytes(), [], 0
    while at < len(data):
        n = struct.unpack_from("<i", data, at)[0]
        answers.append(struct.unpack_from(f"<{n}i", data, at + 4))
        at += 4 + 4 * n
    return answers, float(said[0]), int(said[1])


with tempfile.TemporaryDirectory() as folder:
    for name in names:
        r = random.Random(6)
        texts = [text(r) for _ in range(count)]
        if name == "bert-bge":
            texts = [plain(t) for t in texts]
        texts = [t.encode() for t in texts]
        for more in ([], ["parse"]):
            a, _, _ = run(ours, name, texts, folder, *more)
            b, _, _ = run(peer, name, texts, folder, *more)
            wrong = [i for i in range(count) if a[i] != b[i]]
            print(f"{name:16} {' '.join(more):6} {count - len(wrong)}/{count} equal", flush=True)
            for i in wrong[:3]:
                at = next((k for k, (x, y) in enumerate(zip(a[i], b[i])) if x != y), -1)
                print("   ", texts[i].decode()[:300].__repr__(), "\n     at", at, a[i][at:at + 8], b[i][at:at + 8])
    corpus = Path(sys.argv[5]).read_bytes() if len(sys.argv) > 5 else None
    if corpus:
        for name in ("qwen2", "llama-bpe", "llama-spm", "gemma-4", "bert-bge", "gpt-2"):
            rates = []
            for program in (ours, peer):
                seconds = sorted(run(program, name, [corpus], folder)[1] for _ in range(5))[2]
                rates.append(len(corpus) / seconds / 1e6)
            print(f"{name:16} MB/s: {rates[0]:7.2f} ours, {rates[1]:6.2f} llama.cpp", flush=True)
