#!/usr/bin/env python3
"""An agent on the SDK of the Agent Client Protocol as PyPI has it: asks its model how gcd.py is to be
mended, asks whether it may, and does it. The task says which of its ways it takes.
"""
import asyncio
import json
import os
import pathlib
import sys
import urllib.request
import uuid

from acp import (
    PROTOCOL_VERSION, Agent, InitializeResponse, LoadSessionResponse, NewSessionResponse, PromptResponse, run_agent,
    start_edit_tool_call, text_block, tool_content, tool_diff_content, update_agent_message_text,
    update_agent_thought_text, update_plan, update_tool_call,
)
from acp.helpers import plan_entry
from acp.schema import AgentCapabilities, Implementation, PermissionOption, ToolCallUpdate

MODEL = sys.argv[1]
KEEPS = "--keeps" in sys.argv


def ask_model(prompt):
    """As any program would that knows nothing of where it runs."""
    body = {"model": MODEL, "messages": [{"role": "user", "content": prompt}]}
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/chat/completions",
        json.dumps(body).encode(),
        {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["choices"][0]["message"]["content"]


class Repairer(Agent):
    def on_connect(self, conn):
        self.client = conn

    async def initialize(self, protocol_version, client_capabilities=None, client_info=None, **kwargs):
        # What a client that keeps its word about these would be asked for.
        assert not client_capabilities.fs.read_text_file and not client_capabilities.terminal
        return InitializeResponse(
            protocol_version=PROTOCOL_VERSION,
            agent_capabilities=AgentCapabilities(load_session=KEEPS),
            agent_info=Implementation(name="repairer", version="1"),
        )

    def place(self, session_id):
        return self.cwd / ".repairer" / session_id

    async def new_session(self, cwd, mcp_servers=None, **kwargs):
        self.cwd, session_id = pathlib.Path(cwd), uuid.uuid4().hex
        if KEEPS:
            self.place(session_id).parent.mkdir(exist_ok=True)
            self.place(session_id).write_text("")
        return NewSessionResponse(session_id=session_id)

    async def load_session(self, cwd, session_id, mcp_servers=None, **kwargs):
        self.cwd = pathlib.Path(cwd)
        self.place(session_id).read_text()
        await self.client.session_update(session_id, update_agent_message_text("the past"))
        return LoadSessionResponse()

    async def prompt(self, prompt, session_id, **kwargs):
        told = prompt[0].text
        self.stopped = asyncio.Event()
        if told.startswith("end:"):
            return PromptResponse(stop_reason=told[4:])
        if told.startswith("hang"):
            await self.client.session_update(session_id, update_agent_message_text("I hang."))
            await self.stopped.wait()
            return PromptResponse(stop_reason="cancelled")
        say = lambda update: self.client.session_update(session_id, update)
        with open(self.cwd / "told", "a") as file:
            file.write(told.splitlines()[0] + "\n")
        await say(update_agent_thought_text("The arguments "))
        await say(update_agent_thought_text("look swapped."))
        await say(update_plan([plan_entry("mend gcd.py", status="in_progress")]))
        line = ask_model(told)
        file = self.cwd / "gcd.py"
        old = file.read_text()
        new = old.replace("return gcd(a % b, b)", line)
        call = "call-" + uuid.uuid4().hex
        await say(start_edit_tool_call(call, "Mend gcd.py", str(file), new))
        answer = await self.client.request_permission(
            session_id=session_id,
            tool_call=ToolCallUpdate(
                tool_call_id=call, content=[tool_diff_content(str(file), new, old)], raw_input={"line": line}),
            options=[
                PermissionOption(option_id="a", name="Mend it", kind="allow_once"),
                PermissionOption(option_id="b", name="Mend whatever there is", kind="allow_always"),
                PermissionOption(option_id="c", name="Leave it", kind="reject_once"),
            ],
        )
        outcome = getattr(answer.outcome, "option_id", "cancelled")
        print(f"the answer was {outcome}", file=sys.stderr)
        if outcome in ("a", "b"):
            file.write_text(new)
            await say(update_tool_call(call, status="completed", content=[tool_content(text_block("mended"))]))
            await say(update_agent_message_text("gcd.py is "))
            await say(update_agent_message_text(f"mended ({outcome})."))
        else:
            await say(update_tool_call(call, status="failed"))
            await say(update_agent_message_text(f"I may not mend it ({outcome})."))
        return PromptResponse(stop_reason="end_turn")

    async def cancel(self, session_id, **kwargs):
        self.stopped.set()


asyncio.run(run_agent(Repairer()))
