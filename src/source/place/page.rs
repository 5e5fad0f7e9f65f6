//! The URL of an exporter's page: whether it can be one at all, so that a slip of the pen is told as such, and not as a page that
//! cannot be reached. Parsing only.

use std::net::Ipv6Addr;

use super::PageUrl;

/// A page's URL, where it is one over plain HTTP.
pub(super) fn understood(url: &str) -> Result<PageUrl, String> {
    let usage = || "use exporter:http://HOST:9400/metrics".to_owned();
    let rest = url.strip_prefix("http://").ok_or_else(usage)?;
    if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("a blank in it: {}", usage()));
    }
    let (authority, behind) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.strip_prefix('[') {
        Some(six) => {
            let (host, port) = six.split_once(']').ok_or("an IPv6 address ends with ]")?;
            // A zone may stand behind it.
            let address = host.split('%').next().unwrap_or(host);
            address.parse::<Ipv6Addr>().map_err(|_| format!("[{host}]: not an IPv6 address"))?;
            (host, port)
        }
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    if host.is_empty() {
        return Err(usage());
    }
    // What is no number may be a password's beginning, whose / nobody escaped: not to be shown.
    let loose = !authority.contains('@') && behind.contains('@');
    match port.strip_prefix(':').map(str::parse::<u16>) {
        None if port.is_empty() => {}
        Some(Ok(1..)) => {}
        Some(Err(_)) if loose && port.contains(|c: char| c != ':' && !c.is_ascii_digit()) => {}
        _ => return Err("its port is none: a number from 1 to 65535".to_owned()),
    }
    Ok(PageUrl { url: url.to_owned(), host: host.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_that_nothing_can_be_fetched_by_is_none() {
        for fine in [
            "http://n7",
            "http://n7:9400",
            "http://[::1]:9400/metrics",
            "http://[fe80::1%eth0]/metrics",
            "http://n7/metrics?collect[]=gpu",
            "http://u:p@n7:9400/m",
        ] {
            assert!(understood(fine).is_ok(), "{fine}");
        }
        for (wrong, why) in [
            ("http://", "use exporter:"),
            ("http:///metrics", "use exporter:"),
            ("http://:9400/metrics", "use exporter:"),
            ("https://n7", "use exporter:"),
            ("http://[::1", "ends with ]"),
            ("http://[::1/metrics", "ends with ]"),
            ("http://[n7]:1/metrics", "not an IPv6 address"),
            ("http://a b/", "a blank"),
            ("http://n7:99999/metrics", "its port"),
            ("http://n7:0/metrics", "its port"),
            ("http://n7:x/metrics", "its port"),
            ("http://n7:/metrics", "its port"),
            ("http://::1/metrics", "use exporter:"),
            ("http://[::1]9400/metrics", "its port"),
        ] {
            let told = understood(wrong).unwrap_err();
            assert!(told.contains(why), "{wrong}: {told}");
        }
    }
}
