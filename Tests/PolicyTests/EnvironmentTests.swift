import Testing

@testable import Policy

struct EnvironmentTests {
  @Test func `only named variables cross, and credentials are listed as withheld`() {
    let selection = EnvironmentRules(set: ["EDITOR": "vi"]).select(from: [
      "LANG": "C.UTF-8", "LC_TIME": "C", "EDITOR": "emacs", "HOME": "/home/ann",
      "GITHUB_TOKEN": "x", "AWS_SECRET_ACCESS_KEY": "x", "LC_LIE": "ghp_0123456789abcdef0123",
      "HARMLESS": "sk-0123456789abcdef0123", "SSH_AUTH_SOCK": "/run/x",
      "LC_INDEX": "https://a.example.com https://ann:pw@b.example.com/simple",
      "LC_PLAIN": "ssh://git@a.example.com/x https://a.example.com/a:b@c",
    ])
    #expect(
      selection.kept == [
        "LANG": "C.UTF-8", "LC_TIME": "C", "EDITOR": "vi",
        "LC_PLAIN": "ssh://git@a.example.com/x https://a.example.com/a:b@c",
      ]
    )
    #expect(
      selection.withheld == [
        "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "HARMLESS", "LC_INDEX", "LC_LIE", "SSH_AUTH_SOCK",
      ]
    )
  }

  @Test(arguments: [
    "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "NPM_TOKEN", "PGPASSWORD", "DB_PASSWORD", "MY_SECRET",
    "GITHUB_PAT", "SENTRY_DSN", "DATABASE_PWD", "aws_session_token",
  ])
  func `these names look like credentials`(name: String) {
    #expect(SecretNames.looksLikeSecret(name: name))
  }

  @Test(arguments: ["PATH", "PWD", "OLDPWD", "LANG", "KEYBOARD", "AUTHOR", "PATTERN", "TERM"])
  func `these names do not`(name: String) {
    #expect(!SecretNames.looksLikeSecret(name: name))
  }

  @Test func `every name that profiles let through may be written in a document`() throws {
    for name in Profile.names {
      for variable in try #require(Profile.named(name)).environment.effectivePass {
        #expect(throws: Never.self) { try Names.variable(variable, isPattern: true) }
      }
    }
  }
}
