import Foundation
import Subprocess
import SystemPackage

/// A program run by a test, mostly the built `caisson`, and what came of it.
struct Command: Sendable {
  var executable: FilePath
  var arguments: [String] = []
  /// Added to the test's own environment; nil takes a name away.
  var environment: [String: String?] = [:]
  var directory: FilePath?
  var input = ""

  struct Result: Sendable {
    let status: Status
    let output: String
    let error: String

    enum Status: Sendable, Equatable {
      case exited(Int32)
      case signalled(Int32)
    }
  }

  /// The built command, with its state in a place of the test's own.
  static func caisson(
    _ arguments: String...,
    home: FilePath,
    environment: [String: String?] = [:],
    directory: FilePath? = nil,
    input: String = ""
  ) -> Command {
    var environment = environment
    environment["CAISSON_HOME"] = home.string
    return Command(
      executable: binary("caisson"),
      arguments: arguments,
      environment: environment,
      directory: directory,
      input: input
    )
  }

  /// A command found on PATH.
  static func named(
    _ name: String,
    _ arguments: String...,
    directory: FilePath? = nil
  ) -> Command {
    Command(
      executable: "/usr/bin/env",
      arguments: [name] + arguments,
      directory: directory
    )
  }

  /// Where the build puts its executables: beside the tests that are running.
  static func binary(_ name: String) -> FilePath {
    packageRoot.appending(".build/debug").appending(name)
  }

  static let packageRoot: FilePath = {
    var path = FilePath(#filePath)
    for _ in 0..<4 { path.removeLastComponent() }
    return path
  }()

  /// Runs to the end, and captures both outputs. One that has not ended after `patience` is killed: a
  /// test that waits for ever says nothing.
  func run(patience: Duration = .seconds(240)) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await runToEnd() }
      group.addTask {
        // Who is cancelled is not impatient.
        do { try await Task.sleep(for: patience) } catch { return nil }
        throw Impatience(command: ([executable.string] + arguments).joined(separator: " "))
      }
      defer { group.cancelAll() }
      while let next = try await group.next() {
        if let next { return next }
      }
      throw CancellationError()
    }
  }

  private struct Impatience: Error, CustomStringConvertible {
    let command: String

    var description: String { "did not end, nor close its outputs, in time: \(command)" }
  }

  private func runToEnd() async throws -> Result {
    let result = try await Subprocess.run(
      configuration,
      input: .string(input),
      output: .string(limit: 64 << 20),
      error: .string(limit: 64 << 20)
    )
    return Result(
      status: Result.Status(result.terminationStatus),
      output: result.standardOutput,
      error: result.standardError
    )
  }

  /// Runs while `body` does, giving it the process and its output line by line. The process is
  /// killed when `body` returns.
  func run<Value: Sendable>(
    _ body: (pid_t, SubprocessOutputSequence.StringSequence<UTF8>) async throws -> Value
  ) async throws -> Value {
    try await Subprocess.run(configuration, input: .none, output: .sequence, error: .discarded) {
      process in
      defer { kill(process.processIdentifier.value, SIGKILL) }
      return try await body(process.processIdentifier.value, process.standardOutput.strings())
    }.closureResult
  }

  private var configuration: Configuration {
    var names: [Environment.Key: String?] = [:]
    for (name, value) in environment { names[Environment.Key(rawValue: name) ?? ""] = value }
    return Configuration(
      executable: .path(executable),
      arguments: Arguments(arguments),
      environment: .inherit.updating(names),
      workingDirectory: directory
    )
  }
}

extension Command.Result.Status {
  fileprivate init(_ status: TerminationStatus) {
    switch status {
    case .exited(let code): self = .exited(code)
    case .signaled(let signal): self = .signalled(signal)
    }
  }
}
