/// What an address is for, as the registries of special-purpose addresses say (RFC 6890 and its
/// updates). Only `world` may be connected to without being granted.
package enum AddressKind: String, Hashable, Sendable, CaseIterable {
  case world = "public"
  case unspecified = "unspecified"
  case loopback = "loopback"
  case linkLocal = "link-local"
  case privateUse = "private"
  case shared = "shared by carriers"
  case metadata = "the metadata of a cloud"
  case multicast = "multicast"
  case documentation = "documentation"
  case benchmarking = "benchmarking"
  case reserved = "reserved"
  /// Carries an address of version 4, which is judged besides.
  case translated = "a translation of an address of version 4"
  /// Leads through a tunnel to an address of version 4, which is judged besides.
  case tunnelled = "a tunnel to an address of version 4"

  /// The kind of an address of four or sixteen bytes; anything else is reserved.
  package init(of address: [UInt8]) {
    switch address.count {
    case 4: self = Self.version4(address)
    case 16: self = Self.version6(address)
    default: self = .reserved
    }
  }

  /// The address of version 4 that one of version 6 stands for; nil where it stands for none.
  package static func embedded(in address: [UInt8]) -> [UInt8]? {
    guard address.count == 16 else { return nil }
    if starts(address, [0x20, 0x02]) { return Array(address[2..<6]) }
    if starts(address, [0x20, 0x01, 0, 0]) { return address[12..<16].map { ~$0 } }
    let isInterface = address[10] == 0x5E && address[11] == 0xFE
    if isInterface, address[8] & 0xFD == 0, address[9] == 0 { return Array(address[12..<16]) }
    guard address[0..<8].allSatisfy({ $0 == 0 }) || starts(address, [0, 0x64, 0xFF, 0x9B]) else {
      return nil
    }
    // ::1 and :: are addresses of their own.
    if address[0..<15].allSatisfy({ $0 == 0 }), address[15] <= 1 { return nil }
    return Array(address[12..<16])
  }

  private static func version4(_ address: [UInt8]) -> AddressKind {
    if metadata4.contains(address) { return .metadata }
    switch (address[0], address[1], address[2]) {
    case (0, _, _): return address == [0, 0, 0, 0] ? .unspecified : .reserved
    case (10, _, _), (172, 16...31, _), (192, 168, _): return .privateUse
    case (100, 64...127, _): return .shared
    case (127, _, _): return .loopback
    case (169, 254, _): return .linkLocal
    case (192, 0, 2), (198, 51, 100), (203, 0, 113): return .documentation
    case (192, 0, 0), (192, 88, 99): return .reserved
    case (198, 18...19, _): return .benchmarking
    case (224...239, _, _): return .multicast
    case (240..., _, _): return .reserved
    default: return .world
    }
  }

  private static func version6(_ address: [UInt8]) -> AddressKind {
    if metadata6.contains(address) { return .metadata }
    if address[0..<15].allSatisfy({ $0 == 0 }) {
      if address[15] == 0 { return .unspecified }
      if address[15] == 1 { return .loopback }
    }
    if embedded(in: address) != nil {
      return starts(address, [0x20]) || address[10] == 0x5E ? .tunnelled : .translated
    }
    switch (address[0], address[1]) {
    case (0xFC...0xFD, _): return .privateUse
    case (0xFE, 0x80...0xBF): return .linkLocal
    case (0xFE, 0xC0...0xFF): return .privateUse
    case (0xFF, _): return .multicast
    case (0x20, 0x01) where starts(address, [0x20, 0x01, 0x0D, 0xB8]): return .documentation
    case (0x20, 0x01) where address[2] < 2: return .reserved
    case (0x3F, 0xFF) where address[2] < 16: return .documentation
    case (0x20...0x3F, _): return .world
    default: return .reserved
    }
  }

  private static func starts(_ address: [UInt8], _ prefix: [UInt8]) -> Bool {
    address.starts(with: prefix)
  }

  /// The addresses under which clouds hand out credentials to whoever asks from within.
  private static let metadata4: Set<[UInt8]> = [
    [169, 254, 169, 254], [169, 254, 170, 2], [169, 254, 170, 23], [169, 254, 0, 23],
    [100, 100, 100, 200], [168, 63, 129, 16], [192, 0, 0, 192],
  ]

  private static let metadata6: Set<[UInt8]> = Set(
    ["fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe"]
      .compactMap(AddressRange.address)
  )
}
