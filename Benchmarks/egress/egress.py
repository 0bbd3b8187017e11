#!/usr/bin/env python3
"""What the way out of a run costs, beside no proxy at all and nginx as a TLS reverse proxy.

  Benchmarks/egress/egress.py [--build DIR] [--rounds N] [--seconds S]

One nginx on loopback is the upstream, another the peer that ends TLS and begins it anew. The client
is wrk (16 connections) and curl; for our rows it runs sealed, under a policy that grants the name.
Each round takes every row once, in an order drawn anew; medians are printed.

  plain, tls            the client straight to the upstream: the floor
  nginx                 through the peer, TLS on both sides
  passed plain, tls     through the way out, granted as a whole (TLS unread; plain requests are judged)
  judged plain, tls     through the way out, each request judged (TLS inspected)

Needs nginx, openssl, wrk and curl from Debian.
"""

import argparse
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

NAME = "bench.example.com"
UPSTREAM = (18081, 18443)
PEER = 18444
NGINX = """
daemon off; worker_processes 2; pid {folder}/{name}.pid; error_log {folder}/{name}.log crit;
events {{ worker_connections 4096; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000; client_body_temp_path {folder}/b;
proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
scgi_temp_path {folder}/s; proxy_max_temp_file_size 0; ssl_session_cache shared:S:1m;
{body} }}
"""
ORIGIN = """
server {{ listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl; root {folder}/www;
ssl_certificate {folder}/s.pem; ssl_certificate_key {folder}/s.key; }}
"""
PROXY = """
upstream origin {{ server 127.0.0.1:{tls}; keepalive 64; }}
server {{ listen 127.0.0.1:{peer} ssl; ssl_certificate {folder}/s.pem;
ssl_certificate_key {folder}/s.key; location / {{ proxy_pass https://origin; proxy_http_version 1.1;
proxy_set_header Connection ""; proxy_ssl_server_name on; proxy_ssl_name {host};
proxy_ssl_verify on; proxy_ssl_trusted_certificate {folder}/ca.pem; }} }}
"""


def certificates(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=bench",
            "-days", "2", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", *curve, "-keyout", "s.key", "-out", "s.csr", "-subj", f"/CN={NAME}")
    (folder / "ext").write_text(f"subjectAltName=DNS:{NAME},DNS:localhost\n")
    openssl("x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "s.pem", "-days", "2", "-extfile", "ext")


def policy(folder, name, port, rules):
    text = f"version: 1\nnetwork:\n  - host: {NAME}\n    ports: [{port}]\n"
    text += "    addresses: [127.0.0.1]\n"
    if rules:
        text += '    rules: [{ allow: "GET /**" }, { deny: "* /admin/**" }]\n'
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


class Row:
    def __init__(self, bench, url, policy=None):
        self.url = url
        self.prefix = []
        if policy:
            self.prefix = [bench.build / "caisson", "run", "--quiet", "--workspace", "none",
                           "--policy", policy, "--"]
        self.environment = bench.environment
        self.figures = {"requests": [], "p50": [], "p99": [], "fresh": [], "bulk": []}

    def output(self, *command):
        return subprocess.run([*map(str, self.prefix), *map(str, command)], text=True, check=True,
                              capture_output=True, env=self.environment, cwd="/tmp").stdout

    def measure(self, seconds):
        text = self.output("wrk", "-t2", "-c16", f"-d{seconds}s", "--latency", self.url + "/1k")
        self.figures["requests"].append(float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]))
        text = self.output("wrk", "-t1", "-c1", f"-d{seconds}s", "--latency", self.url + "/1k")
        for name, mark in (("p50", "50%"), ("p99", "99%")):
            value, unit = re.search(rf"{mark}\s+([\d.]+)(us|ms|s)", text).groups()
            self.figures[name].append(float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit])
        text = self.output("wrk", "-t2", "-c16", f"-d{seconds}s", "-H", "Connection: close",
                           self.url + "/1k")
        self.figures["fresh"].append(float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]))
        speed = self.output("curl", "-sk", "-o", "/dev/null", "-w", "%{speed_download}",
                            self.url + "/bulk")
        self.figures["bulk"].append(float(speed) / 1e6)


IDLE = """
import socket, ssl, time
c = ssl.create_default_context()
held = []
for _ in range(1000):
    s = c.wrap_socket(socket.create_connection(("%s", %d)), server_hostname="%s")
    s.sendall(b"GET /1k HTTP/1.1\\r\\nHost: %s:%d\\r\\n\\r\\n")
    held.append(s)
for s in held: s.recv(4096)
print("held", flush=True)
import select
poll = select.epoll()
for s in held: poll.register(s.fileno(), select.EPOLLIN | select.EPOLLHUP)
gone = set()
while len(gone) < len(held):
    for number, _ in poll.poll(60):
        gone.add(number)
        poll.unregister(number)
print(time.time(), flush=True)
time.sleep(600)
"""


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1])


