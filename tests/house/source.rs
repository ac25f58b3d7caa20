//! The imports and paths of one source file.

use super::tokens::{Token, tokens};

/// A path as it is written, and the inline modules around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Inline modules between the file and the path, from the outside in.
    pub(crate) scope: Vec<String>,
    /// Names between the separators; a last `*` stands for everything.
    pub(crate) names: Vec<String>,
}

/// One name that a `use` declaration brings in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The name in this file.
    pub(crate) name: String,
    /// What it stands for.
    pub(crate) path: Path,
    /// It is passed on to other files (`pub use`).
    pub(crate) is_public: bool,
}

/// A source file as far as dependencies go.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Everything that `use` declarations bring in.
    pub(crate) imports: Vec<Import>,
    /// Paths of two names and more in the rest of the code.
    pub(crate) paths: Vec<Path>,
}

impl Source {
    /// Reads a source text. Comments, literals and code for tests count for nothing.
    pub(crate) fn parse(text: &str) -> Self {
        let mut parser = Parser { tokens: tokens(text), at: 0, braces: Vec::new(), source: Self::default() };
        while parser.at < parser.tokens.len() {
            parser.step();
        }
        parser.source
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// Open braces; those of inline modules with their names.
    braces: Vec<Option<String>>,
    source: Source,
}

impl Parser {
    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    fn is_sign(&self, ahead: usize, sign: char) -> bool {
        self.peek(ahead).is_some_and(|token| token.is_sign(sign))
    }

    fn word(&self, ahead: usize) -> Option<String> {
        if let Some(Token::Word(word)) = self.peek(ahead) { Some(word.clone()) } else { None }
    }

    fn step(&mut self) {
        let word = self.word(0);
        match word.as_deref() {
            // `use<'a>` after `impl Trait +` is no import.
            Some("use") if !self.is_sign(1, '<') => self.import(),
            Some("mod") if self.is_sign(2, '{') => {
                self.braces.push(self.word(1));
                self.at += 3;
            }
            Some(_) => self.path(),
            None => {
                if self.is_sign(0, '{') {
                    self.braces.push(None);
                } else if self.is_sign(0, '}') {
                    self.braces.pop();
                }
                self.at += 1;
            }
        }
    }

    fn import(&mut self) {
        let is_public =
            self.at > 0 && (self.tokens[self.at - 1].is_word("pub") || self.tokens[self.at - 1].is_sign(')'));
        self.at += 1;
        self.tree(&[], is_public);
    }

    /// Reads a `use` tree below a prefix: names, a group in braces, `self`, `*` or `as`.
    fn tree(&mut self, prefix: &[String], is_public: bool) {
        let mut names = prefix.to_vec();
        loop {
            match self.peek(0).cloned() {
                Some(Token::Word(word)) => {
                    self.at += 1;
                    names.push(word);
                }
                Some(Token::Separator) => self.at += 1,
                Some(Token::Sign('*')) => {
                    self.at += 1;
                    names.push("*".to_owned());
                }
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    return self.group(&names, is_public);
                }
                _ => break,
            }
            if self.peek(0).is_some_and(|token| token.is_word("as")) {
                let name = self.word(1).unwrap_or_default();
                self.at += 2;
                return self.bring_in(name, names, is_public);
            }
        }
        let name = names.iter().rev().find(|name| *name != "self").cloned().unwrap_or_default();
        self.bring_in(name, names, is_public);
    }

    fn group(&mut self, prefix: &[String], is_public: bool) {
        while self.at < self.tokens.len() && !self.is_sign(0, '}') {
            self.tree(prefix, is_public);
            if self.is_sign(0, ',') {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn bring_in(&mut self, name: String, mut names: Vec<String>, is_public: bool) {
        if names.len() > 1 && names.last().is_some_and(|last| last == "self") {
            names.pop();
        }
        let path = Path { scope: self.scope(), names };
        self.source.imports.push(Import { name, path, is_public });
    }

    fn path(&mut self) {
        let is_rest = self.at > 0 && matches!(self.tokens[self.at - 1], Token::Separator | Token::Sign('.'));
        let mut names = vec![self.word(0).unwrap_or_default()];
        self.at += 1;
        while self.peek(0) == Some(&Token::Separator)
            && let Some(word) = self.word(1)
        {
            names.push(word);
            self.at += 2;
        }
        if names.len() > 1 && !is_rest {
            let path = Path { scope: self.scope(), names };
            self.source.paths.push(path);
        }
    }

    fn scope(&self) -> Vec<String> {
        self.braces.iter().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(text: &str) -> Vec<String> {
        let show = |import: Import| format!("{}={}", import.name, import.path.names.join("::"));
        Source::parse(text).imports.into_iter().map(show).collect()
    }

    #[test]
    fn nested_trees_are_taken_apart() {
        let text = "use a::{self, b::{C, d as e}, f::*};\nuse super::super::g;";
        assert_eq!(imports(text), ["a=a", "C=a::b::C", "e=a::b::d", "*=a::f::*", "g=super::super::g"]);
        assert!(imports("fn f() -> impl Iterator + use<'_> {}").is_empty());
    }

    #[test]
    fn what_is_passed_on_is_known() {
        let is_public = |text: &str| Source::parse(text).imports[0].is_public;
        assert_eq!(["use a::B;", "pub use a::B;", "pub(crate) use a::B;"].map(is_public), [false, true, true]);
    }

    #[test]
    fn paths_in_code_are_found_with_the_modules_around_them() {
        let source = Source::parse("fn f() { super::a::b(x.c::<d::E>()); } mod inner { fn g() { super::h(); } }");
        let names = |path: &Path| (path.scope.join("::"), path.names.join("::"));
        let want = [("", "super::a::b"), ("", "d::E"), ("inner", "super::h")];
        let want = want.map(|(scope, names)| (scope.to_owned(), names.to_owned()));
        assert_eq!(source.paths.iter().map(names).collect::<Vec<_>>(), want);
    }
}
