"""The tool server of the crash series, and what becomes of its effects."""
import collections
import json
import shutil
from pathlib import Path

CLASSES = ["pure", "keyed", "probed", "opaque"]


class Tools:
    def __init__(self, root):
        self.place = root / "effects"
        self.place.mkdir(mode=0o777)
        self.program = root / "counted.py"
        shutil.copy(Path(__file__).with_name("counted.py"), self.program)
        self.policy = root / "counted.yaml"
        self.policy.write_text(
            "version: 1\nlimits: { wall: 1h }\n"
            f"filesystem: {{ read: [$SYSTEM, {self.program}], write: [{self.place}] }}\n")

    def entry(self):
        """Its part of a policy."""
        classes = ", ".join(f"{name}: {name}" for name in CLASSES)
        return (f"tools:\n  - mcp: counted\n    command: [/usr/bin/python3, {self.program}, {self.place}]\n"
                f"    policy: {self.policy}\n    allow: [\"*\"]\n    class: {{ {classes} }}\n")

    def effects(self):
        """How often each tool's effect has happened, by run and turn."""
        try:
            lines = (self.place / "effects").read_text().splitlines()
        except OSError:
            lines = []
        return collections.Counter("/".join(line.split()[:3]) for line in lines)

    def problems(self, home, said_again, asked_about):
        """What must not be; and how many effects of each class, and how many twice, there were."""
        effects = self.effects()
        found, twice = [], collections.Counter()
        steps = home.rows(
            "SELECT intent.payload AS payload, step.status AS status FROM step "
            "JOIN entry AS intent ON intent.sequence = step.intent "
            "WHERE intent.payload LIKE '%\"tool:counted\\_\\_%' ESCAPE '\\'")
        calls, statuses = collections.Counter(), collections.Counter()
        for payload, status in steps:
            payload = json.loads(payload)
            if "arguments" not in payload["body"]:
                # Refused or not begun: without an effect.
                statuses["not called", status] += 1
                continue
            name = payload["body"]["tool"]
            arguments = payload["body"]["arguments"]
            path = f"{name}/{arguments['run']}/{arguments['turn']}"
            calls[path] += 1
            statuses[name, status] += 1
            number = effects[path]
            if payload["class"] != name:
                found.append(f"{path} is on record as {payload['class']}")
            if name == "keyed" and number > 1:
                found.append(f"{path} happened {number} times")
            if name in ("probed", "opaque") and number > 1 + said_again[path]:
                found.append(f"{path} happened {number} times, said to be done again {said_again[path]} times")
            if status == "done" and number == 0 and path not in asked_about:
                found.append(f"{path} is said to be done, and has not happened")
        for path, number in effects.items():
            twice[path.split("/")[0]] += number - 1
            if path not in calls:
                found.append(f"{path} happened without an intent on record")
        total = collections.Counter()
        for path, number in effects.items():
            total[path.split("/")[0]] += number
        return found, {"effects": dict(total), "more than once": dict(twice),
                       "calls": {f"{name}, {status}": n for (name, status), n in sorted(statuses.items(), key=str)}}
