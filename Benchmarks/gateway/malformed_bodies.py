"""Requests of each dialect that a gateway answers, and what becomes of them by a few changes."""

import copy
import json

# What the series calls the models of four providers, each of the dialect of its name.
MODELS = ["openai", "anthropic", "ollama", "gemini"]

# MARK: Valid requests

TOOL = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
PIXEL = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
         "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
CHAT = {
    "model": "openai", "max_tokens": 20, "temperature": 0.5, "top_p": 0.9, "n": 1, "seed": 7,
    "stop": ["end"], "stream": False, "stream_options": {"include_usage": True}, "user": "somebody",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + PIXEL}}]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function",
             "function": {"name": "weather", "arguments": "{\"city\":\"Rome\"}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}],
    "tools": [{"type": "function",
               "function": {"name": "weather", "description": "Tells it.", "parameters": TOOL}}],
    "tool_choice": "auto",
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": TOOL}}}
RESPONSES = {
    "model": "openai", "max_output_tokens": 20, "instructions": "Be brief.", "stream": False,
    "store": False, "reasoning": {"effort": "low"},
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "hello"}]},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}],
    "tools": [{"type": "function", "name": "weather", "parameters": TOOL, "strict": False}],
    "text": {"format": {"type": "text"}}}
MESSAGES = {
    "model": "anthropic", "max_tokens": 20, "temperature": 0.5, "stream": False, "top_k": 5,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "hello"},
            {"type": "image",
             "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}]},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Rome"}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "toolu_1", "content": "sunny"}]}],
    "tools": [{"name": "weather", "description": "Tells it.", "input_schema": TOOL}],
    "tool_choice": {"type": "auto"}, "metadata": {"user_id": "somebody"}}
OLLAMA = {
    "model": "ollama", "stream": False, "format": "json", "keep_alive": "5m", "think": False,
    "options": {"num_predict": 20, "temperature": 0.5, "stop": ["end"]}}
OLLAMA_CHAT = OLLAMA | {
    "messages": [{"role": "user", "content": "hello", "images": [PIXEL]},
                 {"role": "assistant", "content": "",
                  "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Rome"}}}]},
                 {"role": "tool", "tool_name": "weather", "content": "sunny"}],
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": TOOL}}]}
COMPLETIONS = {"model": "openai", "prompt": "Once upon", "max_tokens": 20, "stream": False,
               "temperature": 0.5, "stop": "end", "logprobs": None, "echo": False, "n": 1}
EMBEDDINGS = {"model": "openai", "input": ["one", "two"], "encoding_format": "float",
              "dimensions": 3}
GENERATE = OLLAMA | {"prompt": "Once upon", "system": "Be brief.", "images": []}

# The dialect whose errors a path tells, and what is valid there.
PATHS = {
    "/v1/chat/completions": ("openai", CHAT), "/chat/completions": ("openai", CHAT),
    "/v1/responses": ("openai", RESPONSES), "/responses": ("openai", RESPONSES),
    "/v1/completions": ("openai", COMPLETIONS), "/completions": ("openai", COMPLETIONS),
    "/v1/embeddings": ("openai", EMBEDDINGS), "/embeddings": ("openai", EMBEDDINGS),
    "/v1/messages": ("anthropic", MESSAGES), "/v1/messages/count_tokens": ("anthropic", MESSAGES),
    "/api/chat": ("ollama", OLLAMA_CHAT), "/api/generate": ("ollama", GENERATE),
    "/api/embed": ("ollama", {"model": "ollama", "input": ["one", "two"], "truncate": True}),
    "/api/show": ("ollama", {"model": "ollama", "verbose": False})}

# MARK: Bodies that are not


class Raw:
    """Text that stands in the body as it is."""

    def __init__(self, text):
        self.text = text


class Pairs(list):
    """An object, as a list of its fields, of which two may have one name."""


def tree(value):
    if isinstance(value, dict):
        return Pairs([name, tree(field)] for name, field in value.items())
    return [tree(element) for element in value] if isinstance(value, list) else value


def written(value):
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, Pairs):
        return "{" + ",".join(json.dumps(n) + ":" + written(v) for n, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value)


NUMBERS = ["0", "-0", "-1", "2", "0.5", "1e3", "1e308", "-1e308", "1e309", "1e-400", "1E+2",
           "2147483648", "4294967296", "1099511627777", "9007199254740993", "9223372036854775807",
           "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1" + "0" * 400,
           "0." + "3" * 500, "1e99999999999"]
STRINGS = ['""', '" "', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"',
           '"\\r\\nx-evil: 1"', '"openai"', '"nobody"', '"user"', '"tool"', '"text"', '"auto"',
           '"none"', '"data:image/png;base64,!!"', '"http://127.0.0.1:1/"', '"{\\"a\\":"',
           '"base64"', '"high"', '"' + "a" * 5000 + '"', '"a' + "\\u0301" * 3000 + '"', '"\ufeff"']
