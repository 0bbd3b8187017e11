import Foundation
import SystemPackage
import Testing

/// A repository of a user's with one commit, and a place for Caisson's state.
struct BranchPlace: Sendable {
  let directory: FilePath

  var home: FilePath { directory.appending("home") }
  var repository: FilePath { directory.appending("repository") }

  static func with(
    _ setUp: String = "",
    _ body: @Sendable (BranchPlace) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let place = BranchPlace(directory: directory)
      try FileManager.default.createDirectory(
        atPath: place.repository.string,
        withIntermediateDirectories: false
      )
      let made = """
        set -e; git init -q -b main .; git config user.name Ann; git config user.email ann@example.com
        echo one > a.txt; mkdir sub; echo two > sub/b.txt; git add .; git commit -qm first
        \(setUp)
        """
      #expect(try await place.shell(made) == "")
      try await body(place)
    }
  }

  /// Runs a script in the repository as its user does, and gives all that it says.
  @discardableResult
  func shell(_ script: String) async throws -> String {
    let command = Command.named("sh", "-c", "exec 2>&1\n\(script)", directory: repository)
    return try await command.run().output
  }

  func caisson(_ arguments: String..., in directory: String = "") async throws -> Command.Result {
    var command = Command.caisson(home: home, directory: repository.appending(directory))
    command.arguments = arguments
    return try await command.run()
  }

  /// Runs a script on a branch, and gives the run's name.
  func sealed(_ script: String, in directory: String = "") async throws -> String {
    let result = try await caisson(
      "run",
      "--workspace",
      "branch",
      "--quiet",
      "--",
      "sh",
      "-c",
      script,
      in: directory
    )
    #expect(result.status == .exited(0), "\(result.error)\(result.output)")
    return try await newest()
  }

  func newest() async throws -> String {
    struct Run: Decodable { var run: String }
    let list = try await caisson("runs", "--json", "--limit", "1").output
    return try #require(try JSONDecoder().decode([Run].self, from: Data(list.utf8)).first).run
  }

  /// All that a repository is: references, HEAD, index, work tree and objects.
  func everything() async throws -> String {
    try await shell(
      """
      git for-each-ref; cat .git/HEAD .git/config; git ls-files --stage; git status --porcelain -uall
      find . -path ./.git -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
      find .git -name index -prune -o -print | LC_ALL=C sort
      """
    )
  }

  /// What lies in the run's directory.
  func tree(_ run: String) -> FilePath { home.appending("runs/\(run)/tree") }

  func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: directory.appending(name).string)
  }
}
