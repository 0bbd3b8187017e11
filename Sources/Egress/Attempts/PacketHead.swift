/// Where a packet of the run was to go, as its head says.
package struct PacketHead: Hashable, Sendable {
  package enum Transport: String, Hashable, Sendable { case tcp, udp }

  package let transport: Transport
  /// Four or sixteen bytes.
  package let address: [UInt8]
  package let port: UInt16

  package init(transport: Transport, address: [UInt8], port: UInt16) {
    self.transport = transport
    self.address = address
    self.port = port
  }

  /// Reads a packet from its network header on; nil for one that is neither the beginning of a
  /// connection nor a datagram.
  package init?(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let first = reader.byte() else { return nil }
    var transport: UInt8
    switch first >> 4 {
    case 4:
      let length = Int(first & 0xF) * 4
      guard length >= 20, reader.bytes(8) != nil, let number = reader.byte(),
        reader.bytes(6) != nil, let address = reader.bytes(4), reader.bytes(length - 20) != nil
      else { return nil }
      transport = number
      self.address = Array(address)
    case 6:
      guard reader.bytes(5) != nil, let number = reader.byte(), reader.bytes(17) != nil,
        let address = reader.bytes(16)
      else { return nil }
      transport = number
      self.address = Array(address)
      if [0, 43, 44, 60].contains(transport) {
        guard let next = reader.byte(), let length = reader.byte(),
          reader.bytes(6 + Int(length) * 8) != nil
        else { return nil }
        transport = next
      }
    default: return nil
    }
    guard reader.integer16() != nil, let port = reader.integer16() else { return nil }
    self.port = port
    switch transport {
    case 6:
      // SYN without ACK.
      guard reader.bytes(9) != nil, let flags = reader.byte(), flags & 0x12 == 0x02 else {
        return nil
      }
      self.transport = .tcp
    case 17, 136:
      self.transport = .udp
    default: return nil
    }
  }
}
