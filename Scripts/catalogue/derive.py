#!/usr/bin/env python3
"""Derives the catalogue's snapshot from a checkout of models.dev.

    git clone https://github.com/anomalyco/models.dev
    Scripts/catalogue/derive.py models.dev

The checkout may be bare: it is read with git, at HEAD. What is taken stands in selection.json, what
models.dev lacks in supplement.json, each fact with its source. The result is written in place:
Sources/CCatalogue/models.json, one model a line and sorted, so that a change of a price is a line
of a diff, and its SHA-256 beside it. Prices are integers of 10^-12 dollars a unit; one that is not
whole ends the run. Nothing is fetched.
"""

import fnmatch
import hashlib
import io
import json
import os
import posixpath
import subprocess
import sys
import tarfile
import tomllib
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = os.path.join(HERE, "..", "..", "Sources", "CCatalogue")
REPOSITORY = "https://github.com/anomalyco/models.dev"

# Their names of what is billed, and ours.
UNITS = {
    "input": "input",
    "output": "output",
    "reasoning": "reasoning",
    "cache_read": "cache_read",
    "cache_write": "cache_write",
    "input_audio": "audio_in",
    "output_audio": "audio_out",
}
MODALITIES = {"text", "image", "audio", "video", "pdf"}
STATES = {None: None, "alpha": "preview", "beta": "preview", "deprecated": "retired"}


