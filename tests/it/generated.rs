//! What the binary generates is what is checked in: completions, man pages, docs.

use std::path::Path;

use crate::process::{Home, text};

const REMEDY: &str = "run `gpuhm generate .` in the project's root and check the result in";

fn listing(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}; {REMEDY}", folder.display()));
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn generated_files_are_fresh() {
    let home = Home::new();
    let made = home.path("made");
    home.ok(&["generate", &text(&made)]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["completions", "man"] {
        let (made, kept) = (listing(&made.join(folder)), listing(&root.join(folder)));
        assert_eq!(made, kept, "{folder}/ holds other files than are generated; {REMEDY}");
    }
    let files = ["completions", "man"].into_iter().flat_map(|folder| {
        let names = listing(&made.join(folder)).into_iter();
        names.map(move |name| format!("{folder}/{name}"))
    });
    for file in files.chain(["docs/metrics.md", "docs/sources.md", "packaging/gpuhm.toml"].map(str::to_owned)) {
        let read = |root: &Path| std::fs::read(root.join(&file)).unwrap();
        assert!(read(&made) == read(root), "{file} is stale; {REMEDY}");
    }
}
