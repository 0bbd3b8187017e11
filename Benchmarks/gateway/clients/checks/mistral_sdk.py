"""Checks of the `mistralai` package, which speaks a dialect close to OpenAI's: of chat, where they
agree. Its embeddings and its list of models demand fields that OpenAI does not have."""

from harness import *
from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from pydantic import BaseModel


class Place(BaseModel):
    city: str
    count: int


def client(key=KEY):
    return Mistral(api_key=key, server_url=ADDRESS)


TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.",
                                         "parameters": WEATHER}}


@check
def mistral_sdk_chat():
    answer = client().chat.complete(model=GPT, messages=HI)
    equal(answer.choices[0].message.content, HEARD)
    assert answer.usage.total_tokens


@check
def mistral_sdk_stream():
    text = ""
    with client().chat.stream(model=GPT, messages=HI) as stream:
        for event in stream:
            text += event.data.choices[0].delta.content or "" if event.data.choices else ""
    equal(text, HEARD)


@check
def mistral_sdk_usual_options():
    answer = client().chat.complete(model=GPT, messages=HI, temperature=0.2, max_tokens=99,
                                    stop=["END"])
    equal(answer.choices[0].message.content, HEARD)


@check
def mistral_sdk_tools():
    message = client().chat.complete(model=GPT, messages=HI, tools=[TOOL]).choices[0].message
    call = message.tool_calls[0]
    equal(json.loads(call.function.arguments), {"city": CITY})
    result = {"role": "tool", "tool_call_id": call.id, "name": "weather", "content": "raining “ä”"}
    answer = client().chat.complete(model=GPT, messages=[*HI, message, result], tools=[TOOL])
    holds(answer.choices[0].message.content, "raining “ä”")


@check
def mistral_sdk_structured():
    answer = client().chat.parse(Place, model=GPT, messages=HI)
    equal(answer.choices[0].message.parsed, Place(city=CITY, count=7))


@check
def mistral_sdk_image():
    url = {"url": f"data:image/png;base64,{PICTURE}"}
    content = [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": url}]
    answer = client().chat.complete(model=GPT, messages=[{"role": "user", "content": content}])
    equal(answer.choices[0].message.content, "You said: hi [1 pictures]")


@check
def mistral_sdk_errors():
    raises(SDKError, 404, lambda: client().chat.complete(model=NOWHERE, messages=HI))
    raises(SDKError, 401, lambda: client("sk-wrong").chat.complete(model=GPT, messages=HI))
    raises(SDKError, 402, lambda: client(POOR).chat.complete(model=GPT, messages=HI))
    raises(SDKError, 429, lambda: client().chat.complete(model=FAILS_429, messages=HI))


run()