class Checkout:
    """The TOML files of a repository at HEAD, symbolic links followed."""

    def __init__(self, path):
        self.path = path
        self.commit = self.git("rev-parse", "HEAD").decode().strip()
        self.date = self.git("show", "-s", "--format=%cs", "HEAD").decode().strip()
        archive = self.git("archive", "--format=tar", "HEAD", "models", "providers")
        self.files, self.links = {}, {}
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            for member in tar:
                if member.issym():
                    place = posixpath.join(posixpath.dirname(member.name), member.linkname)
                    self.links[member.name] = posixpath.normpath(place)
                elif member.isfile() and member.name.endswith(".toml"):
                    self.files[member.name] = tar.extractfile(member).read()

    def git(self, *arguments):
        command = ["git", "-c", "safe.directory=*", "-C", self.path, *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout

    def toml(self, name):
        name = self.links.get(name, name)
        return tomllib.loads(self.files[name].decode(), parse_float=Decimal)

    def under(self, folder):
        names = [*self.files, *(name for name in self.links if name.endswith(".toml"))]
        return sorted(name for name in names if name.startswith(folder + "/"))


def matches(name, patterns):
    patterns = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def merged(base, over):
    """As models.dev merges: tables deeply, everything else by replacement."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def resolved(checkout, model):
    """A provider's row with what it inherits from the row of the model itself."""
    base = model.pop("base_model", None)
    omitted = model.pop("base_model_omit", [])
    if base is None:
        return model, None
    facts = checkout.toml(f"models/{base}.toml")
    licence = facts.get("license")
    for key in ("benchmarks", "license", "links", "weights"):
        facts.pop(key, None)
    model = merged(facts, model)
    for path in omitted:
        table, _, key = path.rpartition(".")
        model.get(table, {}).pop(key, None) if table else model.pop(key, None)
    return model, licence


def is_left_out(selection, provider, name, model):
    for rule in selection["leave_out"]:
        if rule["provider"] != provider:
            continue
        if "ids" in rule and matches(name, rule["ids"]):
            return True
        if model.get("release_date", "9999") < rule.get("released_before", "0"):
            return True
        if "not_of" in rule and name.split("/")[0] not in rule["not_of"]:
            return True
        if rule.get("without_context") and not model.get("limit", {}).get("context"):
            return True
    return False


def pico(dollars_per_million, where):
    """Pico-dollars a token from dollars a million tokens: both by a million."""
    value = Decimal(dollars_per_million) * 1_000_000
    if value != int(value) or value < 0:
        sys.exit(f"{where}: {dollars_per_million} USD a million is no whole number of pico-dollars")
    return int(value)


def rates(cost, where):
    unknown = set(cost) - set(UNITS) - {"tiers", "tier", "context_over_200k"}
    if unknown:
        sys.exit(f"{where}: no unit is known for {sorted(unknown)}")
    return {UNITS[key]: pico(cost[key], where) for key in UNITS if key in cost}


def without_zeros(table, but=()):
    """Zero may mean free, or that nobody knew; what is missing costs what its stand-in does."""
    return {key: value for key, value in table.items() if value or key in but}


def ruled(rules, provider, name):
    return any(
        rule.get("provider", provider) == provider and matches(name, rule["ids"]) for rule in rules
    )


def price(selection, provider, name, model, where):
    """The price; None where it is not known, which zero is not."""
    cost = model.get("cost")
    if cost is None:
        return None
    base = rates(cost, where)
    if base["input"] == 0 and base["output"] == 0:
        return "free" if ruled(selection["zero_means_free"], provider, name) else None
    embeds = ruled(selection["embeds"], provider, name)
    result = without_zeros(base, but=["output"] if embeds else [])
    tiers = [
        {"above": tier["tier"]["size"], **without_zeros(rates(tier, where))}
        for tier in cost.get("tiers", [])
    ]
    if tiers:
        result["tiers"] = sorted(tiers, key=lambda tier: tier["above"])
    modes = []
    for mode, detail in model.get("experimental", {}).get("modes", {}).items():
        (field, value), *rest = detail["provider"]["body"].items()
        if rest:
            sys.exit(f"{where}: the mode {mode} is asked for by more than one field")
        own = without_zeros(rates(detail["cost"], where))
        modes.append({"name": mode, "field": field, "value": value, **own})
    if modes:
        result["modes"] = modes
    return result


def entry(selection, provider, name, model, licence, where):
    limit = model.get("limit", {})
    modalities = model.get("modalities", {})
    can = [
        word
        for word, key in [
            ("attachments", "attachment"),
            ("json", "structured_output"),
            ("reasoning", "reasoning"),
            ("temperature", "temperature"),
            ("tools", "tool_call"),
        ]
        if model.get(key)
    ]
    # models.dev says nothing of streaming; every interface that answers in text does it.
    gives = modalities.get("output", [])
    if ruled(selection["embeds"], provider, name):
        # models.dev calls an embedding text.
        can, gives = ["embeddings"], []
    elif "text" in gives:
        can.append("streaming")
    for word in [*modalities.get("input", []), *gives]:
        if word not in MODALITIES:
            sys.exit(f"{where}: no modality is called {word}")
    status = STATES[model.get("status")]
    row = {
        "provider": provider,
        "id": name,
        "name": model["name"],
        "in": sorted(modalities.get("input", [])),
        "out": sorted(gives),
        "can": sorted(can),
        "context": limit.get("context") or None,
        "prompt": limit.get("input") or None,
        "limit": limit.get("output") or None,
        "released": model.get("release_date"),
        "knowledge": model.get("knowledge"),
        "open": bool(model.get("open_weights")) or None,
        "licence": licence,
        "status": status,
        "price": price(selection, provider, name, model, where),
        "source": where,
    }
    return {key: value for key, value in row.items() if value is not None}


ORDER = (
    "provider id name aliases in out can context prompt limit image_tokens released knowledge open "
    "licence status retired successor price source supplement note"
).split()


def supplemented(rows, supplement):
    for extra in supplement["models"]:
        extra = dict(extra)
        key = (extra["provider"], extra["id"])
        row = rows.get(key)
        source = extra.pop("source")
        if row is None:
            row = rows[key] = {"source": source}
        else:
            row["supplement"] = source
        if "retired" in extra:
            extra["status"] = "retired"
        row.update(extra)
    for rule in supplement["also_can"]:
        for (provider, name), row in rows.items():
            if provider == rule["provider"] and matches(name, rule["ids"]):
                row["can"] = sorted({*row["can"], *rule["can"]})
                row["supplement"] = "; ".join(filter(None, [row.get("supplement"), rule["source"]]))
    for rule in supplement["cache_write_1h"]:
        for (provider, name), row in rows.items():
            if provider != rule["provider"] or not matches(name, rule["ids"]):
                continue
            if not isinstance(row.get("price"), dict):
                continue
            for table in [row["price"], *row["price"].get("tiers", []), *row["price"].get("modes", [])]:
                if "cache_write" in table:
                    table["cache_write_1h"] = table["input"] * rule["times_input"]
            row["supplement"] = "; ".join(filter(None, [row.get("supplement"), rule["source"]]))
    return rows


def line(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    checkout = Checkout(sys.argv[1])
    with open(os.path.join(HERE, "selection.json")) as file:
        selection = json.load(file)
    with open(os.path.join(HERE, "supplement.json")) as file:
        supplement = json.load(file)
    rows, providers = {}, []
    for provider, own in sorted(selection["providers"].items()):
        facts = checkout.toml(f"providers/{provider}/provider.toml")
        described = {
            "id": provider,
            "name": facts["name"],
            "dialect": own["dialect"],
            "base": own.get("base") or facts["api"],
            "keys": facts["env"],
            "doc": facts["doc"],
        }
        providers.append(described)
        folder = f"providers/{provider}/models"
        for path in checkout.under(folder):
            name = path[len(folder) + 1 : -len(".toml")]
            model, licence = resolved(checkout, checkout.toml(path))
            if not is_left_out(selection, provider, name, model):
                rows[provider, name] = entry(selection, provider, name, model, licence, path)
    rows = supplemented(rows, supplement)
    head = {
        "format": 1,
        "source": {
            "repository": REPOSITORY,
            "commit": checkout.commit,
            "date": checkout.date,
            "notice": "Copyright (c) 2025 models.dev, MIT License",
        },
        "reviewed": supplement["reviewed"],
    }
    ordered = [
        {key: row[key] for key in ORDER if key in row} for _, row in sorted(rows.items())
    ]
    for row, known in zip(ordered, (row for _, row in sorted(rows.items()))):
        if set(row) != set(known):
            sys.exit(f"{row['id']}: no place for {sorted(set(known) - set(row))}")
    text = line(head)[:-1]
    text += ',"providers":[\n' + ",\n".join(map(line, providers)) + "\n],"
    text += '"models":[\n' + ",\n".join(map(line, ordered)) + "\n]}\n"
    json.loads(text)
    with open(os.path.join(TARGET, "models.json"), "w") as file:
        file.write(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    with open(os.path.join(TARGET, "models.json.sha256"), "w") as file:
        file.write(f"{digest}  models.json\n")
    priced = sum(isinstance(row.get("price"), dict) for row in ordered)
    free = sum(row.get("price") == "free" for row in ordered)
    print(f"{len(ordered)} models, {priced} with a price, {free} free; {len(text)} bytes; {digest}")


if __name__ == "__main__":
    main()
