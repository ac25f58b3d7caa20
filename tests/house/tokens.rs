//! Rust source as tokens, without comments, literals and code that is compiled for tests only.

use std::iter::Peekable;
use std::str::Chars;

/// One token of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A word: keyword, identifier or number.
    Word(String),
    /// The path separator `::`.
    Separator,
    /// Any other character.
    Sign(char),
}

impl Token {
    /// Whether this is the given word.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text == word)
    }

    /// Whether this is the given character.
    pub(crate) fn is_sign(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }
}

/// The tokens of a source text, without items marked `#[cfg(test)]`.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    without_tests(&split(text))
}

fn split(text: &str) -> Vec<Token> {
    let mut chars = text.chars().peekable();
    let mut found = Vec::new();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => skip_line(&mut chars),
            '/' if chars.peek() == Some(&'*') => skip_block(&mut chars),
            '"' => skip_string(&mut chars),
            '\'' => skip_quote(&mut chars),
            ':' if chars.peek() == Some(&':') => {
                chars.next();
                found.push(Token::Separator);
            }
            c if is_word(c) => {
                let word = take_word(c, &mut chars);
                match (word.as_str(), chars.peek()) {
                    ("r" | "br", Some('"' | '#')) => skip_raw(&mut chars, &mut found),
                    ("b" | "c", Some('"' | '\'')) => {}
                    _ => found.push(Token::Word(word)),
                }
            }
            c if c.is_whitespace() => {}
            c => found.push(Token::Sign(c)),
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn take_word(first: char, chars: &mut Peekable<Chars<'_>>) -> String {
    let mut word = first.to_string();
    while let Some(c) = chars.next_if(|c| is_word(*c)) {
        word.push(c);
    }
    word
}

fn skip_line(chars: &mut Peekable<Chars<'_>>) {
    while chars.next_if(|c| *c != '\n').is_some() {}
}

/// Skips a block comment; these nest. The opening slash is consumed already.
fn skip_block(chars: &mut Peekable<Chars<'_>>) {
    chars.next();
    let mut depth = 1;
    while depth > 0 {
        match (chars.next(), chars.peek()) {
            (Some('*'), Some('/')) => {
                chars.next();
                depth -= 1;
            }
            (Some('/'), Some('*')) => {
                chars.next();
                depth += 1;
            }
            (None, _) => return,
            _ => {}
        }
    }
}

fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '"' => return,
            _ => {}
        }
    }
}

/// Skips a raw string, or takes a raw identifier.
fn skip_raw(chars: &mut Peekable<Chars<'_>>, found: &mut Vec<Token>) {
    let mut hashes = 0;
    while chars.next_if_eq(&'#').is_some() {
        hashes += 1;
    }
    if chars.next_if_eq(&'"').is_none() {
        if let Some(c) = chars.next() {
            found.push(Token::Word(take_word(c, chars)));
        }
        return;
    }
    while let Some(c) = chars.next() {
        let closes = |chars: &mut Peekable<Chars<'_>>| (0..hashes).all(|_| chars.next_if_eq(&'#').is_some());
        if c == '"' && closes(chars) {
            return;
        }
    }
}

/// Skips a character literal or a lifetime. The opening quote is consumed already.
fn skip_quote(chars: &mut Peekable<Chars<'_>>) {
    match chars.next() {
        Some('\\') => {
            chars.next();
            while chars.next().is_some_and(|c| c != '\'') {}
        }
        Some(c) if is_word(c) => {
            take_word(c, chars);
            chars.next_if_eq(&'\'');
        }
        _ => drop(chars.next_if_eq(&'\'')),
    }
}

/// Takes out attributes, and the items that follow `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let after = attribute_end(tokens, at);
        if after == at {
            kept.push(tokens[at].clone());
            at += 1;
        } else if is_test(&tokens[at..after]) {
            at = item_end(tokens, after);
        } else {
            at = after;
        }
    }
    kept
}

/// The place after an attribute that begins at `at`; `at` itself if there is none.
fn attribute_end(tokens: &[Token], at: usize) -> usize {
    let is_attribute = tokens[at].is_sign('#') && tokens.get(at + 1).is_some_and(|next| next.is_sign('['));
    if is_attribute { group_end(tokens, at + 1) } else { at }
}

fn is_test(attribute: &[Token]) -> bool {
    let words: Vec<&str> = attribute
        .iter()
        .filter_map(|token| if let Token::Word(word) = token { Some(word.as_str()) } else { None })
        .collect();
    matches!(words[..], ["cfg", "test"] | ["cfg", "all", "test", ..])
}

/// The place after an item that begins at `at`.
fn item_end(tokens: &[Token], mut at: usize) -> usize {
    while at < tokens.len() && attribute_end(tokens, at) > at {
        at = attribute_end(tokens, at);
    }
    while at < tokens.len() {
        match &tokens[at] {
            Token::Sign(';') => return at + 1,
            Token::Sign('{') => return group_end(tokens, at),
            Token::Sign('(' | '[') => at = group_end(tokens, at),
            _ => at += 1,
        }
    }
    at
}

/// The place after the bracket that closes the one at `at`.
fn group_end(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0;
    while at < tokens.len() {
        match &tokens[at] {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let word = |token| if let Token::Word(word) = token { Some(word) } else { None };
        tokens(text).into_iter().filter_map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        assert_eq!(words("a // b\n/* c /* d */ e */ f"), "a f");
        assert_eq!(words(r##"a("b \" c", r#"d " e"#, b"f", 'g', '\'', '\u{1F}') h"##), "a h");
        assert_eq!(words("fn f<'a>(x: &'a str) {}"), "fn f x str");
        assert_eq!(words("r#use"), "use");
    }

    #[test]
    fn code_for_tests_is_left_out() {
        assert_eq!(words("a #[cfg(test)] mod tests { b { c } } d"), "a d");
        assert_eq!(words("a #[cfg(test)] #[allow(x)] mod tests; b"), "a b");
        assert_eq!(words("a #[cfg(test)] fn f(x: [u8; 3]) -> u8 { b } c"), "a c");
        assert_eq!(words("a #[cfg(unix)] fn f() {}"), "a fn f");
    }
}
