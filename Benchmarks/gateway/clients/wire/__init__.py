"""The dialects that the upstream speaks, one a file: reading requests as strictly as their
providers do where that matters, and writing answers, whole and in pieces."""
