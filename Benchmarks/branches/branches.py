#!/usr/bin/env python3
"""Branches beside each other, and killed: is any byte of anybody's work ever lost?

First BRANCHES runs work at once, each on a branch of its own; they are shown, merged into one branch,
and merged twice more into a conflict. Then CYCLES commands are killed with SIGKILL at random moments,
a run, diff, apply, apply --merge, undo, discard or runs: the command alone, or it with every process
below it. After each kill `caisson runs` clears up, what was interrupted is finished, and every file
that any run said it had written is compared with its hash: in the run's work tree, or, where its run
was applied and discarded, in the branch that it became. At the end every run is applied, and its files
are read from the repository.
"""
import argparse, hashlib, json, os, random, shutil, signal, subprocess, sys, tempfile, time

SCRIPT = r"""
set -e
n=$1; count=$2
mkdir -p w$n; echo w$n/ignored >> .gitignore.$n
for i in $(seq $count); do
  f=w$n/f$i
  head -c $((1 + (i * 7919 + n * 104729) % 60000)) /dev/urandom > $f.part
  mv $f.part $f
  echo "wrote $f $(sha256sum < $f | cut -d' ' -f1)"
  if [ $((i % 4)) = 0 ]; then git add -A w$n; git commit -qm "work $n $i"; echo committed; fi
done
"""

class Lost(Exception):
    pass

