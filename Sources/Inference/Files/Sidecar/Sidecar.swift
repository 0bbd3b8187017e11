/// Weights of a model in the order that the kernels read fastest: built once beside the other
/// sidecars of a folder, mapped from then on.
///
/// A sidecar is used only if it belongs to this very model and these very forms and is as long as it
/// has to be. Anything else that bears its name (damaged, half-written, of an older version) is built
/// anew. It appears under its name whole or not at all, and several processes that want it at once
/// build it once. The contents are trusted as the folder is, which must belong to this user alone;
/// `damaged()` holds them against their digests.
package struct Sidecar: Sendable {
  /// How far a sidecar is, in bytes.
  package struct Progress: Sendable, Equatable {
    package let done: Int
    package let total: Int
  }

  private let layout: SidecarLayout
  private let file: MappedFile
  private let places: [String: Range<Int>]
  private let parts: [SidecarPart]

  /// Maps the sidecar of a model in a folder, which is created where it is missing; builds it first
  /// where it is not there. `progress` is told each few megabytes and ends the building by returning
  /// false.
  package init(
    of model: GGUFFile,
    parts: [SidecarPart],
    folder: String,
    progress: (Progress) -> Bool = { _ in true }
  ) throws(SidecarError) {
    let layout = SidecarLayout(model: model, parts: parts)
    let folder = try SidecarFolder(folder)
    let name = layout.name(of: model)
    let path = "\(folder.path)/\(name)"
    var file = Self.open(path, layout)
    if file == nil {
      try folder.build(name, layout: layout, parts: parts, progress: progress)
      file = Self.open(path, layout)
    }
    guard let file else { throw .lost(path) }
    self.file = file
    self.layout = layout
    self.parts = parts
    places = Dictionary(zip(parts.map(\.tensor.name), layout.places)) { first, _ in first }
  }

  /// A tensor in its other order, from a multiple of 64; nil for one that was no part. Valid as long
  /// as this value lives.
  package func bytes(of tensor: String) -> UnsafeRawBufferPointer? {
    places[tensor].map { UnsafeRawBufferPointer(rebasing: file.bytes[$0]) }
  }

  package var path: String { file.path }

  /// Reads everything, and names the tensors whose bytes are not those that were written.
  package func damaged() -> [String] {
    zip(parts, layout.places).enumerated().compactMap { index, entry in
      let (part, place) = entry
      let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[place])
      var digest = Digest()
      for offset in part.steps {
        digest.add(
          UnsafeRawBufferPointer(rebasing: bytes[offset...].prefix(part.rowsAtOnce * part.rowSize))
        )
      }
      let isWhole = layout.digest(at: index, in: file) == (digest.first, digest.second)
      return isWhole ? nil : part.tensor.name
    }
  }

  /// Nil where no file is there, or not this one.
  static func open(_ path: String, _ layout: SidecarLayout) -> MappedFile? {
    guard let file = try? MappedFile(path: path), layout.matches(file) else { return nil }
    return file
  }
}
