//! Java's trust and key stores. PEM is what librdkafka reads, and PKCS12 for a key; for the rest the command that converts
//! it is named.

use super::{Layer, Translated, pem};
use crate::bus::kafka::settings::entry::Entry;
use crate::bus::kafka::settings::error::SettingsError;

/// Takes the stores out of a layer and puts what librdkafka wants in their place.
pub(super) fn take(layer: &mut Layer, out: &mut Translated) -> Result<(), SettingsError> {
    trust(layer, out)?;
    keys(layer, out)
}

fn is_pem(layer: &Layer, key: &str) -> bool {
    layer.value(key).is_some_and(|kind| kind.eq_ignore_ascii_case("PEM"))
}

fn trust(layer: &mut Layer, out: &mut Translated) -> Result<(), SettingsError> {
    let pem = is_pem(layer, "ssl.truststore.type");
    let pkcs12 = layer.value("ssl.truststore.type").is_some_and(|kind| kind.eq_ignore_ascii_case("PKCS12"));
    if let Some(location) = layer.take("ssl.truststore.location") {
        let file = location.value.trim();
        if !pem {
            let convert = if pkcs12 {
                format!("openssl pkcs12 -in {file} -nokeys -out ca.pem")
            } else {
                format!("keytool -list -rfc -keystore {file} > ca.pem")
            };
            let hint =
                format!("convert it: {convert}; then ssl.truststore.type=PEM and ssl.truststore.location=ca.pem");
            return Err(location.wrong("a trust store must be PEM (ssl.truststore.type=PEM)", Some(&hint)));
        }
        out.entries.push(Entry::new("ssl.ca.location", file, location.origin.clone()));
    }
    inline(layer, out, "ssl.truststore.certificates", "ssl.ca.pem")?;
    // A PEM file has no password, and its type has been looked at.
    out.ignored.extend(["ssl.truststore.type", "ssl.truststore.password"].iter().filter_map(|key| layer.take(key)));
    Ok(())
}

fn keys(layer: &mut Layer, out: &mut Translated) -> Result<(), SettingsError> {
    let kind = layer.value("ssl.keystore.type").map(str::to_ascii_uppercase);
    let location = layer.value("ssl.keystore.location").map(str::to_owned);
    let jks = location.as_deref().is_some_and(|file| file.to_ascii_lowercase().ends_with(".jks"));
    match kind.as_deref() {
        Some("PEM") => {
            if let Some(entry) = layer.take("ssl.keystore.location") {
                let file = entry.value.trim();
                out.entries.push(Entry::new("ssl.certificate.location", file, entry.origin.clone()));
                out.entries.push(Entry::new("ssl.key.location", file, entry.origin.clone()));
            }
            out.ignored.extend(layer.take("ssl.keystore.password"));
        }
        Some("PKCS12") => {}
        None if !jks => {}
        _ => {
            if let Some(entry) = layer.take("ssl.keystore.location") {
                let file = entry.value.trim();
                let hint = format!(
                    "convert it: keytool -importkeystore -srckeystore {file} -destkeystore key.p12 -deststoretype PKCS12; \
then ssl.keystore.type=PKCS12 and ssl.keystore.location=key.p12"
                );
                return Err(entry.wrong("a key store must be PEM or PKCS12", Some(&hint)));
            }
        }
    }
    inline(layer, out, "ssl.keystore.certificate.chain", "ssl.certificate.pem")?;
    inline(layer, out, "ssl.keystore.key", "ssl.key.pem")?;
    out.ignored.extend(layer.take("ssl.keystore.type"));
    Ok(())
}

/// PEM in a property.
fn inline(layer: &mut Layer, out: &mut Translated, java: &str, ours: &str) -> Result<(), SettingsError> {
    let Some(entry) = layer.take(java) else { return Ok(()) };
    let text = pem::lines(&entry.value).ok_or_else(|| entry.wrong("holds no PEM block", None))?;
    out.entries.push(Entry::new(ours, text, entry.origin.clone()));
    Ok(())
}
