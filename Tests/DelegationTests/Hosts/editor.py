"""An editor: the client of the package `agent-client-protocol`, driven over this process's standard input.

    editor.py PROGRAM ARGUMENTS…

The program is started as the agent. Each line of input is a JSON object: {"new": DIRECTORY},
{"load": SESSION, "in": DIRECTORY}, {"prompt": TEXT, "session": SESSION}, {"choose": OPTION} (null for
none), {"cancel": SESSION}, {"raw": METHOD, "params": {…}}. What happens is told a line each.
"""

import asyncio
import json
import os
import sys

import acp
from acp.schema import AllowedOutcome, DeniedOutcome, RequestPermissionResponse


def tell(event, **found):
    print(json.dumps({"event": event, **found}, sort_keys=True), flush=True)


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


class Editor:
    def __init__(self):
        self.choices = asyncio.Queue()

    async def request_permission(self, session_id, tool_call, options, **kwargs):
        tell("permission", call=plain(tool_call), options=[option.option_id for option in options])
        choice = await self.choices.get()
        if choice is None:
            outcome = DeniedOutcome(outcome="cancelled")
        else:
            outcome = AllowedOutcome(outcome="selected", option_id=choice)
        return RequestPermissionResponse(outcome=outcome)

    async def session_update(self, session_id, update, **kwargs):
        tell("update", session=session_id, update=plain(update))


async def attempt(event, request, show):
    try:
        tell(event, **show(await request))
    except acp.RequestError as error:
        tell("error", code=error.code, text=str(error), data=error.data)


async def main():
    editor = Editor()
    environment = dict(os.environ)
    async with acp.spawn_agent_process(editor, sys.argv[1], *sys.argv[2:], env=environment) as (agent, process):
        greeting = await agent.initialize(protocol_version=acp.PROTOCOL_VERSION)
        tell("ready", version=greeting.protocol_version, loads=greeting.agent_capabilities.load_session)
        reader = asyncio.StreamReader(limit=16 << 20)
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        turns = []
        while line := await reader.readline():
            order = json.loads(line)
            if "new" in order:
                servers = [acp.schema.McpServerStdio(name="x", command="/bin/true", args=[], env=[])]
                used = servers if order.get("servers") else []
                request = agent.new_session(cwd=order["new"], mcp_servers=used)
                await attempt("session", request, lambda made: {"id": made.session_id})
            elif "load" in order:
                request = agent.load_session(cwd=order["in"], session_id=order["load"], mcp_servers=[])
                await attempt("loaded", request, lambda _: {})
            elif "prompt" in order:
                blocks = [acp.text_block(order["prompt"])]
                request = agent.prompt(session_id=order["session"], prompt=blocks)
                work = attempt("end", request, lambda end: {"reason": end.stop_reason})
                turns.append(asyncio.create_task(work))
            elif "choose" in order:
                await editor.choices.put(order["choose"])
            elif "cancel" in order:
                await agent.cancel(session_id=order["cancel"])
        tell("left", status=process.returncode)


asyncio.run(main())
