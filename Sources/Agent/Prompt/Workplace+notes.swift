extension Workplace {
  /// What the project says to agents: the notes at its top, and which skills it has. Read inside, as
  /// the agent would read it.
  func notes() async throws -> [ProjectNotes.Note] {
    var notes: [ProjectNotes.Note] = []
    for name in ProjectNotes.names {
      guard let text = try await noteText(name) else { continue }
      notes.append(ProjectNotes.Note(path: name, text: text))
      // One of them: projects link one to the other.
      break
    }
    var skills: [String] = []
    for directory in ProjectNotes.skills {
      for name in try await directories(in: directory) where skills.count < 64 {
        let path = "\(directory)/\(name)/SKILL.md"
        guard let text = try await noteText(path),
          let summary = ProjectNotes.summary(ofSkill: text, at: path)
        else { continue }
        skills.append(summary)
      }
    }
    if !skills.isEmpty {
      notes.append(ProjectNotes.Note(path: "skills", text: skills.joined(separator: "\n")))
    }
    return notes
  }

  private func noteText(_ path: String) async throws -> String? {
    do {
      guard let file = try await file(path) else { return nil }
      return OutputText.text(Array(file.bytes.prefix(ProjectNotes.largest)))
    } catch Failure.refused {
      return nil
    }
  }

  private func directories(in path: String) async throws -> [String] {
    do {
      return try await text(path, offset: 1, limit: 256).split(separator: "\n").compactMap {
        $0.hasSuffix("/") ? String($0.dropLast()) : nil
      }
    } catch Failure.refused {
      return []
    }
  }
}
