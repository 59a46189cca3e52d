// What Swift cannot see of OpenSSL 3.0: macros, and the constants made by macros. Nothing else lives here.
// Only BelfryTLS imports this module.
#ifndef BELFRY_COPENSSL_SHIM_H
#define BELFRY_COPENSSL_SHIM_H

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>

// System calls answer -errno, as the kernel does: nobody reads errno after something else ran.

static inline ssize_t belfry_receive(int descriptor, void *bytes, size_t count) {
    ssize_t result = recv(descriptor, bytes, count, MSG_DONTWAIT);
    return result < 0 ? -errno : result;
}

static inline ssize_t belfry_send(int descriptor, const void *bytes, size_t count, bool is_more_to_come) {
    int more = is_more_to_come ? MSG_MORE : 0;
    ssize_t result = send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL | more);
    return result < 0 ? -errno : result;
}

// A leftover entry of another connection would be taken for ours (SSL_get_error, man page). Looking first is cheaper
// than ERR_clear_error, which wipes sixteen slots whether used or not.
static inline void belfry_clear_errors(void) {
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

// BIO

static inline int belfry_bio_type(void) { return BIO_get_new_index() | BIO_TYPE_SOURCE_SINK; }
static inline void belfry_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline void belfry_bio_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void belfry_bio_retry_write(BIO *bio) { BIO_set_retry_write(bio); }

// SSL_CTX and SSL

static inline int belfry_ctx_set_min_version(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline int belfry_ctx_set_groups(SSL_CTX *context, const char *names) {
    return (int)SSL_CTX_set1_groups_list(context, names);
}
static inline void belfry_ctx_session_cache_off(SSL_CTX *context) {
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}
static inline void belfry_ctx_set_modes(SSL_CTX *context) {
    // A chain is what its file says: without NO_AUTO_CHAIN each handshake would look for issuers of a lone certificate.
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    (void)SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
}
static inline void belfry_ctx_set_options(SSL_CTX *context) {
    (void)SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
}
static inline int belfry_ctx_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline int belfry_ctx_set_verify_store(SSL_CTX *context, X509_STORE *store) {
    return (int)SSL_CTX_set1_verify_cert_store(context, store);
}
static inline void belfry_ctx_set_max_certificate_bytes(SSL_CTX *context, long count) {
    (void)SSL_CTX_set_max_cert_list(context, count);
}
static inline int belfry_ssl_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline int belfry_ssl_negotiated_group(SSL *ssl) { return (int)SSL_get_negotiated_group(ssl); }

// The key is the caller's for the length of this call only; the parameter list would otherwise have to outlive a string
// that Swift makes for the call.
static inline int belfry_mac_set_sha256_key(EVP_MAC_CTX *mac, const void *key, size_t count) {
    OSSL_PARAM parameters[3] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, count),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters);
}
static inline void belfry_free(void *memory, size_t count) { OPENSSL_clear_free(memory, count); }

// Certificates: STACK_OF(GENERAL_NAME) and its unions.

static inline int belfry_general_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline int belfry_general_name(const GENERAL_NAMES *names, int index, int *type, const unsigned char **bytes) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    const ASN1_STRING *text = NULL;
    *type = name->type;
    if (name->type == GEN_DNS)
        text = name->d.dNSName;
    if (name->type == GEN_IPADD)
        text = name->d.iPAddress;
    if (text == NULL)
        return -1;
    *bytes = ASN1_STRING_get0_data(text);
    return ASN1_STRING_length(text);
}

#endif
