import BelfryAuth
import Testing

struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYg", "foob"), ("Pz8-", "??>"),
        ("Pz8_", "???"),
    ])
    func `base64url is read and written in one spelling`(text: String, plain: String) {
        #expect(Base64.decode([UInt8](text)[...]) == [UInt8](plain))
        #expect(Base64.encode([UInt8](plain)) == [UInt8](text))
    }

    @Test(arguments: [
        "Zg==", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "Zm8=", "Zm9v\n", " Zm9v", "Zm+v", "Zm/v", "Zm?v", "Zm9v.",
        "Zé",
    ])
    func `any other spelling of base64url is refused`(text: String) {
        #expect(Base64.decode([UInt8](text)[...]) == nil)
    }

    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Pz8+", "??>"), ("Pz8/", "???"),
    ])
    func `standard base64 needs its padding`(text: String, plain: String) {
        #expect(Base64.decode([UInt8](text)[...], .standard) == [UInt8](plain))
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zm9v====", "Z===", "====", "=", "Zh==", "Pz8-", "Zg==Zg==", "Zg==" + "\n",
    ])
    func `standard base64 with wrong padding or letters is refused`(text: String) {
        #expect(Base64.decode([UInt8](text)[...], .standard) == nil)
    }

    @Test func `what is encoded decodes to itself`() {
        let seed: UInt64 = 0xB64
        var random = SplitMix64(seed: seed)
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(Base64.decode(Base64.encode(bytes)[...]) == bytes, "seed \(seed), length \(count)")
        }
    }
}
