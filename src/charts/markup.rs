//! Text in SVG and HTML.

/// A text as content or attribute of a document. Control characters, which neither format admits, are left out.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            control if control.is_control() => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_can_open_a_tag_or_end_an_attribute() {
        assert_eq!(escaped("<a href=\"x\">'&'\u{0}\n"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39; ");
    }
}
