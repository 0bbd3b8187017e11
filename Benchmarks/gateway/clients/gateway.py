"""A caisson gateway with a home and a document of its own, in front of the scripted upstream, and
the check of its ledger against the upstream's books."""

import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[3]
INSTALLED = ROOT / ".build/installed"

# What a model of each dialect's upstream is called there.
MODELS = {"openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4-5",
          "gemini": "gemini-3-flash-preview", "ollama": "llama3.3"}
# Pico-dollars a token.
RATES = {"openai": {"input": 150_000, "cache_read": 75_000, "output": 600_000},
         "anthropic": {"input": 3_000_000, "cache_read": 300_000, "cache_write": 3_750_000,
                       "cache_write_1h": 6_000_000, "output": 15_000_000},
         "gemini": {"input": 300_000, "cache_read": 30_000, "output": 2_500_000},
         "ollama": {"input": 99_991, "output": 199_999}}
BASES = {"openai": "/v1", "anthropic": "", "gemini": "", "ollama": ""}
CAN = {"text": "input: [text, image], can: [tools, json]", "embeddings": "can: [embeddings]"}


def document(upstream, models, unsupported="refuse", routing="routing: { listed_only: true }"):
    """A gateway.yaml.

    models has, by the name that clients use, the upstream's dialect, its name there, and `text` or
    `embeddings`.
    """
    lines = ["version: 1", "providers:"]
    for dialect, base in BASES.items():
        name = "catalogue: google" if dialect == "gemini" else f"catalogue: {dialect}"
        name = "catalogue: none" if dialect == "ollama" else name
        lines.append(f'  {dialect}: {{ dialect: {dialect}, {name}, key: none, '
                     f'base: "http://127.0.0.1:{upstream}{base}" }}')
    lines.append("models:")
    for name, (dialect, model, kind) in models.items():
        rates = ", ".join(f"{unit}: {usd(rate)}" for unit, rate in RATES[dialect].items())
        lines.append(f"  {name}: {{ provider: {dialect}, model: {model}, price: {{ {rates} }}, "
                     f"context: 128k, max_output: 16k, {CAN[kind]} }}")
    lines += [routing, f"translation: {{ unsupported: {unsupported} }}"]
    return "\n".join(lines) + "\n"


def usd(pico):
    return f"{pico / 1e6:.6f} USD/M"


class Gateway:
    """Runs until the end of a `with`."""

    def __init__(self, folder, installed, text):
        self.program = pathlib.Path(installed).resolve() / "caisson"
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        self.file, self.log = folder / "gateway.yaml", folder / "gateway.log"
        self.file.write_text(text)
        self.environment = {**os.environ, "CAISSON_HOME": str(self.home)}

    def caisson(self, *arguments):
        made = subprocess.run([self.program, *arguments], env=self.environment,
                              capture_output=True, text=True)
        if made.returncode != 0:
            raise RuntimeError(f"caisson {' '.join(arguments)}: {made.stderr.strip()}")
        return made.stdout

    def add_key(self, name, *options):
        return self.caisson("gateway", "key", "add", name, *options).strip()

    def __enter__(self):
        self.process = subprocess.Popen(
            [self.program, "gateway", "--config", self.file, "--listen", "127.0.0.1:0"],
            env=self.environment, stderr=subprocess.PIPE, text=True)
        log = open(self.log, "w", buffering=1)
        for line in self.process.stderr:
            log.write(line)
            if found := re.search(r"listening on (http://\S+)", line):
                self.address = found[1].rstrip("/")
                break
        else:
            raise RuntimeError(f"the gateway does not listen: {self.log.read_text()}")
        threading.Thread(target=lambda: log.writelines(self.process.stderr), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.status = self.process.wait()

    def calls(self):
        """The rows of the ledger by the number that its providers are told."""
        database = sqlite3.connect(f"file:{self.home}/journal.sqlite?mode=ro", uri=True, timeout=20)
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM call").fetchall()
        database.close()
        return {f"caisson-{row['epoch']}-{row['id']}": dict(row) for row in rows}


def read_books(path):
    return [json.loads(line) for line in open(path)]


def owed(row, dialect):
    """What an entry of the books costs, in pico-dollars; thoughts cost what the answer does."""
    rates = RATES[dialect]
    prompt = (row["input"] * rates["input"] + row["cache_read"] * rates.get("cache_read", 0)
              + row["cache_write"] * rates.get("cache_write", 0))
    return prompt + (row["output"] + row["reasoning"]) * rates["output"]


def differences(books, gateway):
    """Where the upstream's books and the gateway's ledger and bill do not agree, in words.

    A whole answer is charged to the token; one that was broken off by its client costs what the
    provider bills for it at least.
    """
    found, calls, sums = [], gateway.calls(), {}
    for row in books:
        call = calls.pop(row["id"], None)
        if call is None:
            found.append(f"{row['id']}: billed by the upstream and not in the ledger: {row}")
            continue
        where = f"{row['id']} ({call['dialect']} at {call['provider']})"
        due = owed(row, call["provider"])
        if row["whole"]:
            found += whole_differences(where, row, call, due)
        elif call["charged"] < due:
            found.append(f"{where}: broken off, {call['charged']} charged, {due} billed")
        name = f"{call['provider']}/{call['model']}"
        sums[name] = sums.get(name, 0) + (due if row["whole"] else call["charged"])
    for name, call in calls.items():
        if call["charged"]:
            found.append(f"{name}: {call['charged']} charged, nothing billed: {call['outcome']}")
    bill = json.loads(gateway.caisson("bill", "--json", "--by", "model"))
    charged = {line["name"]: line["charged"] for line in bill["lines"] if line["charged"]}
    if charged != sums or bill["total"]["charged"] != sum(sums.values()):
        found.append(f"the bill says {charged}, the books {sums}")
    if bill["reserved"] or bill["callsUnderWay"]:
        found.append(f"{bill['callsUnderWay']} calls are still under way")
    return found + verify(gateway)


def whole_differences(where, row, call, due):
    kinds = ("input", "cache_read", "cache_write", "output", "reasoning")
    used = json.loads(call["used"] or "{}")
    used = {kind: count for kind, count in used.items() if count and kind != "requests"}
    billed = {kind: row[kind] for kind in kinds if row[kind]}
    found = []
    if used != billed:
        found.append(f"{where}: used {used}, billed {billed}")
    # Who closes at the last byte may count as gone ("cancelled"); what is charged is the same.
    if (call["charged"], call["basis"]) != (due, "usage"):
        found.append(f"{where}: {call['charged']} charged by {call['basis']} "
                     f"({call['outcome']}), {due} billed")
    return found


def verify(gateway):
    try:
        gateway.caisson("bill", "--verify")
        return []
    except RuntimeError as error:
        return [str(error)]
