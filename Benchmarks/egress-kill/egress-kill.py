#!/usr/bin/env python3
"""Kills the processes around a run at random moments while it works through its way out.

    sudo python3 Benchmarks/egress-kill/egress-kill.py [--kills 500] [--build DIR] [--seed N]

Every kill -9 takes one of four processes (caisson-egress, the supervisor, the launcher that waits
outside, the run's PID 1), as root or as nobody, at the start, during the work or at the end of a
run; at every third one a host, or all of the network, is revoked at the same moment. What the runs
do is in load.py, the world that they do it in, and what counts in it, in world.py. It lies in a
network namespace in which each address leads to this machine, so that whatever leaves is counted.

After each kill: nothing reaches the granted server later than the deadline, by the kernel's own
clock; no process, socket, mount, cgroup or memory file is left; the workspace is as it was; the
journal verifies and says what became of the run. For the series: not a packet to anything that is
not granted, and the canary, a secret's value, in the one header that it is bound to and in no file,
answer or audit. Needs root, nginx, openssl, curl and iproute2.
"""
import argparse, json, os, pathlib, random, select, shutil, signal, socket, subprocess, sys
import tempfile, time

import world as worlds
from place import CANARY, HERE, Place, holds, kills
from report import Report

VICTIMS = ["egress", "supervisor", "launcher", "init"]
RUNS_OF_A_PLACE = 20


def children_by_name(pid):
    return {kills.read(f"/proc/{child}/comm").strip(): child for child in kills.children(pid)}


def namespace_pid(pid):
    levels = kills.read(f"/proc/{pid}/status").partition(b"NSpid:")[2].split(b"\n")[0].split()
    return int(levels[-1]) if len(levels) > 1 else 0


def find(supervisor):
    """The processes around a run, as far as they are there yet."""
    found = {"supervisor": supervisor}
    outside = children_by_name(supervisor)
    if b"caisson-egress" in outside:
        found["egress"] = outside[b"caisson-egress"]
    if b"caisson-launch" in outside:
        found["launcher"] = outside[b"caisson-launch"]
        for child in kills.children(found["launcher"]):
            # As root there is for a while another one, which only holds a namespace.
            if namespace_pid(child) == 1:
                found["init"] = child
    return found


def alive(binaries, marker, supervisor):
    """All that is left of a run but its supervisor: what bears the marker, or is one of ours."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == supervisor:
            continue
        try:
            is_ours = os.readlink(f"/proc/{name}/exe") in binaries
        except OSError:
            is_ours = False
        if is_ours or marker in kills.read(f"/proc/{name}/cmdline"):
            state = kills.read(f"/proc/{name}/stat").rsplit(b")", 1)[-1].split()
            if state and state[0] not in (b"Z", b"X"):
                found.append(int(name))
    return found


def sealed(marker, supervisor):
    """Whether anything in a run can still do anything: who has begun to die has no memory left."""
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != supervisor:
            if marker in kills.read(f"/proc/{name}/cmdline"):
                return True
    return False


def open_sockets():
    """TCP connections of this network that are not over, and Unix sockets without a name."""
    left = 0
    for name in ("tcp", "tcp6"):
        lines = kills.read(f"/proc/self/net/{name}").decode().splitlines()[1:]
        left += sum(line.split()[3] not in ("0A", "06") for line in lines)
    lines = kills.read("/proc/self/net/unix").decode().splitlines()[1:]
    return left, sum(len(line.split()) == 7 for line in lines)


def memory_files():
    """Files without a name that processes of this network hold."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net"):
                continue
            for number in os.listdir(f"/proc/{pid}/fd"):
                link = os.readlink(f"/proc/{pid}/fd/{number}")
                if "memfd:caisson" in link:
                    found.append(f"{pid}: {link}")
        except OSError:
            pass
    return found


def until(limit, holds):
    end = time.monotonic() + limit
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


class Output:
    """What a run says, as far as it has been said."""

    def __init__(self, file):
        self.file, self.text = file, b""
        os.set_blocking(file.fileno(), False)

    def await_line(self, line, process, limit=20):
        end = time.monotonic() + limit
        while line not in self.text and process.poll() is None and time.monotonic() < end:
            select.select([self.file], [], [], 0.02)
            self.take()
        return line in self.text

    def take(self):
        self.text += self.file.read() or b""

    @property
    def counts(self):
        lines = [x.split() for x in self.text.split(b"\n")[:-1] if x.startswith(b"n ")]
        return [int(x) for x in lines[-1][1:3]] if lines else [0, 0]