class Series:
    def __init__(self, caisson, place, seed):
        self.caisson, self.random = caisson, random.Random(seed)
        self.repository, home = os.path.join(place, "repository"), os.path.join(place, "home")
        self.runs_place = os.path.join(home, "runs")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        self.env.update(CAISSON_HOME=home, SWIFT_BACKTRACE="enable=no")
        self.work = {}        # run -> {path: hash}
        self.gone = {}        # runs that were discarded, after their branch was taken
        self.number = 0
        self.counts = {}
        self.locks = 0
        self.merged = None    # the branch of the first runs

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def git(self, *words, check=True):
        done = subprocess.run(["git", *words], cwd=self.repository, env=self.env, capture_output=True)
        if check and done.returncode:
            raise Lost(f"git {words}: {done.stderr.decode()}")
        return done.stdout

    def run(self, *words):
        return subprocess.run([self.caisson, *words], cwd=self.repository, env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def must(self, *words):
        done = self.run(*words)
        if done.returncode:
            raise Lost(f"caisson {' '.join(words)}: {done.stderr}")
        return done

    def set_up(self, files):
        os.makedirs(self.repository)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Ann")
        self.git("config", "user.email", "ann@example.com")
        for i in range(files):
            path = os.path.join(self.repository, f"d{i % 20}", f"f{i}")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(f"content {i}\n" * (1 + i % 50))
        self.git("add", ".")
        self.git("commit", "-qm", "first")

    def start(self, count):
        self.number += 1
        return subprocess.Popen(
            [self.caisson, "run", "--workspace", "branch", "--quiet", "--", "sh", "-c", SCRIPT, "sh",
             str(self.number), str(count)],
            cwd=self.repository, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True), self.number

    def known(self):
        return {run["run"]: run for run in json.loads(self.must("runs", "--json", "--limit", "100000").stdout)}

    def await_change(self, process, run):
        path = os.path.join(self.runs_place, run, "branch-state")
        def seen():
            try:
                return os.stat(path).st_mtime_ns
            except OSError:
                return 0
        before = seen()
        while process.poll() is None and seen() == before:
            time.sleep(0.001)

    def take_in(self, number, said):
        """Finds the run that has a number, by its directory, and notes what it said it wrote."""
        wrote = dict(line.split()[1:3] for line in said.splitlines()
                     if line.startswith("wrote ") and len(line.split()) == 3 and len(line.split()[2]) == 64)
        if not wrote:
            return None
        for name in os.listdir(self.runs_place):
            if name not in self.work and name not in self.gone:
                if os.path.isdir(os.path.join(self.runs_place, name, "tree", f"w{number}")):
                    self.work[name] = wrote
                    return name
        raise Lost(f"run {number} said that it wrote {len(wrote)} files, and is gone")

    def verify(self, run):
        for path, wanted in self.work[run].items():
            try:
                with open(os.path.join(self.runs_place, run, "tree", path), "rb") as file:
                    found = hashlib.sha256(file.read()).hexdigest()
            except OSError as error:
                raise Lost(f"{run}: {path}: {error}")
            if found != wanted:
                raise Lost(f"{run}: {path} has changed")

    def verify_branch(self, run, work):
        """In the run's own branch, or in the one that it was merged into."""
        for path, wanted in work.items():
            for branch in [f"caisson/{run}", self.merged, "main"]:
                content = self.git("cat-file", "blob", f"{branch}:{path}", check=False)
                if hashlib.sha256(content).hexdigest() == wanted:
                    break
            else:
                raise Lost(f"{run}: {path} is on no branch as it was")

    def clear_locks(self):
        """What a killed git of the user's leaves, which git itself asks a person to remove."""
        for top, _, names in os.walk(os.path.join(self.repository, ".git")):
            for name in names:
                if name.endswith(".lock"):
                    os.unlink(os.path.join(top, name))
                    self.locks += 1

    def below(self, pid):
        found = []
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    for child in file.read().split():
                        found += [int(child)] + self.below(int(child))
        except OSError:
            pass
        return found

    def kill(self, process, everything):
        victims = [process.pid] + (self.below(process.pid) if everything else [])
        if everything:
            os.kill(process.pid, signal.SIGSTOP)
        for pid in victims[::-1]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    # MARK: the two parts

    def parallel(self, branches):
        began = time.monotonic()
        started = [self.start(10) for _ in range(branches)]
        for process, number in started:
            said, complaint = process.communicate()
            if process.returncode:
                raise Lost(f"run {number}: {complaint}")
            self.take_in(number, said)
        took = time.monotonic() - began
        for run in self.work:
            self.verify(run)
            names = set(self.must("diff", run, "--name-only").stdout.split())
            missing = set(self.work[run]) - names
            if missing:
                raise Lost(f"diff of {run} does not name {missing}")
        began = time.monotonic()
        merged = json.loads(self.must("merge", "--json", *self.work).stdout)["branch"]
        merging = time.monotonic() - began
        self.merged = merged
        for run, work in self.work.items():
            for path, wanted in work.items():
                if hashlib.sha256(self.git("cat-file", "blob", f"{merged}:{path}")).hexdigest() != wanted:
                    raise Lost(f"{run}: {path} differs in {merged}")
        self.git("fsck", "--strict")
        size = sum(len(work) for work in self.work.values())
        print(f"{branches} runs at once: {took:.1f} s; {size} files; merged into one branch in "
              f"{merging:.1f} s; nothing lost")

    def cycle(self):
        kinds = ["run", "run", "run", "diff", "apply", "apply", "merge", "undo", "discard", "runs"]
        kind = self.random.choice(kinds)
        everything = self.random.random() < 0.5
        number = None
        if kind == "run":
            process, number = self.start(14)
            delay = self.random.uniform(0, 0.5)
        else:
            run = self.random.choice(sorted(self.work)) if self.work else None
            if run and kind in ("apply", "merge", "undo"):
                isApplied = self.known()[run]["state"] in ("applied", "undoing")
                kind = "undo" if isApplied else self.random.choice(["apply", "merge"])
            words = {"diff": ["diff", run], "apply": ["apply", run], "undo": ["undo", run],
                     "merge": ["apply", run, "--merge"], "discard": ["discard", run],
                     "runs": ["runs"]}[kind]
            if run is None:
                words = ["runs"]
            process = subprocess.Popen([self.caisson, *words], cwd=self.repository, env=self.env,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            delay = self.random.uniform(0, 0.35)
            # Every second kill is aimed at the change itself, which is short beside what leads up to it.
            if kind in ("apply", "merge", "undo") and run and self.random.random() < 0.5:
                self.await_change(process, run)
                delay = self.random.uniform(0, 0.04)
        try:
            process.wait(delay)
            self.count("ended before its kill")
        except subprocess.TimeoutExpired:
            self.kill(process, everything)
            self.count(f"{kind} killed")
        said, _ = process.communicate()
        # Those below that were not killed end by themselves: a git, a launcher.
        time.sleep(0.05)
        self.clear_locks()
        self.must("runs")
        if number is not None:
            self.take_in(number, said)
        elif kind in ("apply", "merge", "undo") and self.work:
            done = self.run("apply", run, "--recover")
            if done.returncode and "discarded" not in done.stderr:
                raise Lost(f"recovery of {run}: {done.stderr}")
            if "interrupted" in done.stderr and "nothing of run" not in done.stderr:
                self.count("interrupted apply or undo settled")
            status = self.git("status", "--porcelain")
            if status:
                raise Lost(f"the work tree is not clean after a recovery: {status.decode()}")
        for name in sorted(self.work):
            tree = os.path.join(self.runs_place, name, "tree")
            if kind == "discard" and name == run and not os.path.isdir(tree):
                self.run("discard", name)
                work = self.work.pop(name)
                self.verify_branch(name, work)
                self.gone[name] = work
                self.count("discarded, its branch kept")
                continue
            self.verify(name)

    def finish(self):
        for run, work in self.work.items():
            done = self.must("apply", run)
            self.verify_branch(run, work)
        for run, work in self.gone.items():
            self.verify_branch(run, work)
        self.git("fsck", "--strict")
        if self.must("audit", "--verify").stdout.split(":")[0] != "intact":
            raise Lost("the journal is not intact")

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--caisson", default=".build/debug/caisson")
    parser.add_argument("--branches", type=int, default=32)
    parser.add_argument("--cycles", type=int, default=300)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--place", default=tempfile.gettempdir())
    options = parser.parse_args()
    place = tempfile.mkdtemp(prefix="caisson-branches-", dir=options.place)
    series = Series(os.path.abspath(options.caisson), place, options.seed)
    try:
        series.set_up(options.files)
        series.parallel(options.branches)
        began = time.monotonic()
        for index in range(options.cycles):
            series.cycle()
        took = time.monotonic() - began
        series.finish()
    except Lost as lost:
        print(f"LOST: {lost}\nkept: {place}")
        sys.exit(1)
    for what in sorted(series.counts):
        print(f"  {series.counts[what]:4} {what}")
    files = sum(len(work) for work in [*series.work.values(), *series.gone.values()])
    print(f"{options.cycles} cycles in {took:.0f} s: {len(series.work) + len(series.gone)} runs, {files} "
          f"files, {series.locks} locks of git removed; 0 bytes lost")
    subprocess.run(["chmod", "-R", "u+rwx", place])
    shutil.rmtree(place)

main()
