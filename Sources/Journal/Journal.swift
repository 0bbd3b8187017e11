import Crypto
import GRDB

/// The record of every run.
package struct JournalSeed {
  package init() {}
}