class Series:
    def __init__(self, world, binaries, options, start):
        self.world, self.binaries, self.options, self.start = world, binaries, options, start
        self.unix = open_sockets()[1]
        self.late = []

    def one(self, place, mode, victim, phase, revocation):
        """One run and one kill: what was hit and when, what was tried, times, and faults."""
        world, slots = self.world, self.world.slots
        slots.last_byte = slots.last_opening = 0
        marker = f"9{random.randrange(10**8):08d}"
        earlier = place.runs()
        process = place.start(mode, marker, self.options.work)
        output = Output(process.stdout)
        if phase == "start":
            time.sleep(random.uniform(0, self.start[place.user]))
        elif phase == "work" and output.await_line(b"up\n", process):
            time.sleep(random.uniform(0, 0.8 * self.options.work))
        elif phase == "end" and output.await_line(b"done\n", process):
            time.sleep(random.uniform(0, 0.02))
        revoking = None
        if revocation is not None:
            revoking = subprocess.Popen([place.caisson, "revoke", "last", *revocation],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        **place.options())
            time.sleep(random.uniform(0, 0.03))
        found = find(process.pid)
        watched = {}
        for name, pid in found.items():
            try:
                watched[name] = os.pidfd_open(pid)
            except OSError:
                pass
        hit = victim if victim in watched else "supervisor"
        killed, wall = time.monotonic(), time.time_ns()
        if process.poll() is not None:
            hit = "nobody"
        else:
            signal.pidfd_send_signal(watched[hit], signal.SIGKILL)
        ends = self.await_ends(watched, killed, marker.encode(), process.pid)
        faults = []
        for name in watched:
            os.close(watched[name])
            if name not in ends:
                faults.append(f"{name} is alive after 5 s: {kills.describe(found[name])}")
        left = []

        def is_gone():
            left[:] = alive(self.binaries, marker.encode(), process.pid)
            return not left

        if not until(3, is_gone):
            faults.append(f"left: {[kills.describe(pid) for pid in left]}")
            for pid in left:
                os.kill(pid, signal.SIGKILL)
        ends["everything"] = max([time.monotonic() - killed, *ends.values()])
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            faults.append("the supervisor did not end")
            process.kill()
            process.wait()
        output.take()
        if revoking:
            revoking.wait()
        until(2, lambda: slots.relay_open == 0)
        if hit != "nobody":
            last = max(slots.last_byte, slots.last_opening)
            ends["last byte"] = max(0, last - wall) / 1e9
            # Who waits for a disk is not dead before the disk answers. PID 1 is only when all are.
            ends["victim"] = ends.get(hit, 5) if hit != "init" else 0
            either = min(ends.get("run", 5), ends["last byte"])
            ends["either"] = max(0, either - ends["victim"])
            if ends["either"] > self.options.deadline:
                faults.append(f"{hit} was dead after {ends['victim'] * 1000:.0f} ms, the run after "
                              f"{ends.get('run', 5) * 1000:.0f} ms, the last byte came after "
                              f"{ends['last byte'] * 1000:.0f} ms")
        faults += self.remains(place, mode, place.runs() - earlier, hit, phase)
        if b"LEAK" in output.text or holds(output.text) or holds(process.stderr.read()):
            faults.append("the canary came out of the run")
        process.stdout.close()
        process.stderr.close()
        return hit, output.counts, ends, faults

    def await_ends(self, watched, killed, marker, supervisor):
        """When each process around the run was dead, and when nothing in it could do anything."""
        ends, poll = {}, select.poll()
        names = {number: name for name, number in watched.items()}
        for number in names:
            poll.register(number, select.POLLIN)
        while time.monotonic() < killed + 5:
            for number, _ in poll.poll(2):
                ends[names[number]] = time.monotonic() - killed
                poll.unregister(number)
            if "run" not in ends and not sealed(marker, supervisor):
                ends["run"] = time.monotonic() - killed
            if len(ends) > len(watched):
                break
        return ends

    def remains(self, place, mode, new, hit, phase):
        """What a run must not leave behind, whoever died."""
        faults = []
        if not until(2, lambda: open_sockets() == (0, self.unix)):
            faults.append(f"sockets left: {open_sockets()}, {self.unix} at the start")
        if self.world.slots.relay_open:
            faults.append("a connection to the granted server is open")
        faults += [f"memory file left: {file}" for file in memory_files()]
        if not until(1, lambda: not kills.groups(new)):
            faults.append("cgroup left")
            for group in kills.groups(new):
                os.rmdir(group)
        if kills.caisson_mounts(place.home):
            faults.append("mount left")
        if mode != "none" and kills.tree(place.workspace) != place.before:
            faults.append("the workspace changed")
        verified = place.run("audit", "--verify")
        if verified.returncode != 0 and os.path.exists(os.path.join(place.home, "journal.sqlite")):
            faults.append(f"audit --verify: {verified.stdout.strip()} {verified.stderr.strip()}")
        state = {r["run"]: r["state"] for r in json.loads(place.run("runs", "--json").stdout or "[]")}
        for run in new:
            if state.get(run) == "running":
                faults.append("still called running")
            elif run not in state and hit == "supervisor" and phase != "start":
                faults.append("no row")
        return faults


