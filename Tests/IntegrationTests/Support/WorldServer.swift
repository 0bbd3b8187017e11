/// The servers of a ``HostileWorld``. They note all that they get, and answer as the path asks.
enum WorldServer {
  static let program = #"""
    import base64, gzip, os, socket, ssl, threading, time, zlib

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("tls/cert.pem", "tls/key.pem")
    lock = threading.Lock()

    def note(door, data):
        with lock, open("received." + door, "ab", 0) as file:
            file.write(data)

    def body_length(head):
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                return int(line.split(b":")[1])
        return 0

    def answer(to, head, body):
        path = head.split(b" ")[1].split(b"?")[0].decode()
        told = head + b"\r\n\r\n" + body
        whole = lambda data, lines=b"": to.sendall(
            b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: %d\r\n\r\n" % len(data) + data)
        if path == "/echo/gzip":
            whole(gzip.compress(told), b"Content-Encoding: gzip\r\n")
        elif path == "/echo/deflate":
            whole(zlib.compress(told), b"Content-Encoding: deflate\r\n")
        elif path == "/echo/br":
            whole(told, b"Content-Encoding: br\r\n")
        elif path == "/echo/transfer":
            data = gzip.compress(told)
            to.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
            to.sendall(b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n")
        elif path == "/echo/chunks":
            to.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for byte in told:
                to.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
                time.sleep(0.0005)
            to.sendall(b"0\r\n\r\n")
        elif path == "/echo/base64":
            whole(base64.b64encode(b"x" + told))
        elif path == "/echo/hex":
            whole(told.hex().encode())
        elif path == "/echo/trailer":
            secret = told.split(b"earer ")[-1].split(b"\r\n")[0]
            to.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: "
                + secret + b"\r\n\r\n")
        elif path == "/echo/headers":
            secret = told.split(b"earer ")[-1].split(b"\r\n")[0]
            whole(b"", b"X-Value: " + secret + b"\r\nX-" + secret + b": name\r\n")
        elif path == "/echo/coding":
            secret = told.split(b"earer ")[-1].split(b"\r\n")[0]
            whole(b"", b"Content-Encoding: " + secret + b"\r\n")
        elif path == "/echo/reason":
            secret = told.split(b"earer ")[-1].split(b"\r\n")[0]
            to.sendall(b"HTTP/1.1 299 " + secret + b"\r\nContent-Length: 0\r\n\r\n")
        elif path == "/redirect":
            to.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://collector.example.net:%d/moved\r\n"
                b"Content-Length: 0\r\n\r\n" % doors["collector"])
        elif path == "/bomb":
            to.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
            pressed = zlib.compressobj(9, zlib.DEFLATED, 31)
            for _ in range(512):
                to.sendall(pressed.compress(bytes(1 << 20)))
            to.sendall(pressed.flush())
        elif path == "/large":
            to.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1 << 30))
            for _ in range(1 << 14):
                to.sendall(b"x" * (1 << 16))
        elif os.path.isfile("served" + path):
            with open("served" + path, "rb") as file:
                whole(file.read())
        elif os.path.isfile("served" + path + "index.html"):
            with open("served" + path + "index.html", "rb") as file:
                whole(file.read(), b"Content-Type: text/html\r\n")
        else:
            whole(told)

    def serve(peer, door):
        try:
            peer.settimeout(20)
            if door == "tls":
                peer = context.wrap_socket(peer, server_side=True)
            held = b""
            while True:
                data = peer.recv(1 << 16)
                if not data:
                    return
                note(door, data)
                held += data
                while b"\r\n\r\n" in held:
                    head, rest = held.split(b"\r\n\r\n", 1)
                    length = body_length(head)
                    if len(rest) < length:
                        break
                    held = rest[length:]
                    answer(peer, head, rest[:length])
        except (OSError, IndexError):
            pass
        finally:
            peer.close()

    def accept(listener, door):
        while True:
            peer, _ = listener.accept()
            if door == "collector":
                note(door, b"connection\n")
            threading.Thread(target=serve, args=(peer, door), daemon=True).start()

    doors = {}
    for door in ("tls", "plain", "collector"):
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        doors[door] = listener.getsockname()[1]
        threading.Thread(target=accept, args=(listener, door), daemon=True).start()
    print(doors["tls"], doors["plain"], doors["collector"], flush=True)
    threading.Event().wait()
    """#
}
