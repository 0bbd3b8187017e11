#!/usr/bin/env python3
"""Tokens a second, ours and the peer's in turns, so that both meet the same machine.

    compare_speed.py CAISSON_INFER LLAMA_BENCH [--rounds 5] [--threads 1 2] [--prompt 512]
                     [--generate 128] [--cache FOLDER] MODEL ...

Medians of the rounds, the ratio, and for ours the peak memory and the seconds to open a model and to
compute a first token, warm. `--cache`: where packed weights are kept.
"""
import argparse
import json
import os
import statistics
import subprocess
from pathlib import Path


def ours(options, model, threads):
    environment = dict(os.environ)
    if options.cache:
        environment["PACKED"] = options.cache
    line = subprocess.run(
        [options.ours, "bench", model, "--threads", str(threads), "--prompt", str(options.prompt),
         "--generate", str(options.generate)],
        check=True, capture_output=True, text=True, env=environment).stdout
    return json.loads(line)


def peer(options, model, threads):
    tests = ["-p", str(options.prompt), "-n", str(options.generate)]
    out = subprocess.run(
        [options.peer, "-m", model, "-t", str(threads), "-r", "1", "-o", "json", *tests],
        check=True, capture_output=True, text=True).stdout
    rates = {}
    for row in json.loads(out):
        rates["prompt" if row["n_prompt"] else "generate"] = row["avg_ts"]
    return rates


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("peer")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=128)
    parser.add_argument("--cache")
    options = parser.parse_args()
    for model in options.models:
        for threads in options.threads:
            found = {"prompt": ([], []), "generate": ([], [])}
            facts = []
            for _ in range(options.rounds):
                mine = ours(options, model, threads)
                theirs = peer(options, model, threads)
                facts.append(mine)
                for kind, (a, b) in found.items():
                    a += mine[kind]
                    b += [theirs[kind]] if kind in theirs else []
            size = os.path.getsize(model)
            print(f"{Path(model).stem}, {threads} threads, {options.rounds} rounds,"
                  f" load {os.getloadavg()[0]:.1f}")
            for kind, (a, b) in found.items():
                if a and b:
                    one, other = statistics.median(a), statistics.median(b)
                    print(f"   {kind:8} ours {one:7.1f}  peer {other:7.1f}  ratio {one / other:.2f}")
            peak = statistics.median(fact["peak"] for fact in facts)
            opened = statistics.median(fact["open"] for fact in facts)
            first = statistics.median(fact["first"] for fact in facts)
            cache = statistics.median(fact["cache"] for fact in facts)
            print(f"   peak {peak / 1e6:.0f} MB for a file of {size / 1e6:.0f} MB and keys and values of"
                  f" {cache / 1e6:.0f} MB: {peak / (size + cache):.2f} of both,"
                  f" open {opened:.2f} s, first token {first:.2f} s")


main()
