import BelfryTLS
import Foundation

/// Authorities of client certificates and what they have issued, made once a run.
struct ClientCertificates: Sendable {
    private let directory: String

    init(in directory: String) {
        self.directory = directory
        for authority in ["clients", "others"] { make(authority: authority) }
        make(leaf: "ada", by: "clients", days: 1)
        make(leaf: "bob", by: "clients", days: 1)
        make(leaf: "stranger-client", by: "others", days: 1)
        make(leaf: "old", by: "clients", days: 0, end: "20200102000000Z")
        make(leaf: "server-only", by: "clients", days: 1, extensions: "extendedKeyUsage=serverAuth")
        let may = "basicConstraints=critical,CA:TRUE"
        make(leaf: "branch", by: "clients", days: 1, extensions: may)
        make(leaf: "carol", by: "branch", days: 1)
        join("carol.pem", "branch.pem", to: "carol-chain.pem")
        // Six certificates between leaf and root: two more than are followed.
        var issuer = "clients"
        for depth in 1...6 {
            make(leaf: "deep-\(depth)", by: issuer, days: 1, extensions: may)
            issuer = "deep-\(depth)"
        }
        make(leaf: "deep", by: issuer, days: 1)
        let files = ["deep.pem"] + (1...6).reversed().map { "deep-\($0).pem" }
        join(files[0], files[1], files[2], files[3], files[4], files[5], files[6], to: "deep-chain.pem")
    }

    func files(_ name: String, chain: String? = nil) -> CertificateFiles {
        CertificateFiles(chain: path((chain ?? name) + ".pem"), key: path(name + ".key"))
    }

    func path(_ name: String) -> String { directory + "/" + name }

    func source(isRequired: Bool, _ authority: String = "clients") -> ClientAuthoritySource {
        ClientAuthoritySource(file: path(authority + ".pem"), isRequired: isRequired)
    }

    func material(isRequired: Bool, _ authority: String = "clients") -> TLSMaterial {
        do {
            return try TLSMaterial(
                loading: [TestCertificates.ecdsa], clients: source(isRequired: isRequired, authority),
                at: TestCertificates.now)
        } catch {
            fatalError("the client authorities do not load: \(error)")
        }
    }

    private func make(authority: String) {
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
            "-keyout", path(authority + ".key"), "-out", path(authority + ".pem"), "-subj", "/CN=\(authority)"
        )
    }

    private func make(
        leaf: String, by issuer: String, days: Int, end: String? = nil,
        extensions: String = "extendedKeyUsage=clientAuth"
    ) {
        let request = path(leaf + ".csr")
        openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            path(leaf + ".key"), "-out", request, "-subj", "/CN=\(leaf)")
        let written = TestCertificates.write(extensions + "\n", to: leaf + ".ext")
        guard let end else {
            return openssl(
                "x509", "-req", "-in", request, "-CA", path(issuer + ".pem"), "-CAkey", path(issuer + ".key"),
                "-CAcreateserial", "-days", "\(days)", "-extfile", written, "-out", path(leaf + ".pem"))
        }
        // Only `ca` sets an end in the past.
        let database = TestCertificates.write("", to: leaf + ".index")
        let settings = TestCertificates.write(
            """
            [ca]
            default_ca = one
            [one]
            database = \(database)
            new_certs_dir = \(directory)
            rand_serial = yes
            default_md = sha256
            policy = any
            [any]
            commonName = supplied

            """, to: leaf + ".cnf")
        openssl(
            "ca", "-batch", "-config", settings, "-cert", path(issuer + ".pem"), "-keyfile",
            path(issuer + ".key"), "-in", request, "-startdate", "20200101000000Z", "-enddate", end,
            "-extfile", written, "-out", path(leaf + ".pem"), "-notext")
    }

    private func openssl(_ arguments: String...) {
        guard TestCertificates.run(["openssl"] + arguments) == 0 else {
            fatalError("openssl \(arguments.joined(separator: " "))")
        }
    }

    private func join(_ files: String..., to name: String) {
        _ = TestCertificates.write(files.map { TestCertificates.text(of: path($0)) }.joined(), to: name)
    }
}
