"""A state directory of its own with a daemon, as real processes, and what the journal says of it."""
import hashlib
import json
import os
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

from pgserver import Away, Server, is_alive


class Home:
    def __init__(self, program, outside, postgres=False):
        self.program = program
        self.root = Path(tempfile.mkdtemp(prefix="caisson-crash-", dir=os.environ.get("CRASH_DIR")))
        self.home = self.root / "home"
        (self.home / "config").mkdir(parents=True, mode=0o700)
        os.chmod(self.home, 0o700)
        self.port = outside.server_address[1]
        (self.home / "config/gateway.yaml").write_text(
            "version: 1\nlisten: 127.0.0.1:0\n"
            f"providers: {{ p: {{ dialect: openai, base: \"http://127.0.0.1:{self.port}/v1\", key: none }} }}\n"
            "models:\n  m: { provider: p, model: scripted, context: 1000k, max_output: 10000, can: [tools, json], "
            "price: { input: 1.00 USD/M, output: 2.00 USD/M } }\n")
        self.environment = {"CAISSON_HOME": str(self.home), "PATH": os.environ["PATH"], "TERM": "dumb",
                            "SWIFT_BACKTRACE": "enable=no"}
        self.server = None
        if postgres:
            os.chmod(self.root, 0o755)
            self.server = Server(f"{self.root}/pg")
            self.server.create("work")
            # Also for a daemon that a command starts.
            self.environment["CAISSON_JOURNAL"] = self.server.url("work")
        self.log = open(self.root / "log", "ab")
        self.daemon = None

    def up(self, workers):
        if self.daemon:
            # Dead, or turned away since a command has started one.
            self.daemon.kill()
            self.daemon.wait()
        journal = ["--journal", self.server.url("work")] if self.server else []
        self.daemon = subprocess.Popen([self.program, "up", "--workers", str(workers), *journal],
                                       env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log,
                                       stderr=self.log)

    def keep_up(self, workers):
        """Starts the daemon anew where it has ended by itself, as its unit of systemd does; whether it had."""
        if self.daemon.poll() is None or self.children("daemon"):
            return False
        time.sleep(1)
        self.up(workers)
        return True

    def run(self, *arguments, timeout=120, check=False):
        return subprocess.run([self.program, *arguments], env=self.environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout, check=check)

    def children(self, *names):
        """Processes of this home: workers (children of the daemon), the gateway by its announcement, tool
        servers by what they are told."""
        found = []
        # Also workers of a daemon that was killed, until they have ended by themselves, and a daemon that
        # a command started.
        for entry in Path("/proc").iterdir():
            try:
                if not entry.name.isdigit():
                    continue
                words = (entry / "cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"python3") and "server" in names:
                    if words[1].endswith(b"counted.py") and words[2] == f"{self.root}/effects".encode():
                        found.append(int(entry.name))
                if not words[0].endswith(b"caisson-daemon"):
                    continue
                kind = "worker" if words[1:2] == [b"worker"] else "daemon"
                if kind in names and str(self.home).encode() in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except (OSError, IndexError):
                pass
        if "gateway" in names:
            try:
                found.append(json.loads((self.home / "runtime/gateway.json").read_text())["pid"])
            except (OSError, ValueError, KeyError):
                pass
        return found

    # The journal

    def rows(self, sql):
        """Each row a list; columns have different names. Throws `Away` where it cannot be had."""
        if self.server:
            return self.server.rows("work", sql)
        try:
            with sqlite3.connect(f"file:{self.home}/journal.sqlite?mode=ro", uri=True, timeout=30) as database:
                return [list(row) for row in database.execute(sql)]
        except sqlite3.Error as error:
            raise Away(str(error))

    def states(self):
        try:
            return dict(self.rows("SELECT state, count(*) AS number FROM assignment GROUP BY state"))
        except Away:
            return {}

    def orphans(self):
        """Assignments that are called running, and whose holder is dead."""
        found = []
        for name, holder in self.rows("SELECT id, holder FROM assignment WHERE state = 'running'"):
            pid, start = (holder or "- 0 0").split()[1:3]
            if not is_alive(pid, int(start)):
                found.append(name)
        return found

    def entries(self):
        """All rows of the chain, some at a time."""
        digest = "encode(hash, 'hex') AS hash" if self.server else "hex(hash) AS hash"
        last = 0
        while True:
            page = self.rows(f"SELECT sequence, time, run, kind, payload, {digest} FROM entry "
                             f"WHERE sequence > {last} ORDER BY sequence LIMIT 2000")
            yield from page
            if len(page) < 2000:
                return
            last = page[-1][0]

    def chain(self):
        """Holds each row against the hash of the one before, by other means than the program's own."""
        previous, number = bytes(32), 0

        def counted(text):
            data = text.encode()
            return len(data).to_bytes(8, "big") + data

        for sequence, moment, run, kind, payload, digest in self.entries():
            message = b"caisson journal row 1\n" + sequence.to_bytes(8, "big") + previous + \
                moment.to_bytes(8, "big", signed=True) + (b"\0" if run is None else b"\1" + counted(run)) + \
                counted(kind) + counted(payload)
            previous = hashlib.sha256(message).digest()
            number += 1
            if sequence != number or previous.hex() != digest.lower():
                return f"broken at row {sequence}"
        return f"intact, {number} rows"
