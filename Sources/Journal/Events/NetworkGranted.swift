/// A person at the terminal granted a running run a place that its policy does not name.
package struct NetworkGranted: Codable, Sendable, Equatable {
  package var host: String
  package var port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }
}
