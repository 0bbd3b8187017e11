"""What an upstream is asked and what it answers, in no dialect: requests, turns, usage."""

import dataclasses
import json
import random
import threading


class Refused(Exception):
    """A request that no provider of its dialect would take; gives the status and the reason."""

    def __init__(self, status, message, kind="invalid_request_error"):
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind


@dataclasses.dataclass
class Call:
    name: str
    arguments: dict
    id: str = ""


@dataclasses.dataclass
class Turn:
    """One answer: text, tool calls, or an error's status."""
    text: str = ""
    calls: list = dataclasses.field(default_factory=list)
    thinking: str = ""
    status: int = 200
    # Seconds between two pieces of a stream.
    pause: float = 0.0
    # How an answer breaks off halfway: `cut`, the connection; `short`, as if that were all.
    ending: str = ""
    # Part of what the last message must hold, so that a script that has lost its place is noticed.
    expects: str = ""

    @staticmethod
    def read(value):
        calls = [Call(**call) for call in value.get("calls", [])]
        return Turn(**{**value, "calls": calls})


@dataclasses.dataclass
class Usage:
    """Tokens in classes that do not overlap; reasoning is a part of the output."""
    input: int
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def prompt(self):
        return self.input + self.cached + self.written


@dataclasses.dataclass
class Asked:
    """A request, as far as answers depend on it."""
    model: str
    stream: bool = False
    # Text of the last message, and of its tools' results.
    words: str = ""
    images: int = 0
    tools: list = dataclasses.field(default_factory=list)
    # Whether the last message holds results of tools.
    has_results: bool = False
    schema: dict | None = None
    wants_usage: bool = True
    wants_thoughts: bool = False
    most: int | None = None
    inputs: list = dataclasses.field(default_factory=list)
    # How vectors are to be written: float or base64.
    encoding: str = "float"


@dataclasses.dataclass
class Answer:
    number: int
    asked: Asked
    turn: Turn
    usage: Usage


class Bills:
    """Usage that differs from answer to answer and is the same for each seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lock = threading.Lock()

    def usage(self, size, asked, counted):
        """Never more tokens than a request has bytes, nor than it allows for the answer.

        counted names what the dialect counts besides the prompt.
        """
        with self.lock:
            prompt = self.random.randint(1, max(1, size // 4))
            cached = written = output = reasoning = 0
            if "cached" in counted and self.random.random() < 0.6:
                cached = self.random.randint(0, prompt)
            if "written" in counted and self.random.random() < 0.5:
                written = self.random.randint(0, prompt - cached)
            if "output" in counted:
                output = self.random.randint(1, min(asked.most or 400, 400))
            if "reasoning" in counted:
                reasoning = self.random.randint(0, output)
        return Usage(prompt - cached - written, cached, written, output, reasoning)


class Script:
    """Turns in their order; whoever asks once more is refused."""

    def __init__(self, turns):
        self.turns, self.place, self.lock = turns, 0, threading.Lock()

    def turn(self, asked):
        with self.lock:
            if self.place == len(self.turns):
                raise Refused(400, "the script is over")
            turn = self.turns[self.place]
            if turn.expects not in asked.words:
                raise Refused(400, f"turn {self.place + 1} of the script expects "
                                   f"{turn.expects!r}, not {asked.words[-300:]!r}")
            self.place += 1
        return turn


class Obliging:
    """Gives what is asked for: calls each tool that is offered once, fills in the schema, else says
    what it was told. Models called `fails-STATUS` give errors, `slow` takes its time, `cut` and
    `short` break off."""

    def turn(self, asked):
        if asked.model.startswith("fails-"):
            return Turn("scripted to fail", status=int(asked.model.removeprefix("fails-")))
        pause = 0.05 if asked.model == "slow" else 0.0
        thinking = "What did they say?" if asked.wants_thoughts else ""
        if asked.tools and not asked.has_results:
            calls = [Call(name, example(schema, schema)) for name, schema in asked.tools]
            return Turn(calls=calls, thinking=thinking)
        if asked.schema is not None:
            return Turn(json.dumps(example(asked.schema, asked.schema)))
        words = "patience " * 200 if asked.model == "slow" else f"You said: {asked.words}"
        ending = asked.model if asked.model in ("cut", "short") else ""
        text = f"{words} [{asked.images} pictures]"
        return Turn(text, thinking=thinking, pause=pause, ending=ending)


def example(schema, root):
    """A value that fits a JSON schema, as far as the clients' schemas go."""
    if "$ref" in schema:
        target = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return example(target, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return example(schema[key][0], root)
    kind = schema.get("type", "object")
    kind = (kind[0] if isinstance(kind, list) else kind).lower()
    if kind == "object":
        # What is optional is left out.
        wanted = schema.get("required", list(schema.get("properties", {})))
        return {name: example(schema["properties"][name], root) for name in wanted
                if name in schema.get("properties", {})}
    if kind == "array":
        return [example(schema.get("items", {"type": "string"}), root)]
    return {"string": "Ghent “ä”", "integer": 7, "number": 7.5, "boolean": True, "null": None}[kind]


def pieces(text, size=7):
    """A text in the parts in which a stream brings it."""
    return [text[at:at + size] for at in range(0, len(text), size)]


def vector(text, number, count=8):
    """Numbers for an embedding, exact in 32 bits."""
    source = random.Random(f"{text}{number}")
    return [source.randint(-512, 512) / 1024 for _ in range(count)]
