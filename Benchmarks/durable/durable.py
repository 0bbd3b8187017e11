"""What a durable step costs here and at DBOS and Absurd, in interleaved rounds on one PostgreSQL.

    swift build -c release
    uv venv PEERS/dbos && uv pip install --python PEERS/dbos/bin/python dbos==3.4.0
    uv venv PEERS/absurd && uv pip install --python PEERS/absurd/bin/python absurd-sdk==0.5.1 absurdctl==0.5.1
    python3 durable.py --peers PEERS [--rounds 5] [--steps 600] [--directory DIR]

Prints the median of the rounds for each, and the load. The server runs with its defaults: it waits for
the disk at every commit. As root it is run as the user `postgres` or `nobody`.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile

from pgserver import Server

HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, ".build/release/step-bench")
FIELDS = ["per_second", "p50_ms", "p99_ms", "cpu_ms", "server_cpu_ms"]


def measurements(name, command, **options):
    """Runs what prints a line of JSON for each measurement."""
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, **options)
    if result.returncode != 0:
        print(f"{name} failed: {result.stderr[-500:]}")
        return {}
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    return {f"{name}, {line['what']}": line for line in lines}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--directory", default=tempfile.gettempdir())
    options = parser.parse_args()
    root = tempfile.mkdtemp(prefix="durable-", dir=options.directory)
    os.chmod(root, 0o755)
    server = Server(f"{root}/pg")
    found = {}
    print(f"load {os.getloadavg()} at the start")
    try:
        for name in ["steps", "dbos", "absurd"]:
            server.create(name)
        if options.peers:
            control = f"{options.peers}/absurd/bin/absurdctl"
            for command in [["init"], ["create-queue", "default"]]:
                subprocess.run([control, *command, "-d", server.url("absurd", "postgresql")],
                               check=True, stdout=subprocess.DEVNULL)
        for round in range(options.rounds):
            directory = f"{root}/sqlite-{round}"
            os.mkdir(directory)
            steps, postmaster = str(options.steps), server.postmaster
            rounds = [
                ("SQLite", [BENCH, "sqlite", directory, steps], {}),
                ("PostgreSQL", [BENCH, "postgres", server.url("steps"), postmaster, steps], {}),
            ]
            if options.peers:
                dbos = [f"{options.peers}/dbos/bin/python", f"{HERE}/peer_dbos.py"]
                absurd = [f"{options.peers}/absurd/bin/python", f"{HERE}/peer_absurd.py"]
                rounds += [
                    ("DBOS on SQLite",
                     dbos + [f"sqlite:///{directory}/dbos.sqlite", postmaster, steps], {}),
                    ("DBOS on PostgreSQL",
                     dbos + [server.url("dbos", "postgresql+psycopg"), postmaster, steps], {}),
                    ("Absurd on PostgreSQL",
                     absurd + [server.url("absurd", "postgresql"), postmaster, steps], {}),
                ]
            for name, command, more in rounds:
                for key, line in measurements(name, command, cwd=directory, **more).items():
                    found.setdefault(key, []).append(line)
        print(f"load {os.getloadavg()} at the end")
        print("| | " + " | ".join(FIELDS) + " |")
        for key, lines in found.items():
            values = [statistics.median(line[field] for line in lines) for field in FIELDS]
            print(f"| {key} | " + " | ".join(f"{value:.3g}" for value in values) + " |")
    finally:
        server.stop()
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
