"""The gateways that are measured: how each is started and asked, and whether it is there."""

import json
import os
import pathlib
import shutil
import subprocess
import time

import kit

KEY = "sk-f3a9c1e77b2d4e0a95c86d1b"
MESSAGES = [{"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "Hello, how are you today?"}]
CHAT = "/v1/chat/completions"

NGINX = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000;
client_body_temp_path {folder}/nb; proxy_temp_path {folder}/np; fastcgi_temp_path {folder}/nf;
uwsgi_temp_path {folder}/nu; scgi_temp_path {folder}/ns;
upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ proxy_pass http://up;
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }} }} }}
"""
TENSORZERO = """[gateway]
observability.enabled = false
[models.gpt-4o-mini]
routing = ["mock"]
[models.gpt-4o-mini.providers.mock]
type = "openai"
model_name = "gpt-4o-mini"
api_base = "http://127.0.0.1:{upstream}/v1/"
api_key_location = "none"
"""
# Their gateway as it comes from PyPI. It takes a free port, and says which.
START_TENSORZERO = """
import sys, time
from tensorzero import tensorzero
gateway = tensorzero._start_http_gateway(config_file=sys.argv[1], clickhouse_url=None,
    postgres_url=None, valkey_url=None, async_setup=False)
open(sys.argv[2], "w").write(gateway.base_url)
while True: time.sleep(3600)
"""
LITELLM = """model_list:
  - model_name: gpt-4o-mini
    litellm_params:
      model: openai/gpt-4o-mini
      api_base: "http://127.0.0.1:{upstream}/v1"
      api_key: sk-fake
litellm_settings: {{ num_retries: 0, request_timeout: 30 }}
general_settings: {{ master_key: {key} }}
"""


class Peer:
    """The upstream itself, and what all gateways have in common."""

    name, path, model, header, is_slow = "direct", CHAT, "gpt-4o-mini", None, False

    def __init__(self, bench):
        self.bench, self.folder, self.process = bench, bench.folder, None
        self.port = kit.free_port()
        self.environment = {}

    def missing(self):
        """What is not installed; nothing where all is."""

    def prepare(self):
        self.port = self.bench.upstream

    def command(self):
        return None

    def find_port(self):
        """Whether the port is known."""
        return True

    def body(self, is_stream):
        file = self.folder / f"{self.name}-{'stream' if is_stream else 'json'}.body"
        body = {"model": self.model, "messages": MESSAGES, "max_tokens": 128}
        file.write_text(json.dumps(body | ({"stream": True} if is_stream else {})))
        return file

    def start(self):
        """Starts it, and gives the seconds and the processor time until its first answer."""
        body = self.body(False).read_bytes()
        began = time.monotonic()
        with open(self.folder / f"{self.name}.log", "a") as log:
            self.process = subprocess.Popen(
                [str(x) for x in [*kit.pinned(self.bench.core), *self.command()]], stdout=log,
                stderr=log, env={**os.environ, **self.environment}, cwd=self.folder)
        status = None
        while status != 200:
            if self.process.poll() is not None or time.monotonic() - began > 180:
                log = (self.folder / f"{self.name}.log").read_text()[-2000:]
                raise RuntimeError(f"{self.name} does not start (last answer: {status}):\n{log}")
            try:
                if self.find_port():
                    status, _ = kit.ask(self.port, self.path, body, self.header)
            except OSError:
                pass
            if status != 200:
                time.sleep(0.002)
        return time.monotonic() - began, kit.processor_time(self.process.pid)

    def stop(self):
        if self.process:
            kit.stop(self.process)
            self.process = None


class Nginx(Peer):
    name = "nginx"
    program = shutil.which("nginx") or "/usr/sbin/nginx"

    def missing(self):
        return None if os.path.exists(self.program) else "apt-get install nginx-light"

    def prepare(self):
        (self.folder / "nginx.conf").write_text(NGINX.format(
            folder=self.folder, upstream=self.bench.upstream, port=self.port))

    def command(self):
        return [self.program, "-c", self.folder / "nginx.conf", "-e", self.folder / "nginx.err"]


class TensorZero(Peer):
    name, path, model = "TensorZero", "/openai" + CHAT, "tensorzero::model_name::gpt-4o-mini"

    def missing(self):
        self.program = self.bench.peers / "tensorzero/bin/python"
        return None if self.program.exists() else "see --help"

    def prepare(self):
        (self.folder / "tensorzero.toml").write_text(
            TENSORZERO.format(upstream=self.bench.upstream))

    def command(self):
        self.address = self.folder / "tensorzero.url"
        self.address.unlink(missing_ok=True)
        return [self.program, "-c", START_TENSORZERO, "tensorzero.toml", self.address]

    def find_port(self):
        text = self.address.read_text() if self.address.exists() else ""
        if text:
            self.port = int(text.split(":")[2].split("/")[0])
        return bool(text)


class LiteLLM(Peer):
    name, header, is_slow = "LiteLLM", f"Authorization: Bearer {KEY}", True

    def missing(self):
        self.program = self.bench.peers / "litellm/bin/litellm"
        return None if self.program.exists() else "see --help"

    def prepare(self):
        (self.folder / "litellm.yaml").write_text(
            LITELLM.format(upstream=self.bench.upstream, key=KEY))
        self.environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR",
                            "LITELLM_MODE": "PRODUCTION"}

    def command(self):
        return [self.program, "--config", "litellm.yaml", "--host", "127.0.0.1", "--port",
                self.port, "--telemetry", "False"]


class Caisson(Peer):
    """Under a key with a budget, so that every call is reserved, on the disk, before it leaves."""

    name = "caisson"

    def missing(self):
        program = pathlib.Path(self.bench.build) / "caisson-gateway"
        return None if program.exists() else f"{program} is not built"

    def prepare(self):
        folder = self.folder / self.name.replace(" ", "-")
        folder.mkdir()
        self.gateway = kit.Gateway(folder, self.bench.build, self.bench.upstream)
        self.port = self.gateway.port
        self.environment = {"CAISSON_HOME": str(self.gateway.home)}
        self.header = self.gateway.add_key("bench", "--budget", "100000.00 USD", "--per", "total")

    def command(self):
        return [self.gateway.build / "caisson", "gateway", "--config", self.gateway.file]


class Translated(Caisson):
    """The same, from an OpenAI client to Anthropic's interface."""

    name, model = "caisson translated", "claude-sonnet-4-5"


ALL = [Peer, Nginx, TensorZero, LiteLLM, Caisson, Translated]
