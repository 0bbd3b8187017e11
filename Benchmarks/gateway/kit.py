"""What the gateway's measurements share: the upstream, the clients, the gateway, and its ledger."""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
INSTALLED = ROOT / ".build/installed"
TICKS = os.sysconf("SC_CLK_TCK")

# Pico-dollars a token. Primes, so that tokens of one kind are never taken for the other's.
RATES = {"gpt-4o-mini": (149_993, 599_999), "claude-sonnet-4-5": (2_999_999, 14_999_981),
         "llama3": (99_991, 199_999)}

DOCUMENT = """version: 1
listen: 127.0.0.1:{listen}
providers:
  up: {{ dialect: openai, base: "http://127.0.0.1:{upstream}/v1", key: none, catalogue: none }}
  anth: {{ dialect: anthropic, base: "http://127.0.0.1:{upstream}", key: none, catalogue: none }}
  own: {{ dialect: ollama, base: "http://127.0.0.1:{upstream}", key: none, catalogue: none }}
models:
{models}
{more}"""
PROVIDERS = {"gpt-4o-mini": "up", "claude-sonnet-4-5": "anth", "llama3": "own"}


def document(listen, upstream, more=""):
    """A gateway.yaml with the models of RATES, all served by the mock."""
    lines = []
    for model, (prompt, answer) in RATES.items():
        rates = f"input: {usd_a_million(prompt)}, output: {usd_a_million(answer)}"
        lines.append(f"  {model}:\n    provider: {PROVIDERS[model]}\n    model: {model}\n"
                     f"    price: {{ {rates} }}\n    context: 128k\n    max_output: 4k\n"
                     "    can: [tools]")
    return DOCUMENT.format(listen=listen, upstream=upstream, models="\n".join(lines), more=more)


def usd_a_million(pico):
    return f"{pico / 1e6:.6f}".rstrip("0") + " USD/M"


def price(model, prompt, answer):
    """What a call costs, in pico-dollars."""
    return prompt * RATES[model][0] + answer * RATES[model][1]


# MARK: Programs and processes

def build(folder):
    """Compiles the upstream and the clients, under names that are nobody else's: to end all that is
    called `mock` is a habit."""
    programs = {"gateway-upstream": ["mock.c", "mock_request.c", "mock_answer.c", "mock_books.c",
                         "mock_buffer.c"],
                "gateway-clients": ["load.c", "load_answer.c"]}
    for name, sources in programs.items():
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", folder / name,
                        *(HERE / source for source in sources)], check=True)


def pinned(core):
    """Gateways on one core, everything else on another, where there are two."""
    if core is None or os.cpu_count() < 2 or not shutil.which("taskset"):
        return []
    return ["taskset", "-c", str(core)]


def free_port():
    """A port that the kernel gives to no client: whoever asks where nobody listens yet may
    otherwise be given that very port, be connected to himself, and keep it."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def await_port(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.005)
    return False


def tree(pid):
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in open(f"/proc/{pid}/task/{task}/children").read().split():
                found += tree(int(child))
    except OSError:
        pass
    return found


def processor_time(pid):
    """Seconds that a process and its children have used."""
    used = 0
    for process in tree(pid):
        try:
            fields = open(f"/proc/{process}/stat").read().rsplit(")", 1)[1].split()
            used += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return used / TICKS


def resident(pid):
    """MB that a process and its children hold."""
    held = 0
    for process in tree(pid):
        try:
            held += int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{process}/status").read())[1])
        except (OSError, TypeError):
            pass
    return held / 1024


def stop(process, seconds=10, number=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class Mock:
    """The upstream, until the end of a `with`."""

    def __init__(self, folder, *arguments, port=None, core=None):
        self.port = port or free_port()
        self.command = [*pinned(core), folder / "gateway-upstream", "-p", self.port, *arguments]

    def __enter__(self):
        self.process = subprocess.Popen([str(x) for x in self.command])
        if not await_port(self.port):
            raise RuntimeError("the mock does not listen")
        return self

    def __exit__(self, kind, *_):
        has_ended = self.process.poll() is not None
        stop(self.process)
        if has_ended and kind is None:
            raise RuntimeError(f"the mock ended by itself, status {self.process.returncode}")


def load_command(folder, port, *arguments, core=None):
    return [str(x) for x in [*pinned(core), folder / "gateway-clients", "-u", f"127.0.0.1:{port}", *arguments]]


def load(folder, port, *arguments, core=None):
    output = subprocess.run(load_command(folder, port, *arguments, core=core), check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output)


def ask(port, path, body, header=None, timeout=30):
    """One request; its status and body."""
    headers = {"Content-Type": "application/json"}
    if header:
        name, _, value = header.partition(": ")
        headers[name] = value
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


# MARK: The gateway

class Gateway:
    """A caisson gateway with a home and a document of its own."""

    def __init__(self, folder, build, upstream, more="", core=None):
        self.build, self.core = pathlib.Path(build).resolve(), core
        self.port = free_port()
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        (self.home / "config").mkdir()
        self.file = self.home / "config/gateway.yaml"
        self.file.write_text(document(self.port, upstream, more))
        self.log = folder / "gateway.log"
        self.environment = {**os.environ, "CAISSON_HOME": str(self.home)}
        self.process = None

    def is_there(self):
        return (self.build / "caisson-gateway").exists()

    def caisson(self, *arguments):
        return subprocess.run([self.build / "caisson", *arguments], env=self.environment,
                              capture_output=True, text=True)

    def add_key(self, name, *options):
        """A key's secret, as a header."""
        made = self.caisson("gateway", "key", "add", name, *options)
        if made.returncode != 0:
            raise RuntimeError(f"caisson gateway key add: {made.stderr.strip()}")
        return f"Authorization: Bearer {made.stdout.strip()}"

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [*pinned(self.core), str(self.build / "caisson"), "gateway", "--config",
                 str(self.file)], env=self.environment, stdout=log, stderr=log)
        return self.process

    def start_and_wait(self, seconds=30):
        self.start()
        end = time.monotonic() + seconds
        while not await_port(self.port, 0.2):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the gateway does not listen:\n{self.last_words()}")

    def end(self):
        """Ends it as an administrator does, when nothing is under way any more. Gives what is wrong
        with that; nothing where all is well."""
        began = time.monotonic()
        status = stop(self.process, 60)
        seconds = time.monotonic() - began
        if status != 0:
            return [f"status {status}: {self.last_words()}"]
        return [f"it took {seconds:.0f} s, with nothing under way"] if seconds > 5 else []

    def last_words(self):
        """What it said when it crashed, else what it said last."""
        text = self.log.read_text(errors="replace")
        crash = text.find("Fatal error")
        return text[crash:crash + 3000] if crash >= 0 else text[-800:]

    def journal(self):
        """The ledger, read beside the gateway."""
        database = sqlite3.connect(f"file:{self.home}/journal.sqlite?mode=ro", uri=True, timeout=20)
        database.row_factory = sqlite3.Row
        return database

    def verify(self):
        """The beginning of what `caisson bill --verify` finds wrong; nothing where all is well."""
        verified = self.caisson("bill", "--verify")
        if verified.returncode == 0:
            return []
        return [f"{verified.stdout} {verified.stderr}".strip()[:1000]]


def read_lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


def call_number(identifier):
    """The n of an X-Client-Request-Id `caisson-<epoch>-<n>`; nil where it is none."""
    match = re.fullmatch(r"caisson-(\d+)-(\d+)", identifier)
    return int(match[2]) if match else None
