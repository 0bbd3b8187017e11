"""A user's state and workspace for the runs of egress-kill.py, and where a secret must not lie."""
import importlib.util, json, os, pathlib, shutil, subprocess

HERE = pathlib.Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location(
    "supervisor_kill", HERE.parent / "supervisor-kill/supervisor-kill.py")
kills = importlib.util.module_from_spec(spec)
spec.loader.exec_module(kills)

CANARY = "CANARY-7d31-4be0-a6f2"
POLICY = """version: 1
network:
  - host: api.example.com
    ports: [443, 80]
    addresses: [127.0.0.1]
    credential: TOKEN
    rules: [{ allow: "GET /ok/**" }, { allow: "POST /sink/**" }, { deny: "* /admin/**" }]
  - { host: passed.example.com, ports: [8443], addresses: [127.0.0.1] }
  - { host: inside.example.com, ports: [443, 80, 8443, 9000] }
"""


class Place(kills.Place):
    """A user's state and workspace, for some of the runs."""

    def __init__(self, base, user, caisson, world):
        super().__init__(str(base), user, str(caisson))
        shutil.copy(HERE / "load.py", self.workspace)
        (base / "policy.yaml").write_text(POLICY)
        if user:
            os.chown(os.path.join(self.workspace, "load.py"), user, user)
        self.before = kills.tree(self.workspace)
        self.environment["SSL_CERT_FILE"] = str(world.folder / "ca.pem")
        self.policy = str(base / "policy.yaml")
        self.used = 0
        options = {**self.options(), "stdin": None}
        del options["stdin"]
        subprocess.run([self.caisson, "secret", "set", "TOKEN", "--host", "api.example.com"],
                       input=CANARY.encode(), check=True, capture_output=True, **options)

    def start(self, mode, marker, work):
        return subprocess.Popen(
            [self.caisson, "run", "--quiet", "--workspace", mode, "--policy", self.policy, "--",
             "python3", "-S", os.path.join(self.workspace, "load.py"), marker, str(work)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **self.options())

    def canaries(self):
        """Where the canary lies that it must not lie; and how many denials the audits have."""
        found, denials, text = [], 0, b""
        for run in self.runs():
            audit = self.run("audit", run, "--json").stdout
            text += audit.encode()
            for line in audit.splitlines():
                event = json.loads(line).get("event", {})
                if isinstance(event, dict) and event.get("verdict") == "denied":
                    denials += event.get("count", 1)
        if holds(text):
            found.append("an audit")
        for root in (self.home, self.workspace):
            for folder, _, files in os.walk(root):
                paths = [os.path.join(folder, name) for name in files]
                found += [path for path in paths if os.path.isfile(path) and holds(kills.read(path))]
        return found, denials


def holds(data):
    text = CANARY.encode()
    return any(form in data for form in (text, text.hex().encode(), text[::-1], text.lower()))
