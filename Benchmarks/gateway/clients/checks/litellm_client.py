"""Checks of `litellm` as a client, by three of its dialects."""

import litellm
from harness import *
from pydantic import BaseModel

litellm.suppress_debug_info = True

TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.",
                                         "parameters": WEATHER}}
OPENAI = (f"openai/{GPT}", f"{ADDRESS}/v1")
ANTHROPIC = (f"anthropic/{CLAUDE}", ADDRESS)
OLLAMA = (f"ollama_chat/{LLAMA}", ADDRESS)


class Place(BaseModel):
    city: str
    count: int


def ask(dialect, messages=HI, key=KEY, **options):
    model, base = dialect
    return litellm.completion(model=model, api_base=base, api_key=key, messages=messages,
                              num_retries=0, max_retries=0, **options)


def answers(dialect):
    answer = ask(dialect, max_tokens=99, temperature=0.2)
    equal(answer.choices[0].message.content, HEARD)
    assert answer.usage.completion_tokens


def streams(dialect):
    pieces = list(ask(dialect, stream=True, stream_options={"include_usage": True}))
    equal("".join(x.choices[0].delta.content or "" for x in pieces if x.choices), HEARD)
    assert any(getattr(x, "usage", None) for x in pieces)


def calls_tools(dialect):
    """The message goes back as litellm gave it, with all that it adds."""
    message = ask(dialect, tools=[TOOL]).choices[0].message
    equal(json.loads(message.tool_calls[0].function.arguments), {"city": CITY})
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "raining “ä”"}
    for turn in (message, message.model_dump()):
        answer = ask(dialect, [*HI, turn, result], tools=[TOOL])
        holds(answer.choices[0].message.content, "raining “ä”")


def streams_tools(dialect):
    pieces = list(ask(dialect, tools=[TOOL], stream=True))
    whole = litellm.stream_chunk_builder(pieces, messages=HI)
    call = whole.choices[0].message.tool_calls[0].function
    equal((call.name, json.loads(call.arguments)), ("weather", {"city": CITY}))


def sees(dialect):
    content = [{"type": "text", "text": "hi"},
               {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}]
    answer = ask(dialect, [{"role": "user", "content": content}])
    equal(answer.choices[0].message.content, "You said: hi [1 pictures]")


def fills_in(dialect):
    answer = ask(dialect, response_format=Place)
    equal(Place.model_validate_json(answer.choices[0].message.content), Place(city=CITY, count=7))


def fails(dialect):
    prefix, base = dialect[0].partition("/")[0], dialect[1]
    raises(litellm.NotFoundError, 404, lambda: ask((f"{prefix}/{NOWHERE}", base)))
    raises(litellm.AuthenticationError, 401, lambda: ask(dialect, key="sk-wrong"))
    raises(litellm.RateLimitError, 429, lambda: ask((f"{prefix}/{FAILS_429}", base)))


@check
def litellm_openai():
    answers(OPENAI)


@check
def litellm_openai_stream():
    streams(OPENAI)


@check
def litellm_openai_tools():
    calls_tools(OPENAI)


@check
def litellm_openai_tools_stream():
    streams_tools(OPENAI)


@check
def litellm_openai_image():
    sees(OPENAI)


@check
def litellm_openai_structured():
    fills_in(OPENAI)


@check
def litellm_openai_errors():
    fails(OPENAI)


@check
def litellm_openai_responses():
    answer = litellm.responses(model=OPENAI[0], api_base=OPENAI[1], api_key=KEY, input="hi “ä”")
    equal(answer.output[0].content[0].text, HEARD)


@check(absent=["anthropic"])
def litellm_openai_embeddings():
    answer = litellm.embedding(model=f"openai/{EMBEDDER}", api_base=OPENAI[1], api_key=KEY,
                               input=["hi", "ho"], encoding_format="float")
    equal([len(x["embedding"]) for x in answer.data], [8, 8])


@check
def litellm_anthropic():
    answers(ANTHROPIC)


@check
def litellm_anthropic_stream():
    streams(ANTHROPIC)


@check
def litellm_anthropic_tools():
    calls_tools(ANTHROPIC)


@check
def litellm_anthropic_tools_stream():
    streams_tools(ANTHROPIC)


@check
def litellm_anthropic_image():
    sees(ANTHROPIC)


@check
def litellm_anthropic_structured():
    fills_in(ANTHROPIC)


@check
def litellm_anthropic_errors():
    fails(ANTHROPIC)


@check
def litellm_ollama():
    answers(OLLAMA)


@check
def litellm_ollama_generate():
    """Its other way to ask Ollama."""
    equal(ask((f"ollama/{LLAMA}", ADDRESS)).choices[0].message.content[-13:], HEARD[-13:])


@check
def litellm_ollama_stream():
    streams(OLLAMA)


@check
def litellm_ollama_tools():
    calls_tools(OLLAMA)


@check
def litellm_ollama_tools_stream():
    streams_tools(OLLAMA)


@check
def litellm_ollama_image():
    sees(OLLAMA)


@check
def litellm_ollama_structured():
    fills_in(OLLAMA)


run()
