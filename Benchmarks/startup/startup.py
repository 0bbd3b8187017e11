#!/usr/bin/env python3
"""Start-up of a sealed run against its peers, interleaved in one process.

  Benchmarks/startup/startup.py [--build DIR] [--against DIR] [--rounds N] [--warm-up N]

Every round starts each contender once, in an order drawn anew, so that whatever else the machine
does falls on all alike. Measured is the time from posix_spawn to the reaped end of the process; of the
launcher, to its word that the command and all that it left have ended. It stays to clear up, which nobody
waits for; bwrap ends at the same moment, before the PID 1 that it made.

  exec      /bin/true by itself: the floor of any command
  unshare   util-linux, namespaces alone: no root of its own, no Landlock, no filter
  bwrap     bwrap --unshare-all --ro-bind / / true: one mount, the host's whole tree to be read
  view      bwrap --unshare-all building the view of the default policy, mount by mount; no Landlock,
            no filter, no limits, nothing written into the workspace held back
  launcher  caisson-launch alone, given a plan as `caisson run` made it; this script is supervisor
  bwrap, usr     bwrap --unshare-all with /usr, its links, /proc, /dev and two directories of its own
  launcher, usr  the same view by caisson-launch, with all that it enforces
  run       caisson run --quiet -- true, everything enforced, journal included
  network   the same with a host granted: a way out, its sockets and its tap
  traced    the same with --trace-programs

Runs with a network are a series of their own, after the others: the kernel takes tens of milliseconds to
take their network down, and nobody gets a new one meanwhile.

With --against, run and network are measured with the binaries of another build besides.

The launcher's plan is captured from a real run: a stand-in beside a copy of the command keeps what
it is handed and holds the run open, so that the layers which the plan names are there.
"""

import argparse
import array
import os
import pathlib
import platform
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CONTROL = 3
STAND_IN = """#!{python}
import array, os, socket, time
control = socket.socket(fileno=3)
while True:
    message, rights, _, _ = control.recvmsg(8192, socket.CMSG_SPACE(4))
    if not message:
        raise SystemExit(1)
    if message[:1] == b"I":
        with open("{folder}/identity", "wb") as file:
            file.write(message)
    if message[:1] == b"L":
        break
number = array.array("i", rights[0][2])[0]
with open("{folder}/plan.part", "wb") as file:
    file.write(os.pread(number, 8 << 20, 0))
os.rename("{folder}/plan.part", "{folder}/plan")
while not os.path.exists("{folder}/over"):
    time.sleep(0.1)
"""


def wait_for(path):
    for _ in range(200):
        if path.exists():
            return
        time.sleep(0.05)
    sys.exit(f"startup.py: {path} did not appear: the run did not reach its launcher")


def capture(build, folder, environment, workspace, *options):
    """Has `caisson run` hand its plan to a stand-in, which keeps it."""
    copy = folder / "copy"
    copy.mkdir(parents=True)
    shutil.copy2(build / "caisson", copy / "caisson")
    stand_in = copy / "caisson-launch"
    stand_in.write_text(STAND_IN.format(folder=folder, python=sys.executable))
    stand_in.chmod(0o755)
    held = subprocess.Popen(
        [copy / "caisson", "run", "--quiet", *options, "--", "true"],
        cwd=workspace, env=environment, stderr=subprocess.DEVNULL,
    )
    wait_for(folder / "plan")
    return held


