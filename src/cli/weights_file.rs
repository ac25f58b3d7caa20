//! Class weights that were computed beforehand, in a file.

use std::fs;
use std::path::Path;

/// What a file has to hold.
const REMEDY: &str = "give one number for each class, in the order of the classes, as a JSON array or a number a line";

/// Reads one weight for each class: a JSON array, or a number a line. Empty lines do not count.
///
/// # Errors
/// If the file cannot be read or holds something else; the message names file, line and remedy.
pub(super) fn read(path: &Path) -> Result<Vec<f32>, String> {
    let told = |why: String| format!("class weights cannot be read from {}: {why}", path.display());
    let text = fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
    parse(text.trim_start_matches('\u{feff}')).map_err(told)
}

fn parse(text: &str) -> Result<Vec<f32>, String> {
    let weights = match text.trim_start().chars().next() {
        Some('{') => return Err(format!("weights by name cannot be used: {REMEDY}")),
        Some('[') => serde_json::from_str::<Vec<f32>>(text).map_err(|error| format!("{error}: {REMEDY}"))?,
        _ => lines(text)?,
    };
    if weights.is_empty() { Err(format!("there are none: {REMEDY}")) } else { Ok(weights) }
}

fn lines(text: &str) -> Result<Vec<f32>, String> {
    let numbered = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let number = |(index, line): (usize, &str)| {
        line.parse::<f32>().map_err(|error| format!("line {}, '{line}': {error}: {REMEDY}", index + 1))
    };
    numbered.map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_an_array_or_a_number_a_line() {
        let want = Ok(vec![0.66, 1.27, 2.0]);
        for text in ["[0.66, 1.27, 2]", " [\n0.66,\n1.27,\n2.0\n]\n", "0.66\n1.27\n2\n", "6.6e-1\r\n\r\n 1.27\r\n2"] {
            assert_eq!(parse(text), want, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_list_of_numbers_is_refused_with_line_and_remedy() {
        for (text, told) in [
            ("{\"water\": 1.0}", "by name"),
            ("[1, \"a\"]", "line 1"),
            ("[1, 2", "line 1"),
            ("1\n\nwater 2\n", "line 3, 'water 2'"),
            ("", "there are none"),
            ("[]", "there are none"),
        ] {
            let refusal = parse(text).unwrap_err();
            assert!(refusal.contains(told) && refusal.contains("in the order of the classes"), "{text:?}: {refusal}");
        }
    }

    #[test]
    fn a_refusal_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("weights.json");
        fs::write(&file, "\u{feff}[1, 2]").unwrap();
        assert_eq!(read(&file), Ok(vec![1.0, 2.0]));
        fs::write(&file, "rare").unwrap();
        assert!(read(&file).unwrap_err().contains("weights.json: line 1, 'rare'"));
        assert!(read(dir.path()).unwrap_err().starts_with("class weights cannot be read from"));
    }
}
