import Glibc
import NIOCore

extension SocketAddress {
  /// Four or sixteen bytes in network order; an address of version 4 in the clothes of version 6
  /// is one of version 4. Nil for anything that is no internet address.
  var bytes: [UInt8]? {
    switch self {
    case .v4(let address):
      return withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
    case .v6(let address):
      let bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
      let isMapped = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
      return isMapped ? Array(bytes[12...]) : bytes
    case .unixDomainSocket:
      return nil
    }
  }

  /// The address of four or sixteen bytes in network order; nil for any other count.
  init?(bytes: [UInt8], port: UInt16) {
    switch bytes.count {
    case 4:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      withUnsafeMutableBytes(of: &address.sin_addr) { $0.copyBytes(from: bytes) }
      self.init(address)
    case 16:
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      withUnsafeMutableBytes(of: &address.sin6_addr) { $0.copyBytes(from: bytes) }
      self.init(address)
    default:
      return nil
    }
  }
}
