"""Checks of the `anthropic` package."""

import anthropic
from harness import *
from pydantic import BaseModel


def client(key=KEY):
    return anthropic.Anthropic(base_url=ADDRESS, api_key=key, max_retries=0)


class Place(BaseModel):
    city: str
    count: int


messages = client().messages
USUAL = {"model": CLAUDE, "max_tokens": 300, "messages": HI}
TOOL = {"name": "weather", "description": "The weather.", "input_schema": WEATHER}


def text(answer):
    return "".join(block.text for block in answer.content if block.type == "text")


@check
def anthropic_messages():
    answer = messages.create(**USUAL)
    equal(text(answer), HEARD)
    assert answer.usage.output_tokens and answer.stop_reason == "end_turn"


@check
def anthropic_messages_stream():
    with messages.stream(**USUAL) as stream:
        equal("".join(stream.text_stream), HEARD)
        final = stream.get_final_message()
    assert final.usage.output_tokens and final.stop_reason == "end_turn", final


@check
def anthropic_messages_events():
    kinds = [event.type for event in messages.create(**USUAL, stream=True)]
    equal([x for i, x in enumerate(kinds) if x != "ping" and kinds[i - 1:i] != [x]],
          ["message_start", "content_block_start", "content_block_delta", "content_block_stop",
           "message_delta", "message_stop"])


@check
def anthropic_usual_options():
    answer = messages.create(**USUAL, system=[{"type": "text", "text": "Be brief.",
                                               "cache_control": {"type": "ephemeral"}}],
                             extra_body={"temperature": 0.2}, stop_sequences=["END"],
                             metadata={"user_id": "me"})
    equal(text(answer), HEARD)


@check
def anthropic_as_agents_ask():
    """With what agents of the command line send besides, over three turns."""
    mark = {"cache_control": {"type": "ephemeral"}}
    more = {"system": [{"type": "text", "text": "You are an agent."},
                       {"type": "text", "text": "Rules.", **mark}],
            "tools": [{**TOOL, **mark}], "metadata": {"user_id": "user_1"},
            "thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 9000,
            "extra_body": {"temperature": 1}, "betas": ["interleaved-thinking-2025-05-14",
                                                        "fine-grained-tool-streaming-2025-05-14"]}
    said = [{"role": "user", "content": [{"type": "text", "text": "<system-reminder/>"},
                                         {"type": "text", "text": "hi", **mark}]}]
    for turn in range(3):
        with client().beta.messages.stream(model=CLAUDE, messages=said, **more) as stream:
            answer = stream.get_final_message()
        if answer.stop_reason != "tool_use":
            break
        content = [x.model_dump(exclude_none=True, include={"type", "id", "name", "input", "text",
                                                            "thinking", "signature"})
                   for x in answer.content]
        results = [{"type": "tool_result", "tool_use_id": x.id, **mark,
                    "content": [{"type": "text", "text": "raining"}]}
                   for x in answer.content if x.type == "tool_use"]
        said += [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
    equal(turn, 1)
    holds(text(answer), "raining")


def run_tools(**options):
    """The package runs the tools itself."""
    @anthropic.beta_tool
    def weather(city: str) -> str:
        """The weather.

        Args:
            city: Where.
        """
        return f"raining in {city}"
    runner = client().beta.messages.tool_runner(**USUAL, tools=[weather], **options)
    holds(text(runner.until_done()), f"raining in {CITY}")


@check
def anthropic_tool_runner():
    run_tools(thread=False)


@check(refused=["openai", "gemini", "ollama"], absent=["anthropic"])
def anthropic_tool_runner_in_a_thread():
    """Its default: the provider keeps the conversation."""
    run_tools()


@check
def anthropic_document():
    document = {"type": "document", "title": "Notes",
                "source": {"type": "text", "media_type": "text/plain", "data": "long notes"}}
    content = [document, {"type": "text", "text": "hi"}]
    answer = messages.create(**{**USUAL, "messages": [{"role": "user", "content": content}]})
    holds(text(answer), "hi")


@check
def anthropic_thoughts():
    answer = messages.create(**{**USUAL, "max_tokens": 4000},
                             thinking={"type": "enabled", "budget_tokens": 1024})
    equal(text(answer), HEARD)
    turn = {"role": "assistant", "content": [x.model_dump(exclude_none=True)
                                             for x in answer.content]}
    again = messages.create(model=CLAUDE, max_tokens=4000, messages=[*HI, turn, *HI],
                            thinking={"type": "enabled", "budget_tokens": 1024})
    equal(text(again), HEARD)


@check
def anthropic_thoughts_stream():
    with messages.stream(**{**USUAL, "max_tokens": 4000},
                         thinking={"type": "enabled", "budget_tokens": 1024}) as stream:
        equal(text(stream.get_final_message()), HEARD)


@check
def anthropic_image():
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "hi"}]
    answer = messages.create(**{**USUAL, "messages": [{"role": "user", "content": content}]})
    equal(text(answer), "You said: hi [1 pictures]")


def after(answer, content="raining “ä”"):
    turn = [block.model_dump(exclude_none=True) for block in answer.content]
    results = [{"type": "tool_result", "tool_use_id": block.id, "content": content}
               for block in answer.content if block.type == "tool_use"]
    return [*HI, {"role": "assistant", "content": turn}, {"role": "user", "content": results}]


def ask(answer, tools, **more):
    return messages.create(**{**USUAL, "messages": after(answer, **more)}, tools=tools)


