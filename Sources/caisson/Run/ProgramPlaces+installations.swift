import Foundation
import Sandbox

extension ProgramPlaces {
  /// The directories of each program that `PATH` finds, by the program's name.
  static func installations(
    of names: [String],
    path: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
  ) -> [String: [String]] {
    var found: [String: [String]] = [:]
    for name in names {
      guard let program = HostTree.program(name, path: path) else { continue }
      let real = HostTree.find(program, isSystem: true)?.real ?? program
      found[name] = [program, real].flatMap(directories(of:))
    }
    return found
  }
}
