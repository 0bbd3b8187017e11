"""Holds documents that the grammar wrote, and the examples of the tests, against jsonschema.

    pip install 'jsonschema[format]'
    validate.py SCHEMAS.json DOCUMENTS.jsonl

A line of DOCUMENTS is {"schema": NAME, "text": …}. Stricter than jsonschema in two things: no name
twice in an object, no half of a surrogate pair.
"""

import collections
import json
import sys

import jsonschema


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a name stands twice")
    return dict(pairs)


def refuse(word):
    raise ValueError(word)


def holds(validator, text):
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
        # Half a surrogate pair is read by Python, and is no text.
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        return False
    return validator.is_valid(value)


def main():
    schemas = {entry["name"]: entry for entry in json.load(open(sys.argv[1]))}
    validators = {}
    for name, entry in schemas.items():
        jsonschema.Draft202012Validator.check_schema(entry["schema"])
        validators[name] = jsonschema.Draft202012Validator(
            entry["schema"], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        for text in entry["valid"]:
            assert holds(validators[name], text), ("should be valid", name, text)
        for text in entry["invalid"]:
            assert not holds(validators[name], text), ("should be invalid", name, text)
    good, bad = collections.Counter(), []
    for line in open(sys.argv[2]) if len(sys.argv) > 2 else []:
        document = json.loads(line)
        if holds(validators[document["schema"]], document["text"]):
            good[document["schema"]] += 1
        else:
            bad.append(document)
    print(f"valid {sum(good.values())} of {sum(good.values()) + len(bad)}, schemas {len(good)}")
    for document in bad[:20]:
        print("INVALID", document["schema"], document["text"][:300])
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
