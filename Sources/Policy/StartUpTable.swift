/// The names of 'start-up files' outside of git's own layout, in lower case.
enum StartUpTable {
  static let groups: [(name: String, patterns: [String])] = [
    ("git", [".gitmodules", "gitmod~1", "gitmod~2", ".gitconfig", ".config/git/**"]),
    ("other version control", [".hg/hgrc", ".hg/hgrc-not-shared", ".hgrc", ".jj/repo/**"]),
    (
      "hook runners",
      [
        ".pre-commit-config.yaml", ".pre-commit-config.yml", ".husky/**", ".githooks/**",
        ".git-hooks/**", "lefthook.yml", "lefthook.yaml", "lefthook.toml", "lefthook.json",
        "lefthook-local.yml", "lefthook-local.yaml", ".lefthook.yml", ".lefthook.yaml",
        ".lefthook-local.yml", ".lefthook/**", ".lefthook-local/**", ".overcommit.yml",
        ".simple-git-hooks.json", ".simple-git-hooks.js", ".simple-git-hooks.cjs",
      ]
    ),
    (
      "shells",
      [
        ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases",
        ".bash_completion", ".profile", ".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout",
        ".kshrc", ".mkshrc", ".cshrc", ".tcshrc", ".login", ".logout", ".inputrc", ".xprofile",
        ".xinitrc", ".xsession", ".xsessionrc", ".pam_environment", ".config/fish/**",
        ".config/nushell/**", ".config/zsh/**", ".config/bash/**", ".config/powershell/**",
        ".config/environment.d/**", ".oh-my-zsh/**", ".zsh/**", ".envrc", ".direnvrc",
        ".direnv/**", ".config/direnv/**", ".autoenv.zsh", ".mise.toml", "mise.toml",
        ".mise.local.toml", "mise.local.toml", ".mise/**", ".config/mise/**", ".rtx.toml",
        ".config/starship.toml",
      ]
    ),
    (
      "editors",
      [
        ".vimrc", "_vimrc", ".gvimrc", ".exrc", "_exrc", ".nexrc", ".nvimrc", ".nvim.lua",
        ".lvimrc", ".local.vimrc", ".vimrc.local", ".vim/**", ".nvim/**", ".config/nvim/**",
        ".ideavimrc", ".ycm_extra_conf.py", ".emacs", ".emacs.el", ".emacs.d/**",
        ".config/emacs/**", ".dir-locals.el", ".dir-locals-2.el", ".spacemacs", ".spacemacs.d/**",
        ".doom.d/**", ".nanorc", ".config/helix/**", ".helix/**", ".config/kak/**", ".kakrc",
        ".vscode/**", ".vscode-server/**", "*.code-workspace", ".vs/**", ".theia/**", ".idea/**",
        ".run/**", ".fleet/**", ".zed/**", ".config/zed/**", ".externaltoolbuilders/**",
        "*.sublime-project", ".devcontainer/**", ".devcontainer.json", ".gitpod.yml", ".replit",
        ".idx/**", ".config/code/**",
      ]
    ),
    (
      "agents and tool servers",
      [
        ".mcp.json", "mcp.json", "mcp_config.json", "mcp_settings.json", ".cursor/**",
        ".windsurf/**", ".codeium/**", ".claude/**", ".claude.json", "claude_desktop_config.json",
        ".codex/**", ".gemini/**", ".opencode/**", "opencode.json", "opencode.jsonc",
        ".amazonq/**", ".kiro/**", ".roo/**", ".cline/**", ".continue/**", ".aider.conf.yml",
        ".goose/**", ".config/goose/**", ".junie/**", ".qwen/**", ".crush.json", "crush.json",
        ".factory/**", ".augment/**", ".openhands/**", ".trae/**", ".void/**", ".copilot/**",
      ]
    ),
    (
      "package managers",
      [
        ".npmrc", ".yarnrc", ".yarnrc.yml", ".yarnrc.yaml", ".yarn/releases/**",
        ".yarn/plugins/**", ".pnpmfile.cjs", ".pnpmfile.js", ".pypirc", "pip.conf", "pip.ini",
        ".pip/**", ".config/pip/**", ".config/uv/**", ".condarc", ".cargo/config.toml",
        ".cargo/config", ".cargo/env", ".cargo/bin/**", ".gemrc", ".bundle/config", ".mvn/**",
        ".m2/settings.xml", ".m2/settings-security.xml", ".mavenrc", ".gradle/init.d/**",
        ".gradle/gradle.properties", ".gradle/init.gradle", ".sbt/**", ".sbtopts",
        "nuget.config", ".nuget/**", ".swiftpm/configuration/**", ".composer/**", ".cpanm/**",
        ".config/composer/**", ".config/nix/**", ".nixpkgs/**",
      ]
    ),
    (
      "interpreters and debuggers",
      [
        "sitecustomize.py", "usercustomize.py", "sitecustomize.pyc", "usercustomize.pyc", "*.pth",
        ".pythonrc", ".pythonrc.py", ".pythonstartup", ".pdbrc", ".pdbrc.py", ".ipython/**",
        ".jupyter/**", ".irbrc", ".pryrc", ".rdebugrc", ".rprofile", ".renviron", ".perldb",
        ".proverc", ".user.ini", ".julia/config/**", ".gdbinit", ".gdbearlyinit", ".lldbinit",
        ".config/gdb/**", ".ghci", ".config/ghc/**", ".ocamlinit", ".utoprc", ".sqliterc",
        ".psqlrc", ".my.cnf", ".mylogin.cnf", ".hotspotrc", ".scalarc", ".erlang", ".iex.exs",
        ".luarc.lua", ".octaverc", ".matlab/**",
      ]
    ),
    (
      "terminals and desktop",
      [
        ".tmux.conf", ".config/tmux/**", ".screenrc", ".byobu/**", ".config/kitty/**",
        ".config/alacritty/**", ".config/wezterm/**", ".wezterm.lua", ".lesskey", ".lessfilter",
        ".mailcap", ".muttrc", ".mutt/**", ".forward", ".procmailrc", ".fetchmailrc", ".crontab",
        ".curlrc", ".config/curlrc", ".wgetrc", ".ackrc", "*.desktop", ".config/autostart/**",
        ".local/share/applications/**", ".local/share/dbus-1/**", ".local/share/nautilus/**",
        ".config/systemd/**", ".local/share/systemd/**", ".local/bin/**", ".config/i3/**",
        ".config/sway/**", ".config/hypr/**", ".xresources", ".xdefaults", "autorun.inf",
        "autorun.sh", ".autorun", "desktop.ini", ".config/openbox/**",
        ".config/plasma-workspace/**",
      ]
    ),
    (
      "keys and credentials",
      [
        ".ssh/**", ".gnupg/**", ".netrc", "_netrc", ".git-credentials", ".aws/**", ".azure/**",
        ".kube/**", ".docker/config.json", ".docker/cli-plugins/**", ".config/gcloud/**",
        ".config/gh/**", ".config/containers/**", ".rhosts", ".shosts", ".k5login",
        ".terraformrc", ".pgpass",
      ]
    ),
  ]

  /// The patterns that begin with this component.
  static func candidates(_ component: String) -> [StartUpPattern] {
    (byFirst[component] ?? []) + byEnding
  }

  private static let all = groups.flatMap { group in
    group.patterns.map { StartUpPattern(group.name, $0) }
  }

  private static let byEnding = all.filter { $0.components[0].hasPrefix("*") }

  private static let byFirst = Dictionary(
    grouping: all.filter { !$0.components[0].hasPrefix("*") },
    by: { $0.components[0] }
  )
}
