//! Names in the order people count them. Knows nothing else.

/// A name in the order people count: `rack-9` before `rack-10`. Keeps the name, so that no two fall together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Natural(Vec<(String, u64)>, String);

impl Natural {
    pub(super) fn of(name: &str) -> Natural {
        let mut parts = Vec::new();
        let mut rest = name;
        while !rest.is_empty() {
            let text: String = rest.chars().take_while(|c| !c.is_ascii_digit()).collect();
            let after = rest.get(text.len()..).unwrap_or_default();
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            rest = after.get(digits.len()..).unwrap_or_default();
            parts.push((text, digits.parse().unwrap_or_default()));
        }
        Natural(parts, name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_people_count() {
        let mut names = ["rack-10", "rack-9", "a", "rack-09", "rack"];
        names.sort_by_key(|name| Natural::of(name));
        assert_eq!(names, ["a", "rack", "rack-09", "rack-9", "rack-10"]);
    }
}
