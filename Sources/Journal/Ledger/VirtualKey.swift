import Crypto

/// A key that Caisson gave out. Only its hash is kept: what it opens is known, not the key.
package struct VirtualKey: Sendable, Hashable {
  /// The beginning of the key after `sk-caisson-`, by which bills and logs name it.
  package let prefix: String
  package let name: String
  /// The account that pays; nil where nothing bounds its calls.
  package let account: String?
  /// What may be asked for; nil for everything that is configured.
  package let models: [String]?
  package let requestsPerMinute: Int64?
  package let tokensPerMinute: Int64?
  /// Microseconds since 1970.
  package let created: Int64
  package let revoked: Int64?

  /// What is asked of a new key.
  package struct Terms: Sendable, Equatable {
    package var name: String
    package var account: String?
    package var models: [String]?
    package var requestsPerMinute: Int64?
    package var tokensPerMinute: Int64?

    package init(
      name: String,
      account: String? = nil,
      models: [String]? = nil,
      requestsPerMinute: Int64? = nil,
      tokensPerMinute: Int64? = nil
    ) {
      self.name = name
      self.account = account
      self.models = models
      self.requestsPerMinute = requestsPerMinute
      self.tokensPerMinute = tokensPerMinute
    }
  }
}

/// A key as it is given out, once.
package struct KeySecret: Sendable, Equatable {
  /// `sk-caisson-` and 43 letters and digits: 256 bits.
  package let text: String

  private static let opening = "sk-caisson-"
  private static let alphabet = Array(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8
  )

  /// Makes a key that nobody can guess.
  package init() {
    var random = SystemRandomNumberGenerator()
    let letters = (0..<43).map { _ in
      Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &random)]
    }
    text = Self.opening + String(decoding: letters, as: UTF8.self)
  }

  /// Makes the key that one and the same name always has for whoever holds the seed, and that nobody
  /// else can guess.
  package init(of name: String, seed: [UInt8]) {
    let key = SymmetricKey(data: seed)
    var letters: [UInt8] = []
    var round: UInt8 = 0
    while letters.count < 43 {
      let block = HMAC<SHA256>.authenticationCode(for: Array(name.utf8) + [0, round], using: key)
      // 248 is the greatest multiple of 62 below 256: no letter is likelier than another.
      letters += block.filter { $0 < 248 }.map { Self.alphabet[Int($0) % Self.alphabet.count] }
      round += 1
    }
    text = Self.opening + String(decoding: letters.prefix(43), as: UTF8.self)
  }

  /// Takes what a client sent; nil where that cannot be a key of ours.
  package init?(_ text: String) {
    let bytes = text.utf8
    guard bytes.count == Self.opening.utf8.count + 43, text.hasPrefix(Self.opening),
      bytes.dropFirst(Self.opening.utf8.count).allSatisfy(Self.alphabet.contains)
    else { return nil }
    self.text = text
  }

  /// What may be shown: of 256 bits it gives 47 away.
  package var prefix: String {
    String(text.dropFirst(Self.opening.count).prefix(8))
  }

  package var hash: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
}
