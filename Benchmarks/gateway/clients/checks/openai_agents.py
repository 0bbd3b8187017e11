"""Checks of `openai-agents`."""

import asyncio

import openai
from agents import (Agent, ModelSettings, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner,
                    function_tool, handoff)
from harness import *
from openai import AsyncOpenAI
from pydantic import BaseModel


class Place(BaseModel):
    city: str
    count: int


@function_tool
def weather(city: str) -> str:
    """The weather."""
    return f"raining in {city}"


def client():
    return AsyncOpenAI(base_url=f"{ADDRESS}/v1", api_key=KEY, max_retries=0)


def chat(name=GPT):
    return OpenAIChatCompletionsModel(model=name, openai_client=client())


def responses():
    return OpenAIResponsesModel(model=GPT, openai_client=client())


def answers(model):
    agent = Agent(name="a", instructions="Be brief.", model=model)
    equal(Runner.run_sync(agent, "hi “ä”").final_output, HEARD)


def calls_tools(model):
    agent = Agent(name="a", model=model, tools=[weather])
    holds(Runner.run_sync(agent, "hi").final_output, f"raining in {CITY}")


def streams(model):
    async def go():
        result = Runner.run_streamed(Agent(name="a", model=model, tools=[weather]), "hi")
        kinds = [event.type async for event in result.stream_events()]
        return kinds, result.final_output
    kinds, output = asyncio.run(go())
    holds(output, f"raining in {CITY}")
    assert "raw_response_event" in kinds, kinds


def fills_in(model):
    agent = Agent(name="a", model=model, output_type=Place)
    equal(Runner.run_sync(agent, "hi").final_output, Place(city=CITY, count=7))


def hands_over(model):
    other = Agent(name="other", model=model, handoff_description="Knows it.")
    first = Agent(name="first", model=model, handoffs=[handoff(other)])
    result = Runner.run_sync(first, "hi")
    equal(result.last_agent.name, "other")
    holds(result.final_output, "You said")


@check
def openai_agents_chat():
    answers(chat())


@check
def openai_agents_chat_tools():
    calls_tools(chat())


@check
def openai_agents_chat_stream():
    streams(chat())


@check
def openai_agents_chat_structured():
    fills_in(chat())


@check
def openai_agents_chat_handoff():
    hands_over(chat())


@check
def openai_agents_responses():
    answers(responses())


@check
def openai_agents_responses_tools():
    calls_tools(responses())


@check
def openai_agents_responses_stream():
    streams(responses())


@check
def openai_agents_responses_structured():
    fills_in(responses())


@check
def openai_agents_responses_handoff():
    hands_over(responses())


@check
def openai_agents_settings():
    agent = Agent(name="a", model=chat(), model_settings=ModelSettings(
        temperature=0.2, max_tokens=99, include_usage=True))
    result = Runner.run_sync(agent, "hi “ä”")
    equal(result.final_output, HEARD)
    assert result.context_wrapper.usage.total_tokens


@check
def openai_agents_errors():
    raises(openai.NotFoundError, 404, lambda: answers(chat(NOWHERE)))
    raises(openai.RateLimitError, 429, lambda: answers(chat(FAILS_429)))


run()
