// zlib as BelfryDeflate uses it. The functions below stand in for macros, which Swift cannot reach.

#ifndef BELFRY_CZLIB_SHIM_H
#define BELFRY_CZLIB_SHIM_H

#include <zlib.h>

/// A raw DEFLATE stream (RFC 1951): negative window bits leave out zlib's own header and checksum.
static inline int belfry_deflate_init(z_stream *stream, int level, int window_bits, int memory_level) {
    return deflateInit2(stream, level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY);
}

static inline int belfry_inflate_init(z_stream *stream, int window_bits) {
    return inflateInit2(stream, -window_bits);
}

/// A gzip file (RFC 1952): window bits plus 16 (zlib.h, deflateInit2).
static inline int belfry_gzip_init(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

#endif