def check_counters(world):
    """What is not granted is really there, and is counted; by whoever is not in a run."""
    slots = world.slots
    expected = 0
    for host, port in (("127.0.0.2", 443), ("other.example.com", 80), ("10.9.8.7", 8443),
                       ("93.184.216.34", 443), ("::1", 9000), ("127.0.0.1", 22)):
        peer = socket.create_connection((host, port), 2)
        peer.sendall(b"x" * 10)
        peer.close()
        expected += 1
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.sendto(b"x" * 10, ("192.168.7.7", 53))
    one.sendto(b"x" * 10, ("192.168.7.7", 4711))
    good = until(2, lambda: slots.counted_bytes == 70 and slots.tap_offences >= expected + 2)
    # Refused, since nobody listens there: seen all the same.
    good = good and slots.counted_connections == expected and slots.counted_datagrams == 1
    good = good and any("port 4711" in line for line in world.offences())
    if not good:
        sys.exit(f"the counters do not count: {[getattr(slots, n) for n in worlds.SLOTS]}")
    (world.folder / "offences").unlink()
    slots.counted_bytes = slots.counted_connections = slots.counted_datagrams = 0
    slots.tap_offences = 0


def main():
    root = HERE.parents[1]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--build", type=pathlib.Path, default=root / ".build/installed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--victim", choices=VICTIMS)
    parser.add_argument("--deadline", type=float, default=0.05, help="seconds")
    parser.add_argument("--work", type=float, default=0.4, help="seconds of a run")
    options = parser.parse_args()
    random.seed(options.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    base = pathlib.Path(tempfile.mkdtemp(prefix="caisson-egress-kill."))
    base.chmod(0o755)
    (base / "bin").mkdir()
    (base / "world").mkdir()
    for name in ("caisson", "caisson-egress", "caisson-launch"):
        shutil.copy(options.build / name, base / "bin")
    binaries = {str(base / "bin" / name) for name in ("caisson-egress", "caisson-launch")}
    worlds.enter(base / "world")
    world = worlds.World(base / "world", CANARY)
    check_counters(world)
    report = Report(options)
    try:
        series(base, binaries, world, options, report)
    finally:
        world.end()
    report.print(world)
    if not report.failures:
        shutil.rmtree(base)
    sys.exit(1 if report.failures else 0)


def series(base, binaries, world, options, report):
    users, places, counter = [0, kills.NOBODY], {}, 0

    def place(user):
        nonlocal counter
        if user not in places or places[user].used >= RUNS_OF_A_PLACE:
            if user in places:
                report.close(places.pop(user))
            counter += 1
            places[user] = Place(base / f"{user}-{counter}", user, base / "bin/caisson", world)
        places[user].used += 1
        return places[user]

    start = {}
    for user in users:
        begun = time.monotonic()
        process = place(user).start("overlay", "9000", options.work)
        output = Output(process.stdout)
        if not output.await_line(b"up\n", process):
            sys.exit(f"a run that is not killed fails: {process.stderr.read().decode()}")
        start[user] = time.monotonic() - begun
        if not output.await_line(b"done\n", process) or process.wait() != 0:
            sys.exit(f"a run that is not killed fails: {process.stderr.read().decode()}")
    if not until(2, lambda: open_sockets()[0] == 0) or world.slots.bound == 0:
        sys.exit("the granted server was not asked for anything with its secret")
    print(f"a run is at work after {[f'{x * 1000:.0f} ms' for x in start.values()]}; "
          f"load {os.getloadavg()}", flush=True)
    one = Series(world, binaries, options, start)
    number = -1
    while report.count < options.kills:
        number += 1
        user = users[number % len(users)]
        mode = ["overlay", "none"][number // len(users) % 2]
        victim = options.victim or VICTIMS[number // 4 % len(VICTIMS)]
        phase = random.choices(["start", "work", "end"], [3, 6, 2])[0]
        revocation = random.choice(
            [None] * 4 + [["--host", "passed.example.com"], []]) if phase != "start" else None
        hit, counts, ends, faults = one.one(place(user), mode, victim, phase, revocation)
        report.take(number, user, mode, phase, hit, revocation, counts, ends, faults)
        report.offences(world)
    for last in list(places.values()):
        report.close(last)


if __name__ == "__main__":
    main()
