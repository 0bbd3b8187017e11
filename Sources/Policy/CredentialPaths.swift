/// Where people keep credentials: never granted by way of a directory above, only by name.
package enum CredentialPaths {
  /// Below the home directory.
  package static let home = [
    ".ssh", ".gnupg", ".pki", ".aws", ".azure", ".kube", ".docker", ".oci", ".netrc", "_netrc",
    ".git-credentials", ".config/git/credentials", ".config/gcloud", ".config/gh",
    ".config/glab-cli", ".config/hub", ".config/doctl", ".config/op", ".config/sops",
    ".config/containers/auth.json", ".config/rclone", ".config/helm/registry",
    ".config/google-chrome", ".config/chromium", ".config/BraveSoftware", ".mozilla",
    ".thunderbird", ".local/share/keyrings", ".password-store", ".vault-token", ".terraform.d",
    ".terraformrc", ".npmrc", ".yarnrc.yml", ".pypirc", ".config/pypoetry/auth.toml",
    ".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml",
    ".gradle/gradle.properties", ".nuget/NuGet", ".composer/auth.json", ".pgpass", ".my.cnf",
    ".mylogin.cnf", ".s3cfg", ".boto", ".msmtprc", ".bash_history", ".zsh_history", ".histfile",
    ".local/share/fish/fish_history", ".python_history", ".node_repl_history", ".psql_history",
    ".mysql_history", ".sqlite_history", ".claude", ".claude.json", ".codex", ".gemini",
    ".config/github-copilot", ".cache/huggingface/token", ".huggingface/token", ".netlify",
    ".config/netlify", ".vercel", ".fly", ".config/flyctl", ".wrangler", ".config/.wrangler",
    ".age", ".config/age", ".1password", ".config/1Password", ".bitcoin", ".ethereum",
    ".Xauthority", ".ICEauthority", ".esd_auth", ".rhosts", ".krb5cc",
  ]

  /// Anywhere on a machine.
  package static let system =
    [
      "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers",
      "/etc/sudoers.d", "/etc/ssh", "/etc/ssl/private", "/etc/pki/tls/private", "/etc/machine-id",
      "/etc/krb5.keytab", "/etc/security/opasswd", "/etc/wireguard", "/etc/NetworkManager",
      "/etc/letsencrypt", "/etc/docker", "/etc/kubernetes", "/etc/netplan", "/etc/wpa_supplicant",
      "/var/lib/docker", "/var/lib/containerd", "/var/run", "/var/spool/cron", "/var/lib/dbus",
      "/var/lib/NetworkManager", "/var/backups",
    ] + ofRoot.map { "\(rootHome)/\($0)" }

  /// The home of the one account that every Linux has, and what is denied there whoever runs.
  package static let rootHome = "/root"
  package static let ofRoot = [".ssh", ".aws", ".gnupg", ".docker", ".kube"]
}