def idle(bench, policy):
    """Resident KiB of the way out, before and with 1,000 inspected connections; and the milliseconds
    that taking the grant away takes: until the command answers, until the last one is closed."""
    port = UPSTREAM[1]
    program = IDLE % (NAME, port, NAME, NAME, port)
    run = subprocess.Popen(
        [str(bench.build / "caisson"), "run", "--quiet", "--workspace", "none", "--policy",
         str(policy), "--", "python3", "-c", program],
        stdout=subprocess.PIPE, text=True, env=bench.environment, cwd="/tmp")
    while True:
        children = subprocess.run(["pgrep", "-P", str(run.pid), "-f", "caisson-egress"],
                                  capture_output=True, text=True).stdout.split()
        if children:
            break
        time.sleep(0.01)
    before = resident(children[0])
    run.stdout.readline()
    held = resident(children[0])
    began = time.time()
    subprocess.run([str(bench.build / "caisson"), "revoke", "last", "--host", NAME],
                   check=True, capture_output=True, env=bench.environment)
    answered = time.time() - began
    closed = float(run.stdout.readline()) - began
    run.terminate()
    run.wait()
    return before, held, answered * 1000, closed * 1000


class Bench:
    pass


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=root / ".build/installed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    for tool in ("nginx", "openssl", "wrk", "curl"):
        if not shutil.which(tool) and not os.path.exists(f"/usr/sbin/{tool}"):
            sys.exit(f"egress.py: {tool} is missing; install it: apt-get install {tool}")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="caisson-egress."))
    folder.chmod(0o755)
    certificates(folder)
    (folder / "www").mkdir()
    (folder / "www/1k").write_bytes(b"x" * 1024)
    with open(folder / "www/bulk", "wb") as file:
        file.truncate(1 << 30)
    bench = Bench()
    bench.build = options.build.resolve()
    (folder / "home").mkdir(mode=0o700)
    bench.environment = {**os.environ, "SSL_CERT_FILE": str(folder / "ca.pem"),
                         "CAISSON_HOME": str(folder / "home")}
    servers = []
    plain, tls = UPSTREAM
    for name, body in (("origin", ORIGIN), ("proxy", PROXY)):
        text = NGINX.format(folder=folder, name=name, body=body.format(
            folder=folder, plain=plain, tls=tls, peer=PEER, host=NAME))
        (folder / f"{name}.conf").write_text(text)
        servers.append(subprocess.Popen(
            [shutil.which("nginx") or "/usr/sbin/nginx", "-c", folder / f"{name}.conf"]))
    time.sleep(1)
    try:
        rows = {
            "plain": Row(bench, f"http://localhost:{plain}"),
            "tls": Row(bench, f"https://localhost:{tls}"),
            "nginx": Row(bench, f"https://localhost:{PEER}"),
            "passed plain": Row(bench, f"http://{NAME}:{plain}", policy(folder, "a", plain, False)),
            "judged plain": Row(bench, f"http://{NAME}:{plain}", policy(folder, "b", plain, True)),
            "passed tls": Row(bench, f"https://{NAME}:{tls}", policy(folder, "c", tls, False)),
            "judged tls": Row(bench, f"https://{NAME}:{tls}", policy(folder, "d", tls, True)),
        }
        load = os.getloadavg()[0]
        for _ in range(options.rounds):
            for name in random.sample(list(rows), len(rows)):
                rows[name].measure(options.seconds)
        kept = [idle(bench, folder / "d.yaml") for _ in range(options.rounds)]
    finally:
        for server in servers:
            server.terminate()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} CPUs, load {load:.2f} at the start, "
          f"{options.rounds} rounds of {options.seconds} s, {options.build.name} build\n")
    print("| | requests/s, c=16 | p50 ms, c=1 | p99 ms, c=1 | new connections/s | bulk MB/s |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, row in rows.items():
        f = {key: statistics.median(values) for key, values in row.figures.items()}
        print(f"| {name} | {f['requests']:.0f} | {f['p50']:.3f} | {f['p99']:.3f} | "
              f"{f['fresh']:.0f} | {f['bulk']:.0f} |")
    before, held, answered, closed = map(statistics.median, zip(*kept))
    print(f"\nResident memory of the way out: {before:.0f} KiB at its start, {held:.0f} KiB with 1,000 "
          "inspected connections that are idle.")
    print(f"caisson revoke --host: {answered:.1f} ms until it answers, {closed:.1f} ms until the last of "
          "the 1,000 is closed.")


if __name__ == "__main__":
    main()
