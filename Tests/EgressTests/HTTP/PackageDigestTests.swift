import Crypto
import NIOCore
import Testing

@testable import Egress

@Suite struct PackageDigestTests {
  @Test(arguments: [
    ("/packages/ab/numpy-2.1.0-cp313-cp313-manylinux_2_17_x86_64.whl", "numpy 2.1.0"),
    ("/packages/requests-2.32.3.tar.gz", "requests 2.32.3"),
    ("/left-pad/-/left-pad-1.3.0.tgz", "left-pad 1.3.0"),
    ("/@types/node/-/node-22.1.0.tgz", "@types/node 22.1.0"),
    ("/debian/pool/main/c/curl/curl_7.88.1-10%2Bdeb12u14_amd64.deb", "curl 7.88.1-10+deb12u14"),
    ("/api/v1/crates/serde/1.0.200/download", "serde 1.0.200"),
  ])
  func `recognises what package managers download`(path: String, name: String) throws {
    var package = try #require(PackageDigest(path: path))
    #expect("\(package.name) \(package.version)" == name)
    package.update(ByteBuffer(string: "ab"))
    package.update(ByteBuffer(string: "c"))
    let digits = SHA256.hash(data: Array("abc".utf8)).map {
      ($0 < 16 ? "0" : "") + String($0, radix: 16)
    }
    #expect(package.summary == "\(name) sha256:\(digits.joined())")
  }

  @Test(arguments: ["/", "/simple/numpy/", "/v1/models", "/a/b.whl", "/x/download", "/img.zip"])
  func `leaves everything else alone`(path: String) {
    #expect(PackageDigest(path: path) == nil)
  }
}
