/// What `$SYSTEM` stands for: what real programs read of a machine, and nothing that is anyone's.
///
/// Programs and libraries as a whole; of `/etc` only what configures them. Never accounts, keys,
/// or what tells one machine from another. Entries that a machine lacks are passed over. An entry
/// with a trailing `*` stands for every name that begins so.
package enum SystemPaths {
  package static let entries: [String] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store"]
    + etc.map { "/etc/\($0)" }

  private static let etc = [
    // The loader, alternatives, and the name of the system.
    "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld.so.preload", "alternatives",
    "debian_version", "os-release", "lsb-release", "redhat-release", "fedora-release",
    "system-release", "alpine-release", "arch-release",
    // Certificates that anyone may know; never `/etc/ssl/private`.
    "ssl/certs", "ssl/openssl.cnf", "ssl/cert.pem", "ca-certificates", "ca-certificates.conf",
    "pki/tls/certs", "pki/tls/openssl.cnf", "pki/tls/cert.pem", "pki/ca-trust",
    "pkcs11", "crypto-policies", "gnutls",
    // Time, language, types.
    "localtime", "timezone", "locale.alias", "locale.conf", "default/locale", "mime.types",
    "magic", "magic.mime",
    // Names of the network that are the same everywhere.
    "protocols", "services", "ethertypes", "networks", "host.conf", "gai.conf",
    // Shells, terminals, editors, pagers.
    "bash.bashrc", "bash_completion", "bash_completion.d", "bashrc", "zsh", "zshenv", "zshrc",
    "zprofile", "profile", "profile.d", "inputrc", "shells", "terminfo",
    "screenrc", "tmux.conf", "vim", "vimrc", "nanorc", "emacs", "less", "lesskey", "manpath.config",
    "man_db.conf", "DIR_COLORS", "dircolors", "xdg", "fonts", "X11/rgb.txt",
    // Languages and tools.
    "gitconfig", "gitattributes", "mercurial", "python*", "java*", "jvm*", "maven*",
    "gradle*", "perl", "ruby*", "php*", "R", "node*", "lua*", "ghc*", "guile*", "texmf",
    "sensible-utils", "OpenCL", "vulkan", "egl",
    "glvnd", "ImageMagick*", "ghostscript", "libnl*", "gdb", "valgrind", "cmake",
  ]
}