@check
def anthropic_tools():
    answer = messages.create(**USUAL, tools=[TOOL])
    equal(answer.stop_reason, "tool_use")
    equal(answer.content[-1].input, {"city": CITY})
    holds(text(ask(answer, [TOOL])), "raining “ä”")


@check
def anthropic_tools_twice_at_once():
    tools = [TOOL, {**TOOL, "name": "tide"}]
    answer = messages.create(**USUAL, tools=tools)
    equal([x.name for x in answer.content if x.type == "tool_use"], ["weather", "tide"])
    holds(text(ask(answer, tools)), "raining")


@check
def anthropic_tools_picture():
    """A picture in a tool's result."""
    source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
    content = [{"type": "text", "text": "look"}, {"type": "image", "source": source}]
    answer = messages.create(**USUAL, tools=[TOOL])
    holds(text(messages.create(**{**USUAL, "messages": after(answer, content)})), "[1 pictures]")


@check
def anthropic_tools_stream():
    with messages.stream(**USUAL, tools=[TOOL]) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_message()
    equal(final.content[-1].input, {"city": CITY})
    assert "input_json" in kinds and final.stop_reason == "tool_use", kinds


@check(refused=["ollama"])
def anthropic_tools_required():
    for choice in ({"type": "any"}, {"type": "tool", "name": "weather"}):
        answer = messages.create(**USUAL, tools=[TOOL], tool_choice=choice)
        equal(answer.content[-1].name, "weather")


@check
def anthropic_structured():
    answer = messages.parse(**USUAL, output_format=Place)
    equal(answer.parsed_output, Place(city=CITY, count=7))


@check
def anthropic_structured_stream():
    with messages.stream(**USUAL, output_format=Place) as stream:
        equal(stream.get_final_message().parsed_output, Place(city=CITY, count=7))


@check
def anthropic_count_tokens():
    counted = messages.count_tokens(model=CLAUDE, messages=HI, tools=[TOOL], system="Be brief.")
    assert counted.input_tokens > 10, counted


@check
def anthropic_models():
    listed = list(client().models.list())
    assert GPT in {x.id for x in listed} and {x.type for x in listed} == {"model"}, listed


@check
def anthropic_model():
    found = client().models.retrieve(CLAUDE)
    equal((found.id, found.type), (CLAUDE, "model"))


@check
def anthropic_error_model():
    error = raises(anthropic.NotFoundError, 404,
                   lambda: messages.create(**{**USUAL, "model": NOWHERE}))
    equal(error.body["error"]["type"], "not_found_error")


@check
def anthropic_error_key():
    error = raises(anthropic.AuthenticationError, 401,
                   lambda: client("sk-caisson-wrong").messages.create(**USUAL))
    equal(error.body["error"]["type"], "authentication_error")


@check
def anthropic_error_budget():
    error = raises(anthropic.APIStatusError, 402, lambda: client(POOR).messages.create(**USUAL))
    equal(error.body["error"]["type"], "billing_error")


@check
def anthropic_error_rate():
    def ask_on():
        for _ in range(3):
            client(LIMITED).messages.create(**USUAL)
    error = raises(anthropic.RateLimitError, 429, ask_on)
    assert float(error.response.headers["retry-after"]) > 0
    equal(error.body["error"]["type"], "rate_limit_error")


@check
def anthropic_error_rate_upstream():
    raises(anthropic.RateLimitError, 429,
           lambda: messages.create(**{**USUAL, "model": FAILS_429}))


@check
def anthropic_error_upstream():
    raises(anthropic.InternalServerError, 500,
           lambda: messages.create(**{**USUAL, "model": FAILS_500}))


@check
def anthropic_error_overloaded():
    raises(anthropic.InternalServerError, 529,
           lambda: messages.create(**{**USUAL, "model": FAILS_529}))


@check
def anthropic_error_request():
    raises(anthropic.BadRequestError, 400, lambda: messages.create(**{**USUAL, "messages": "none"}))


@check
def anthropic_error_id():
    error = raises(anthropic.NotFoundError, 404,
                   lambda: messages.create(**{**USUAL, "model": NOWHERE}))
    assert error.request_id, dict(error.response.headers)


@check
def anthropic_error_broken_stream():
    for model in BROKEN:
        def read():
            with messages.stream(**{**USUAL, "model": model}) as stream:
                stream.get_final_message()
        raises_any(anthropic.APIError, read)


@check
def anthropic_error_broken_answer():
    raises_any(anthropic.APIError, lambda: messages.create(**{**USUAL, "model": "cut"}))


@check
def anthropic_tools_failed():
    """What says that the tool failed is carried, or left out."""
    answer = messages.create(**USUAL, tools=[TOOL])
    said = after(answer)
    said[-1]["content"][0]["is_error"] = True
    holds(text(messages.create(**{**USUAL, "messages": said}, tools=[TOOL])), "raining")


@check
def anthropic_cancel():
    def read_some():
        with messages.stream(**{**USUAL, "model": SLOW}) as stream:
            for _, _ in zip(range(4), stream.text_stream):
                pass
    until_broken_off(read_some)


@check
def anthropic_idempotency():
    def ask(key):
        return messages.with_raw_response.create(**USUAL, extra_headers={"Idempotency-Key": key})
    _, first, second = asked_once(ask)
    equal(first.parse(), second.parse())
    equal(second.headers.get("x-caisson-replayed"), "true")


@check
def anthropic_bearer():
    """Its other way to bear a key."""
    asked = anthropic.Anthropic(base_url=ADDRESS, auth_token=KEY, max_retries=0)
    equal(text(asked.messages.create(**USUAL)), HEARD)


run()
