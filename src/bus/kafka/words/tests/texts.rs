//! What librdkafka 2.12 told, and what is read: why, a part of the hint, and whether a person must act at first contact.
//! Told by real brokers and real sockets, but for the setup time-out in CONNECT and DNS, whose texts its sources have.

/// Reason, why, hint, person; the broker is h1:9092, the login ann's by PLAIN.
pub(super) const READ: [(&str, &str, &str, bool); 23] = [
    // As seen of a port that hangs up.
    (
        "[thrd:h1:9092/bootstrap]: h1:9092/bootstrap: Disconnected (after 0ms in state APIVERSION_QUERY)",
        "h1:9092 hangs up at the first question, as one does that wants TLS",
        "set security.protocol=SSL",
        false,
    ),
    (
        "sasl_ssl://h1:9092/bootstrap: Disconnected (after 0ms in state APIVERSION_QUERY)",
        "h1:9092 hung up",
        "Its log says more",
        false,
    ),
    (
        "h1:9092/bootstrap: Disconnected (after 3ms in state UP, 1 identical error(s) suppressed)",
        "h1:9092 hangs up, as one does that wants a login",
        "security.protocol=SASL_SSL",
        false,
    ),
    ("sasl_plaintext://h1:9092/1: Disconnected (after 3ms in state UP)", "h1:9092 hung up", "log says more", false),
    (
        "h1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)",
        "connection refused",
        "is the broker running? Check --bus",
        false,
    ),
    (
        "h1:9092/bootstrap: Failed to resolve 'h1:9092': Name or service not known (after 3ms in state CONNECT)",
        "host name h1 not found",
        "check the name",
        false,
    ),
    (
        "h1:9092/bootstrap: Failed to resolve 'h1:9092': Temporary failure in name resolution (after 3ms in state CONNECT)",
        "host name h1 cannot be looked up: Temporary failure in name resolution",
        "DNS",
        false,
    ),
    (
        "h1:9092/bootstrap: Receive failed: Invalid response size 1213486160 (0..100000000): increase receive.message.max.bytes (after 2ms in state APIVERSION_QUERY)",
        "h1:9092 answers HTTP, not Kafka",
        "check --bus",
        false,
    ),
    // A TLS alert: 15 03 03 00.
    (
        "h1:9092/bootstrap: Receive failed: Invalid response size 352518912 (0..100000000): increase receive.message.max.bytes",
        "h1:9092 hangs up at the first question, as one does that wants TLS",
        "set security.protocol=SSL",
        false,
    ),
    (
        "h1:9092/bootstrap: Receive failed: Invalid response size 1397966893 (0..100000000): increase receive.message.max.bytes",
        "h1:9092 does not answer as a Kafka broker does",
        "check --bus",
        false,
    ),
    (
        "ssl://h1:9092/bootstrap: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener? (after 1ms in state SSL_HANDSHAKE)",
        "h1:9092 does not speak TLS",
        "drop security.protocol=SSL",
        false,
    ),
    (
        "ssl://h1:9092/bootstrap: SSL handshake failed: error:0A000126:SSL routines::unexpected eof while reading (after 1ms in state SSL_HANDSHAKE)",
        "h1:9092 does not speak TLS",
        "drop security.protocol=SSL",
        false,
    ),
    (
        "[thrd:h1:9092/bootstrap]: h1:9092/bootstrap: Disconnected: requesting ApiVersion: might be caused by incorrect security.protocol configuration (connecting to a SSL listener?) or broker version is < 0.10 (see api.version.request) (after 2ms in state APIVERSION_QUERY)",
        "h1:9092 hangs up at the first question, as one does that wants TLS",
        "set security.protocol=SSL",
        false,
    ),
    (
        "h1:9092/bootstrap: Disconnected: verify that security.protocol is correctly configured, broker might require SASL authentication (after 1ms in state UP)",
        "h1:9092 hangs up, as one does that wants a login",
        "security.protocol=SASL_SSL",
        false,
    ),
    (
        "sasl_ssl://h1:9092/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured or root CA certificates are installed (install ca-certificates package) (after 9ms in state SSL_HANDSHAKE)",
        "the certificate of h1:9092 cannot be trusted",
        "ssl.ca.location",
        true,
    ),
    (
        "ssl://h1:9092/bootstrap: SSL handshake failed: error:0A000412:SSL routines::ssl/tls alert bad certificate: SSL alert number 42 (after 9ms in state SSL_HANDSHAKE)",
        "h1:9092 wants a certificate of ours, or refuses the one it was shown",
        "ssl.certificate.location",
        true,
    ),
    (
        "sasl_plaintext://h1:9092/bootstrap: SASL authentication error: Authentication failed: Invalid username or password (after 312ms in state AUTH_REQ)",
        "login failed for user ann (mechanism PLAIN): Invalid username or password",
        "check the user's name",
        true,
    ),
    (
        "sasl_ssl://h1:9092/bootstrap: SASL authentication error: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256 (after 312ms in state AUTH_REQ)",
        "login failed for user ann (mechanism PLAIN): Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256",
        "check the user's name",
        true,
    ),
    (
        "sasl_ssl://h1:9092/bootstrap: SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: SCRAM-SHA-256,SCRAM-SHA-512 (after 3ms in state AUTH_HANDSHAKE)",
        "login refused for user ann (mechanism PLAIN): the broker offers SCRAM-SHA-256,SCRAM-SHA-512",
        "set sasl.mechanism",
        true,
    ),
    (
        "h1:9092/bootstrap: Connection setup timed out in state CONNECT (after 30013ms in state CONNECT)",
        "no answer from h1:9092",
        "firewall",
        false,
    ),
    (
        "h1:9092/bootstrap: Connection setup timed out in state APIVERSION_QUERY (after 30013ms in state APIVERSION_QUERY)",
        "h1:9092 takes connections, but does not answer",
        "Its log says more",
        false,
    ),
    (
        "GroupCoordinator: h1:9092: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)",
        "connection refused",
        "is the broker running?",
        false,
    ),
    ("[::1]:9092/1: Disconnected (after 9000ms in state UP)", "[::1]:9092 hung up", "Its log says more", false),
];
