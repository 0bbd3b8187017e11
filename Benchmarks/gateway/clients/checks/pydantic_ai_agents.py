"""Checks of `pydantic-ai-slim`, with the packages of OpenAI and Anthropic."""

import anthropic
from harness import *
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, NativeOutput
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider


class Place(BaseModel):
    city: str
    count: int


def openai_provider():
    return OpenAIProvider(openai_client=AsyncOpenAI(base_url=f"{ADDRESS}/v1", api_key=KEY,
                                                    max_retries=0))


def chat(name=GPT):
    return OpenAIChatModel(name, provider=openai_provider())


def responses():
    return OpenAIResponsesModel(GPT, provider=openai_provider())


def claude():
    client = anthropic.AsyncAnthropic(base_url=ADDRESS, api_key=KEY, max_retries=0)
    return AnthropicModel(CLAUDE, provider=AnthropicProvider(anthropic_client=client))


def answers(model):
    equal(Agent(model, instructions="Be brief.").run_sync("hi “ä”").output, HEARD)


def streams(model):
    with Agent(model).run_stream_sync("hi “ä”") as streamed:
        texts = list(streamed.stream_text())
    equal(texts[-1], HEARD)


def calls_tools(model):
    agent = Agent(model)

    @agent.tool_plain
    def weather(city: str) -> str:
        """The weather."""
        return f"raining in {city}"

    holds(agent.run_sync("hi").output, f"raining in {CITY}")


def sees(model):
    picture = BinaryContent(base64.b64decode(PICTURE), media_type="image/png")
    holds(Agent(model).run_sync(["hi", picture]).output, "[1 pictures]")


def fills_in(model, kind):
    equal(Agent(model, output_type=kind).run_sync("hi").output, Place(city=CITY, count=7))


@check
def pydantic_ai_chat():
    answers(chat())


@check
def pydantic_ai_chat_stream():
    streams(chat())


@check
def pydantic_ai_chat_tools():
    calls_tools(chat())


@check
def pydantic_ai_chat_image():
    sees(chat())


@check
def pydantic_ai_chat_structured():
    fills_in(chat(), NativeOutput(Place))


@check(refused=["ollama"])
def pydantic_ai_chat_structured_by_a_tool():
    fills_in(chat(), Place)


@check
def pydantic_ai_responses():
    answers(responses())


@check
def pydantic_ai_responses_stream():
    streams(responses())


@check
def pydantic_ai_responses_tools():
    calls_tools(responses())


@check
def pydantic_ai_responses_structured():
    fills_in(responses(), NativeOutput(Place))


@check
def pydantic_ai_anthropic():
    answers(claude())


@check
def pydantic_ai_anthropic_stream():
    streams(claude())


@check
def pydantic_ai_anthropic_tools():
    calls_tools(claude())


@check
def pydantic_ai_anthropic_image():
    sees(claude())


@check(refused=["ollama"])
def pydantic_ai_anthropic_structured():
    fills_in(claude(), Place)


@check
def pydantic_ai_errors():
    raises(ModelHTTPError, 404, lambda: answers(chat(NOWHERE)))
    raises(ModelHTTPError, 429, lambda: answers(chat(FAILS_429)))


run()
