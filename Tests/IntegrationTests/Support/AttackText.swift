/// What programs of attacks begin with: unsealed, names of the world lead to the host's loopback.
enum AttackText {
  static let opening = #"""
    import base64, glob, os, re, socket, ssl, subprocess, sys, time, zlib

    UNSEALED = "UNSEALED" in os.environ
    TLS, PLAIN, COLLECTOR = (int(os.environ[name]) for name in ("TLS_PORT", "PLAIN_PORT", "COLLECTOR_PORT"))

    def connect(host, port):
        return socket.create_connection(("127.0.0.1" if UNSEALED else host, port), 5)

    def tls(host, name=None):
        context = ssl.create_default_context()
        context.check_hostname = name != ""
        return context.wrap_socket(connect(host, TLS), server_hostname=(name or None) if name is not None else host)

    def hear(peer, patience=0.4):
        heard = b""
        peer.settimeout(5)
        try:
            while piece := peer.recv(1 << 16):
                heard += piece
                peer.settimeout(patience)
        except OSError:
            pass
        return heard

    def ask(host, path, lines="", method="GET", body="", name=None):
        try:
            peer = tls(host, name)
            sized = f"Content-Length: {len(body)}\r\n" if body else ""
            peer.sendall(f"{method} {path} HTTP/1.1\r\nHost: {host}:{TLS}\r\n{lines}{sized}\r\n{body}".encode())
            return hear(peer)
        except OSError as error:
            return repr(error).encode()

    def show(name, heard):
        status = heard.split(b"\r\n")[0]
        print(name, status.decode("latin-1")[:60])

    """#
}