class Launcher:
    """Plays the supervisor: waits for READY, says GO, waits for the end."""

    def __init__(self, program, plan):
        self.program = program
        self.plan = plan
        self.identity = plan.with_name("identity").read_bytes()
        layers = [run / name for run in plan.with_name("home").glob("runs/*") for name in ("upper", "work")]
        self.layers = [(layer, layer.stat()) for layer in layers if layer.exists()]
        # The launcher removes the run's control groups at its end: the next start needs them anew.
        names = re.findall(rb"/sys/fs/cgroup/[^\0]*caisson-[^\0/]*", plan.read_bytes())
        self.groups = [os.fsdecode(name) for name in names]

    def start(self, environment):
        for group in self.groups:
            os.makedirs(group, exist_ok=True)
        # The launcher removes an empty layer at its end, too; what is left of one is not fresh.
        for layer, facts in self.layers:
            left = layer / "work"
            if left.exists():
                left.chmod(0o700)
                shutil.rmtree(left)
            if not layer.exists():
                layer.mkdir()
                layer.chmod(facts.st_mode & 0o7777)
                os.chown(layer, facts.st_uid, facts.st_gid)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        plan = os.open(self.plan, os.O_RDONLY)
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs.fileno(), CONTROL + 100),
            (os.POSIX_SPAWN_DUP2, CONTROL + 100, CONTROL),
            (os.POSIX_SPAWN_CLOSE, CONTROL + 100),
        ]
        began = time.perf_counter_ns()
        pid = os.posix_spawn(self.program, [self.program], {}, file_actions=actions, setsid=True)
        theirs.close()
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [plan]))]
        ours.send(self.identity)
        ours.sendmsg([b"L" + bytes(4)], rights)
        os.close(plan)
        listeners = []
        while True:
            space = socket.CMSG_SPACE(4 * array.array("i").itemsize)
            message, ancillary, _, _ = ours.recvmsg(8192, space)
            for _, _, data in ancillary:
                numbers = array.array("i")
                numbers.frombytes(data[: len(data) - len(data) % numbers.itemsize])
                listeners += numbers
            kind = message[:1]
            if kind == b"R":
                ours.send(b"G" + bytes(4))
            elif kind in (b"X", b"E", b"F", b""):
                break
        # What bwrap waits for, too: it ends when the command has, and its namespaces go meanwhile.
        ended = time.perf_counter_ns()
        if kind == b"X":
            ours.send(b"B" + bytes(4))
            while ours.recv(8192)[:1] not in (b"D", b""):
                pass
        ours.close()
        _, status = os.waitpid(pid, 0)
        for number in listeners:
            os.close(number)
        if kind != b"X":
            sys.exit(f"startup.py: the launcher said {message!r}")
        return ended - began, status


class Program:
    def __init__(self, *arguments):
        self.program = shutil.which(str(arguments[0])) or sys.exit(f"no {arguments[0]} here")
        self.arguments = [self.program, *map(str, arguments[1:])]

    def start(self, environment):
        began = time.perf_counter_ns()
        pid = os.posix_spawn(self.program, self.arguments, environment)
        _, status = os.waitpid(pid, 0)
        return time.perf_counter_ns() - began, status


