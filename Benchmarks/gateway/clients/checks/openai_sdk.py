"""Checks of the `openai` package."""

import asyncio

from typing import Literal

import openai
from harness import *
from pydantic import BaseModel


def client(key=KEY):
    return openai.OpenAI(base_url=f"{ADDRESS}/v1", api_key=key, max_retries=0)


class Place(BaseModel):
    city: str
    count: int


class Trip(BaseModel):
    """With what schemas of pydantic's have: definitions, choices, lists, what may be missing."""
    places: list[Place]
    by: Literal["train", "ship"]
    note: str | None


chat, responses = client().chat.completions, client().responses
TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.",
                                         "parameters": WEATHER}}
RESPONSES_TOOL = {"type": "function", "name": "weather", "description": "The weather.",
                  "parameters": WEATHER, "strict": True}


# MARK: Chat completions

@check
def openai_chat():
    answer = chat.create(model=GPT, messages=HI)
    equal(answer.choices[0].message.content, HEARD)
    equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)


@check
def openai_chat_stream():
    options = {"include_usage": True}
    chunks = list(chat.create(model=GPT, messages=HI, stream=True, stream_options=options))
    text = "".join(x.choices[0].delta.content or "" for x in chunks if x.choices)
    equal(text, HEARD)
    assert len(chunks) > 3 and chunks[-1].usage.total_tokens, chunks[-1]


@check
def openai_chat_stream_without_usage():
    chunks = list(chat.create(model=GPT, messages=HI, stream=True))
    assert all(x.choices and not x.usage for x in chunks), chunks[-1]
    equal(chunks[-1].choices[0].finish_reason, "stop")


@check
def openai_chat_stream_events():
    with chat.stream(model=GPT, messages=HI) as stream:
        kinds = {event.type for event in stream}
        equal(stream.get_final_completion().choices[0].message.content, HEARD)
    assert "content.done" in kinds, kinds


@check
def openai_chat_async():
    asked = openai.AsyncOpenAI(base_url=f"{ADDRESS}/v1", api_key=KEY, max_retries=0)

    async def ask():
        async with asked:
            answers = [asked.chat.completions.create(model=GPT, messages=HI) for _ in range(8)]
            return await asyncio.gather(*answers)
    equal({x.choices[0].message.content for x in asyncio.run(ask())}, {HEARD})


@check
def openai_chat_usual_options():
    messages = [{"role": "developer", "content": "Be brief."}, *HI,
                {"role": "assistant", "content": "yes?"}, *HI]
    answer = chat.create(model=GPT, messages=messages, temperature=0.2, max_tokens=100,
                         stop=["END"], seed=4, user="me", n=1, presence_penalty=0,
                         frequency_penalty=0)
    equal(answer.choices[0].message.content, HEARD)


