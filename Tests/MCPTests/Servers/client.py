"""The client of the package `mcp`, on this process's own standard input and output.

What it finds goes to standard error, one JSON text a line.
"""

import json
import os
import sys
import traceback

import anyio
from mcp.client import Client
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

mode = sys.argv[1]


def tell(**found):
    print(json.dumps(found, sort_keys=True), file=sys.stderr, flush=True)


async def main():
    async with Client(stdio_server(), mode=mode) as client:
        try:
            await talk(client)
            status = 0
        except BaseException:
            traceback.print_exc()
            status = 1
        # Its reader, made for servers, would wait for the other end to close first.
        os._exit(status)


async def talk(client):
    tell(version=client.protocol_version, server=client.server_info.name, instructions=client.instructions)
    tools = (await client.list_tools()).tools
    tell(tools=[tool.name for tool in tools], schema=tools[0].input_schema)
    result = await client.call_tool("add", {"a": 2, "b": 3})
    tell(text=result.content[0].text, structured=result.structured_content, failed=result.is_error)
    result = await client.call_tool("fail", {})
    tell(text=result.content[0].text, failed=result.is_error)
    try:
        await client.call_tool("none", {})
    except MCPError as error:
        tell(code=error.error.code)
    try:
        with anyio.fail_after(0.2):
            await client.call_tool("wait", {})
    except TimeoutError:
        tell(waited=True)
    result = await client.call_tool("add", {"a": 1, "b": 1})
    tell(text=result.content[0].text)


anyio.run(main)
