import Crypto
import Foundation
import FuzzDriver
import Policy

@testable import Egress

extension Reader {
  /// Packs of git's: commits on top of `old`, among them some that are told by what sets them apart
  /// from others, by place and by name; and commits that do not lead there.
  static let pack = Reader(
    name: "pack",
    seeds: [
      """
      UEFDSwAAAAIAAAAGkAt4nIWKQQoCMQwA731F74K0TdqmIKJPSdYUPayVbsTvq+DdOcxhGJuqvkkR6E0YBGPKUREu\
      HUOSBFgq1SAYiDO5B0+9mw8990jYKHBJiaIqiX4KLAKQOTZtmrCL46ddx/Rnf+CT7E03O/pYww+/+9otY11vZvrv\
      c/Ya7g3ysS/Jnw94nIWMsU4EMRBDe39FeiQUzySTiYQQ9ymzySIojkN74f9ZpOtx4df4eR37nkavOrb3Jq3riWhj\
      Wp7ewszpNTfbaN0D33HsXyuxai7uhTqaUmdMi8rqUzREjLSZjeGIn/VxO9IlvcTb9rz2+3pNbPmR9PTXGLfr9XOt\
      /b8dCIGioMLQ4OhgBgkKqGABK2hgAx3skAw5HYEopEAqxCAN4pAOzefZL4iAORnlA4AqeJz7z/ifcYKpRrJhsqWF\
      pZFFiqWJqVmSkYmFsXmqkYGRUZqpaWJioolZookBkG2eOjF2AZMRFwCtqw8h5QOAanic+8/4n3GCqYaRiYWBmUla\
      qoWhmaW5ZVqqQWqqRYq5paFpaqqBcZJBarKRqYmlaUrqxNgFTIZcALU/D5StAXicMzQwMDMxUUhjaPT3ctJU36Ef\
      3+X849e2y83zLJs/AQCE/wu/OHicy89L5Sopz+cCAA0vArGUj9fa4be4h/pYaOOQUJkwwNUysw==
      """,
      """
      UEFDSwAAAAIAAAAGkAt4nIWKQQoCMQwA731F74K0TdqmIKJPSdYUPayVbsTvq+DdOcxhGJuqvkkR6E0YBGPKUREu\
      HUOSBFgq1SAYiDO5B0+9mw8990jYKHBJiaIqiX4KLAKQOTZtmrCL46ddx/Rnf+CT7E03O/pYww+/+9otY11vZvrv\
      c/Ya7g3ysS/Jnw94nIWMsU4EMRBDe39FeiQUzySTiYQQ9ymzySIojkN74f9ZpOtx4df4eR37nkavOrb3Jq3riWhj\
      Wp7ewszpNTfbaN0D33HsXyuxai7uhTqaUmdMi8rqUzREjLSZjeGIn/VxO9IlvcTb9rz2+3pNbPmR9PTXGLfr9XOt\
      /b8dCIGioMLQ4OhgBgkKqGABK2hgAx3skAw5HYEopEAqxCAN4pAOzefZL4iAORn1Aw9fGEmApiKB7ovvGDyzNaGe\
      niT7eJz7z/ifcYKpRrJhsqWFpZFFiqWJqVmSkYmFsXmqkYGRUZqpaWJioolZookBkG2eOjF2AZMRFwCtqw8h9QMP\
      XxhJgKYige6L7xg8szWhnp4k+3ic+8/4n3GCqYaRiYWBmUlaqoWhmaW5ZVqqQWqqRYq5paFpaqqBcZJBarKRqYml\
      aUrqxNgFTIZcALU/D5StAXicMzQwMDMxUUhjaPT3ctJU36Ef3+X849e2y83zLJs/AQCE/wu/OHicy89L5Sopz+cC\
      AA0vArF0SQnJ5ll+7rMW1fg6KAWQNF/xmQ==
      """,
      """
      UEFDSwAAAAIAAAAEnw94nIWMO04FMRAE8z6FcyQ0H3/GEkJwFI93LAgeDy3m/iwSORVUVN37jEjdq+vqPtQzS+HI\
      eqxM4qK5NmvkmWwUw+c442Onskpocz2m1VhSDqc5zAb38OkzZApdWhjf++1+ptf0NF78ccfXfk7c6I/08GvM++32\
      vnf814EhUGQUVDQYOpjADBawgjO4gCu4gQ3cIQS5NgJRSIYUSIU0iEE6lK6jHwZvO0lsgCp4nPvPeJ5xgt7EuPlM\
      JlwAIhwEXa0BeJwzNDAwMzFRSGNo9Pdy0lTfoR/f5fzj17bLzfMsmz8BAIT/C784eJzLz0vlKinP5wIADS8CsZXC\
      8Any2X/tMOBQik8uhn5Nagd2
      """,
    ].compactMap { Data(base64Encoded: $0).map(Array.init) }
  ) { bytes, random in
    let whole = progress(of: [bytes[...]], to: good)
    let cut = random.below(bytes.count)
    let between = cut + random.below(bytes.count - cut)
    let pieces = [bytes[..<cut], bytes[cut..<between], bytes[between...]]
    guard progress(of: pieces, to: good) == whole else {
      return .broken("three pieces read as something else than the whole")
    }
    guard progress(of: [bytes[...]], to: forced) != .proven else {
      return .broken("commits that do not lead to the old one show that they do")
    }
    return whole == .proven ? .taken : .refused
  }

  private static let old = "248064fe816979fe0ee8d7915ee03b0ec25495de"
  private static let good = "d75471f3f9737d1030ca59d8ed4cfaf6a34359c2"
  private static let forced = "6e70bf6b2fc6a14309b577279a3f0b8c439fdb30"

  private static func progress(
    of pieces: [ArraySlice<UInt8>],
    to new: String
  ) -> PackAncestry.Progress {
    let update = RefUpdate(old: old, new: new, ref: "refs/heads/x")
    var ancestry = PackAncestry([update], shallow: [], digest: { Array(Insecure.SHA1.hash(data: $0)) })
    for piece in pieces {
      let progress = ancestry.read(Array(piece))
      if progress != .more { return progress }
    }
    return ancestry.end()
  }
}
