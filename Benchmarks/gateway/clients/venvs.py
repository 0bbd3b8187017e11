#!/usr/bin/env python3
"""The clients' virtual environments: one each, because their dependencies do not go together.

    venvs.py NAME…    gets these from PyPI, below .build-clients/gateway
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
DEFAULT = ROOT / ".build-clients/gateway"

CLIENTS = {
    "openai": ["openai==3.54.0"],
    "anthropic": ["anthropic==2.12.0"],
    "ollama": ["ollama==0.6.3"],
    "langchain-openai": ["langchain-openai==1.7.3"],
    "langchain-anthropic": ["langchain-anthropic==1.7.7"],
    "langchain-ollama": ["langchain-ollama==1.1.0"],
    "pydantic-ai": ["pydantic-ai-slim[openai,anthropic]==2.68.0"],
    "openai-agents": ["openai-agents==0.24.0"],
    "mistralai": ["mistralai==3.7.0"],
    "inspect-ai": ["inspect-ai==0.3.285", "openai==3.54.0"],
    # Without its part for MCP this release of litellm fails at the first tool.
    "litellm": ["litellm[mcp]==1.106.2"],
    "mini": ["mini-swe-agent==2.4.6", "litellm[mcp]==1.106.2"],
    "aider": ["aider-chat==0.86.2"],
    "hermes": ["hermes-agent[acp]==0.19.0"],
}


def environment(folder, name):
    """The environment's programs' folder, made and filled from PyPI where it is not there yet."""
    place = pathlib.Path(folder).resolve() / name
    ready = place / "ready"
    wanted = "\n".join(CLIENTS[name])
    if not ready.exists() or ready.read_text() != wanted:
        print(f"getting {' and '.join(CLIENTS[name])} from PyPI into {place}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        subprocess.run([place / "bin/pip", "install", "-q", "--disable-pip-version-check",
                        "--only-binary", ":all:", *CLIENTS[name]], check=True)
        ready.write_text(wanted)
    return place / "bin"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(environment(DEFAULT, name))
