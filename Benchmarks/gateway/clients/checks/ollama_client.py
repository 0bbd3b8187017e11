"""Checks of the `ollama` package."""

import ollama
from harness import *


def client(key=KEY):
    return ollama.Client(host=ADDRESS, headers={"Authorization": f"Bearer {key}"})


TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.",
                                         "parameters": WEATHER}}


@check
def ollama_chat():
    answer = client().chat(model=LLAMA, messages=HI)
    equal(answer.message.content, HEARD)
    assert answer.done and answer.eval_count and answer.prompt_eval_count is not None, answer


@check
def ollama_chat_stream():
    parts = list(client().chat(model=LLAMA, messages=HI, stream=True))
    equal("".join(x.message.content or "" for x in parts), HEARD)
    assert parts[-1].done and parts[-1].eval_count and len(parts) > 3, parts[-1]


@check
def ollama_usual_options():
    answer = client().chat(model=LLAMA, messages=[{"role": "system", "content": "Be brief."}, *HI],
                           options={"temperature": 0.2, "num_predict": 99, "stop": ["END"]})
    equal(answer.message.content, HEARD)


@check
def ollama_thoughts():
    answer = client().chat(model=LLAMA, messages=HI, think=True)
    equal(answer.message.content, HEARD)


@check
def ollama_generate():
    equal(client().generate(model=LLAMA, prompt="hi “ä”").response, HEARD)
    pieces = client().generate(model=LLAMA, prompt="hi “ä”", stream=True)
    equal("".join(x.response for x in pieces), HEARD)


@check
def ollama_image():
    message = {"role": "user", "content": "hi", "images": [PICTURE]}
    equal(client().chat(model=LLAMA, messages=[message]).message.content,
          "You said: hi [1 pictures]")


@check
def ollama_tools():
    answer = client().chat(model=LLAMA, messages=HI, tools=[TOOL])
    call = answer.message.tool_calls[0].function
    equal((call.name, call.arguments), ("weather", {"city": CITY}))
    result = {"role": "tool", "tool_name": "weather", "content": "raining “ä”"}
    again = client().chat(model=LLAMA, messages=[*HI, answer.message, result], tools=[TOOL])
    holds(again.message.content, "raining “ä”")


@check
def ollama_tools_twice_at_once():
    tools = [TOOL, {"type": "function", "function": {**TOOL["function"], "name": "tide"}}]
    answer = client().chat(model=LLAMA, messages=HI, tools=tools)
    equal([x.function.name for x in answer.message.tool_calls], ["weather", "tide"])
    results = [{"role": "tool", "tool_name": x, "content": x} for x in ("tide", "weather")]
    again = client().chat(model=LLAMA, messages=[*HI, answer.message, *results], tools=tools)
    holds(again.message.content, "You said: ")


@check
def ollama_tools_stream():
    parts = list(client().chat(model=LLAMA, messages=HI, tools=[TOOL], stream=True))
    calls = [x for part in parts for x in part.message.tool_calls or []]
    equal([(x.function.name, x.function.arguments) for x in calls], [("weather", {"city": CITY})])


@check
def ollama_structured():
    answer = client().chat(model=LLAMA, messages=HI, format=SCHEMA)
    equal(json.loads(answer.message.content), {"city": CITY, "count": 7})


@check(absent=["anthropic"])
def ollama_embed():
    answer = client().embed(model=EMBEDDER, input=["hi", "ho"])
    equal([len(x) for x in answer.embeddings], [8, 8])


@check
def ollama_tags():
    assert GPT in {x.model for x in client().list().models}


@check
def ollama_show():
    assert "tools" in client().show(LLAMA).capabilities


@check
def ollama_ps():
    assert client().ps().models


@check
def ollama_error_model():
    raises(ollama.ResponseError, 404, lambda: client().chat(model=NOWHERE, messages=HI))


@check
def ollama_error_key():
    raises(ollama.ResponseError, 401,
           lambda: client("sk-caisson-wrong").chat(model=LLAMA, messages=HI))


@check
def ollama_error_budget():
    raises(ollama.ResponseError, 402, lambda: client(POOR).chat(model=LLAMA, messages=HI))


@check
def ollama_error_rate():
    def ask_on():
        for _ in range(3):
            client(LIMITED).chat(model=LLAMA, messages=HI)
    raises(ollama.ResponseError, 429, ask_on)


@check
def ollama_error_rate_upstream():
    raises(ollama.ResponseError, 429, lambda: client().chat(model=FAILS_429, messages=HI))


@check
def ollama_error_stream():
    raises(ollama.ResponseError, 500,
           lambda: list(client().chat(model=FAILS_500, messages=HI, stream=True)))


@check
def ollama_error_broken_stream():
    for model in BROKEN:
        raises_any(ollama.ResponseError,
                   lambda: list(client().chat(model=model, messages=HI, stream=True)))


@check
def ollama_cancel():
    def read_some():
        stream = client().chat(model=SLOW, messages=HI, stream=True)
        for _, _ in zip(range(4), stream):
            pass
        stream.close()
    until_broken_off(read_some)


@check
def ollama_idempotency():
    def ask(key):
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": key}
        return ollama.Client(host=ADDRESS, headers=headers).chat(model=LLAMA, messages=HI)
    _, first, second = asked_once(ask)
    equal(first, second)


run()
