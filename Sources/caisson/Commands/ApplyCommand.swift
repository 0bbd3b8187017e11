import ArgumentParser
import Foundation
import Journal
import Sandbox

/// `caisson apply`: takes a run's changes into the workspace.
struct ApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Takes a run's changes into the workspace, all or nothing.",
    discussion: """
      Nothing is applied where a selected path changed in the workspace since the run began; the \
      paths are named. Start-up files (git hooks, shell and editor start-up files and their kind) \
      wait for --accept. Setuid bits, device nodes and file capabilities are never carried. An \
      apply that was interrupted is finished, or taken back, by the next apply or undo.

      Of a run with --workspace branch it brings the branch caisson/RUN into the repository, \
      checked, and leaves HEAD, index and work tree alone; with --merge it merges it into your \
      branch, if your work tree is clean and nothing is in conflict.

      It exits with 0 where something was applied or there was nothing to apply, with 126 where \
      the policy held back everything.

      Example:
        caisson apply
        caisson apply last
        caisson apply last src --expect DIGEST
        caisson apply last --accept .git/hooks/pre-commit
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A run: its name, the beginning of one, or 'last'; without it, the newest here with changes.",
      valueName: "run"
    )
  )
  var named: String?

  @Argument(help: "Only these paths of the workspace, and what lies beneath them.")
  var paths: [String] = []

  @Option(
    help: ArgumentHelp("Take this held path too, and what lies beneath it.", valueName: "path")
  )
  var accept: [String] = []

  @Flag(help: "Take every held path.")
  var acceptHeld = false

  @Option(
    help: ArgumentHelp("Apply only if the changes are those of this digest.", valueName: "digest")
  )
  var expect: String?

  @Flag(help: "Of a run on a branch: merge it into your branch, too, if that needs nobody's help.")
  var merge = false

  @Flag(help: "Only finish, or take back, what was interrupted.")
  var recover = false

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    try reportingFailures {
      let held = try HeldRun(named)
      if !recover, held.isRunning { throw WorkspaceError.running(held.record.run) }
      if held.record.mode == .branch { return try applyBranch(held) }
      if merge {
        throw ValidationError(
          "--merge is for runs with --workspace branch, and run \(held.id) had none"
        )
      }
      if recover {
        let recovery = try held.recover()
        if recovery == nil { complain("nothing of run \(held.id) was interrupted") }
        return
      }
      let recovery = try held.recover()
      let options = try ApplySelection.Options(
        paths: held.paths(paths),
        accepted: held.paths(accept),
        acceptsAllHeld: acceptHeld
      )
      if held.isEmpty {
        complain("run \(held.id) holds no changes")
        return
      }
      let result = try apply(held, options, afterRecovery: recovery != nil)
      if result.generation == nil, result.selection.left.isEmpty, !json {
        if recovery == nil { complain("run \(held.id) holds no changes") }
        return
      }
      let report = ApplyReport(held, result, accepts: options)
      if json { print(try JSONText.encode(report)) } else { report.print() }
      if result.generation == nil, report.waits { throw ExitCode(126) }
    }
  }

  private func applyBranch(_ held: HeldRun) throws {
    guard paths.isEmpty else {
      throw ValidationError("a branch is taken as a whole: name no paths")
    }
    if held.isEmpty { return complain("run \(held.id) holds no changes") }
    let run = try BranchRun(held)
    let isRecovered = try run.recover()
    if recover {
      if !isRecovered { complain("nothing of run \(held.id) was interrupted") }
      return
    }
    try BranchApply(
      run: run,
      accepted: held.paths(accept),
      acceptsAllHeld: acceptHeld,
      expected: expect,
      merges: merge,
      json: json
    ).start()
  }

  private func apply(
    _ held: HeldRun,
    _ options: ApplySelection.Options,
    afterRecovery isRecovered: Bool
  ) throws -> Apply.Result {
    let apply = Apply(
      held.record,
      options,
      judge: held.judge,
      isRunning: { held.isRunning },
      inspect: { set throws(WorkspaceError) in
        guard let expect, expect != set.digest else { return }
        throw .digestDiffers(expected: expect, found: set.digest)
      },
      willCommit: { selection, generation in
        let names = options.paths.map(\.display)
        try held.record(
          .applyStarted(ApplyStarted(id: held.name(of: generation), paths: names))
        )
      }
    )
    let result: Apply.Result
    do {
      result = try apply.run()
    } catch WorkspaceError.noSuchChange where isRecovered {
      // What was asked for is what had been interrupted.
      result = Apply.Result()
    } catch {
      try? held.settleRows()
      throw error
    }
    if let generation = result.generation {
      try held.record(
        .applyFinished(
          ApplyFinished(
            id: held.name(of: generation),
            added: result.totals.added,
            modified: result.totals.modified,
            deleted: result.totals.deleted,
            held: result.selection.left.compactMap(\.heldName)
          )
        )
      )
    }
    return result
  }
}

extension ApplySelection.Left {
  fileprivate var heldName: String? {
    if case .held = reason { change.path.display } else { nil }
  }
}
