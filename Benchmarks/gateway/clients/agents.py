#!/usr/bin/env python3
"""Two whole agents, mini-swe-agent and aider, mend a small fault through a caisson gateway.

    agents.py [--venvs DIR] [--installed DIR] [--only NAME] [--keep DIR] [--unsupported drop]

What the agents are told is scripted (upstream.py), what they do is real: each works in a fresh git
repository with a test that fails before and passes after. In every run the agent first mends half
of the fault, sees the test fail, and mends the rest. Clients' dialects are crossed with upstreams'.

A run passes if the agent ends by itself, the test passes, all turns of the script were given, and
the gateway's ledger and bill equal the upstream's books, to the token and to the pico-dollar.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import venvs
from gateway import INSTALLED, MODELS, Gateway, differences, document, read_books
from upstream import Upstream

FAULTY = '''def mean(numbers):
    """The arithmetic mean; 0 of nothing."""
    total = 1
    for number in numbers:
        total += number
    return total / len(numbers)
'''
TEST = '''import unittest

from mean import mean


class MeanTest(unittest.TestCase):
    def test_of_some(self):
        self.assertEqual(mean([1, 2, 6]), 3)

    def test_of_nothing(self):
        self.assertEqual(mean([]), 0)


if __name__ == "__main__":
    unittest.main()
'''
TASK = "mean.py is wrong: mean([1, 2, 6]) should be 3 and mean([]) should be 0. Mend it."
CHECK = [sys.executable, "-m", "unittest", "-q", "test_mean"]


# MARK: What the agents are told

def bash(text, command, expects=""):
    call = {"name": "bash", "arguments": {"command": command}}
    return {"text": text, "calls": [call], "expects": expects}


MINI = [
    bash("I look at what there is. “Umlauts: äöü, 🚢”", "ls && cat mean.py && cat test_mean.py"),
    bash("The sum begins at one.", "sed -i 's/total = 1/total = 0/' mean.py && "
         "python3 -m unittest -q test_mean", "def mean(numbers)"),
    bash("Nothing has no length to divide by.",
         "sed -i 's/return total .*/return total \\/ len(numbers) if numbers else 0/' mean.py && "
         "python3 -m unittest -q test_mean", "ZeroDivisionError"),
    bash("It works.", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "OK"),
]


def edit(text, before, after, expects=""):
    block = f"<<<<<<< SEARCH\n{before}\n=======\n{after}\n>>>>>>> REPLACE"
    return {"text": f"{text}\n\nmean.py\n```python\n{block}\n```\n", "expects": expects}


AIDER = [
    edit("The sum begins at one.", "    total = 1", "    total = 0", "mean([]) should be 0"),
    {"text": "fix: Begin the sum at nothing"},
    edit("Nothing has no length to divide by.", "    return total / len(numbers)",
         "    return total / len(numbers) if numbers else 0", "ZeroDivisionError"),
    {"text": "fix: Give the mean of nothing"},
]


# MARK: How they are called

def mini(model, *settings):
    def command(programs, address, work):
        named = [x for setting in settings for x in ("-c", setting.format(address=address))]
        return [programs / "mini", "-m", model, "-t", TASK, "-y", "--exit-immediately",
                "-c", "mini.yaml", *named, "-o", work / "trajectory.json"]
    return "mini", MINI, command


def aider(model, *options):
    def command(programs, address, work):
        return [programs / "aider", "--model", model, "--weak-model", model, "--yes-always",
                "--no-check-update", "--no-show-model-warnings", "--no-show-release-notes",
                "--analytics-disable", "--no-gitignore", "--no-detect-urls", "--no-pretty",
                "--edit-format", "diff", "--map-tokens", "0", "--auto-test",
                "--test-cmd", " ".join(CHECK), *(x.format(address=address) for x in options),
                "--message", TASK, "mean.py"]
    return "aider", AIDER, command


OPENAI = "model.model_kwargs.api_base={address}/v1"
ANTHROPIC = "model.model_kwargs.api_base={address}"
RUNS = {
    # The agent's dialect, then the upstream's.
    "mini openai-openai": (mini("openai/coder", OPENAI), "openai"),
    "mini openai-anthropic": (mini("openai/coder", OPENAI), "anthropic"),
    "mini openai-gemini": (mini("openai/coder", OPENAI), "gemini"),
    "mini openai-ollama": (mini("openai/coder", OPENAI), "ollama"),
    "mini anthropic-anthropic": (mini("anthropic/claude-coder", ANTHROPIC), "anthropic"),
    "mini anthropic-openai": (mini("anthropic/claude-coder", ANTHROPIC), "openai"),
    "mini anthropic-gemini": (mini("anthropic/claude-coder", ANTHROPIC), "gemini"),
    "mini anthropic-ollama": (mini("anthropic/claude-coder", ANTHROPIC), "ollama"),
    "mini responses-openai": (mini("openai/coder", OPENAI, "model.model_class=litellm_response"),
                              "openai"),
    "mini responses-anthropic": (mini("openai/coder", OPENAI,
                                      "model.model_class=litellm_response"), "anthropic"),
    "mini ollama-ollama": (mini("ollama_chat/coder", ANTHROPIC), "ollama"),
    "mini ollama-openai": (mini("ollama_chat/coder", ANTHROPIC), "openai"),
    "aider openai-openai": (aider("openai/coder"), "openai"),
    "aider openai-anthropic": (aider("openai/coder"), "anthropic"),
    "aider openai-gemini": (aider("openai/coder", "--no-stream"), "gemini"),
    "aider anthropic-anthropic": (aider("anthropic/claude-coder", "--cache-prompts"), "anthropic"),
    "aider anthropic-openai": (aider("anthropic/claude-coder"), "openai"),
    "aider ollama-ollama": (aider("ollama_chat/coder"), "ollama"),
}


# MARK: Running them

def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venvs", type=pathlib.Path, default=venvs.DEFAULT)
    parser.add_argument("--installed", type=pathlib.Path, default=INSTALLED)
    parser.add_argument("--unsupported", choices=["refuse", "drop"], default="refuse",
                        help="what the gateway does with what another dialect has no word for")
    parser.add_argument("--only", default="", help="runs whose names hold this")
    parser.add_argument("--keep", type=pathlib.Path, help="where to keep what failed runs left")
    options = parser.parse_args()
    failed = 0
    names = [name for name in RUNS if options.only in name]
    for seed, name in enumerate(names, 1):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            wrong, told = run(name, folder, options, seed)
            print("FAIL" if wrong else "PASS", f"{name}: {told}", flush=True)
            for line in wrong:
                print(f"     {line}", flush=True)
            failed += bool(wrong)
            if wrong and options.keep:
                shutil.copytree(folder, options.keep / name.replace(" ", "-"), dirs_exist_ok=True)
    print(f"{len(names) - failed}/{len(names)}")
    return 1 if failed else 0


def run(name, folder, options, seed):
    """What is wrong, and what is to be told."""
    (environment, script, command), dialect = RUNS[name]
    programs = venvs.environment(options.venvs, environment)
    repository = make_repository(folder)
    wrong = []
    if passes(repository):
        wrong.append("the test passes before anything was done")
    names = {x: (dialect, MODELS[dialect], "text") for x in ("coder", "claude-coder")}
    books = folder / "books.jsonl"
    books.touch()
    with Upstream(0, books, script, seed, folder / "requests.jsonl") as upstream:
        gateway = Gateway(folder, options.installed,
                          document(upstream.port, names, options.unsupported))
        key = gateway.add_key("agent", "--budget", "20.00 USD")
        with gateway:
            agent = start(command(programs, gateway.address, folder), key, gateway, repository)
            (folder / "agent.log").write_text(agent.stdout)
        if gateway.status != 0:
            wrong.append(f"the gateway ended with status {gateway.status}")
        if agent.returncode != 0:
            wrong.append(f"the agent ended with status {agent.returncode}")
        if upstream.scenario.place != len(script):
            wrong.append(f"{upstream.scenario.place} of {len(script)} turns were asked for")
        if not passes(repository):
            wrong.append("the test fails after all")
        billed = read_books(books)
        wrong += differences(billed, gateway)
        if wrong:
            wrong.append(f"the agent's last words: {' '.join(agent.stdout.split())[-500:]}")
        charged = sum(call["charged"] for call in gateway.calls().values())
    tokens = sum(row[kind] for row in billed for kind in row if isinstance(row[kind], int))
    return wrong, f"{len(billed)} answers, {tokens} tokens, {charged / 1e12:.12f} USD"


def make_repository(folder):
    repository = folder / "work"
    repository.mkdir()
    (repository / "mean.py").write_text(FAULTY)
    (repository / "test_mean.py").write_text(TEST)
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A mean"]):
        subprocess.run(["git", "-c", "user.name=Test", "-c", "user.email=test@example.com",
                        *command], cwd=repository, check=True)
    return repository


def passes(repository):
    return subprocess.run(CHECK, cwd=repository, capture_output=True).returncode == 0


def start(command, key, gateway, repository):
    """Runs an agent with nothing of the user's own: a home, settings and keys of the run alone."""
    home = repository.parent / "agent"
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home), "TERM": "dumb",
        "PYTHONDONTWRITEBYTECODE": "1", "GIT_AUTHOR_NAME": "Test", "GIT_COMMITTER_NAME": "Test",
        "GIT_AUTHOR_EMAIL": "test@example.com", "GIT_COMMITTER_EMAIL": "test@example.com",
        # Prices and models are not looked up anywhere.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True", "MSWEA_COST_TRACKING": "ignore_errors",
        "MSWEA_CONFIGURED": "true", "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "1",
        "OPENAI_API_KEY": key, "ANTHROPIC_API_KEY": key, "OLLAMA_API_KEY": key,
        "OPENAI_API_BASE": f"{gateway.address}/v1", "ANTHROPIC_API_BASE": gateway.address,
        "OLLAMA_API_BASE": gateway.address,
    }
    try:
        return subprocess.run(command, cwd=repository, env=environment, text=True, timeout=180,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode(errors="replace")
        return subprocess.CompletedProcess(command, 124, f"{output}\n(stopped after 180 s)")


if __name__ == "__main__":
    sys.exit(main())
