import Testing

@testable import Policy

struct AddressTests {
  private func verdict(
    _ address: String,
    networks: [String] = [],
    addresses: [String] = []
  ) throws -> AddressVerdict {
    let rule = HostRule(
      host: try HostPattern(parsing: "api.example.com"),
      networks: try networks.map { text throws in try AddressRange(parsing: text) },
      addresses: addresses
    )
    let bytes = try #require(AddressRange.address(address))
    return NetworkPolicy(rules: [.host(rule)]).checkAddress(bytes, for: rule)
  }

  @Test(arguments: [
    "8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "198.17.0.1",
    "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1", "192.169.0.1",
  ])
  func `a public address needs no grant of its own`(address: String) throws {
    #expect(try verdict(address) == .allowed)
  }

  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.0.1", "169.254.1.1",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "100.100.100.200", "168.63.129.16",
    "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00::1", "fd00:ec2::254", "ff02::1",
    "2001:db8::1", "2001::1", "2002:808:808::1", "64:ff9b::808:808", "64:ff9b:1::808:808",
    "::ffff:808:808", "::808:808", "100::1", "3fff::1", "5f00::1", "4000::1", "2001:10::1",
    "2a00::5efe:a00:1", "2a00::200:5efe:7f00:1",
  ])
  func `an address of the inside needs one`(address: String) throws {
    guard case .denied(_, _, let remedy?) = try verdict(address) else {
      Issue.record("\(address) is denied")
      return
    }
    #expect(try verdict(address, addresses: [address]) == .allowed)
    #expect(remedy.contains("/\(address.contains(":") ? 128 : 32)"))
  }

  @Test func `a network grants what lies in it`() throws {
    #expect(try verdict("10.1.2.3", networks: ["10.0.0.0/8"]) == .allowed)
    #expect(try verdict("11.1.2.3", networks: ["10.0.0.0/8"]) == .allowed)
    #expect(try verdict("192.168.1.1", networks: ["10.0.0.0/8"]) != .allowed)
    #expect(try verdict("fd00::1", networks: ["fd00::/8"]) == .allowed)
  }

  @Test func `what carries another address needs a grant for both`() throws {
    let nat = ["64:ff9b::/96"]
    #expect(try verdict("64:ff9b::808:808", networks: nat) == .allowed)
    #expect(try verdict("64:ff9b::a00:1", networks: nat) != .allowed)
    #expect(try verdict("64:ff9b::a00:1", networks: nat + ["10.0.0.0/8"]) == .allowed)
    #expect(try verdict("64:ff9b::a9fe:a9fe", networks: nat + ["169.254.0.0/16"]) != .allowed)
    #expect(try verdict("::ffff:7f00:1", networks: ["127.0.0.0/8"]) != .allowed)
  }

  @Test func `the metadata of a cloud needs its very address`() throws {
    #expect(try verdict("169.254.169.254", networks: ["169.254.0.0/16"]) != .allowed)
    #expect(try verdict("169.254.169.254", networks: ["169.254.169.254/32"]) == .allowed)
    #expect(try verdict("fd00:ec2::254", networks: ["fd00::/8"]) != .allowed)
  }

  @Test func `a name with addresses of its own leads nowhere else`() throws {
    #expect(try verdict("8.8.8.8", addresses: ["127.0.0.1"]) != .allowed)
    #expect(try verdict("127.0.0.1", addresses: ["127.0.0.1"]) == .allowed)
  }
}
