"""Checks of `langchain-ollama`."""

import ollama
from harness import *
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings
from pydantic import BaseModel

HEADERS = {"headers": {"Authorization": f"Bearer {KEY}"}}


class Place(BaseModel):
    city: str
    count: int


@tool
def weather(city: str) -> str:
    """The weather."""
    return f"raining in {city}"


def model(name=LLAMA, **options):
    return ChatOllama(model=name, base_url=ADDRESS, client_kwargs=HEADERS, **options)


@check
def langchain_ollama():
    answer = model().invoke("hi “ä”")
    equal(answer.content, HEARD)
    assert answer.usage_metadata["total_tokens"]


@check
def langchain_ollama_stream():
    equal("".join(x.content for x in model().stream("hi “ä”")), HEARD)


@check
def langchain_ollama_usual_options():
    asked = model(temperature=0.2, num_predict=99, stop=["END"], reasoning=True)
    equal(asked.invoke("hi “ä”").content, HEARD)


@check
def langchain_ollama_tools():
    said, asked = [HumanMessage("hi")], model().bind_tools([weather])
    answer = asked.invoke(said)
    equal([(x["name"], x["args"]) for x in answer.tool_calls], [("weather", {"city": CITY})])
    result = ToolMessage(weather.invoke(answer.tool_calls[0]["args"]),
                         tool_call_id=answer.tool_calls[0]["id"])
    holds(asked.invoke([*said, answer, result]).content, f"raining in {CITY}")


@check
def langchain_ollama_structured():
    equal(model().with_structured_output(Place).invoke("hi"), Place(city=CITY, count=7))


@check
def langchain_ollama_image():
    url = {"type": "image_url", "image_url": f"data:image/png;base64,{PICTURE}"}
    message = HumanMessage([{"type": "text", "text": "hi"}, url])
    holds(model().invoke([message]).content, "hi")
    holds(model().invoke([message]).content, "[1 pictures]")


@check(absent=["anthropic"])
def langchain_ollama_embeddings():
    asked = OllamaEmbeddings(model=EMBEDDER, base_url=ADDRESS, client_kwargs=HEADERS)
    equal([len(x) for x in asked.embed_documents(["hi", "ho"])], [8, 8])


@check
def langchain_ollama_errors():
    raises(ollama.ResponseError, 404, lambda: model(NOWHERE).invoke("hi"))
    raises(ollama.ResponseError, 429, lambda: model(FAILS_429).invoke("hi"))


run()
