/// The head of a request to the proxy, as far as it says where to go.
package enum ProxyRequest: Hashable, Sendable {
  /// The bytes behind the head belong to whoever is connected to.
  case connect(host: String, port: UInt16, headLength: Int)
  /// An absolute-form request; its head is part of what is said there.
  case absolute(host: String, port: UInt16)

  package enum Reading: Hashable, Sendable {
    case more
    case request(ProxyRequest)
    case malformed(String)
  }

  package static let longest = 16 << 10

  package static func read(_ bytes: [UInt8]) -> Reading {
    guard let end = HeadText.end(of: bytes) else {
      return bytes.count < longest ? .more : .malformed("the head of the request is too long")
    }
    guard end <= longest else { return .malformed("the head of the request is too long") }
    guard let line = HeadText.lines(bytes[..<end])?.first else {
      return .malformed("the head of the request has a line that ends as none does")
    }
    let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
    guard words.count == 3,
      words[2].elementsEqual("HTTP/1.1".utf8)
        || words[2].elementsEqual("HTTP/1.0".utf8)
    else { return .malformed("the request's first line is not one of HTTP/1.1") }
    if words[0].elementsEqual("CONNECT".utf8) { return connect(words[1], bytes[..<end]) }
    return absolute(words[1])
  }

  private static func connect(_ target: ArraySlice<UInt8>, _ head: ArraySlice<UInt8>) -> Reading {
    guard let place = HostText.authority(target, defaultPort: nil) else {
      return .malformed("CONNECT takes a host and a port, as in api.example.com:443")
    }
    // A Host header that says otherwise would be read two ways.
    switch HeadText.host(head) {
    case .several:
      return .malformed("the request has more than one Host header")
    case .one(let value)
    where HostText.authority(value, defaultPort: place.port)?.host != place.host:
      return .malformed("CONNECT and the Host header name different hosts")
    case .one, .none:
      return .request(.connect(host: place.host, port: place.port, headLength: head.count))
    }
  }

  private static func absolute(_ target: ArraySlice<UInt8>) -> Reading {
    let scheme = Array("http://".utf8)
    guard target.count > scheme.count, target.allSatisfy({ (0x21...0x7E).contains($0) }),
      zip(target, scheme).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
    else {
      return .malformed("a proxy takes CONNECT, and requests for addresses that begin with http://")
    }
    let authority = target.dropFirst(scheme.count).prefix { $0 != 0x2F && $0 != 0x3F && $0 != 0x23 }
    guard let place = HostText.authority(authority, defaultPort: 80) else {
      return .malformed("the request's address names no host")
    }
    return .request(.absolute(host: place.host, port: place.port))
  }
}
