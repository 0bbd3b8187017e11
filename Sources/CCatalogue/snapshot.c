#include "CCatalogue.h"

// #embed is of C23; this compiler has it in every dialect.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char models[] = {
#embed "models.json"
};

static const unsigned char digest[64] = {
#embed "models.json.sha256" limit(64)
};

const void *ccatalogue_models(void) { return models; }

size_t ccatalogue_models_size(void) { return sizeof models; }

const void *ccatalogue_models_digest(void) { return digest; }
