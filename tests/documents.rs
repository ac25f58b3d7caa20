//! The documents tell the truth about the tree: every path they name exists, and every link leads somewhere.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// A path in the text counts as one of ours if it begins with one of these.
const ROOTS: [&str; 7] = ["src/", "tests/", "docs/", "benches/", "shaders/", "assets/", ".ci/"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    [root().to_owned(), root().join("docs"), root().join("data")]
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect()
}

/// The texts between `open` and `close`, on one line each.
fn between<'a>(text: &'a str, open: &str, close: char) -> Vec<&'a str> {
    text.lines()
        .flat_map(|line| line.split(open).skip(1).filter_map(|rest| rest.split_once(close)))
        .map(|(inner, _)| inner)
        .collect()
}

/// The lines that are no code: in `list[0](x)` there is no link.
fn prose(text: &str) -> String {
    let mut in_code = false;
    let is_prose = |line: &&str| {
        let is_fence = line.starts_with("```");
        in_code ^= is_fence;
        !(in_code || is_fence)
    };
    text.lines().filter(is_prose).collect::<Vec<_>>().join("\n")
}

/// Code spans: every second piece between backticks.
fn code_spans(text: &str) -> Vec<&str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// `a/{b,c}.rs` as `a/b.rs` and `a/c.rs`.
fn expand(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let Some((choices, after)) = rest.split_once('}') else { return vec![path.to_owned()] };
    choices.split(',').map(|choice| format!("{before}{}{after}", choice.trim())).collect()
}

/// The paths named in a text. Placeholders such as `src/data/layout/NAME.rs` are not meant to exist.
fn paths(text: &str) -> Vec<String> {
    let is_path = |span: &&str| ROOTS.iter().any(|root| span.starts_with(root)) && !span.contains(' ');
    let expanded = code_spans(text).into_iter().filter(is_path).flat_map(expand);
    expanded
        .filter(|path| {
            !path.split(['/', '.']).any(|part| part.len() > 1 && part.chars().all(|c| c.is_ascii_uppercase()))
        })
        .collect()
}

/// The anchor of a heading, as hosts of Markdown derive it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn leads_somewhere(document: &Path, link: &str) -> bool {
    let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() { document.to_owned() } else { document.parent().unwrap().join(file) };
    if fragment.is_empty() {
        return target.exists();
    }
    fs::read_to_string(target).is_ok_and(|text| {
        text.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line.trim_start_matches('#')) == fragment)
    })
}

#[test]
fn every_path_in_the_documents_exists() {
    let mut missing = Vec::new();
    for document in documents() {
        let named = paths(&fs::read_to_string(&document).unwrap());
        missing
            .extend(named.into_iter().filter(|path| !root().join(path).exists()).map(|path| (document.clone(), path)));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = prose(&fs::read_to_string(&document).unwrap());
        let links = between(&text, "](", ')').into_iter().filter(|link| !link.contains("://"));
        broken.extend(
            links.filter(|link| !leads_somewhere(&document, link)).map(|link| (document.clone(), link.to_owned())),
        );
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn paths_are_found_in_text() {
    let text = "See `src/a/{b,c}.rs` and `src/NAME.rs`, not src/d.rs or `cargo test src/e.rs`.\n`docs/f.md`";
    assert_eq!(paths(text), ["src/a/b.rs", "src/a/c.rs", "docs/f.md"]);
    assert_eq!(anchor(" The GPU path"), "the-gpu-path");
    assert!(!leads_somewhere(&root().join("README.md"), "docs/no_such_file.md"));
    assert!(!leads_somewhere(&root().join("README.md"), "README.md#no-such-heading"));
}
