import ArgumentParser
import Foundation
import Policy
import SystemPackage

/// `caisson agents`: who may be given work.
struct AgentsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agents",
    abstract: "Lists the agents that work can be given to.",
    discussion: """
      Others than our own are described by small files: some come with Caisson, yours are \
      agents/NAME.yaml beside your other configuration, and win.

      Example:
        caisson agents
        caisson agents --show aider >~/.config/caisson/agents/my-aider.yaml

      Exit status: 0; 1 a description is wrong, or there is none of that name.
      """
  )

  @Option(help: ArgumentHelp("Print the description of one.", valueName: "name"))
  var show: String?

  @Flag(help: "Print an array of JSON objects.")
  var json = false

  private struct Line: Encodable {
    let name, file: String
    var command: [String] = []
    var problem: String?
  }

  func run() throws {
    let files = Self.files(try Home.current())
    if let show {
      do {
        print(try files.find(show).text, terminator: "")
      } catch {
        complain("\(error)")
        throw ExitCode(1)
      }
      return
    }
    let lines = files.names().compactMap { name in
      (try? files.find(name)).map { found in
        do {
          return Line(name: name, file: found.file, command: try found.definition().command)
        } catch {
          return Line(name: name, file: found.file, problem: "\(error)")
        }
      }
    }
    if json {
      print(try JSONText.encode(lines))
    } else {
      print("caisson: our own")
      for line in lines {
        print("\(line.name): \(line.problem ?? "\(line.command[0]), \(line.file)")")
      }
    }
    if lines.contains(where: { $0.problem != nil }) { throw ExitCode(1) }
  }

  static func files(_ home: Home) -> AgentFiles {
    AgentFiles(
      directory: home.config.appending("agents").string,
      read: { path in
        guard FileManager.default.fileExists(atPath: path) else { return .none }
        return FileManager.default.contents(atPath: path).map {
          .text(String(decoding: $0, as: UTF8.self))
        } ?? .unreadable
      },
      list: { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
    )
  }
}
