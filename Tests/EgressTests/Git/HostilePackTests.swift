import CZlib
import Crypto
import Testing

@testable import Egress
@testable import Policy

/// Packs that git would not make.
@Suite(.timeLimit(.minutes(5))) struct HostilePackTests {
  private static let old = String(repeating: "a", count: 40)
  private static let tree = "tree \(String(repeating: "0", count: 40))\n"
  private static let author = "author A <a@b.test> 1 +0000\ncommitter A <a@b.test> 1 +0000\n\nx\n"
  private static let commit = Array("\(tree)parent \(old)\n\(author)".utf8)

  private static func id(_ commit: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    let hash = Insecure.SHA1.hash(data: Array("commit \(commit.count)\0".utf8) + commit)
    return String(hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  private static func pack(_ objects: [[UInt8]], count: UInt8? = nil) -> [UInt8] {
    var pack = Array("PACK\0\0\0\u{2}\0\0\0".utf8)
    pack.append(count ?? UInt8(objects.count))
    for object in objects { pack += object }
    return pack + [UInt8](repeating: 0, count: 20)
  }

  /// An object whose content is stored as it is.
  private static func object(
    _ kind: UInt8,
    _ content: [UInt8],
    size: Int? = nil,
    base: [UInt8] = [],
    checksum: UInt? = nil
  ) -> [UInt8] {
    var size = size ?? content.count
    var head = [kind << 4 | UInt8(size & 15)]
    size >>= 4
    while size > 0 {
      head[head.count - 1] |= 0x80
      head.append(UInt8(size & 0x7F))
      size >>= 7
    }
    let count = UInt16(content.count)
    let block = [
      1, UInt8(count & 0xFF), UInt8(count >> 8), UInt8(~count & 0xFF), UInt8(~count >> 8),
    ]
    let sum = UInt32(checksum ?? adler32(1, content, UInt32(content.count)))
    return head + base + [0x78, 0x01] + block + content
      + withUnsafeBytes(of: sum.bigEndian, Array.init)
  }

  private static func progress(
    _ pack: [UInt8],
    new: [UInt8] = commit,
    bounds: PackReader.Bounds = PackReader.Bounds()
  ) -> PackAncestry.Progress {
    let update = RefUpdate(old: old, new: id(new), ref: "refs/heads/x")
    return PackedHistory.progress(of: pack, update, bounds: bounds)
  }

  @Test func `a content that its checksum does not fit is refused`() {
    guard case .malformed = Self.progress(Self.pack([Self.object(1, Self.commit, checksum: 7)]))
    else {
      Issue.record("a wrong checksum")
      return
    }
  }

  @Test func `a pack that is made by hand is read like git's`() {
    #expect(Self.progress(Self.pack([Self.object(1, Self.commit)])) == .proven)
    // However many objects it claims, and in whatever order they come.
    let blob = Self.object(3, Array("hello".utf8))
    let pack = Self.pack([blob, blob, Self.object(1, Self.commit)], count: 255)
    #expect(Self.progress(pack) == .proven)
  }

  @Test(arguments: [
    pack([object(1, commit, size: commit.count + 1)]),
    pack([object(1, commit, size: commit.count - 1)]),
    pack([object(1, commit, size: 1 << 58)]),
    pack([object(0, commit)]), pack([object(5, commit)]),
    pack([object(6, [1, 1, 1], base: [0])]), pack([object(6, [1, 1, 1], base: [0x7F])]),
    pack([object(6, [1, 1, 1], base: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])]),
    pack([[0x95] + [UInt8](repeating: 0xFF, count: 20)]),
    pack([[0x15, 0x78, 0x9C, 0x07, 0, 0]]), pack([[0x15, 0x1F, 0x8B, 0x08]]),
    pack([object(1, commit)].map { $0.dropLast(20) }, count: 1).dropLast(20),
    Array("PACK\0\0\0\u{9}\0\0\0\u{1}".utf8), Array("GARBAGEGARBAGE".utf8), Array("PACK".utf8),
  ])
  func `a pack that says of itself what is not so is refused`(pack: [UInt8]) {
    guard case .malformed = Self.progress(Array(pack)) else {
      Issue.record("\(Self.progress(Array(pack)))")
      return
    }
  }

  @Test(arguments: [
    // Of 40 digits and 24 more, which git would not take for a parent.
    "\(tree)parent \(old)\(String(repeating: "0", count: 24))\n\(author)",
    "parent \(old)\n\(tree)\(author)", "\(tree)\(author)parent \(old)\n",
    "\(tree)parent \(old.uppercased())\n\(author)", "\(tree) parent \(old)\n\(author)",
    "\(tree)author A\nparent \(old)\n", "\(tree)parent \(old)", "",
  ])
  func `only git's own way to name a parent names one`(text: String) {
    let commit = Array(text.utf8)
    let progress = Self.progress(Self.pack([Self.object(1, commit)]), new: commit)
    guard case .unproven = progress else {
      Issue.record("\(progress)")
      return
    }
  }

  @Test func `an object of another kind is no commit, whatever it holds`() {
    for kind: UInt8 in [2, 3, 4] {
      #expect(Self.progress(Self.pack([Self.object(kind, Self.commit)])) != .proven)
    }
  }

  /// A number whose lowest seven bits come first.
  private static func size(_ number: Int) -> [UInt8] {
    number < 0x80 ? [UInt8(number)] : [UInt8(number & 0x7F) | 0x80] + size(number >> 7)
  }

  /// How far back the base of an object stands.
  private static func distance(_ number: Int, more: UInt8 = 0) -> [UInt8] {
    (number < 0x80 ? [] : distance((number >> 7) - 1, more: 0x80)) + [UInt8(number & 0x7F) | more]
  }

  @Test func `commits are made from those of the same pack alone`() {
    let text = Array((Self.tree + Self.author).utf8)
    let base = Self.object(1, text)
    let line = Array("parent \(Self.old)\n".utf8)
    let start = UInt8(Self.tree.utf8.count)
    func delta(_ rest: Int) -> [UInt8] {
      Self.size(text.count) + Self.size(Self.commit.count) + [0x90, start, UInt8(line.count)]
        + line + [0x91, start, UInt8(rest)]
    }
    let good = delta(text.count - Int(start))
    let back = Self.distance(base.count)
    #expect(Self.progress(Self.pack([base, Self.object(6, good, base: back)])) == .proven)
    let beyond = delta(text.count - Int(start) + 1)
    guard case .malformed = Self.progress(Self.pack([base, Self.object(6, beyond, base: back)]))
    else {
      Issue.record("a copy from behind the end")
      return
    }
    let elsewhere = Self.object(7, good, base: [UInt8](repeating: 7, count: 20))
    #expect(Self.progress(Self.pack([base, elsewhere])) != .proven)
  }

  @Test func `what becomes large is not made`() {
    let size = 65_000
    let base = Self.object(
      1,
      Self.commit + [UInt8](repeating: 0x61, count: size - Self.commit.count)
    )
    let copy: [UInt8] = [0xB0, UInt8(size & 0xFF), UInt8(size >> 8)]
    let delta =
      Self.size(size) + Self.size(size * 20) + [[UInt8]](repeating: copy, count: 20).flatMap { $0 }
    let pack = Self.pack([base, Self.object(6, delta, base: Self.distance(base.count))])
    guard case .unproven(_, let doubt) = Self.progress(pack) else {
      Issue.record("\(Self.progress(pack))")
      return
    }
    #expect(doubt.contains("a commit is larger than is looked at"))
  }

  @Test func `mutated packs are read the same in pieces, and never show what is not so`()
    async throws
  {
    let similar =
      "for n in 1 2 3 4; do { seq 40; echo $n; } | git commit -q --allow-empty -F -; done"
    let good = try await PackedHistory.made(
      by: "\(similar); save main~4 main --window=9; test $(commits_that_are_deltas) -gt 1"
    )
    let forced = try await PackedHistory.made(
      by: "git tag old; git reset -q --hard HEAD~1; \(similar); save old main --window=9"
    )
    var random = SplitMix(seed: 20_261_121)
    var shown = 0
    for _ in 0..<1500 {
      let isGood = random.below(2) == 0
      let history = isGood ? good : forced
      let pack = random.mutated(history.pack)
      let whole = PackedHistory.progress(of: pack, history.update)
      let pieces = PackedHistory.progress(
        of: pack,
        history.update,
        cut: 1 + random.below(pack.count)
      )
      #expect(whole == pieces)
      if whole == .proven { shown += 1 }
      #expect(isGood || whole != .proven)
    }
    #expect(shown > 0)
  }
}
