"""Writes one package named gruss for each package manager, as static pages below www."""

import base64
import hashlib
import io
import json
import os
import sys
import tarfile
import zipfile

base = sys.argv[1]


def write(path, content):
    path = os.path.join("www", path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


def archive(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content.encode()))
    return buffer.getvalue()


def python():
    info = "gruss-1.0.dist-info"
    files = {
        "gruss.py": "text = 'hello from python'\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: gruss\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, content in files.items():
        digest = hashlib.sha256(content.encode()).digest()
        text = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        record += f"{name},sha256={text},{len(content)}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        for name, content in files.items():
            wheel.writestr(name, content)
    name = "gruss-1.0-py3-none-any.whl"
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    write(f"files/{name}", buffer.getvalue())
    link = f'<a href="../../files/{name}#sha256={digest}">{name}</a>'
    write("simple/gruss/index.html", f"<!DOCTYPE html><html><body>{link}</body></html>")
    # An index may list what lies at another host.
    link = '<a href="https://files.example.com/away-1.0-py3-none-any.whl">away</a>'
    write("simple/away/index.html", f"<!DOCTYPE html><html><body>{link}</body></html>")


def node():
    about = {"name": "gruss", "version": "1.0.0", "main": "index.js"}
    content = archive(
        {
            "package/package.json": json.dumps(about),
            "package/index.js": "module.exports = 'hello from node';\n",
        }
    )
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    about["dist"] = {"tarball": f"{base}/files/gruss-1.0.0.tgz", "integrity": f"sha512-{digest}"}
    write("files/gruss-1.0.0.tgz", content)
    latest = {"name": "gruss", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": about}}
    write("npm/gruss", json.dumps(latest))
    # The same below a scope, whose slash npm encodes.
    file = "@acme/gruss/-/gruss-1.0.0.tgz"
    write(f"npm/{file}", content)
    scoped = dict(about, name="@acme/gruss", dist=dict(about["dist"], tarball=f"{base}/npm/{file}"))
    latest = {"name": "@acme/gruss", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": scoped}}
    write("npm/@acme/gruss/index.html", json.dumps(latest))


def rust():
    manifest = '[package]\nname = "gruss"\nversion = "1.0.0"\nedition = "2021"\n'
    source = 'pub const TEXT: &str = "hello from rust";\n'
    content = archive({"gruss-1.0.0/Cargo.toml": manifest, "gruss-1.0.0/src/lib.rs": source})
    write("files/gruss-1.0.0.crate", content)
    write("crates/config.json", json.dumps({"dl": base + "/files/{crate}-{version}.crate"}))
    entry = {"name": "gruss", "vers": "1.0.0", "deps": [], "features": {}, "yanked": False}
    entry["cksum"] = hashlib.sha256(content).hexdigest()
    write("crates/gr/us/gruss", json.dumps(entry) + "\n")


def debian():
    # An archive of ar(1), by hand: no packaging tool needs to be there.
    control = "Package: gruss\nVersion: 1.0\nArchitecture: all\nMaintainer: A <a@example.com>\n"
    control += "Description: hello\n"
    content = b"!<arch>\n"
    parts = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": archive({"./control": control}),
        "data.tar.gz": archive({"./usr/share/gruss": "hello from debian\n"}),
    }
    for name, part in parts.items():
        content += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(part):<10}`\n".encode()
        content += part + b"\n" * (len(part) % 2)
    write("apt/gruss_1.0_all.deb", content)
    control += f"Filename: ./gruss_1.0_all.deb\nSize: {len(content)}\n"
    write("apt/Packages", control + f"SHA256: {hashlib.sha256(content).hexdigest()}\n")


for make in (python, node, rust, debian):
    make()
