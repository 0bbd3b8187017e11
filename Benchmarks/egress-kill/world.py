"""The world around the runs that egress-kill.py kills: a network namespace in which every address
leads to this machine, one granted server that keeps what it is asked, and counters everywhere else.

What is granted: nginx behind a relay, for api.example.com (TLS on 443, plain on 80; requests are
judged) and passed.example.com (TLS on 8443; passed unread). The relay notes when the kernel took
each byte, so that a busy machine does not make bytes look late. Everything else that leaves a run
is an offence: listeners on all addresses count it, and a tap on the only device sees the packets
that nobody listens for.
"""
import ctypes, mmap, os, select, socket, struct, subprocess, sys, time

GRANTED = {443: "tls", 80: "plain", 8443: "passed"}
# Besides the granted ones on every address but the granted.
COUNTED_TCP = [22, 25, 53, 3128, 9000, 9418]
COUNTED_UDP = [53, 443, 3128, 8443, 9000]
HOSTS = """127.0.0.1 localhost api.example.com passed.example.com
127.0.0.2 other.example.com collector.example.com
10.9.8.7 inside.example.com
"""
SLOTS = ["relay_bytes", "relay_connections", "relay_open", "last_byte", "last_opening", "requests",
         "bound", "offences", "counted_connections", "counted_bytes", "counted_datagrams",
         "tap_offences", "tap_openings", "tap_lost"]
SO_TIMESTAMPNS, SOL_PACKET, PACKET_STATISTICS = 35, 263, 6


class Slots:
    """Numbers that every process here sees; each is written by one of them."""

    def __init__(self):
        self.__dict__["view"] = memoryview(mmap.mmap(-1, 4096)).cast("q")

    def __getattr__(self, name):
        return self.view[SLOTS.index(name)]

    def __setattr__(self, name, value):
        self.view[SLOTS.index(name)] = value


