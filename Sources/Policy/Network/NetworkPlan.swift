/// The sockets and addresses of a run's own network, as the policy's `network` asks for them.
///
/// Whoever makes the sockets inside the run and whoever answers them outside read the same plan, so
/// that an address means the same name to both. Every name gets an address that exists only inside
/// the run: version 4 from 198.18.0.0/15 (RFC 2544), version 6 from fd00::/64 (RFC 4193).
package struct NetworkPlan: Hashable, Sendable {
  package enum Kind: UInt8, Hashable, Sendable {
    /// Name service over UDP (with IP_PKTINFO) and TCP, on any address, port 53.
    case nameDatagram, nameStream
    /// A listener for whatever the policy lets through on a port.
    case stream
    /// CONNECT and absolute-form HTTP, on loopback.
    case proxy
  }

  /// One socket to be made inside the run and handed out, in the order of the plan.
  package struct Socket: Hashable, Sendable {
    package let kind: Kind
    /// Four or sixteen bytes in network order; all zero for any address.
    package let address: [UInt8]
    package let port: UInt16
  }

  /// Addresses that are fixed before the run starts, because listeners on ports from 1024 on are
  /// bound to them alone: the run's own services stay free to use the port.
  package struct Reserved: Hashable, Sendable {
    /// The host as the policy writes it; `*` where names below a pattern share the addresses.
    package let host: HostPattern
    package let number: UInt16
  }

  package let sockets: [Socket]
  package let reserved: [Reserved]

  package static let proxyPort: UInt16 = 3128
  /// Where the run's `resolv.conf` points.
  package static let nameServer = "198.18.0.1"
  /// Addresses that names get which the policy does not know: 1 to 255 of the block.
  package static let deniedNumbers: ClosedRange<UInt32> = 2...255
  /// Numbers that are given to granted names while the run goes on.
  package static let namedNumbers: ClosedRange<UInt32> = 0x1000...0x1_FFFE
  private static let firstReserved: UInt16 = 256

  /// - Parameter rules: what the policy grants; with none, whatever is asked for is refused and seen.
  package init(_ rules: [NetworkRule]) {
    let any4 = [UInt8](repeating: 0, count: 4)
    let any6 = [UInt8](repeating: 0, count: 16)
    var sockets: [Socket] = []
    for any in [any4, any6] {
      sockets.append(Socket(kind: .nameDatagram, address: any, port: 53))
      sockets.append(Socket(kind: .nameStream, address: any, port: 53))
    }
    // 80 and 443 always: a request that nothing grants is answered with its reason.
    var low: Set<UInt16> = [80, 443]
    var reserved: [Reserved] = []
    for rule in rules.compactMap(\.destination) {
      low.formUnion(rule.ports.filter { $0 < 1024 })
      let high = Set(rule.ports.filter { $0 >= 1024 }).sorted()
      guard !high.isEmpty else { continue }
      let number: UInt16
      if let known = reserved.first(where: { $0.host == rule.host }) {
        number = known.number
      } else {
        number = Self.firstReserved + UInt16(clamping: reserved.count)
        reserved.append(Reserved(host: rule.host, number: number))
      }
      for port in high {
        for address in [Self.address4(UInt32(number)), Self.address6(UInt32(number))] {
          let socket = Socket(kind: .stream, address: address, port: port)
          if !sockets.contains(socket) { sockets.append(socket) }
        }
      }
    }
    for port in low.sorted() where port != 53 {
      for any in [any4, any6] { sockets.append(Socket(kind: .stream, address: any, port: port)) }
    }
    sockets.append(Socket(kind: .proxy, address: [127, 0, 0, 1], port: Self.proxyPort))
    sockets.append(
      Socket(
        kind: .proxy,
        address: [UInt8](repeating: 0, count: 15) + [1],
        port: Self.proxyPort
      )
    )
    self.sockets = sockets
    self.reserved = reserved
  }

  /// The address of version 4 with a number within the block.
  package static func address4(_ number: UInt32) -> [UInt8] {
    [198, 18 + UInt8(number >> 16 & 1), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
  }

  /// The address of version 6 with the same number.
  package static func address6(_ number: UInt32) -> [UInt8] {
    [0xFD] + [UInt8](repeating: 0, count: 11)
      + [0, UInt8(number >> 16 & 0xFF), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]
  }

  /// The number of an address that a run was told; nil for any other address.
  package static func number(of address: [UInt8]) -> UInt32? {
    if address.count == 4, address[0] == 198, address[1] & 0xFE == 18 {
      return UInt32(address[1] & 1) << 16 | UInt32(address[2]) << 8 | UInt32(address[3])
    }
    guard address.count == 16, address[0] == 0xFD, address[1...12].allSatisfy({ $0 == 0 }) else {
      return nil
    }
    return UInt32(address[13]) << 16 | UInt32(address[14]) << 8 | UInt32(address[15])
  }
}
