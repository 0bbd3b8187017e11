"""Checks of `langchain-anthropic`."""

import anthropic
from harness import *
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel


class Place(BaseModel):
    city: str
    count: int


@tool
def weather(city: str) -> str:
    """The weather."""
    return f"raining in {city}"


def model(name=CLAUDE, key=KEY, **options):
    return ChatAnthropic(model=name, base_url=ADDRESS, api_key=key, max_retries=0, **options)


@check
def langchain_anthropic():
    answer = model().invoke([SystemMessage("Be brief."), HumanMessage("hi “ä”")])
    equal(answer.text, HEARD)
    assert answer.usage_metadata["total_tokens"]


@check
def langchain_anthropic_stream():
    whole = None
    for piece in model().stream("hi “ä”"):
        whole = piece if whole is None else whole + piece
    equal(whole.text, HEARD)
    assert whole.usage_metadata["output_tokens"], whole


def talk(asked, stream):
    said = [HumanMessage("hi")]
    if stream:
        answer = None
        for piece in asked.stream(said):
            answer = piece if answer is None else answer + piece
    else:
        answer = asked.invoke(said)
    equal([(x["name"], x["args"]) for x in answer.tool_calls], [("weather", {"city": CITY})])
    result = ToolMessage(weather.invoke(answer.tool_calls[0]["args"]),
                         tool_call_id=answer.tool_calls[0]["id"])
    holds(asked.invoke([*said, answer, result]).text, f"raining in {CITY}")


@check
def langchain_anthropic_tools():
    talk(model().bind_tools([weather]), False)


@check
def langchain_anthropic_tools_stream():
    talk(model().bind_tools([weather]), True)


@check
def langchain_anthropic_thoughts():
    asked = model(max_tokens=4000, thinking={"type": "enabled", "budget_tokens": 1024})
    equal(asked.invoke("hi “ä”").text, HEARD)


@check(refused=["ollama"])
def langchain_anthropic_structured():
    equal(model().with_structured_output(Place).invoke("hi"), Place(city=CITY, count=7))


@check
def langchain_anthropic_structured_by_schema():
    asked = model().with_structured_output(Place, method="json_schema")
    equal(asked.invoke("hi"), Place(city=CITY, count=7))


@check
def langchain_anthropic_image():
    picture = {"type": "image", "base64": PICTURE, "mime_type": "image/png"}
    message = HumanMessage([{"type": "text", "text": "hi"}, picture])
    equal(model().invoke([message]).text, "You said: hi [1 pictures]")


@check
def langchain_anthropic_count_tokens():
    assert model().get_num_tokens_from_messages([HumanMessage("hi")]) > 0


@check
def langchain_anthropic_errors():
    raises(anthropic.NotFoundError, 404, lambda: model(NOWHERE).invoke("hi"))
    raises(anthropic.AuthenticationError, 401, lambda: model(key="sk-wrong").invoke("hi"))
    raises(anthropic.RateLimitError, 429, lambda: model(FAILS_429).invoke("hi"))


run()
