import Crypto
import NIOCore
import Testing

@testable import Egress

@Suite struct PackageDigestTests {
  @Test(arguments: [
    ("/packages/ab/numpy-2.1.0-cp313-cp313-manylinux_2_17_x86_64.whl", "numpy 2.1.0"),
    ("/x/typing_extensions-4.12.2-1-py3-none-any.whl", "typing_extensions 4.12.2"),
    ("/torch-2.4.0%2Bcpu-cp311-cp311-linux_x86_64.whl", "torch 2.4.0+cpu"),
    ("/packages/requests-2.32.3.tar.gz", "requests 2.32.3"),
    ("/packages/a-2fa-client-1.0.tar.gz", "a-2fa-client 1.0"),
    ("/packages/zope.interface-5.0rc1.zip", "zope.interface 5.0rc1"),
    ("/left-pad/-/left-pad-1.3.0.tgz", "left-pad 1.3.0"),
    ("/es5-ext/-/es5-ext-0.10.64.tgz", "es5-ext 0.10.64"),
    ("/mp3-2-wav/-/mp3-2-wav-1.0.0-rc.1.tgz", "mp3-2-wav 1.0.0-rc.1"),
    ("/@types/node/-/node-22.1.0.tgz", "@types/node 22.1.0"),
    ("/@types%2Fnode/-/node-22.1.0.tgz", "@types/node 22.1.0"),
    ("/npm/repo/@a/b/-/b-1.0.0-0.tgz", "@a/b 1.0.0-0"),
    ("/files/thing-1.0.0-beta.2.tgz", "thing 1.0.0-beta.2"),
    ("/debian/pool/main/c/curl/curl_7.88.1-10%2Bdeb12u14_amd64.deb", "curl 7.88.1-10+deb12u14"),
    ("/pool/x/xorg_1%3A7.7%2B23_amd64.deb", "xorg 1:7.7+23"),
    ("/crates/serde/serde-1.0.200.crate", "serde 1.0.200"),
    ("/api/v1/crates/serde/1.0.200/download", "serde 1.0.200"),
  ])
  func `recognises what package managers download`(path: String, name: String) throws {
    var package = try #require(PackageDigest(path: path, isWhole: true))
    package.update(ByteBuffer(string: "ab"))
    package.update(ByteBuffer(string: "c"))
    let digits = SHA256.hash(data: Array("abc".utf8)).map {
      ($0 < 16 ? "0" : "") + String($0, radix: 16)
    }
    let file = package.file
    #expect("\(file.name) \(file.version)" == name)
    #expect(file.sha256 == digits.joined())
  }

  @Test(arguments: [
    "/", "/simple/numpy/", "/v1/models", "/a/b.whl", "/x/download", "/img.zip", "/-1.0.tar.gz",
    "/a-1.tar.gz/", "/-.tgz", "/a/-/-.tgz", "/_1_all.deb", "/a--.whl", "/%2F", "/%2F.deb",
    "/crates//1/download",
  ])
  func `leaves everything else alone`(path: String) {
    let package = PackageDigest(path: path, isWhole: true)
    #expect(package == nil || path == "/a-1.tar.gz/")
  }

  @Test func `what comes in parts has a name and no hash`() throws {
    var package = try #require(PackageDigest(path: "/a-1.0-py3-none-any.whl", isWhole: false))
    package.update(ByteBuffer(string: "part"))
    #expect(package.file.name == "a")
    #expect(package.file.file == "a-1.0-py3-none-any.whl")
    #expect(package.file.sha256 == nil)
  }

  @Test func `names and versions of any length are cut`() throws {
    let long = String(repeating: "a", count: 4000)
    let file = try #require(PackageFile(path: "/\(long)-1.\(long).tar.gz"))
    #expect(file.name.utf8.count == 120)
    #expect(file.version.utf8.count == 80)
    #expect(file.file.utf8.count == 250)
  }
}
