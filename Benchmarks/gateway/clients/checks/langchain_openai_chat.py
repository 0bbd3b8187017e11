"""Checks of `langchain-openai`."""

import openai
from harness import *
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel


class Place(BaseModel):
    city: str
    count: int


@tool
def weather(city: str) -> str:
    """The weather."""
    return f"raining in {city}"


def model(name=GPT, key=KEY, **options):
    return ChatOpenAI(model=name, base_url=f"{ADDRESS}/v1", api_key=key, max_retries=0, **options)


@check
def langchain_openai():
    answer = model().invoke("hi “ä”")
    equal(answer.content, HEARD)
    assert answer.usage_metadata["total_tokens"]


@check
def langchain_openai_stream():
    whole = None
    for piece in model(stream_usage=True).stream("hi “ä”"):
        whole = piece if whole is None else whole + piece
    equal(whole.content, HEARD)
    assert whole.usage_metadata["total_tokens"], whole


@check
def langchain_openai_responses():
    equal(model(use_responses_api=True).invoke("hi “ä”").text, HEARD)
    equal("".join(x.text for x in model(use_responses_api=True).stream("hi “ä”")), HEARD)


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
def langchain_openai_tools():
    talk(model().bind_tools([weather]), False)


@check
def langchain_openai_tools_stream():
    talk(model().bind_tools([weather]), True)


@check
def langchain_openai_tools_responses():
    talk(model(use_responses_api=True).bind_tools([weather]), True)


@check
def langchain_openai_structured():
    equal(model().with_structured_output(Place).invoke("hi"), Place(city=CITY, count=7))


@check(refused=["gemini", "ollama"])
def langchain_openai_structured_by_a_tool():
    asked = model().with_structured_output(Place, method="function_calling")
    equal(asked.invoke("hi"), Place(city=CITY, count=7))


@check
def langchain_openai_image():
    picture = {"type": "image", "base64": PICTURE, "mime_type": "image/png"}
    message = HumanMessage([{"type": "text", "text": "hi"}, picture])
    equal(model().invoke([message]).content, "You said: hi [1 pictures]")


@check(absent=["anthropic"])
def langchain_openai_embeddings():
    asked = OpenAIEmbeddings(model=EMBEDDER, base_url=f"{ADDRESS}/v1", api_key=KEY, max_retries=0,
                             check_embedding_ctx_length=False)
    equal([len(x) for x in asked.embed_documents(["hi", "ho"])], [8, 8])


@check
def langchain_openai_errors():
    raises(openai.NotFoundError, 404, lambda: model(NOWHERE).invoke("hi"))
    raises(openai.AuthenticationError, 401, lambda: model(key="sk-wrong").invoke("hi"))
    raises(openai.RateLimitError, 429, lambda: model(FAILS_429).invoke("hi"))


run()
