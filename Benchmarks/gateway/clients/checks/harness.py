"""What the checks of all clients share. Each file beside this one is run in its client's virtual
environment, by smoke.py, which says by variables where the gateway is and what it serves."""

import base64
import json
import os
import struct
import sys
import time
import traceback
import uuid
import zlib

ADDRESS, KEY = os.environ["CHECK_ADDRESS"], os.environ["CHECK_KEY"]
# A key without money, and one that may ask once a minute.
POOR, LIMITED = os.environ["CHECK_POOR"], os.environ["CHECK_LIMITED"]
BOOKS = os.environ["CHECK_BOOKS"]
# The dialect of the upstream behind every model.
UPSTREAM = os.environ["CHECK_UPSTREAM"]
# Names as these clients know them: some decide by them what they may ask.
GPT, CLAUDE, LLAMA = "gpt-4o-mini", "claude-sonnet-4-5", "llama3"
EMBEDDER = "text-embedding-3-small"
SLOW, FAILS_429, FAILS_500, FAILS_529 = "slow", "fails-429", "fails-500", "fails-529"
# Their answers break off: the connection is cut, or it is as if half of it were all.
BROKEN = ("cut", "short")
NOWHERE = "no-such-model-xyz"

HI = [{"role": "user", "content": "hi “ä”"}]
HEARD = "You said: hi “ä” [0 pictures]"
CITY = "Ghent “ä”"

checks = []


def check(function=None, *, refused=(), absent=()):
    """Marks a check. refused: upstreams' dialects at which docs/dialects.md has it refused;
    absent: those that have no such thing."""
    def mark(function):
        if UPSTREAM not in absent:
            checks.append((function, refused))
        return function
    return mark(function) if function else mark


def run():
    """Runs the checks, a line of JSON each."""
    for function, refused in checks:
        problem, note = None, ""
        try:
            function()
            if UPSTREAM in refused:
                problem = "was not refused, against docs/dialects.md"
        except BaseException as error:  # SystemExit is a failure, too.
            if UPSTREAM in refused and "cannot take" in chain(error):
                note = "refused, as documented"
            else:
                lines = [x.lineno for x in traceback.extract_tb(error.__traceback__)]
                problem = f"line {lines[min(1, len(lines) - 1)]}: {type(error).__name__}: {error}"
        print("CHECK " + json.dumps({"name": function.__name__, "problem": problem, "note": note}),
              flush=True)
    sys.stdout.flush()
    # Threads that a client left behind do not matter.
    os._exit(0)


def chain(error):
    """What an error and those behind it say."""
    texts = []
    while error is not None and len(texts) < 10:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return " ".join(texts)


def raises(kind, status, call):
    """The error of that class and status that a call ends in."""
    try:
        call()
    except kind as error:
        found = getattr(error, "status_code", None)
        assert found == status, f"status {found}, not {status}: {error}"
        return error
    raise AssertionError(f"no {kind.__name__}")


def raises_any(kind, call):
    """The error of that class, whatever its status."""
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}, but {answer!r}")


def equal(found, wanted):
    assert found == wanted, f"{found!r}, not {wanted!r}"


def holds(text, part):
    assert part in text, f"{part!r} is not in {text!r}"


def books():
    return [json.loads(line) for line in open(BOOKS)]


def until_broken_off(stream_some):
    """Reads the beginning of a slow stream and awaits that the upstream is told of the end."""
    before = len(books())
    stream_some()
    end = time.monotonic() + 8
    while time.monotonic() < end:
        found = [row for row in books()[before:] if row["model"] == SLOW]
        if found:
            assert not found[0]["whole"], "the upstream was read to its end"
            return
        time.sleep(0.05)
    raise AssertionError("the upstream was not told that the client had gone")


def asked_once(call):
    """An idempotency key, and what two calls with it give; the upstream is asked for one."""
    before, key = len(books()), uuid.uuid4().hex
    first, second = call(key), call(key)
    equal(len(books()) - before, 1)
    return key, first, second


def png():
    """A red picture of two by two."""
    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
    header = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    rows = b"\0" + b"\xff\0\0" * 2
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows * 2))
            + chunk(b"IEND", b""))


PICTURE = base64.b64encode(png()).decode()
SCHEMA = {"type": "object",
          "properties": {"city": {"type": "string"}, "count": {"type": "integer"}},
          "required": ["city", "count"], "additionalProperties": False}
WEATHER = {"type": "object", "properties": {"city": {"type": "string", "description": "Where."}},
           "required": ["city"], "additionalProperties": False}