OTHERS = ["null", "true", "false", "[]", "{}", "[[]]", "[null]", "[{}]", '{"":null}', '["a"]',
          "[0]", '{"type":"text","text":"a"}', '{"type":"nothing"}',
          '{"role":"user","content":"a"}']
NAMES = ["", "\u0000", "x", "modEl", "type", "role", "content", "name", "stream", "n", "max_tokens",
         "max_completion_tokens", "best_of", "thinking", "reasoning", "functions", "tool_choice",
         "audio", "modalities", "service_tier", "speed", "logit_bias", "prediction",
         "previous_response_id", "cache_control", "container", "mcp_servers", "suffix", "context",
         "raw", "options"]
NO_TEXT = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x00",
           b"\xef\xbb\xbf"]
BEGINNINGS = [b"\xef\xbb\xbf", b"\xff\xfe", b" \n\t", b"\x1e", b")]}',\n"]
CODES = ["utf-16", "utf-32", "utf-7"]
NO_VALUES = ["01", "+1", ".5", "1.", "0x10", "NaN", "Infinity", "-Infinity", "1_000", "1e", "--1",
             '"\\x41"', '"\\u12"', '"\n"', "'single'", '"unended', "undefined", "True", "None",
             "[,]", "{,}", "[1,]", '{"a":1,}', "{a:1}", '{"a" 1}', "/* */", "", "]", "}", ":", ","]


def draw(chance):
    """Something to stand in place of what is there."""
    kind = chance.random()
    if kind < 0.9:
        return Raw(chance.choice(chance.choice([NUMBERS, STRINGS, OTHERS])))
    if kind < 0.95:
        return Raw(chance.choice(NO_VALUES))
    depth = chance.choice([30, 64, 65, 100, 129, 1000, 50_000])
    opening, closing = chance.choice([("[", "]"), ('{"a":', "}")])
    closed = depth if chance.random() < 0.7 else depth // 2
    return Raw(opening * depth + ("1" if opening != "[" else "") + closing * closed)


def containers(value):
    """Everything in it that holds something, each with its places."""
    found = []
    if isinstance(value, list) and value:
        found.append(value)
        for element in value:
            found += containers(element[1] if isinstance(value, Pairs) else element)
    return found


def change(body, chance):
    """One change of the tree."""
    holders = containers(body)
    if not holders:
        return draw(chance)
    holder = chance.choice(holders)
    at = chance.randrange(len(holder))
    is_object = isinstance(holder, Pairs)

    def put(value):
        if is_object:
            holder[at] = [holder[at][0], value]
        else:
            holder[at] = value

    old = holder[at][1] if is_object else holder[at]
    match chance.randrange(9):
        case 0 | 1 | 2: put(draw(chance))
        case 3: del holder[at]
        case 4: holder.insert(chance.randrange(len(holder) + 1), holder[at])
        case 5:
            other = chance.choice(holders)
            theirs = chance.choice(other)
            # A copy: it may hold this very place.
            put(copy.deepcopy(theirs[1] if isinstance(other, Pairs) else theirs))
        case 6: put(chance.choice([[old], Pairs([["type", old]]), [old] * chance.randrange(2, 40)]))
        case 7 if is_object: holder[at] = [chance.choice(NAMES), old]
        case _ if is_object: holder.append([chance.choice(NAMES), draw(chance)])
        case _: holder.append(draw(chance))
    return body


def spoil(data, chance):
    """One change of the bytes."""
    at = chance.randrange(len(data) + 1)
    match chance.randrange(8):
        case 0: return data[:at]
        case 1: return data[:at] + bytes([chance.randrange(256)]) + data[at + 1:]
        case 2: return data[:at] + chance.randbytes(chance.randrange(1, 20)) + data[at:]
        case 3: return data[:at] + chance.choice(NO_TEXT) + data[at:]
        case 4: return data + chance.choice([b"x", b"{}", b"\x00", b",", b"]", b"//", data])
        case 5: return chance.choice(BEGINNINGS) + data
        case 6: return data.decode("utf-8", "replace").encode(chance.choice(CODES))
        case _: return data[at:] + data[:at]


def body(valid, chance, largest):
    """The bytes of a changed request; now and then one that is `largest` and a byte."""
    changes = {"model": chance.choice([valid["model"], *MODELS])}
    if "stream" in valid:
        changes["stream"] = chance.random() < 0.4
    valid = tree(valid | changes)
    kind = chance.random()
    if kind < 0.02:
        return chance.choice([b"", b"null", b"[]", b'"text"', b"0", b"{", b"{}", b"[" * 100_000,
                              chance.randbytes(chance.randrange(1, 300)), b" " * (largest + 1),
                              b'{"model":"openai","messages":[' + b"0," * 200_000 + b"0]}"])
    for _ in range(chance.randrange(1, 5) if kind < 0.85 else 0):
        valid = change(valid, chance)
    data = written(valid).encode("utf-8", "surrogatepass")
    for _ in range(chance.randrange(1, 3) if kind >= 0.8 else 0):
        data = spoil(data, chance)
    return data
