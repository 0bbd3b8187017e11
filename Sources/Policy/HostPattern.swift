/// The name of a host in lower case, in which a label may be `*`.
package struct HostPattern: Hashable, Sendable {
  package let text: String

  package init(unchecked text: String) {
    self.text = text
  }
}

/// A range of addresses in the notation `10.0.0.0/8` or `fd00::/8`.
package struct AddressRange: Hashable, Sendable {
  package let text: String

  package init(unchecked text: String) {
    self.text = text
  }
}
