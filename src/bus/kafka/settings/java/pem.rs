//! PEM inside a property: Java takes it on one line with blanks, OpenSSL wants lines.

const DASHES: &str = "-----";
const WIDTH: usize = 64;

/// The same blocks with lines as OpenSSL reads them; `None` where there is no whole block.
pub(super) fn lines(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((_, begun)) = rest.split_once("-----BEGIN ") {
        let (label, body) = begun.split_once(DASHES)?;
        let (body, after) = body.split_once(DASHES)?;
        let (end, after) = after.split_once(DASHES)?;
        if end.strip_prefix("END ")? != label {
            return None;
        }
        out.extend([DASHES, "BEGIN ", label, DASHES, "\n"]);
        let mut column = 0;
        for c in body.chars().filter(|c| !c.is_whitespace()) {
            if column == WIDTH {
                out.push('\n');
                column = 0;
            }
            out.push(c);
            column += 1;
        }
        out.extend(["\n", DASHES, "END ", label, DASHES, "\n"]);
        rest = after;
    }
    (!out.is_empty()).then_some(out)
}
