//! TLS and login: what is refused before a client would try it for ever, and what a user should hear about.

use super::Settings;
use super::entry::{Origin, is_secret};
use super::error::SettingsError;

/// What to do where Kerberos is wanted.
pub(super) const NO_KERBEROS: &str = "sasl.mechanism is one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512";
/// What to do where OAuth is wanted.
pub(super) const NO_OIDC: &str = "tokens of a provider (OIDC) need libcurl, which this build is without; for a test \
broker set enable.sasl.oauthbearer.unsecure.jwt=true and sasl.oauthbearer.config=principal=NAME; else use TLS \
certificates or SCRAM";
const NO_LOGIN: &str = "set sasl.username in the file that -F names; the password comes from \
$CREDENTIALS_DIRECTORY/gpuhm_kafka.password, from the file that sasl.password.file names, or from GPUHM_KAFKA_PASSWORD";

/// What librdkafka calls the search for the distribution's certificates.
pub(super) const PROBE: &str = "probe";

impl Settings {
    fn protocol(&self) -> String {
        self.value("security.protocol").unwrap_or("plaintext").trim().to_ascii_lowercase()
    }

    /// Whether the distribution's certificates are to be looked for: OpenSSL is linked in and does not know where they
    /// are, and librdkafka cannot tell that it must look.
    pub(super) fn wants_certificates(&self) -> bool {
        let named = ["ssl.ca.location", "ssl.ca.pem"].iter().any(|key| self.value(key).is_some());
        self.protocol().ends_with("ssl") && !named
    }

    /// Whether a login can work at all.
    pub(super) fn check_login(&self) -> Result<(), SettingsError> {
        let together = |why: String, hint: &str| Err(SettingsError::Together { why, hint: Some(hint.to_owned()) });
        if let Some(entry) = self.entry("sasl.oauthbearer.method").filter(|entry| entry.value.trim() == "oidc") {
            return Err(entry.wrong("OIDC is not in this build", Some(NO_OIDC)));
        }
        let protocol = self.protocol();
        if !protocol.starts_with("sasl_") {
            return Ok(());
        }
        let Some(entry) = self.entry("sasl.mechanism") else {
            return together(format!("security.protocol={protocol} without a sasl.mechanism"), NO_KERBEROS);
        };
        match entry.value.trim().to_ascii_uppercase().as_str() {
            "GSSAPI" => Err(entry.wrong("this build is without Kerberos", Some(NO_KERBEROS))),
            "OAUTHBEARER" => {
                let set = self.value("enable.sasl.oauthbearer.unsecure.jwt").map(str::trim);
                if set.is_some_and(|on| on == "1" || on.eq_ignore_ascii_case("true")) {
                    Ok(())
                } else {
                    Err(entry.wrong("nothing here gets a token", Some(NO_OIDC)))
                }
            }
            mechanism => {
                let missing =
                    ["sasl.username", "sasl.password"].iter().find(|key| self.value(key).is_none_or(str::is_empty));
                missing.map_or(Ok(()), |key| together(format!("a login by {mechanism} without {key}"), NO_LOGIN))
            }
        }
    }

    /// What a user should hear about, though it works.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut said = Vec::new();
        for entry in self.given.values().filter(|entry| entry.origin == Origin::Flag && is_secret(&entry.key)) {
            said.push(format!(
                "-X {}: other users of this machine can read it in the list of processes; put it in a file, see sasl.password.file",
                entry.key
            ));
        }
        let protocol = self.protocol();
        let is = |key: &str, value: &str| self.value(key).is_some_and(|set| set.trim().eq_ignore_ascii_case(value));
        if !protocol.starts_with("sasl_") && self.value("sasl.mechanism").is_some() {
            said.push(format!("sasl.mechanism is set, but security.protocol={protocol} does not log in"));
        }
        if protocol == "sasl_plaintext" && is("sasl.mechanism", "PLAIN") {
            said.push("security.protocol=sasl_plaintext sends the password readable over the network".to_owned());
        }
        if protocol.ends_with("ssl") {
            if ["false", "f", "0"].iter().any(|off| is("enable.ssl.certificate.verification", off)) {
                said.push("enable.ssl.certificate.verification=false: anyone on the way can be the broker".to_owned());
            } else if is("ssl.endpoint.identification.algorithm", "none") {
                said.push("ssl.endpoint.identification.algorithm=none: the broker's name is not checked".to_owned());
            }
        }
        said
    }
}
