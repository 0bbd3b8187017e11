"""Servers over HTTP on loopback: prints its port, and ends with its standard input. One behind a pipe."""

import hashlib
import http.server
import os
import socket
import sys
import threading


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


def page():
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = b"<html><body><p>This is a page of the test.</p></body></html>"
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def certificate(place):
    """An authority and a certificate of tools.example.com below `place`."""
    import subprocess

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=place, check=True, capture_output=True)

    with open(f"{place}/extensions", "w") as file:
        file.write("subjectAltName=DNS:tools.example.com\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=authority of the test", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=tools.example.com")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.pem", "-days", "2", "-extfile", "extensions")
    return {"ssl_keyfile": f"{place}/server.key", "ssl_certfile": f"{place}/server.pem"}


def tools(stateless=False, json_response=False, over_http=True, place=None):
    """A server of the package `mcp`: streamable HTTP at /mcp, or a pipe."""
    import asyncio

    import uvicorn
    from mcp.server.mcpserver import Context, MCPServer
    from mcp.server.transport_security import TransportSecuritySettings

    server = MCPServer("loopback")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Adds two numbers."""
        return a + b

    @server.tool()
    async def count(to: int, ctx: Context) -> str:
        """Counts, and tells how far it has come."""
        for number in range(1, to + 1):
            await ctx.report_progress(number, to)
            await asyncio.sleep(0.01)
        return f"counted to {to}"

    @server.tool()
    async def forever() -> str:
        """Has no end."""
        try:
            await asyncio.sleep(3600)
        finally:
            print("forever was cancelled", file=sys.stderr, flush=True)
        return ""

    @server.tool()
    async def grow(ctx: Context) -> str:
        """Gives the server one tool more, and says so."""
        name = f"grown{len(await server.list_tools())}"
        server.add_tool(lambda: name, name=name)
        if ctx.protocol_version == "2026-07-28":
            await ctx.notify_tools_changed()
        else:
            await ctx.session.send_tool_list_changed()
        return name

    if not over_http:
        return server.run("stdio")
    credentials = []

    if place:

        @server.tool()
        def seen() -> str:
            """Tells the hash of the credential that it was last asked with."""
            return hashlib.sha256(credentials[-1].encode()).hexdigest()

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    # Whoever is told the port can connect from then on.
    listener.listen(128)
    # A sealed run knows it by another name.
    security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(
        stateless_http=stateless, json_response=json_response, transport_security=security
    )

    async def noting(scope, receive, send):
        credentials.extend(value.decode() for name, value in scope.get("headers", []) if name == b"authorization")
        await app(scope, receive, send)

    tls = certificate(place) if place else {}
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(noting, log_level="error", **tls)).run(sockets=[listener])


mode = sys.argv[1]
if mode != "pipe":
    threading.Thread(target=end_with_input, daemon=True).start()
{
    "page": page,
    "pipe": lambda: tools(over_http=False),
    "events": tools,
    "json": lambda: tools(json_response=True),
    "stateless": lambda: tools(stateless=True),
    "tls": lambda: tools(place=sys.argv[2]),
}[mode]()
