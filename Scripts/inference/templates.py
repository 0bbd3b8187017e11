"""Renders the public chat templates with Jinja2 3.1.6, as Hugging Face's apply_chat_template does.

    pip install jinja2==3.1.6
    templates.py TEMPLATES_FOLDER CONVERSATIONS.json [OUT.json [FOLDER_FOR_PROMPTS]]

Writes, for each template and conversation, the length in bytes and the 64-bit FNV-1a hash of the prompt, or
"raises". The templates themselves keep their models' terms and are not in this repository.
"""

import json
import pathlib
import sys
from datetime import datetime

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def digest(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{value:x}"


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def environment():
    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda form: datetime(2025, 7, 4, 15, 9, 26).strftime(form)
    return env


def render(env, source, variables):
    try:
        return env.from_string(source).render(**variables)
    except Exception as error:  # every failure counts as one: what is compared is that it fails
        return error


def main():
    folder, conversations = pathlib.Path(sys.argv[1]), json.load(open(sys.argv[2]))
    env = environment()
    golden = {}
    for path in sorted(folder.glob("*.jinja")):
        results = {}
        for name, variables in conversations.items():
            text = render(env, path.read_text(), variables)
            if isinstance(text, Exception):
                results[name] = "raises"
            else:
                data = text.encode()
                if len(sys.argv) > 4:
                    pathlib.Path(sys.argv[4], f"{path.name}|{name}").write_bytes(data)
                results[name] = f"{len(data)} {digest(data)}"
        golden[path.name] = results
    text = json.dumps(golden, indent=1) + "\n"
    if len(sys.argv) > 3:
        pathlib.Path(sys.argv[3]).write_text(text)
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
