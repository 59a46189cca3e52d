import BelfryTLS
import COpenSSL

/// Makes TLS 1.3 records that OpenSSL's client would not: protected with the client's own key, filled as we like.
struct RecordForge {
    private let key: [UInt8]
    private let vector: [UInt8]
    private var sequence: UInt64 = 0

    /// - Parameter secret: `CLIENT_TRAFFIC_SECRET_0` of a connection with TLS_AES_128_GCM_SHA256.
    init(secret: [UInt8]) {
        key = Self.expand(secret, "key", 16)
        vector = Self.expand(secret, "iv", 12)
    }

    /// A record of the inner type, 23 for data.
    mutating func record(type: UInt8, _ content: [UInt8]) -> [UInt8] {
        let plaintext = content + [type]
        let header: [UInt8] = [23, 3, 3] + HelloBytes.word(plaintext.count + 16)
        var nonce = vector
        for index in 0..<8 { nonce[11 - index] ^= UInt8(truncatingIfNeeded: sequence >> (8 * UInt64(index))) }
        sequence += 1
        var output = [UInt8](repeating: 0, count: plaintext.count + 16)
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        var count = CInt(0)
        unsafe EVP_EncryptInit_ex2(context, EVP_aes_128_gcm(), key, nonce, nil)
        unsafe EVP_EncryptUpdate(context, nil, &count, header, CInt(header.count))
        unsafe EVP_EncryptUpdate(context, &output, &count, plaintext, CInt(plaintext.count))
        var tag = [UInt8](repeating: 0, count: 16)
        unsafe EVP_EncryptFinal_ex(context, &tag, &count)
        unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag)
        output.replaceSubrange(plaintext.count..., with: tag)
        return header + output
    }

    /// HKDF-Expand-Label for one block (RFC 8446, 7.1).
    private static func expand(_ secret: [UInt8], _ label: String, _ count: Int) -> [UInt8] {
        let name = Array("tls13 \(label)".utf8)
        let info = HelloBytes.word(count) + [UInt8(name.count)] + name + [0, 1]
        return Array(Digest.hmacSHA256(info.span, key: secret.span).prefix(count))
    }
}
