//! What stands between a client and a broker, by the text that librdkafka 2.12 tells (facts/kafka.md sections 0 and 6, and
//! its sources `rdkafka_broker.c`, `rdkafka_ssl.c`, `rdkafka_transport.c`).

use super::fault::{ConnectionRow, Kind, Person};

const PORT: &str = "check --bus: the port is not Kafka's, or a proxy stands before it";
const ADDRESS: &str = "check --bus; a firewall that drops packets looks like this, too";

/// In order: the first row with a text that is in the reason is it.
pub(super) const ROWS: [ConnectionRow; 16] = [
    ConnectionRow {
        kind: Kind::NoMechanism,
        texts: &["mechanism handshake failed"],
        strength: 2,
        person: Person::AtContact,
        words: "login refused{login}: the broker offers {reason}",
        hint: "set sasl.mechanism to what the broker offers, by -X or in the file of -F",
    },
    ConnectionRow {
        kind: Kind::Login,
        texts: &[
            "SASL authentication error",
            "SASL authentication failure",
            "Failed to initialize SASL",
            "SASL Handshake not supported",
            "Authentication failed",
        ],
        strength: 2,
        person: Person::AtContact,
        words: "login failed{login}: {reason}",
        hint: "check the user's name, the password and sasl.mechanism",
    },
    ConnectionRow {
        kind: Kind::Unresolved,
        texts: &["Name or service not known", "No address associated", "nodename nor servname"],
        strength: 2,
        person: Person::Never,
        words: "host name {host} not found",
        hint: "check the name in --bus, and the advertised.listeners of the brokers",
    },
    ConnectionRow {
        kind: Kind::NoNames,
        texts: &["Failed to resolve"],
        strength: 2,
        person: Person::Never,
        words: "host name {host} cannot be looked up: {reason}",
        hint: "check the name in --bus, and this host's DNS",
    },
    ConnectionRow {
        kind: Kind::Refused,
        texts: &["Connection refused"],
        strength: 2,
        person: Person::Never,
        words: "connection refused",
        hint: "is the broker running? Check --bus",
    },
    ConnectionRow {
        kind: Kind::Unroutable,
        texts: &["No route to host", "Network is unreachable", "Host is down"],
        strength: 2,
        person: Person::Never,
        words: "no route to the host",
        hint: "check --bus and this host's network",
    },
    ConnectionRow {
        kind: Kind::Http,
        texts: &["http request", "HTTP_REQUEST"],
        strength: 2,
        person: Person::Never,
        words: "{broker} answers HTTP, not Kafka",
        hint: PORT,
    },
    ConnectionRow {
        kind: Kind::Foreign,
        texts: &["Invalid response size"],
        strength: 2,
        person: Person::Never,
        words: "{broker} does not answer as a Kafka broker does",
        hint: PORT,
    },
    ConnectionRow {
        kind: Kind::BadCertificate,
        texts: &["certificate verify failed", "Failed to verify broker certificate", "did not provide a certificate"],
        strength: 2,
        person: Person::AtContact,
        words: "the certificate of {broker} cannot be trusted",
        hint: "ssl.ca.location must name the CA that signed it, it must name the host {host}, and be neither expired nor \
               too new for this host's clock",
    },
    ConnectionRow {
        kind: Kind::WantsCertificate,
        texts: &[
            "client SSL authentication might be required",
            "certificate required",
            "alert bad certificate",
            "alert unknown ca",
            "alert certificate",
        ],
        strength: 2,
        person: Person::AtContact,
        words: "{broker} wants a certificate of ours, or refuses the one it was shown",
        hint: "set ssl.certificate.location and ssl.key.location to one that the broker's CA signed",
    },
    ConnectionRow {
        kind: Kind::NoTls,
        texts: &[
            "connecting to a PLAINTEXT broker",
            "SSL handshake failed",
            "wrong version number",
            "during SSL connection handshake",
        ],
        strength: 2,
        person: Person::Never,
        words: "{broker} does not speak TLS",
        hint: "name the broker's TLS port in --bus, or drop security.protocol=SSL (of SASL_SSL SASL_PLAINTEXT is left)",
    },
    ConnectionRow {
        kind: Kind::WantsTls,
        texts: &["connecting to a SSL listener?"],
        strength: 2,
        person: Person::Never,
        words: "{broker} hangs up at the first question, as one does that wants TLS",
        hint: "set security.protocol=SSL or SASL_SSL, by -X or in the file of -F, or name the plaintext port",
    },
    ConnectionRow {
        kind: Kind::WantsLogin,
        texts: &["broker might require SASL authentication"],
        strength: 1,
        person: Person::Never,
        words: "{broker} hangs up, as one does that wants a login",
        hint: "set security.protocol=SASL_SSL, sasl.mechanism, the user and the password, by -X or in the file of -F",
    },
    ConnectionRow {
        kind: Kind::Unreachable,
        texts: &["timed out in state CONNECT", "Connection timed out"],
        strength: 1,
        person: Person::Never,
        words: "no answer from {broker}",
        hint: ADDRESS,
    },
    ConnectionRow {
        kind: Kind::Mute,
        texts: &["timed out in state", "ApiVersionRequest failed", "request(s) timed out"],
        strength: 1,
        person: Person::Never,
        words: "{broker} takes connections, but does not answer",
        hint: "is it Kafka's port, and does the broker still live? Its log says more",
    },
    ConnectionRow {
        kind: Kind::HungUp,
        texts: &["Disconnected", "Connection reset by peer", "Broken pipe", "Receive failed", "Send failed"],
        strength: 0,
        person: Person::Never,
        words: "{broker} hung up",
        hint: "is the broker running? Its log says more",
    },
];

