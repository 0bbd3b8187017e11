import Catalogue
import Dialects
import Journal
import NIOCore
import Policy

/// How an answer gets to the disk and then to the client.
extension Exchange {
  /// The largest piece that is written at once; the spool's records hold 16 MiB.
  private static let largestPiece = 8 << 20

  var contentType: String {
    scan.isStream ? dialect.streamContentType : "application/json"
  }

  /// Writes a piece to the spool and passes it on; false where that was the end of the answer.
  func deliver(_ piece: ArraySlice<UInt8>, of attempt: Attempt, isAll: Bool) -> Bool {
    guard let call = attempt.call else { return false }
    do throws(SpoolError) {
      if !hasAnswered {
        let length = isAll ? piece.count : nil
        let head = SpooledHead(
          status: 200,
          contentType: contentType,
          length: length,
          headers: answerHeaders(attempt)
        )
        if !attempt.isSpooled {
          try gateway.spool.begin(
            CallNumber(call.number),
            scope: Array((idempotencyKey ?? "").utf8),
            requestHash: requestHash,
            response: head.encoded
          )
          attempt.isSpooled = true
        }
        hasAnswered = true
        report.firstByte = attempt.firstByte
        client?.begin(head)
        let waiting = followers
        followers = []
        for follower in waiting { follower.replay(call) }
      }
      try append(piece, to: CallNumber(call.number))
    } catch {
      gateway.complain("\(error)")
      unspooled(attempt)
      return false
    }
    gather(piece)
    client?.write(piece)
    return true
  }

  private func append(
    _ piece: ArraySlice<UInt8>,
    to call: CallNumber
  ) throws(SpoolError) {
    var rest = piece
    while !rest.isEmpty {
      let part = rest.prefix(Self.largestPiece)
      try gateway.spool.append(part.span.bytes, to: call)
      rest = rest.dropFirst(part.count)
    }
  }

  /// What cannot be kept is not passed on: it could be paid for twice.
  private func unspooled(_ attempt: Attempt) {
    stopAsking(attempt)
    let use = attempt.use ?? ObservedUse()
    let settlement = attempt.accounting.settle(
      ObservedUse(usage: use.usage, textBytes: use.textBytes, isWhole: use.isWhole),
      outcome: "spool failed"
    )
    if let call = attempt.call { gateway.spool.abandon(CallNumber(call.number)) }
    attempt.isSpoolEnded = true
    conclude(attempt, settlement, .clientGone)
    if hasAnswered, let client {
      report.fail(.unspooled)
      client.abort()
      end()
    } else {
      fail(.unspooled)
    }
  }

  func endSpool(
    _ attempt: Attempt,
    _ outcome: AnswerEnd.Outcome,
    _ settlement: CallSettlement
  ) {
    guard attempt.isSpooled, !attempt.isSpoolEnded, let call = attempt.call else { return }
    attempt.isSpoolEnded = true
    do throws(SpoolError) {
      let summary = SettlementSummary.encode(settlement)
      try gateway.spool.end(CallNumber(call.number), outcome, summary: summary)
    } catch {
      // It stays partial; the ledger is told all the same.
      gateway.complain("\(error)")
      gateway.spool.abandon(CallNumber(call.number))
    }
  }

  /// Kept for the cache, up to what one answer may take of it.
  private func gather(_ piece: ArraySlice<UInt8>) {
    guard let count = cached?.count else { return }
    if count + piece.count <= AnswerCache.largestAnswer {
      cached?.append(contentsOf: piece)
    } else {
      cached = nil
    }
  }

  private func answerHeaders(_ attempt: Attempt) -> [(String, String)] {
    var headers = extraHeaders()
    let id = attempt.upstreamID ?? attempt.call.map { gateway.name(of: $0) }
    let name = dialect.family == .anthropic ? "request-id" : "x-request-id"
    if let id { headers.append((name, HeaderText.clean(id))) }
    return headers
  }

  // MARK: - From the cache

  func answer(from hit: AnswerCache.Answer) {
    report.outcome = "cache"
    var head = SpooledHead(
      status: 200,
      contentType: hit.contentType,
      length: scan.isStream ? nil : hit.body.count
    )
    head.headers.append(("x-caisson-cache", "hit"))
    client?.begin(head)
    client?.write(hit.body[...])
    client?.finish()
    end()
  }
}

/// How an answer begins, as the spool keeps it.
struct SpooledHead {
  var status: Int
  var contentType: String
  /// Bytes of the body, where all of them are known.
  var length: Int?
  var headers: [(String, String)] = []

  /// Lines: the status, the length or nothing, the type, then a header a line.
  var encoded: [UInt8] {
    var text = "\(status)\n\(length.map(String.init) ?? "")\n\(contentType)"
    for (name, value) in headers { text += "\n\(name): \(value)" }
    return Array(text.utf8)
  }

  init(
    status: Int,
    contentType: String,
    length: Int?,
    headers: [(String, String)] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.length = length
    self.headers = headers
  }

  init?(encoded bytes: [UInt8]) {
    let lines = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 3, let status = Int(lines[0]), (100...599).contains(status) else {
      return nil
    }
    self.init(status: status, contentType: String(lines[2]), length: Int(lines[1]))
    for line in lines.dropFirst(3) {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers.append(
        (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
      )
    }
  }
}

enum HeaderText {
  /// Printable ASCII: anything else could begin a header of its own.
  static func clean(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { ("\u{20}"..."\u{7E}").contains($0) ? $0 : "?" }
      )
    )
  }
}
