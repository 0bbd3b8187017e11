#!/usr/bin/env python3
"""Kills the supervisor of a sealed run with kill -9 at random moments and looks for what is left.

    sudo python3 Benchmarks/supervisor-kill/supervisor-kill.py [--kills 300] [--binary PATH] [--seed N]

Every kill takes one of three processes (the supervisor, the launcher that waits outside, the run's
PID 1), one of two workspaces (overlay, direct) and, as root, one of two users (root, nobody), at a
moment drawn from the start, the work and the end of a short run. After each: no process of the run,
no mount, no cgroup, no placeholder may be left after the deadline, the workspace must be as it was
(overlay), the journal must verify and must say what became of the run.
"""
import argparse, collections, glob, hashlib, json, os, random, shutil, signal, stat, subprocess
import sys, tempfile, time

NOBODY = 65534
SCRIPT = "echo made > made.txt; setsid sleep {m} & (trap '' TERM INT HUP; sleep {m}) & echo up; sleep {work}"


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def children(pid):
    found = []
    for task in glob.glob(f"/proc/{pid}/task/*/children"):
        found += [int(x) for x in read(task).split()]
    return found


def alive(launcher, marker, supervisor):
    """Living processes of the run: the launcher's two, and all that bear the marker, which is in
    the supervisor's own arguments, too."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == supervisor:
            continue
        try:
            is_launcher = os.readlink(f"/proc/{name}/exe") == launcher
        except OSError:
            is_launcher = False
        if is_launcher or marker in read(f"/proc/{name}/cmdline"):
            state = read(f"/proc/{name}/stat").rsplit(b")", 1)[-1].split()
            if state and state[0] not in (b"Z", b"X"):
                found.append(int(name))
    return found


def describe(pid):
    """What a process that should be gone is doing: its name, its state, where it waits."""
    state = read(f"/proc/{pid}/stat").rsplit(b")", 1)[-1].split()[:1]
    level = read(f"/proc/{pid}/status").partition(b"NSpid:")[2].split(b"\n")[0].split()
    where = read(f"/proc/{pid}/wchan").decode()
    return f"{read(f'/proc/{pid}/comm').decode().strip()} {state} {level} in {where}"


def is_sealed(pid, marker):
    levels = read(f"/proc/{pid}/status").partition(b"NSpid:")[2].split(b"\n")[0].split()
    return len(levels) > 1 or marker in read(f"/proc/{pid}/cmdline")


def tree(root):
    """Everything of a tree that a person could miss: names, kinds, modes, owners, times, bytes."""
    lines = []
    for base, folders, files in os.walk(root):
        for name in sorted(folders + files):
            path = os.path.join(base, name)
            s = os.lstat(path)
            body = hashlib.sha256(read(path)).hexdigest() if stat.S_ISREG(s.st_mode) else ""
            times = s.st_mtime_ns if not stat.S_ISDIR(s.st_mode) else 0
            lines.append((os.path.relpath(path, root), s.st_mode, s.st_uid, s.st_gid, times, body))
    return sorted(lines)


class Place:
    def __init__(self, base, user, caisson):
        self.user, self.caisson = user, caisson
        self.home, self.workspace = os.path.join(base, "home"), os.path.join(base, "workspace")
        for path in (base, self.home, self.workspace):
            os.makedirs(path, exist_ok=True)
        for name, text in (("a.txt", "a"), ("lib/b.txt", "b"), (".git/config", "[core]\n")):
            path = os.path.join(self.workspace, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        if user:
            for folder, folders, files in os.walk(base):
                for name in [folder] + [os.path.join(folder, x) for x in folders + files]:
                    os.chown(name, user, user)
        self.before = tree(self.workspace)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": base, "CAISSON_HOME": self.home}

    def options(self):
        extra = {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}
        return dict(env=self.environment, cwd=self.workspace, stdin=subprocess.DEVNULL, **extra)

    def run(self, *arguments):
        return subprocess.run([self.caisson, *arguments], capture_output=True, text=True, **self.options())

    def runs(self):
        try:
            return set(os.listdir(os.path.join(self.home, "runs")))
        except OSError:
            return set()


def caisson_mounts(home):
    return sorted(l for l in read("/proc/self/mountinfo").decode(errors="replace").split("\n") if home in l)


def groups(runs):
    return [g for g in glob.glob("/sys/fs/cgroup/**/caisson-*", recursive=True)
            if os.path.basename(g)[8:] in runs]


def one(place, launcher, mode, victim, moment, longest, work):
    """One run and one kill. Returns (moment in words, victim hit, seconds to death, seconds to tidiness, faults)."""
    marker = f"9{random.randrange(10**8):08d}"
    earlier = place.runs()
    script = SCRIPT.format(m=marker, work=work)
    process = subprocess.Popen(
        [place.caisson, "run", "--quiet", "--workspace", mode, "--", "sh", "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **place.options())
    start = time.monotonic()
    while time.monotonic() < start + moment and process.poll() is None:
        time.sleep(min(0.001, max(0, start + moment - time.monotonic())))
    target, hit = process.pid, "supervisor"
    if victim != "supervisor":
        outer = children(process.pid)
        inner = children(outer[0]) if outer else []
        if victim == "launcher" and outer:
            target, hit = outer[0], victim
        if victim == "init" and inner:
            target, hit = inner[0], victim
    os.set_blocking(process.stdout.fileno(), False)
    if process.poll() is not None:
        phase, hit = "after", "nobody"
    else:
        phase = "work or end" if b"up" in (process.stdout.read() or b"") else "start"
        try:
            os.kill(target, signal.SIGKILL)
        except ProcessLookupError:
            hit = "nobody"
    killed = time.monotonic()
    died, sealed, slow = None, None, []
    while time.monotonic() < killed + 3:
        left = alive(launcher, marker.encode(), process.pid)
        if not left:
            died = time.monotonic() - killed
            sealed = sealed or died
            break
        # What outlives the sealed processes is the launcher outside, which clears up.
        if sealed is None and not any(is_sealed(pid, marker.encode()) for pid in left):
            sealed = time.monotonic() - killed
        if sealed is None and time.monotonic() > killed + longest:
            slow = [describe(pid) for pid in left]
        time.sleep(0.0005)
    faults = []
    if died is None:
        faults.append(f"alive after 3 s: {[describe(pid) for pid in left]}")
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        faults.append("the supervisor did not end")
        process.kill()
        process.wait()
    process.stdout.close()
    if sealed is not None and sealed > longest:
        faults.append(f"dead only after {sealed * 1000:.0f} ms; last seen: {', '.join(slow)}")
    new = place.runs() - earlier
    # A launcher that is killed while it clears up leaves empty groups, which `caisson runs` removes.
    if hit == "launcher":
        place.run("runs")
    if groups(new):
        faults.append("cgroup left")
    for group in groups(new):
        os.rmdir(group)
    if caisson_mounts(place.home):
        faults.append("mount left")
    after = tree(place.workspace)
    if mode == "direct":
        made = os.path.join(place.workspace, "made.txt")
        if os.path.lexists(made):
            os.unlink(made)
        left = [x[0] for x in tree(place.workspace) if x not in place.before]
        if left:
            faults.append(f"{len(left)} placeholder(s) left")
            place.run("run", "--quiet", "--workspace", "direct", "--", "true")
            if tree(place.workspace) != place.before:
                faults.append("placeholder left after the next run, too")
    elif after != place.before:
        faults.append("the workspace changed")
    verified = place.run("audit", "--verify")
    # A run that was killed before its first row leaves no journal to verify.
    if verified.returncode != 0 and os.path.exists(os.path.join(place.home, "journal.sqlite")):
        faults.append(f"audit --verify: {verified.stdout.strip()} {verified.stderr.strip()}")
    listed = place.run("runs", "--json")
    state = {r["run"]: r["state"] for r in json.loads(listed.stdout or "[]")}
    for run in new:
        said = state.get(run)
        if said == "running":
            faults.append("still called running")
        elif said is None and hit == "supervisor" and phase != "start":
            faults.append("no row")
    return phase, hit, sealed, died, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--binary", default=".build/debug/caisson")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--victim", choices=["supervisor", "launcher", "init"])
    parser.add_argument("--deadline", type=float, default=0.05, help="seconds")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    caisson = os.path.realpath(arguments.binary)
    launcher = os.path.join(os.path.dirname(caisson), "caisson-launch")
    base = tempfile.mkdtemp(prefix="caisson-kill-")
    os.chmod(base, 0o755)
    users = [0, NOBODY] if os.geteuid() == 0 else [None]
    places = {u: Place(os.path.join(base, str(u)), u, caisson) for u in users}
    work = 0.03
    lengths = {}
    for user, place in places.items():
        times = []
        for _ in range(5):
            begin = time.monotonic()
            done = place.run("run", "--quiet", "--workspace", "direct", "--", "sleep", str(work))
            if done.returncode != 0:
                sys.exit(f"a run that is not killed fails: {done.stderr}")
            times.append(time.monotonic() - begin)
        lengths[user] = sorted(times)[2] + 0.02
    print(f"a run takes about {[f'{x * 1000:.0f} ms' for x in lengths.values()]}; load {os.getloadavg()}")
    phases, hits, kinds = (collections.Counter() for _ in range(3))
    deaths, tidied, failures = [], [], []
    number = -1
    # A run that had ended before its moment came is none of the kills.
    while len(deaths) < arguments.kills:
        number += 1
        user = users[number % len(users)]
        mode = ["overlay", "direct"][number // len(users) % 2]
        victim = random.choices(["supervisor", "launcher", "init"], [6, 2, 2])[0]
        victim = arguments.victim or victim
        moment = random.uniform(0, lengths[user])
        phase, hit, sealed, died, faults = one(
            places[user], launcher, mode, victim, moment, arguments.deadline, work)
        phases[phase] += 1
        hits[hit] += 1
        kinds[f"{'root' if user == 0 else 'user'} {mode}"] += 1
        if hit != "nobody" and died is not None:
            deaths.append(sealed)
            tidied.append(died)
        if faults:
            failures.append((number, user, mode, phase, hit, moment, faults))
            print(f"{number}: {user} {mode} {phase} {hit} at {moment * 1000:.1f} ms: {'; '.join(faults)}")
            sys.stdout.flush()
    print(f"{arguments.kills} kills: {dict(hits)}; {dict(phases)}; {dict(kinds)}")
    for what, times in (("no sealed process", deaths), ("nothing, launcher included,", tidied)):
        times.sort()
        print(f"until {what} was alive: p50 {times[len(times) // 2] * 1000:.1f} ms, "
              f"p99 {times[int(len(times) * .99)] * 1000:.1f} ms, max {times[-1] * 1000:.1f} ms")
    print(f"load {os.getloadavg()}")
    print(f"{len(failures)} of {arguments.kills} left something behind")
    shutil.rmtree(base)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