def view(build, environment, workspace):
    """What bwrap is asked for, to show what a run under the default policy sees."""
    listed = subprocess.run(
        [build / "caisson", "run", "--quiet", "--", "ls", "-A", "/etc"],
        cwd=workspace, env=environment, capture_output=True, text=True, check=True,
    ).stdout.split()
    arguments = ["bwrap", "--unshare-all", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    arguments += ["--setenv", "PATH", "/usr/bin:/bin", "--proc", "/proc", "--dev", "/dev"]
    arguments += ["--tmpfs", "/tmp", "--ro-bind", "/usr", "/usr", "--ro-bind", "/opt", "/opt"]
    for name in ("bin", "lib", "lib64", "sbin"):
        arguments += ["--symlink", f"usr/{name}", f"/{name}"]
    for name in listed:
        if os.path.exists(f"/etc/{name}"):
            arguments += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
    return arguments + ["--bind", str(workspace), str(workspace), "true"]


def usr():
    arguments = ["bwrap", "--unshare-all", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    arguments += ["--setenv", "PATH", "/usr/bin:/bin", "--proc", "/proc", "--dev", "/dev"]
    arguments += ["--tmpfs", "/tmp", "--tmpfs", "/root", "--ro-bind", "/usr", "/usr"]
    for name in ("bin", "lib", "lib64", "sbin"):
        arguments += ["--symlink", f"usr/{name}", f"/{name}"]
    return arguments + ["true"]


def sealed(build, *options):
    return [build / "caisson", "run", "--quiet", *options, "--", "true"]


def contenders(build, folder, missing, shown, other):
    grant = ("--allow", "up.example.com")
    known = {
        "exec": ["true"],
        "unshare": ["unshare", "-Ur", "-m", "-p", "-f", "-n", "-i", "-u", "-C", "true"],
        "bwrap": ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"],
        "view": shown,
        "bwrap, usr": usr(),
        "run": sealed(build),
        "network": sealed(build, *grant),
        "traced": sealed(build, "--trace-programs", *grant),
    }
    if other:
        known |= {"run, other": sealed(other), "network, other": sealed(other, *grant)}
    found = {}
    for name, arguments in known.items():
        if shutil.which(str(arguments[0])):
            found[name] = Program(*arguments)
        else:
            missing.append(name)
    launcher = str(build / "caisson-launch")
    found["launcher"] = Launcher(launcher, folder / "plan")
    found["launcher, usr"] = Launcher(launcher, folder / "usr/plan")
    order = ["exec", "unshare", "bwrap", "bwrap, usr", "launcher, usr", "view", "launcher", "run", "run, other", "network", "network, other",
             "traced"]
    return {name: found[name] for name in order if name in found}


def measure(entries, rounds, warm_up, environment):
    times = {name: [] for name in entries}
    for round_number in range(warm_up + rounds):
        names = list(entries)
        random.shuffle(names)
        for name in names:
            elapsed, status = entries[name].start(environment)
            if status != 0:
                sys.exit(f"startup.py: {name} ended with status {status}")
            if round_number >= warm_up:
                times[name].append(elapsed / 1e6)
    return times


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=root / ".build/installed")
    parser.add_argument("--against", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=10)
    options = parser.parse_args()
    build = options.build.resolve()
    for name in ("caisson", "caisson-launch", "caisson-egress"):
        if not (build / name).exists():
            sys.exit(f"startup.py: {build / name} is missing; build it: ./caisson --version")

    base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    os.makedirs(base, mode=0o700, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="caisson-startup.", dir=base))
    workspace = folder / "workspace"
    workspace.mkdir()
    (folder / "home").mkdir(mode=0o700)
    environment = {**os.environ, "CAISSON_HOME": str(folder / "home")}
    os.chdir(workspace)
    held = []
    try:
        other = {**environment, "CAISSON_HOME": str(folder / "other")}
        shown = view(build, other, workspace)
        held = [capture(build, folder, environment, workspace)]
        (folder / "usr/home").mkdir(parents=True, mode=0o700)
        policy = folder / "usr/policy.yaml"
        policy.write_text("version: 1\nworkspace: { mode: none }\nfilesystem: { read: [/usr] }\n")
        own = {**environment, "CAISSON_HOME": str(folder / "usr/home")}
        held.append(capture(build, folder / "usr", own, workspace, "--policy", policy))
        missing = []
        against = options.against.resolve() if options.against else None
        entries = contenders(build, folder, missing, shown, against)
        load = os.getloadavg()
        out = {name: entries.pop(name) for name in list(entries) if name.startswith(("network", "traced"))}
        times = measure(entries, options.rounds, options.warm_up, environment)
        times |= measure(out, options.rounds, options.warm_up, environment)
    finally:
        (folder / "over").touch()
        (folder / "usr/over").touch()
        for run in held:
            run.wait()
        os.chdir(root)
        shutil.rmtree(folder, ignore_errors=True)

    print(f"{time.strftime('%Y-%m-%d')}, {platform.release()}, {os.cpu_count()} CPUs, "
          f"load {load[0]:.2f} to {os.getloadavg()[0]:.2f}, uid {os.getuid()}, "
          f"{options.rounds} rounds, {build.name} build")
    print()
    print("| | p50 ms | p90 ms | least ms |")
    print("|---|---:|---:|---:|")
    for name, values in times.items():
        values.sort()
        p90 = values[int(len(values) * 0.9)]
        print(f"| {name} | {statistics.median(values):.2f} | {p90:.2f} | {values[0]:.2f} |")
    for name in missing:
        print(f"\n{name} is not installed here and was left out.")


if __name__ == "__main__":
    main()
