import Foundation
import Glibc
import SystemPackage

/// Servers on loopback that no one here wrote, as `Tests/Upstreams/start.sh` sets them up: started
/// by the first test that asks, ended with the tests.
struct Upstreams: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let place: FilePath
  let tls: UInt16
  let plain: UInt16
  let websocket: UInt16
  private let lifeline: Pipe

  /// What `Scripts/clients.sh` brought.
  static let clients = Command.packageRoot.appending(".build-clients")

  static func has(_ names: String...) -> Bool {
    let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
    return names.allSatisfy { name in
      (folders + ["/usr/sbin", "\(clients)/servers/usr/sbin", "\(clients)/venv/bin"])
        .contains { access("\($0)/\(name)", X_OK) == 0 }
    }
  }

  /// Whether the servers can be had at all.
  static let areThere = has("nginx", "openssl", "python3", "git")
  /// Whether `./test` got the clients of PyPI.
  static let hasPython = areThere && access("\(clients)/venv/ready", F_OK) == 0

  static func running() throws -> Upstreams { try started.get() }

  private static let started = Result { try start() }

  private static func start() throws -> Upstreams {
    let place = FilePath(NSTemporaryDirectory()).appending("caisson-upstreams-\(getpid())")
    try FileManager.default.createDirectory(
      atPath: place.string,
      withIntermediateDirectories: false
    )
    let ports = try freePorts(3)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "sh \"$@\"; rm -rf -- \"$2\"", "sh"]
      + ["\(Command.packageRoot)/Tests/Upstreams/start.sh", place.string, clients.string]
      + ports.map(String.init)
    // The servers end when the write end closes, and that is when this process does.
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    var text = ""
    while !text.hasSuffix("ready\n") {
      let piece = output.fileHandleForReading.availableData
      guard !piece.isEmpty else {
        throw Failure(description: "the servers did not start; \(place)/log says why")
      }
      text += String(decoding: piece, as: UTF8.self)
    }
    return Upstreams(
      place: place,
      tls: ports[0],
      plain: ports[1],
      websocket: ports[2],
      lifeline: input
    )
  }

  private static func freePorts(_ count: Int) throws -> [UInt16] {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    return try (0..<count).map { _ in
      let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      sockets.append(number)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(number, $0, length) == 0 && getsockname(number, $0, &length) == 0
        }
      }
      guard isBound else { throw Failure(description: "no port is free on loopback") }
      return UInt16(bigEndian: address.sin_port)
    }
  }
}
