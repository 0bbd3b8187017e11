"""A host of tools: the client of the package `mcp`, driven over this process's standard input.

    host.py MODE PROGRAM ARGUMENTS…

The program is started as the server. Each line of input is a JSON object: {"list": true} or
{"call": NAME, "with": {…}}; each is answered by one line. The end of the input ends the session.
"""

import json
import os
import sys

import anyio
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError


def tell(**found):
    print(json.dumps(found, sort_keys=True), flush=True)


async def answer(client, order):
    if "list" in order:
        tools = (await client.list_tools()).tools
        tell(
            tools=[tool.name for tool in tools],
            reads=[tool.name for tool in tools if tool.annotations.read_only_hint],
        )
        return
    progress = []

    async def on_progress(done, total, message):
        progress.append(done)

    try:
        result = await client.call_tool(order["call"], order.get("with"), progress_callback=on_progress)
        tell(
            text=result.content[0].text if result.content else "",
            failed=bool(result.is_error),
            structured=result.structured_content,
            progress=progress,
        )
    except MCPError as error:
        tell(code=error.error.code, text=error.error.message)


async def main():
    mode, program, *arguments = sys.argv[1:]
    server = StdioServerParameters(command=program, args=arguments, env=dict(os.environ))
    async with Client(server, mode=mode) as client:
        tell(version=client.protocol_version, server=client.server_info.name)
        while line := await anyio.to_thread.run_sync(sys.stdin.readline):
            await answer(client, json.loads(line))


anyio.run(main)
