import Catalogue
import Policy

/// What `caisson route explain` prints.
struct RouteText {
  let route: Route

  var text: String {
    var lines: [String] = []
    if let kind = route.kind {
      lines.append("\(route.requested): a \(kind.rawValue), tried by \(route.policyText)".printable)
    }
    var number = 0
    for candidate in route.candidates {
      let price = candidate.estimate.map { "  \($0.text)" } ?? "  price unknown"
      let why: String
      if candidate.qualifies {
        number += 1
        why = "  \(number). \(candidate.offer.key)\(price)"
      } else {
        why =
          "  –  \(candidate.offer.key): "
          + candidate.exclusions.map(\.description).joined(separator: "; ")
      }
      lines.append(why.printable)
    }
    if let refusal = route.refusal { lines.append("refused: \(refusal)".printable) }
    return lines.joined(separator: "\n")
  }
}

extension Route {
  fileprivate var policyText: String {
    switch policy {
    case .priority, nil: "the order in which they are written"
    case .weighted: "chance, by their weights"
    case .cheapest: "price"
    case .leastBusy: "how busy they are"
    }
  }
}

/// What `caisson route explain --json` prints.
struct RouteJSON: Encodable {
  struct Candidate: Encodable {
    struct Reason: Encodable {
      let reason: String
      let text: String
    }

    let model: String
    let qualifies: Bool
    let estimate: String?
    let reasons: [Reason]
  }

  let requested: String
  let kind: String?
  let policy: String?
  let order: [String]
  let candidates: [Candidate]
  let refusal: String?

  init(_ route: Route) {
    requested = route.requested
    kind = route.kind?.rawValue
    policy = route.policy?.rawValue
    order = route.order.map(\.key.description)
    candidates = route.candidates.map { candidate in
      Candidate(
        model: candidate.offer.key.description,
        qualifies: candidate.qualifies,
        estimate: candidate.estimate?.text,
        reasons: candidate.exclusions.map { .init(reason: $0.word, text: $0.description) }
      )
    }
    refusal = route.refusal?.description
  }
}
