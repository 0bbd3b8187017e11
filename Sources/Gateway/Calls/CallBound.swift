import Catalogue
import Dialects

/// What a request may cost at most, and what it needs, as the catalogue asks for it.
struct CallBound {
  var bound: RequestBound
  var needs: Needs
  /// Whether it asks for something that has no price: tools that the provider runs, or a class of
  /// service that the price list does not know.
  private let features: RequestFeatures

  init(_ scan: RequestScan) {
    let features = scan.features
    self.features = features
    bound = RequestBound(
      textBytes: max(0, scan.document.bytes.count - features.mediaBytes),
      images: features.images,
      hasOtherMedia: features.audios > 0 || features.files > 0 || features.refersToStored,
      outputTokens: scan.dialect.isEmbedding ? 0 : scan.maxTokens,
      choices: scan.choices,
      cacheWrites: Self.mayCacheAnHour(scan) ? .hour : .usual,
      speaks: features.wantsAudio
    )
    needs = Self.needs(features, isEmbedding: scan.dialect.isEmbedding)
  }

  /// Whether a mark for an hour may stand in the request: wherever its text does.
  private static func mayCacheAnHour(_ scan: RequestScan) -> Bool {
    guard scan.dialect == .anthropic else { return false }
    let bytes = scan.document.bytes
    guard bytes.count >= 4 else { return false }
    for place in 0..<bytes.count - 3 where bytes[place] == UInt8(ascii: "\"") {
      let isMark =
        bytes[place + 1] == UInt8(ascii: "1") && bytes[place + 2] == UInt8(ascii: "h")
        && bytes[place + 3] == UInt8(ascii: "\"")
      if isMark { return true }
    }
    return false
  }

  private static func needs(_ features: RequestFeatures, isEmbedding: Bool) -> Needs {
    if isEmbedding { return Needs(capabilities: .embeddings) }
    var needs = Needs(output: features.wantsAudio ? [.text, .audio] : .text)
    if features.images > 0 { needs.input.insert(.image) }
    if features.audios > 0 { needs.input.insert(.audio) }
    if features.hasTools { needs.capabilities.insert(.tools) }
    if features.wantsSchema { needs.capabilities.insert(.json) }
    return needs
  }

  /// The bound for one model at an upstream.
  ///
  /// - Parameter writes: the largest length that translation writes where the client gave none.
  func bound(for model: ModelEntry, isTranslated: Bool, writes: Int?) -> RequestBound {
    var bound = bound
    if bound.outputTokens == nil { bound.outputTokens = writes }
    // Translation leaves the class of service out.
    bound.mode = isTranslated ? nil : mode(of: model)
    return bound
  }

  private func mode(of model: ModelEntry) -> String? {
    model.price.list?.mode { field in
      field == "inference_geo" ? features.inferenceGeo : features.serviceTier
    }
  }

  /// Why the price of a call to a model is not known, in spite of the catalogue; nil where it is.
  func unpriced(at model: ModelEntry, isTranslated: Bool) -> String? {
    if features.hasProviderTools, !isTranslated {
      return "what tools that the provider runs cost is not known"
    }
    guard !isTranslated, mode(of: model) == nil else { return nil }
    if let tier = features.serviceTier {
      return "the price of the class of service \(Self.quoted(tier)) is not known"
    }
    if let geo = features.inferenceGeo {
      return "the price of computing in \(Self.quoted(geo)) is not known"
    }
    return nil
  }

  private static func quoted(_ text: String) -> String {
    "'\(String(text.unicodeScalars.prefix(40).filter { $0.value > 0x1F && $0.value < 0x7F }))'"
  }

  /// A guess at the tokens of the request, for limits a minute; what was used puts it right.
  var estimate: Int {
    let text = bound.textBytes / 4
    return text + bound.images * 1000 + min(bound.outputTokens ?? 1024, 4096)
  }
}
