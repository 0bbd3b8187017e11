#!/usr/bin/env python3
"""How long a branch workspace takes to be made, beside `git worktree add`, on a tree of FILES files.

Interleaved, medians of ROUNDS: `git worktree add`; a run with a branch until its command starts, and all
of it, with the look at what the run left and the removal of what is not needed; a run in an overlay.
"""
import argparse, os, shutil, statistics, subprocess, tempfile, time

def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--caisson", default=".build/debug/caisson")
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--place", default=tempfile.gettempdir())
    options = parser.parse_args()
    caisson = os.path.abspath(options.caisson)
    place = tempfile.mkdtemp(prefix="caisson-making-", dir=options.place)
    repository = os.path.join(place, "repository")
    env = dict(os.environ, CAISSON_HOME=os.path.join(place, "home"), SWIFT_BACKTRACE="enable=no")
    os.makedirs(repository)

    def run(*words):
        began = time.perf_counter()
        subprocess.run(words, cwd=repository, env=env, check=True, capture_output=True)
        return (time.perf_counter() - began) * 1000

    run("git", "init", "-q", "-b", "main")
    for name, value in [("user.name", "Ann"), ("user.email", "ann@example.com")]:
        run("git", "config", name, value)
    for i in range(options.files):
        path = os.path.join(repository, f"d{i // 100}", f"f{i}")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(f"content {i}\n" * 40)
    run("git", "add", ".")
    run("git", "commit", "-qm", "first")
    took = {"git worktree add": [], "branch, until the command starts": [], "branch, to the end": [],
            "overlay, to the end": []}
    for index in range(options.rounds):
        tree = os.path.join(place, f"tree{index}")
        took["git worktree add"].append(run("git", "worktree", "add", "-q", "--detach", tree))
        run("git", "worktree", "remove", tree)
        began = time.time_ns()
        words = [caisson, "run", "--quiet", "--workspace", "branch", "--", "date", "+%s%N"]
        said = subprocess.run(words, cwd=repository, env=env, check=True, capture_output=True)
        took["branch, until the command starts"].append((int(said.stdout) - began) / 1e6)
        took["branch, to the end"].append((time.time_ns() - began) / 1e6)
        took["overlay, to the end"].append(run(caisson, "run", "--quiet", "--", "true"))
    print(f"{options.files} files, {options.rounds} rounds, ms: median, least, most")
    for what, times in took.items():
        print(f"  {what:34} {statistics.median(times):7.0f} {min(times):7.0f} {max(times):7.0f}")
    shutil.rmtree(place)

main()