def enter(folder):
    """Own mounts and an own network, whose addresses all are this machine's."""
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000 | 0x00020000) != 0:
        sys.exit("egress-kill.py: no namespaces of its own; it must be started by root")
    (folder / "hosts").write_text(HOSTS)
    (folder / "resolv.conf").write_text("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
    for command in ("mount --make-rprivate /", f"mount --bind {folder}/hosts /etc/hosts",
                    f"mount --bind {folder}/resolv.conf /etc/resolv.conf", "ip link set lo up",
                    "ip route add local 0.0.0.0/0 dev lo", "ip -6 route add local ::/0 dev lo"):
        subprocess.run(command.split(), check=True)


def certificates(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=kills",
            "-days", "2", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", *curve, "-keyout", "s.key", "-out", "s.csr", "-subj", "/CN=api.example.com")
    (folder / "ext").write_text("subjectAltName=DNS:*.example.com\n")
    openssl("x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-out", "s.pem", "-days", "2", "-extfile", "ext")


NGINX = """
user root; daemon off; worker_processes 1; pid {f}/pid; error_log {f}/log crit;
events {{ worker_connections 2048; }}
http {{ access_log off; underscores_in_headers on; ignore_invalid_headers off;
client_body_temp_path {f}/b; proxy_temp_path {f}/p; fastcgi_temp_path {f}/c; uwsgi_temp_path {f}/u;
scgi_temp_path {f}/g; client_body_buffer_size 2m; client_max_body_size 16m;
ssl_certificate {f}/s.pem; ssl_certificate_key {f}/s.key; keepalive_requests 100000;
server {{ listen unix:{f}/tls ssl http2; listen unix:{f}/plain; root {f}/www;
location = /ok/large {{ }}
location / {{ {headers} proxy_set_header X-Door judged; proxy_pass http://unix:{f}/recorder; }} }}
server {{ listen unix:{f}/passed ssl http2;
location / {{ {headers} proxy_set_header X-Door passed; proxy_pass http://unix:{f}/recorder; }} }} }}
"""
HEADERS = "proxy_set_header Host $http_host; proxy_set_header X-Sni $ssl_server_name;"


class World:
    def __init__(self, folder, canary):
        self.folder, self.canary, self.slots = folder, canary.encode(), Slots()
        certificates(folder)
        (folder / "www/ok").mkdir(parents=True)
        with open(folder / "www/ok/large", "wb") as file:
            file.truncate(16 << 20)
        (folder / "nginx.conf").write_text(NGINX.format(f=folder, headers=HEADERS))
        self.recorder = socket.socket(socket.AF_UNIX)
        self.recorder.bind(str(folder / "recorder"))
        self.recorder.listen(512)
        nginx = "/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else "nginx"
        self.nginx = subprocess.Popen([nginx, "-c", folder / "nginx.conf"])
        for name in GRANTED.values():
            while not (folder / name).exists():
                time.sleep(0.01)
        self.children = [self.fork(f) for f in (self.record, self.relay, self.count, self.tap)]
        time.sleep(0.3)

    def fork(self, serve):
        child = os.fork()
        if child:
            return child
        try:
            # It shall be the runs that wait for a processor, and not who watches them.
            os.nice(-10)
            serve()
        finally:
            os._exit(1)

    def end(self):
        for child in self.children:
            os.kill(child, 9)
            os.waitpid(child, 0)
        self.nginx.terminate()
        self.nginx.wait()

    def note(self, text):
        with open(self.folder / "offences", "a") as file:
            file.write(text + "\n")

    def offences(self):
        try:
            return (self.folder / "offences").read_text().splitlines()
        except FileNotFoundError:
            return []

    # What is granted

    def record(self):
        """Behind nginx: keeps what was asked; one request a connection."""
        while True:
            peer = self.recorder.accept()[0]
            peer.settimeout(2)
            heard = b""
            try:
                while not whole(heard):
                    piece = peer.recv(1 << 20)
                    if not piece:
                        break
                    heard += piece
                if whole(heard):
                    self.judge(heard)
                    body = b"echo: " + field(heard, b"authorization")
                    peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            except OSError:
                pass
            peer.close()

    def judge(self, request):
        self.slots.requests += 1
        target = request.split(b" ")[1]
        host = field(request, b"host").split(b":")[0]
        if field(request, b"x-door") == b"passed":
            isWell = field(request, b"x-sni") == b"passed.example.com" and self.canary not in request
        else:
            count = request.count(self.canary)
            bound = field(request, b"authorization") == b"Bearer " + self.canary
            self.slots.bound += bound
            isWell = (host == b"api.example.com" and count == bound
                      and field(request, b"x-sni") in (b"", b"api.example.com")
                      and target.startswith((b"/ok/", b"/sink/")))
        if not isWell:
            self.slots.offences += 1
            self.note(f"request: {request[:400]!r}")

    def relay(self):
        poll, listeners, ends = select.epoll(), {}, {}
        for port, name in GRANTED.items():
            listener = listen(("127.0.0.1", port), socket.AF_INET)
            listeners[listener.fileno()] = listener, str(self.folder / name)
            poll.register(listener, select.EPOLLIN)
        while True:
            for number, _ in poll.poll():
                if number in listeners:
                    self.join(*listeners[number], poll, ends)
                elif number in ends:
                    self.carry(ends[number], poll, ends)

    def join(self, listener, path, poll, ends):
        client, server = End(listener.accept()[0]), End(socket.socket(socket.AF_UNIX))
        client.isRun = True
        client.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        server.socket.connect(path)
        client.other, server.other = server, client
        self.slots.relay_connections += 1
        self.slots.relay_open += 1
        for end in (client, server):
            end.socket.setblocking(False)
            ends[end.socket.fileno()] = end
            poll.register(end.socket, select.EPOLLIN)

    def carry(self, end, poll, ends):
        for one in (end, end.other):
            one.write()
        if not end.hasEnded and len(end.other.pending) < 1 << 20:
            self.read(end)
        if end.isDone and end.other.isDone:
            self.slots.relay_open -= 1
            for one in (end, end.other):
                del ends[one.socket.fileno()]
                one.socket.close()
            return
        for one in (end, end.other):
            takes = not one.hasEnded and len(one.other.pending) < 1 << 20
            mask = (select.EPOLLIN if takes else 0) | (select.EPOLLOUT if one.pending else 0)
            poll.modify(one.socket, mask | select.EPOLLONESHOT * (mask == 0))

    def read(self, end):
        try:
            heard, extra, _, _ = end.socket.recvmsg(1 << 18, 64)
        except BlockingIOError:
            return
        except OSError:
            heard, extra = b"", []
        if not heard:
            end.hasEnded = True
        elif end.isRun:
            self.slots.relay_bytes += len(heard)
            self.slots.last_byte = max(self.slots.last_byte, moment(extra))
        end.other.pending += heard
        end.other.write()

    # Everything else

    def count(self):
        poll, held = select.epoll(), {}
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for port in [*COUNTED_TCP, *GRANTED]:
                listener = listen((address, port), family)
                held[listener.fileno()] = listener, "listener"
            for port in COUNTED_UDP:
                datagrams = socket.socket(family, socket.SOCK_DGRAM)
                if family == socket.AF_INET6:
                    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                datagrams.bind((address, port))
                held[datagrams.fileno()] = datagrams, "datagrams"
        for number in held:
            poll.register(number, select.EPOLLIN)
        while True:
            for number, _ in poll.poll():
                one, kind = held[number]
                if kind == "listener":
                    peer = one.accept()[0]
                    self.slots.counted_connections += 1
                    self.note(f"connection to {peer.getsockname()}")
                    held[peer.fileno()] = peer, "peer"
                    poll.register(peer, select.EPOLLIN)
                    continue
                try:
                    heard = one.recv(1 << 16)
                except OSError:
                    heard = b""
                self.slots.counted_bytes += len(heard)
                self.slots.counted_datagrams += kind == "datagrams"
                if heard:
                    self.note(f"{kind} {one.getsockname()}: {heard[:200]!r}")
                elif kind == "peer":
                    del held[number]
                    one.close()

    def tap(self):
        """Sees each packet that opens a TCP connection, and each that is not TCP's."""
        poll, taps = select.epoll(), {}
        # Offsets of: the protocol, the fragment (none in version 6); where TCP's header is.
        for protocol, code in (
            (0x0800, [(0x30, 0, 0, 23), (0x15, 0, 6, 6), (0x28, 0, 0, 20), (0x45, 4, 0, 0x1FFF),
                      (0xB1, 0, 0, 14), (0x50, 0, 0, 27), (0x54, 0, 0, 0x12), (0x15, 0, 1, 2),
                      (0x06, 0, 0, 128), (0x06, 0, 0, 0)]),
            (0x86DD, [(0x30, 0, 0, 20), (0x15, 0, 3, 6), (0x30, 0, 0, 67), (0x54, 0, 0, 0x12),
                      (0x15, 0, 1, 2), (0x06, 0, 0, 128), (0x06, 0, 0, 0)]),
        ):
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
            program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in code))
            tap.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", len(code), ctypes.addressof(program)))
            tap.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
            tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            tap.bind(("lo", protocol))
            taps[tap.fileno()] = tap, protocol
            poll.register(tap, select.EPOLLIN)
        while True:
            for number, _ in poll.poll(1):
                tap, protocol = taps[number]
                packet, extra, _, _ = tap.recvmsg(128, 64)
                packet = packet[14:]
                if protocol == 0x0800:
                    kind, target = packet[9], socket.inet_ntoa(packet[16:20])
                    rest = packet[4 * (packet[0] & 15):]
                else:
                    kind, target = packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40])
                    rest = packet[40:]
                port = struct.unpack(">H", rest[2:4])[0] if len(rest) >= 4 else 0
                if kind == 6 and target == "127.0.0.1" and port in GRANTED:
                    self.slots.tap_openings += 1
                    self.slots.last_opening = max(self.slots.last_opening, moment(extra))
                else:
                    self.slots.tap_offences += 1
                    self.note(f"packet: protocol {kind} to {target} port {port}")
            for tap, _ in taps.values():
                lost = struct.unpack("II", tap.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
                self.slots.tap_lost += lost


class End:
    """One side of a relayed connection."""

    def __init__(self, socket):
        self.socket, self.pending, self.other = socket, bytearray(), None
        self.isRun = self.hasEnded = self.isShut = False

    @property
    def isDone(self):
        """Nothing more comes from it, and nothing more goes to it."""
        return self.hasEnded and self.other.hasEnded and (self.isShut or not self.pending)

    def write(self):
        try:
            while self.pending:
                del self.pending[:self.socket.send(self.pending)]
            if self.other.hasEnded and not self.isShut:
                self.isShut = True
                self.socket.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.pending.clear()
            self.hasEnded = self.isShut = True


def listen(address, family):
    one = socket.socket(family, socket.SOCK_STREAM)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        one.setsockopt(socket.SOL_SOCKET, option, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address)
    one.listen(512)
    return one


def moment(extra):
    """When the kernel took what was read, in nanoseconds since 1970."""
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return seconds * 10**9 + nanoseconds
    return time.time_ns()


def field(request, name):
    head = request.split(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return b""


def whole(request):
    head, mark, body = request.partition(b"\r\n\r\n")
    return bool(mark) and len(body) >= int(field(head + mark, b"content-length") or 0)
