extension HostRule {
  /// Whether an address that the host resolved to may be connected to.
  ///
  /// Anything that is not a public address needs a grant by network besides the grant by name, and
  /// an address that carries another one needs a grant for each of the two.
  func verdict(on address: [UInt8]) -> AddressVerdict {
    let pinned = addresses.compactMap(AddressRange.address)
    if pinned.contains(address) { return .allowed }
    if !pinned.isEmpty {
      return denied(address, "it is not one of the addresses that the policy gives the name")
    }
    let kind = AddressKind(of: address)
    if kind == .world { return .allowed }
    let granted = networks.contains { network in
      guard network.contains(address) else { return false }
      // A network around it does not mean what hands out the credentials of the machine.
      return kind != .metadata || network.prefixLength == address.count * 8
    }
    guard granted else { return denied(address, "its kind is \(kind.rawValue)") }
    if kind == .translated || kind == .tunnelled,
      let inner = AddressKind.embedded(in: address), verdict(on: inner) != .allowed
    {
      return denied(
        inner,
        "\(AddressRange.text(address)) stands for it, and its kind is "
          + AddressKind(of: inner).rawValue
      )
    }
    return .allowed
  }

  private func denied(_ address: [UInt8], _ reason: String) -> AddressVerdict {
    let isWell = address.count == 4 || address.count == 16
    let text = isWell ? AddressRange.text(address) : "an address"
    var rule = self
    if addresses.isEmpty {
      let range = try? AddressRange(parsing: "\(text)/\(address.count * 8)")
      rule.networks += range.map { [$0] } ?? []
    } else {
      rule.addresses.append(text)
    }
    return .denied(
      rule: BuiltInRule.insideAddresses.name,
      reason: "\(host.text) is at \(text), which may not be connected to: \(reason)",
      remedy: isWell ? "network: [\(NetworkRule.host(rule).canonicalText)]" : nil
    )
  }
}
