internal import SystemPackage

extension WorkspaceRecord {
  func readLayer() throws(WorkspaceError) -> ChangeLayer {
    switch mode {
    case .overlay:
      return .overlay(start: start)
    case .copy:
      let directory = try openTree(layer, as: "run's directory")
      let name = PrivateCopy.snapshotName
      guard let bytes = try StateFile.read(name, in: directory) else {
        throw .missing(what: "snapshot", path: layer.appending("snapshot").string)
      }
      do throws(ByteReader.Damaged) {
        return .copy(try Snapshot(encoded: bytes))
      } catch {
        throw .corrupt(file: layer.appending("snapshot").string, what: error.what)
      }
    case .branch, .direct, .none:
      throw .nothingHeld(mode)
    }
  }
}

/// Opens a directory that our own state names.
func openTree(_ path: FilePath, as what: String) throws(WorkspaceError) -> OpenFile {
  do throws(WorkspaceError) {
    return try OpenFile.open(path, [.read, .directory])
  } catch {
    if error.number == 2 || error.number == 20 { throw .missing(what: what, path: path.string) }
    throw error
  }
}
