#!/usr/bin/env python3
"""Where our arithmetic first leaves the peer's: every tensor of a prompt that both have written.

    steps.py MODEL CAISSON_INFER REFERENCE [TEXT]
"""
import subprocess
import sys
import tempfile

import numpy as np


def tensors(program, model, ids):
    """By name; of several with one name the last."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([program, "steps", model, out.name], input=ids, text=True, check=True)
        data = open(out.name, "rb").read()
    found, at = {}, 0
    while at < len(data):
        end = data.index(b"\n", at)
        name, *shape = data[at:end].decode().rsplit(" ", 3)
        count = int(np.prod([int(size) for size in shape]))
        found[name] = np.frombuffer(data, np.float32, count, end + 1)
        at = end + 1 + 4 * count
    return found


def main(model, ours, peer, text="The declaration of independence was written by\n"):
    ids = subprocess.run([peer, "tokens", model], input=text, text=True, capture_output=True,
                         check=True).stdout
    theirs = tensors(peer, model, ids)
    for name, mine in tensors(ours, model, ids).items():
        other = theirs.get(name)
        if other is None or name.startswith("Vcur"):
            continue
        other = other[-mine.size:]
        mine = mine[-other.size:]  # of the last layer the peer keeps only what is wanted
        apart = np.nonzero(mine != other)[0]
        if apart.size:
            print(f"{name}: {apart.size} of {mine.size} differ, the first is {apart[0]}:"
                  f" {mine[apart[0]]!r}, {other[apart[0]]!r}; at most {np.abs(mine - other).max()}")
        else:
            print(f"{name}: the same")


main(*sys.argv[1:])
