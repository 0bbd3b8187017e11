"""What came of the kills, in words and figures."""
import collections, os, shutil


class Report:
    def __init__(self, options):
        self.options = options
        self.count, self.denials, self.seen, self.failures = 0, 0, 0, 0
        self.tried = [0, 0]
        self.hits, self.phases, self.users, self.revoked = (collections.Counter() for _ in range(4))
        self.times = collections.defaultdict(list)

    def take(self, number, user, mode, phase, hit, revocation, counts, ends, faults):
        self.hits[hit] += 1
        self.tried = [x + y for x, y in zip(self.tried, counts)]
        if hit != "nobody":
            self.count += 1
            self.phases[phase] += 1
            self.users["root" if user == 0 else "nobody"] += 1
            self.revoked["nothing" if revocation is None else " ".join(revocation) or "all"] += 1
            for name, seconds in ends.items():
                self.times[name].append(seconds)
        if faults:
            self.failures += 1
            print(f"{number}: {user} {mode} {phase} {hit} {revocation}: {'; '.join(faults)}", flush=True)

    def offences(self, world):
        said = world.offences()
        for line in said[self.seen:]:
            self.failures += 1
            print(f"NOT GRANTED: {line}", flush=True)
        self.seen = len(said)

    def close(self, place):
        found, denials = place.canaries()
        self.denials += denials
        for path in found:
            self.failures += 1
            print(f"the canary lies in {path}", flush=True)
        if not found:
            shutil.rmtree(os.path.dirname(place.home), ignore_errors=True)

    def print(self, world):
        slots = world.slots
        print(f"{self.count} kills: {dict(self.hits)}; {dict(self.phases)}; {dict(self.users)}; "
              f"revoked at the same moment: {dict(self.revoked)}")
        for name, what in (("victim", "who was killed was dead"),
                           ("either", "the run had stopped or its network was dead, from there on"),
                           ("last byte", "the last byte at the granted server"),
                           ("egress", "the end of caisson-egress"),
                           ("run", "nothing in the run could do anything"),
                           ("init", "the end of the run's PID 1"),
                           ("everything", "nothing of the run was left, launcher included")):
            times = sorted(self.times[name])
            if times:
                late = sum(x > self.options.deadline for x in times)
                print(f"until {what}: p50 {times[len(times) // 2] * 1000:.1f} ms, "
                      f"p99 {times[int(len(times) * .99)] * 1000:.1f} ms, "
                      f"max {times[-1] * 1000:.1f} ms, {late} later than "
                      f"{self.options.deadline * 1000:.0f} ms")
        print(f"granted server: {slots.requests} requests, {slots.relay_connections} connections, "
              f"{slots.relay_bytes} bytes; {slots.bound} times the secret in its header")
        print(f"tried in the runs: {self.tried[0]} times what is granted, {self.tried[1]} times what "
              f"is not; {self.denials} denials in the audits")
        print(f"anywhere else: {slots.counted_connections} connections, {slots.counted_bytes} bytes, "
              f"{slots.counted_datagrams} datagrams, {slots.tap_offences} packets, "
              f"{slots.offences} requests (packets that the tap lost: {slots.tap_lost})")
        print(f"load {os.getloadavg()}; {self.failures} faults")
