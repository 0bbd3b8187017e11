"""Checks of `inspect-ai`."""

import asyncio

from harness import *
from inspect_ai.model import (ChatMessageUser, ContentImage, ContentText, GenerateConfig,
                              ResponseSchema, get_model)
from inspect_ai.tool import tool
from inspect_ai.util import json_schema
from pydantic import BaseModel


class Place(BaseModel):
    city: str
    count: int


@tool
def weather():
    async def execute(city: str) -> str:
        """The weather.

        Args:
            city: Where.
        """
        return f"raining in {city}"
    return execute


def generate(said, model=GPT, config=None, **options):
    async def go():
        asked = get_model(f"openai-api/gw/{model}", base_url=f"{ADDRESS}/v1", api_key=KEY,
                          config=config or GenerateConfig(max_retries=0), memoize=False)
        return await asked.generate(said, **options)
    return asyncio.run(go())


@check
def inspect_ai_openai_api():
    answer = generate("hi “ä”")
    equal(answer.completion, HEARD)
    assert answer.usage.total_tokens


@check
def inspect_ai_settings():
    config = GenerateConfig(max_retries=0, temperature=0.2, max_tokens=99, stop_seqs=["END"],
                            system_message="Be brief.", seed=3)
    equal(generate("hi “ä”", config=config).completion, HEARD)


@check
def inspect_ai_tools():
    async def go():
        asked = get_model(f"openai-api/gw/{GPT}", base_url=f"{ADDRESS}/v1", api_key=KEY,
                          memoize=False)
        return await asked.generate_loop("hi", tools=[weather()])
    _, answer = asyncio.run(go())
    holds(answer.completion, f"raining in {CITY}")


@check
def inspect_ai_image():
    picture = ContentImage(image=f"data:image/png;base64,{PICTURE}")
    message = ChatMessageUser(content=[ContentText(text="hi"), picture])
    equal(generate([message]).completion, "You said: hi [1 pictures]")


@check
def inspect_ai_structured():
    schema = ResponseSchema(name="place", json_schema=json_schema(Place))
    config = GenerateConfig(max_retries=0, response_schema=schema)
    equal(json.loads(generate("hi", config=config).completion), {"city": CITY, "count": 7})


@check
def inspect_ai_errors():
    try:
        generate("hi", model=NOWHERE)
    except Exception as error:
        holds(chain(error), NOWHERE)
    else:
        raise AssertionError("no error")


run()
