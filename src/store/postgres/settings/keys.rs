//! The keys of libpq, the variable that stands in for each, and what is done with it: THE table.

/// What is done with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It counts.
    Yes,
    /// It means nothing here.
    No,
    /// Whoever set it relies on what is not done; what to do instead.
    Refused(&'static str),
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) variable: Option<&'static str>,
    pub(super) kept: Kept,
}

const fn yes(name: &'static str, variable: &'static str) -> Key {
    Key { name, variable: Some(variable), kept: Kept::Yes }
}

const fn bare(name: &'static str) -> Key {
    Key { name, variable: None, kept: Kept::Yes }
}

const fn no(name: &'static str, variable: Option<&'static str>) -> Key {
    Key { name, variable, kept: Kept::No }
}

const fn refused(name: &'static str, variable: Option<&'static str>, instead: &'static str) -> Key {
    Key { name, variable, kept: Kept::Refused(instead) }
}

/// Every key.
pub(super) const KEYS: &[Key] = &[
    yes("host", "PGHOST"),
    yes("hostaddr", "PGHOSTADDR"),
    yes("port", "PGPORT"),
    yes("dbname", "PGDATABASE"),
    yes("user", "PGUSER"),
    yes("password", "PGPASSWORD"),
    yes("passfile", "PGPASSFILE"),
    yes("channel_binding", "PGCHANNELBINDING"),
    yes("connect_timeout", "PGCONNECT_TIMEOUT"),
    yes("options", "PGOPTIONS"),
    yes("application_name", "PGAPPNAME"),
    bare("fallback_application_name"),
    bare("keepalives"),
    bare("keepalives_idle"),
    bare("keepalives_interval"),
    bare("keepalives_count"),
    bare("tcp_user_timeout"),
    yes("sslmode", "PGSSLMODE"),
    yes("sslnegotiation", "PGSSLNEGOTIATION"),
    yes("sslrootcert", "PGSSLROOTCERT"),
    yes("sslcert", "PGSSLCERT"),
    yes("sslkey", "PGSSLKEY"),
    yes("sslsni", "PGSSLSNI"),
    yes("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    yes("target_session_attrs", "PGTARGETSESSIONATTRS"),
    yes("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    no("client_encoding", Some("PGCLIENTENCODING")),
    no("gssencmode", Some("PGGSSENCMODE")),
    no("gsslib", Some("PGGSSLIB")),
    no("gssdelegation", Some("PGGSSDELEGATION")),
    no("krbsrvname", Some("PGKRBSRVNAME")),
    no("sslcompression", Some("PGSSLCOMPRESSION")),
    no("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    no("servicefile", Some("PGSERVICEFILE")),
    refused("service", Some("PGSERVICE"), "write what the service says into the URL"),
    refused("sslpassword", None, "store the key without a password, readable by its owner alone"),
    refused("sslcrl", Some("PGSSLCRL"), "revoked certificates are not looked up: leave it out"),
    refused("sslcrldir", Some("PGSSLCRLDIR"), "revoked certificates are not looked up: leave it out"),
    refused("sslcertmode", Some("PGSSLCERTMODE"), "leave it out; sslcert says whether there is a certificate"),
    refused("requirepeer", Some("PGREQUIREPEER"), "use a TCP connection with sslmode=verify-full"),
    refused("require_auth", Some("PGREQUIREAUTH"), "use channel_binding=require or sslmode=verify-full"),
    refused("replication", None, "leave it out"),
];

/// The key of that name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}