/// Records of TLS begin with their type (20–23) and major version 3.
const TLS_TYPES: std::ops::RangeInclusive<u8> = 20..=23;
const TLS_MAJOR: u8 = 3;

/// What a peer speaks that is not Kafka, by the first four bytes of its answer, which librdkafka takes for a size.
fn spoken(text: &str) -> Option<Kind> {
    let (_, rest) = text.split_once("Invalid response size ")?;
    let number = rest.split(|c: char| c != '-' && !c.is_ascii_digit()).next()?;
    match number.parse::<i32>().ok()?.to_be_bytes() {
        [b'H', b'T', b'T', b'P'] => Some(Kind::Http),
        [kind, TLS_MAJOR, ..] if TLS_TYPES.contains(&kind) => Some(Kind::WantsTls),
        _ => None,
    }
}

/// A connection that ends so soon after it stands was not wanted as it is.
const AT_ONCE: u32 = 2000;

/// What a peer wants that hangs up, by how far the connection had come. librdkafka means to say so itself, but 2.12 looks
/// for its word in the format and not in the text. Of the scheme only what is not plaintext is written.
fn wanted(name: &str, text: &str) -> Option<Kind> {
    if !text.starts_with("Disconnected") && !text.contains("Connection reset by peer") {
        return None;
    }
    let (_, after) = text.rsplit_once("(after ")?;
    let (ms, state) = after.split_once("ms in state ")?;
    let state = state.split(|c: char| c != '_' && !c.is_ascii_uppercase()).next()?;
    let at_once = ms.parse::<u32>().is_ok_and(|ms| ms < AT_ONCE);
    match state {
        "SSL_HANDSHAKE" => Some(Kind::NoTls),
        "APIVERSION_QUERY" if !name.contains("ssl://") => Some(Kind::WantsTls),
        "UP" if at_once && !name.starts_with("sasl") => Some(Kind::WantsLogin),
        _ => None,
    }
}

/// The row of a reason, told of the broker of this name.
pub(super) fn row(name: &str, text: &str) -> Option<&'static ConnectionRow> {
    let kind = spoken(text).or_else(|| wanted(name, text));
    ROWS.iter().find(|row| match kind {
        Some(kind) => row.kind == kind,
        None => row.texts.iter().any(|part| text.contains(part)),
    })
}

/// What a broker said itself, out of what librdkafka put around it.
pub(super) fn reason(kind: Kind, text: &str) -> &str {
    let text = text.rfind(" (after ").and_then(|at| text.get(..at)).unwrap_or(text);
    if kind == Kind::NoMechanism {
        return text.rsplit_once("supported mechanisms: ").map_or(text, |(_, offered)| offered);
    }
    let cut = ["SASL authentication error: ", "SASL authentication failure: ", "Authentication failed: "];
    let said = cut.into_iter().fold(text, |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
    if kind == Kind::NoNames { said.rsplit_once(": ").map_or(said, |(_, why)| why) } else { said }
}
