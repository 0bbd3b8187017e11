#!/usr/bin/env python3
"""Real clients of model APIs, unchanged, against a caisson gateway.

    smoke.py [--venvs DIR] [--installed DIR] [--upstream DIALECT] [--client NAME] [--keep DIR]

Each client runs in a virtual environment of its own, filled from PyPI on first use, and does what
its users do: answers and streams, tools, pictures, schemas, embeddings, errors as its classes of
exceptions, leaving in the middle, coming back with an Idempotency-Key. All of it is done four
times, with every model served by an upstream of another dialect, so that each client is heard in
its own dialect and through three translations. The upstream's answers are scripted (upstream.py).

What docs/dialects.md says is refused must be. At the end of each round the gateway's ledger and
bill must equal the upstream's books. One line a check, and a total; status 1 where one fails.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import venvs
from gateway import INSTALLED, MODELS, Gateway, differences, document, read_books
from upstream import Upstream

CHECKS = pathlib.Path(__file__).resolve().parent / "checks"
CLIENTS = {"openai": "openai_sdk.py", "anthropic": "anthropic_sdk.py", "ollama": "ollama_client.py",
           "langchain-openai": "langchain_openai_chat.py",
           "langchain-anthropic": "langchain_anthropic_chat.py",
           "langchain-ollama": "langchain_ollama_chat.py", "pydantic-ai": "pydantic_ai_agents.py",
           "openai-agents": "openai_agents.py", "mistralai": "mistral_sdk.py",
           "inspect-ai": "inspect_ai_models.py", "litellm": "litellm_client.py"}


def names(dialect):
    """The models, all of them served by one upstream."""
    served = {name: (dialect, MODELS[dialect], "text")
              for name in ("gpt-4o-mini", "claude-sonnet-4-5", "llama3")}
    served |= {name: (dialect, name, "text")
               for name in ("slow", "cut", "short", "fails-429", "fails-500", "fails-529")}
    served["text-embedding-3-small"] = (dialect, "text-embedding-3-small", "embeddings")
    return served


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venvs", type=pathlib.Path, default=venvs.DEFAULT)
    parser.add_argument("--installed", type=pathlib.Path, default=INSTALLED)
    parser.add_argument("--upstream", choices=MODELS, action="append", help="this one alone")
    parser.add_argument("--client", choices=CLIENTS, action="append", help="this one alone")
    parser.add_argument("--keep", type=pathlib.Path, help="where the upstream's requests are kept")
    options = parser.parse_args()
    clients = options.client or list(CLIENTS)
    for client in clients:
        venvs.environment(options.venvs, client)
    passed, failed = 0, 0
    for dialect in options.upstream or MODELS:
        for line, problem in round_of(dialect, clients, options):
            passed, failed = passed + (not problem), failed + bool(problem)
            print("FAIL" if problem else "PASS", line, *([problem] if problem else []), flush=True)
    print(f"{passed}/{passed + failed}")
    return 1 if failed else 0


def round_of(dialect, clients, options):
    """The checks of all clients with one upstream: a line for each, and its problem or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        books = folder / "books.jsonl"
        books.touch()
        record = options.keep and options.keep / f"{dialect}.jsonl"
        with Upstream(0, books, record=record) as upstream:
            # Every failure is to reach the client, as it is and at once.
            routing = "routing: { attempts: 1, listed_only: true, breaker: { failures: 60 } }"
            text = document(upstream.port, names(dialect), routing=routing)
            gateway = Gateway(folder, options.installed, text)
            keys = {"KEY": gateway.add_key("key", "--budget", "20.00 USD"),
                    "POOR": gateway.add_key("poor", "--budget", "0.000001 USD"),
                    "LIMITED": gateway.add_key("limited", "--budget", "20.00 USD",
                                               "--requests-per-minute", "1")}
            with gateway:
                for client in clients:
                    settings = {"ADDRESS": gateway.address, "BOOKS": str(books),
                                "UPSTREAM": dialect, **keys}
                    for result in checks_of(client, settings, options.venvs):
                        note = f" ({result['note']})" if result.get("note") else ""
                        yield (f"{dialect:9} {client:19} {result['name']}{note}",
                               " ".join((result["problem"] or "").split())[:600])
            if gateway.status != 0:
                yield f"{dialect:9} gateway", f"it ended with status {gateway.status}"
            found = differences(read_books(books), gateway)
            yield f"{dialect:9} bill ({len(read_books(books))} answers)", "; ".join(found)[:2000]


def checks_of(client, settings, folder):
    programs = venvs.environment(folder, client)
    environment = {f"CHECK_{name}": value for name, value in settings.items()}
    with tempfile.TemporaryDirectory() as home:
        environment |= {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": home,
                        "PYTHONDONTWRITEBYTECODE": "1", "OPENAI_AGENTS_DISABLE_TRACING": "1",
                        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LANGSMITH_TRACING": "false"}
        try:
            done = subprocess.run([programs / "python", "-W", "ignore", CHECKS / CLIENTS[client]],
                                  env=environment, cwd=home, stdin=subprocess.DEVNULL, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240)
            output, status = done.stdout, done.returncode
        except subprocess.TimeoutExpired as error:
            output, status = (error.stdout or b"").decode(errors="replace"), "none after 240 s"
    results = [json.loads(line[6:]) for line in output.splitlines() if line.startswith("CHECK ")]
    if status != 0 or not results:
        results.append({"name": "to its end", "problem": f"status {status}: {output[-400:]}"})
    return results


if __name__ == "__main__":
    sys.exit(main())