@check
def openai_chat_as_agents_ask():
    """With what agents and editors send besides."""
    more = {"temperature": 0, "reasoning_effort": "medium", "prompt_cache_key": "one",
            "store": False, "verbosity": "low", "safety_identifier": "me", "metadata": {"a": "b"},
            "parallel_tool_calls": True, "max_completion_tokens": 9000,
            "stream_options": {"include_usage": True}, "stream": True, "tools": [TOOL]}
    messages = [{"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
                {"role": "user", "content": [{"type": "text", "text": "hi"}], "name": "me"}]
    pieces = list(chat.create(model=GPT, messages=messages, **more))
    equal(pieces[-2].choices[0].finish_reason if not pieces[-1].choices else None, "tool_calls")


@check
def openai_chat_thoughts():
    answer = chat.create(model=GPT, messages=HI, reasoning_effort="low", max_completion_tokens=9000)
    equal(answer.choices[0].message.content, HEARD)


@check
def openai_chat_image():
    url = {"url": f"data:image/png;base64,{PICTURE}"}
    content = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": url}]
    answer = chat.create(model=GPT, messages=[{"role": "user", "content": content}])
    equal(answer.choices[0].message.content, "You said: hi [1 pictures]")


def after(message):
    """The conversation once a tool was called."""
    results = [{"role": "tool", "tool_call_id": call.id, "content": "raining “ä”"}
               for call in message.tool_calls]
    return [*HI, message.model_dump(exclude_none=True), *results]


@check
def openai_tools():
    message = chat.create(model=GPT, messages=HI, tools=[TOOL]).choices[0].message
    equal(json.loads(message.tool_calls[0].function.arguments), {"city": CITY})
    answer = chat.create(model=GPT, messages=after(message), tools=[TOOL])
    holds(answer.choices[0].message.content, "raining “ä”")


@check
def openai_tools_with_thoughts():
    """Over three turns, each message as it came."""
    more = {"tools": [TOOL], "reasoning_effort": "medium", "max_completion_tokens": 9000}
    message = chat.create(model=GPT, messages=HI, **more).choices[0].message
    said = after(message)
    answer = chat.create(model=GPT, messages=said, **more).choices[0].message
    holds(answer.content, "raining")
    said += [answer.model_dump(exclude_none=True), *HI]
    assert chat.create(model=GPT, messages=said, **more).choices[0].message.tool_calls


@check
def openai_tools_with_thoughts_of_nobody():
    """What clients send that keep of an answer only what they know."""
    more = {"tools": [TOOL], "reasoning_effort": "medium", "max_completion_tokens": 9000}
    message = chat.create(model=GPT, messages=HI, **more).choices[0].message
    calls = [{"id": x.id, "type": "function", "function": {"name": x.function.name,
                                                           "arguments": x.function.arguments}}
             for x in message.tool_calls]
    said = [*HI, {"role": "assistant", "content": None, "tool_calls": calls}, after(message)[-1]]
    holds(chat.create(model=GPT, messages=said, **more).choices[0].message.content, "raining")


@check
def openai_tools_twice_at_once():
    tools = [TOOL, {"type": "function", "function": {**TOOL["function"], "name": "tide"}}]
    message = chat.create(model=GPT, messages=HI, tools=tools).choices[0].message
    equal([x.function.name for x in message.tool_calls], ["weather", "tide"])
    equal(len({x.id for x in message.tool_calls}), 2)
    holds(chat.create(model=GPT, messages=after(message), tools=tools).choices[0].message.content,
          "raining")


@check
def openai_tools_stream():
    with chat.stream(model=GPT, messages=HI, tools=[TOOL]) as stream:
        list(stream)
        choice = stream.get_final_completion().choices[0]
    equal(choice.finish_reason, "tool_calls")
    equal(json.loads(choice.message.tool_calls[0].function.arguments), {"city": CITY})


@check(refused=["ollama"])
def openai_tools_required():
    choice = {"type": "function", "function": {"name": "weather"}}
    for chosen in ("required", choice):
        answer = chat.create(model=GPT, messages=HI, tools=[TOOL], tool_choice=chosen)
        equal(answer.choices[0].message.tool_calls[0].function.name, "weather")


@check(refused=["gemini", "ollama"])
def openai_tools_one_at_a_time():
    answer = chat.create(model=GPT, messages=HI, tools=[TOOL], parallel_tool_calls=False)
    assert answer.choices[0].message.tool_calls


@check
def openai_structured():
    answer = chat.parse(model=GPT, messages=HI, response_format=Place)
    equal(answer.choices[0].message.parsed, Place(city=CITY, count=7))


@check
def openai_structured_nested():
    answer = chat.parse(model=GPT, messages=HI, response_format=Trip)
    equal(answer.choices[0].message.parsed,
          Trip(places=[Place(city=CITY, count=7)], by="train", note=CITY))


@check
def openai_tools_nested():
    tool = openai.pydantic_function_tool(Trip, name="book")
    message = chat.parse(model=GPT, messages=HI, tools=[tool]).choices[0].message
    equal(message.tool_calls[0].function.parsed_arguments.places[0].city, CITY)


@check
def openai_structured_stream():
    with chat.stream(model=GPT, messages=HI, response_format=Place) as stream:
        list(stream)
        equal(stream.get_final_completion().choices[0].message.parsed, Place(city=CITY, count=7))


@check(refused=["anthropic"])
def openai_json_object():
    answer = chat.create(model=GPT, messages=HI, response_format={"type": "json_object"})
    equal(json.loads(answer.choices[0].message.content), {})


# MARK: Responses

@check
def openai_responses():
    answer = responses.create(model=GPT, input="hi “ä”")
    equal(answer.output_text, HEARD)
    assert answer.usage.total_tokens and answer.status == "completed"


@check
def openai_responses_stream():
    with responses.stream(model=GPT, input="hi “ä”") as stream:
        kinds = [event.type for event in stream]
        equal(stream.get_final_response().output_text, HEARD)
    assert "response.output_text.delta" in kinds and kinds[-1] == "response.completed", kinds


@check
def openai_responses_image():
    content = [{"type": "input_text", "text": "hi"},
               {"type": "input_image", "image_url": f"data:image/png;base64,{PICTURE}",
                "detail": "auto"}]
    answer = responses.create(model=GPT, input=[{"role": "user", "content": content}])
    equal(answer.output_text, "You said: hi [1 pictures]")


@check
def openai_responses_tools():
    answer = responses.create(model=GPT, input=HI, tools=[RESPONSES_TOOL], instructions="Brief.")
    call = next(x for x in answer.output if x.type == "function_call")
    equal(json.loads(call.arguments), {"city": CITY})
    said = {"type": "function_call_output", "call_id": call.call_id, "output": "raining “ä”"}
    items = [*HI, *(x.model_dump(exclude_none=True) for x in answer.output), said]
    again = responses.create(model=GPT, input=items, tools=[RESPONSES_TOOL])
    holds(again.output_text, "raining “ä”")


@check
def openai_responses_tools_stream():
    with responses.stream(model=GPT, input=HI, tools=[RESPONSES_TOOL]) as stream:
        kinds = [event.type for event in stream]
        call = next(x for x in stream.get_final_response().output if x.type == "function_call")
    equal(json.loads(call.arguments), {"city": CITY})
    assert "response.function_call_arguments.done" in kinds, kinds


@check
def openai_responses_as_agents_ask():
    """With what agents of the command line send besides: no state, thoughts that come back."""
    items = [{"role": "developer", "content": [{"type": "input_text", "text": "Rules."}]}, *HI]
    more = {"instructions": "Be brief.", "tools": [RESPONSES_TOOL], "tool_choice": "auto",
            "parallel_tool_calls": True, "reasoning": {"effort": "medium", "summary": "auto"},
            "store": False, "include": ["reasoning.encrypted_content"], "prompt_cache_key": "one",
            "text": {"verbosity": "medium"}}
    for turn in range(3):
        with responses.stream(model=GPT, input=items, **more) as stream:
            list(stream)
            answer = stream.get_final_response()
        calls = [x for x in answer.output if x.type == "function_call"]
        if not calls:
            break
        items += [x.model_dump(exclude_none=True) for x in answer.output]
        items += [{"type": "function_call_output", "call_id": x.call_id, "output": "raining"}
                  for x in calls]
    equal(turn, 1)
    holds(answer.output_text, "raining")


@check
def openai_responses_structured():
    answer = responses.parse(model=GPT, input="hi", text_format=Place)
    equal(answer.output_parsed, Place(city=CITY, count=7))


# MARK: Completions, embeddings and lists

@check
def openai_completions():
    asked = client().completions
    equal(asked.create(model=GPT, prompt="hi “ä”", max_tokens=99).choices[0].text, HEARD)
    pieces = asked.create(model=GPT, prompt="hi “ä”", max_tokens=99, stream=True)
    equal("".join(x.choices[0].text for x in pieces if x.choices), HEARD)



@check(absent=["anthropic"])
def openai_embeddings():
    answer = client().embeddings.create(model=EMBEDDER, input="hi", encoding_format="float")
    equal(len(answer.data[0].embedding), 8)
    assert answer.usage.prompt_tokens


@check(absent=["anthropic"])
def openai_embeddings_base64():
    """The package asks for base64 by itself, and decodes it."""
    plain = client().embeddings.create(model=EMBEDDER, input=["hi", "ho"], encoding_format="float")
    coded = client().embeddings.create(model=EMBEDDER, input=["hi", "ho"])
    equal([x.embedding for x in coded.data], [x.embedding for x in plain.data])
    equal([x.index for x in coded.data], [0, 1])


@check
def openai_models():
    assert GPT in {x.id for x in client().models.list()}


@check
def openai_models_of_several_names():
    """Names of one's own for the same model are listed, each."""
    names = {x.id for x in client().models.list()}
    assert {GPT, CLAUDE, LLAMA} <= names, names


@check
def openai_model():
    equal(client().models.retrieve(GPT).id, GPT)
    raises(openai.NotFoundError, 404, lambda: client().models.retrieve(NOWHERE))


# MARK: Errors

@check
def openai_error_shape():
    error = raises(openai.NotFoundError, 404, lambda: chat.create(model=NOWHERE, messages=HI))
    assert error.code == "model_not_found" and error.body["message"], error.body


@check
def openai_error_in_a_stream_request():
    raises(openai.NotFoundError, 404,
           lambda: list(chat.create(model=NOWHERE, messages=HI, stream=True)))


@check
def openai_error_key():
    asked = client("sk-caisson-wrong").chat.completions
    error = raises(openai.AuthenticationError, 401, lambda: asked.create(model=GPT, messages=HI))
    equal(error.code, "invalid_api_key")


@check
def openai_error_budget():
    asked = client(POOR).chat.completions
    error = raises(openai.APIStatusError, 402, lambda: asked.create(model=GPT, messages=HI))
    equal(error.code, "insufficient_quota")


@check
def openai_error_rate():
    asked = client(LIMITED).chat.completions

    def ask_on():
        for _ in range(3):
            asked.create(model=GPT, messages=HI)
    error = raises(openai.RateLimitError, 429, ask_on)
    assert float(error.response.headers["retry-after"]) > 0


@check
def openai_error_rate_upstream():
    raises(openai.RateLimitError, 429, lambda: chat.create(model=FAILS_429, messages=HI))


@check
def openai_error_upstream():
    raises(openai.InternalServerError, 500, lambda: chat.create(model=FAILS_500, messages=HI))


@check
def openai_error_request():
    raises(openai.BadRequestError, 400, lambda: chat.create(model=GPT, messages="none"))


@check
def openai_error_upstream_is_asked_again():
    """The package repeats by itself what may succeed."""
    asked = openai.OpenAI(base_url=f"{ADDRESS}/v1", api_key=KEY, max_retries=1)
    raises(openai.RateLimitError, 429,
           lambda: asked.chat.completions.create(model=FAILS_429, messages=HI))


@check
def openai_error_broken_stream():
    for model in BROKEN:
        def read():
            return list(chat.create(model=model, messages=HI, stream=True))
        raises_any(openai.APIError, read)


@check
def openai_error_broken_answer():
    raises_any(openai.APIError, lambda: chat.create(model="cut", messages=HI))


@check
def openai_error_broken_responses():
    for model in BROKEN:
        kinds = []

        def read():
            for event in responses.create(model=model, input="hi", stream=True):
                kinds.append(event.type)
                if event.type in ("error", "response.failed"):
                    raise openai.APIError(event.type, None, body=None)
        raises_any(openai.APIError, read)
        assert "response.completed" not in kinds, kinds


# MARK: Leaving, and coming back

@check
def openai_timeout():
    """Who does not wait for an answer that comes at once."""
    raises_any(openai.APITimeoutError,
               lambda: client().with_options(timeout=0.4).chat.completions.create(
                   model=SLOW, messages=HI))


@check
def openai_cancel():
    def read_some():
        stream = chat.create(model=SLOW, messages=HI, stream=True)
        for _, _ in zip(range(4), stream):
            pass
        stream.close()
    until_broken_off(read_some)


@check
def openai_cancel_responses():
    def read_some():
        stream = responses.create(model=SLOW, input="hi", stream=True)
        for _, _ in zip(range(6), stream):
            pass
        stream.close()
    until_broken_off(read_some)


@check
def openai_idempotency():
    def ask(key):
        headers = {"Idempotency-Key": key}
        return chat.with_raw_response.create(model=GPT, messages=HI, extra_headers=headers)
    key, first, second = asked_once(ask)
    equal(first.parse(), second.parse())
    equal(second.headers.get("x-caisson-replayed"), "true")
    other = {"model": GPT, "messages": [{"role": "user", "content": "ho"}]}
    raises(openai.UnprocessableEntityError, 422,
           lambda: chat.create(**other, extra_headers={"Idempotency-Key": key}))


@check
def openai_idempotency_stream():
    def ask(key):
        headers = {"Idempotency-Key": key}
        return list(chat.create(model=GPT, messages=HI, stream=True, extra_headers=headers))
    _, first, second = asked_once(ask)
    equal(first, second)


run()
