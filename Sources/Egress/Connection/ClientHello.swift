/// The first message of a TLS handshake, as far as the name that it asks for matters.
package struct ClientHello: Hashable, Sendable {
  /// In lower case; nil where none is asked for.
  package let serverName: String?
  /// Encrypted Client Hello: another name may be meant than the one that can be read.
  package let hasEncryptedName: Bool

  /// The bytes of a handshake's first message that are looked at, records included.
  package static let longest = 32 << 10

  package enum Reading: Hashable, Sendable {
    case more
    case hello(ClientHello)
    /// It began as TLS does, and then did not go on so.
    case malformed(String)
  }

  /// Whether bytes begin as a TLS handshake does.
  package static func isBegunBy(_ byte: UInt8) -> Bool { byte == 22 }

  /// Reads the message across as many records as it comes in.
  package static func read(_ bytes: [UInt8]) -> Reading {
    var records = ByteReader(bytes)
    var message: [UInt8] = []
    while true {
      if let length = messageLength(message) {
        guard length <= longest else { return .malformed("its first message is too long") }
        if message.count >= length + 4 { return parse(message[4..<(length + 4)]) }
      }
      guard records.remaining >= 5 else { break }
      guard records.byte() == 22, records.byte() == 3, let minor = records.byte(), minor <= 4,
        let length = records.integer16()
      else { return .malformed("a record is not of a handshake") }
      guard (1...(1 << 14)).contains(length) else { return .malformed("a record has no size") }
      guard let fragment = records.bytes(Int(length)) else {
        // What there is of the last record may tell already that it is none of ours.
        if let kind = message.first ?? bytes.dropFirst(5).first, kind != 1 { return notHello }
        break
      }
      message += fragment
      if message.first != 1 { return notHello }
    }
    return bytes.count < longest ? .more : .malformed("its first message is too long")
  }

  private static let notHello = Reading.malformed("its first message is no ClientHello")

  private static func messageLength(_ message: [UInt8]) -> Int? {
    var reader = ByteReader(message)
    guard reader.byte() != nil else { return nil }
    return reader.integer24()
  }

  private static func parse(_ body: ArraySlice<UInt8>) -> Reading {
    var reader = ByteReader(body)
    guard reader.integer16() != nil, reader.bytes(32) != nil, let session = reader.vector8(),
      session.count <= 32, let ciphers = reader.vector16(), ciphers.count >= 2,
      ciphers.count % 2 == 0, let compression = reader.vector8(), !compression.isEmpty
    else { return .malformed("its ClientHello is cut short") }
    if reader.isAtEnd { return .hello(ClientHello(serverName: nil, hasEncryptedName: false)) }
    guard let block = reader.vector16(), reader.isAtEnd else {
      return .malformed("its ClientHello does not end where it says")
    }
    return parseExtensions(ByteReader(block))
  }

  private static func parseExtensions(_ block: ByteReader) -> Reading {
    var reader = block
    var name: String?
    var seen: Set<UInt16> = []
    while !reader.isAtEnd {
      guard let type = reader.integer16(), let data = reader.vector16() else {
        return .malformed("an extension does not end where it says")
      }
      guard seen.insert(type).inserted else { return .malformed("an extension comes twice") }
      guard type == 0 else { continue }
      guard let found = serverName(data) else {
        return .malformed("the name that it asks for is no host's")
      }
      name = found
    }
    return .hello(ClientHello(serverName: name, hasEncryptedName: seen.contains(0xFE0D)))
  }

  /// RFC 6066: a list of exactly one name, of a host, in ASCII.
  private static func serverName(_ data: ArraySlice<UInt8>) -> String? {
    var reader = ByteReader(data)
    guard let list = reader.vector16(), reader.isAtEnd else { return nil }
    var entries = ByteReader(list)
    guard entries.byte() == 0, let name = entries.vector16(), entries.isAtEnd else { return nil }
    return HostText.normalised(name)
  }
}
