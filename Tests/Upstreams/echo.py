"""A WebSocket server over TLS that says back what it is told."""

import asyncio
import ssl
import sys

from websockets.asyncio.server import serve


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("server.pem", "server.key")
    async with serve(echo, "127.0.0.1", int(sys.argv[1]), ssl=context):
        await asyncio.Future()


asyncio.run(main())
