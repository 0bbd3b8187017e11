"""A PostgreSQL of an ordinary user's on a free port, which can be killed."""
import glob
import json
import os
import pwd
import signal
import socket
import subprocess
import time
from pathlib import Path


class Away(Exception):
    """The server cannot be asked at this moment."""


def is_alive(pid, start=None):
    """Whether a process is there that is more than an entry in a list, and that began then."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return False
    return words[0] not in "ZX" and start in (None, int(words[19]))


class Server:
    """Runs with its defaults: it waits for the disk at every commit. As root it is run as the user
    `postgres` or `nobody`."""

    def __init__(self, directory):
        self.directory = directory
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        os.mkdir(directory, 0o700)
        self.user = []
        if os.geteuid() == 0:
            try:
                account = pwd.getpwnam("postgres")
            except KeyError:
                account = pwd.getpwnam("nobody")
            os.chown(directory, account.pw_uid, account.pw_gid)
            self.user = ["setpriv", "--reuid", str(account.pw_uid), "--regid",
                         str(account.pw_gid), "--clear-groups"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.run("initdb", "-D", f"{directory}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8")
        self.start()

    def run(self, program, *arguments):
        subprocess.run([*self.user, f"{self.programs}/{program}", *arguments], check=True,
                       cwd=self.directory, stdout=subprocess.DEVNULL)

    def start(self):
        with open(f"{self.directory}/log", "ab") as log:
            # A child of this process, which buries it: a dead one that is still listed keeps the next away.
            self.process = subprocess.Popen(
                [*self.user, f"{self.programs}/postgres", "-D", f"{self.directory}/data", "-p", str(self.port),
                 "-k", self.directory, "-c", "listen_addresses=127.0.0.1"],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.postmaster = str(self.process.pid)
        ready = [f"{self.programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready).returncode != 0:
            if self.process.poll() is not None:
                raise Away(f"the server did not start: see {self.directory}/log")
            time.sleep(0.02)

    def create(self, name):
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", name)

    def url(self, name, scheme="postgres"):
        return f"{scheme}://postgres@127.0.0.1:{self.port}/{name}"

    def stop(self):
        self.run("pg_ctl", "-D", f"{self.directory}/data", "-m", "fast", "stop")
        self.process.wait()

    # Killed

    def children(self):
        """Its processes but the first, each with what it calls itself."""
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and \
                        (entry / "stat").read_text().rsplit(")", 1)[1].split()[1] == self.postmaster:
                    words = (entry / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
                    found[int(entry.name)] = words
            except OSError:
                pass
        return found

    def kill(self, what, dice):
        """Kills the first process (`postmaster`), it with all others (`postgres`), or one that serves a
        client (`backend`); gives whether there was one. After the first two it is to be started again."""
        children = self.children()
        if what == "backend":
            serving = [pid for pid, name in children.items() if "127.0.0.1(" in name]
            if not serving:
                return False
            targets = [dice.choice(serving)]
        else:
            targets = [int(self.postmaster)] + (list(children) if what == "postgres" else [])
        for pid in targets:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if what != "backend":
            self.left = [int(self.postmaster), *children]
        return True

    def start_again(self):
        """What is left of the old server keeps a new one from starting. One that is being asked who it is
        stays for a minute: killed, as whoever looks after services does."""
        self.process.wait()
        end = time.monotonic() + 2
        while left := [pid for pid in self.left if is_alive(pid)]:
            for pid in left if time.monotonic() > end else []:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.005)
        self.start()

    # Asked

    def rows(self, name, sql):
        """The rows of a question, each a list; columns have different names."""
        text = f"SELECT coalesce(json_agg(q), '[]') FROM ({sql}) AS q"
        done = subprocess.run(
            [f"{self.programs}/psql", "-XAtq", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
             "-c", text, name], capture_output=True, text=True,
            env={**os.environ, "PGOPTIONS": "-c search_path=caisson", "PGCONNECT_TIMEOUT": "5"})
        if done.returncode != 0:
            raise Away(done.stderr.strip())
        return [list(row.values()) for row in json.loads(done.stdout)]
