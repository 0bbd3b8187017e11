#!/usr/bin/env python3
"""Our MiniLM beside the references: ids, cosines, and sentences a CPU-second, one thread each.

    compare.py EMBEDDING [GOLDEN]

EMBEDDING is the program of ../Sources/embedding. With GOLDEN, only writes the vectors that the tests hold."""

import json
import random
import subprocess
import sys
import tempfile
import time
import unicodedata
from pathlib import Path

import numpy as np
import reference

w, t = reference.weights(), reference.tokenizer()

if len(sys.argv) > 2:
    texts = reference.sentences(8) + reference.ODD
    lines = []
    for text in texts:
        ids = t.encode(text).ids
        vector = [round(float(v), 6) for v in reference.exact(w, ids)[:16]]
        lines += [json.dumps(text, ensure_ascii=True), " ".join(map(str, ids)), " ".join(map(str, vector))]
    body = "\n".join("    " + line for line in lines)
    Path(sys.argv[2]).write_text(f'''// Made by Benchmarks/inference/embedding/compare.py; do not edit.

/// Texts as JSON, their tokens by Hugging Face's tokenizer, and the first 16 numbers of the vectors that
/// all-MiniLM-L6-v2 makes of them in float64: three lines each.
enum MiniLMGolden {{
  static let lines = #"""
{body}
    """#
}}
''')
    sys.exit()


def ours(texts, folder, *more):
    source, target = Path(folder, "in"), Path(folder, "out")
    source.write_text("\n".join(texts) + "\n")
    command = [sys.argv[1], str(reference.FOLDER / "model.safetensors"), str(reference.FOLDER / "vocab.txt"), str(source), str(target)]
    said = subprocess.run(command + list(more), check=True, capture_output=True, text=True).stdout.split()
    data, ids, vectors, at = target.read_bytes(), [], [], 0
    while at < len(data):
        n = int.from_bytes(data[at:at + 4], "little")
        ids.append(np.frombuffer(data, np.int32, n, at + 4).tolist())
        vectors.append(np.frombuffer(data, np.float32, reference.WIDTH, at + 4 + 4 * n))
        at += 4 + 4 * n + 4 * reference.WIDTH
    return ids, np.array(vectors), float(said[0])


with tempfile.TemporaryDirectory() as folder:
    texts = reference.sentences(1000)
    wanted = [t.encode(text).ids for text in texts]
    ids, vectors, _ = ours(texts, folder)
    print(f"ids: {sum(a == b for a, b in zip(ids, wanted))}/{len(texts)} equal, {np.mean([len(i) for i in ids]):.1f} tokens a sentence")
    session = reference.session(w)
    theirs = reference.embed(session, wanted, 32)
    right = np.array([reference.exact(w, i) for i in wanted[:100]])
    print(f"least cosine to float64 (100): ours {np.sum(vectors[:100] * right, 1).min():.8f}, ONNX Runtime {np.sum(theirs[:100] * right, 1).min():.8f}")
    print(f"least cosine to ONNX Runtime (1000): {np.sum(vectors * theirs, 1).min():.8f}")

    random.seed(7)
    common = [c for c in map(chr, [*range(0x21, 0x3000), *range(0x4E00, 0x4F00), *range(0x1F300, 0x1F700)]) if unicodedata.category(c) not in ("Cs", "Zl", "Zp") and c != "\x85"]
    odd = ["".join(random.choices(common, k=random.randint(1, 12))) + " " + random.choice(texts)[:30] for _ in range(2000)]
    odd = [o.replace("\n", " ") for o in odd] + [o.replace("\n", " ") for o in reference.ODD]
    got, _, _ = ours(odd, folder)
    wrong = [(o, a, b) for o, a, b in zip(odd, got, (t.encode(o).ids for o in odd)) if a != b]
    print(f"ids of random characters: {len(odd) - len(wrong)}/{len(odd)} equal")
    for o, a, b in wrong[:8]:
        print("   ", ascii(o), a[:20], b[:20])

    a, b = [], []
    for batch in (8, 16, 32):
        start = time.process_time()
        reference.embed(session, wanted, batch)
        print(f"ONNX Runtime, batches of {batch}: {len(texts) / (time.process_time() - start):.1f} sentences a CPU-second")
    for _ in range(5):
        a.append(len(texts) / ours(texts, folder)[2])
        start = time.process_time()
        reference.embed(session, wanted, 16)
        b.append(len(texts) / (time.process_time() - start))
    print(f"sentences a CPU-second, medians of 5: ours {np.median(a):.1f} {[round(x) for x in a]}, ONNX Runtime {np.median(b):.1f} {[round(x) for x in b]}")
