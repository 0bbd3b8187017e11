import NIOCore
import Policy

/// Says to git that nothing of a push was taken, in the form in which a server says it.
enum PushRefusal {
  static func report(
    _ refusal: Refusal,
    _ updates: [RefUpdate],
    usesSideBand: Bool
  ) -> ByteBuffer {
    var report = ByteBuffer()
    line("unpack ok\n", to: &report)
    for update in updates { line("ng \(update.ref) refused by Caisson\n", to: &report) }
    report.writeStaticString("0000")
    guard usesSideBand else { return report }
    var banded = ByteBuffer()
    var text = "caisson: \(refusal.reason)\nrule: \(refusal.rule)\n"
    if let remedy = refusal.remedy { text += "to allow it: \(remedy)\n" }
    line("\u{2}" + text, to: &banded)
    // One packet holds at most 65516 bytes of its band.
    while let part = report.readSlice(length: min(report.readableBytes, 60_000)),
      part.readableBytes > 0
    {
      line("\u{1}" + String(buffer: part), to: &banded)
    }
    banded.writeStaticString("0000")
    return banded
  }

  private static func line(_ text: String, to buffer: inout ByteBuffer) {
    let digits = String(text.utf8.count + 4, radix: 16)
    buffer.writeString(String(repeating: "0", count: 4 - digits.utf8.count) + digits + text)
  }
}
