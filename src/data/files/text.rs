//! Reads text files: UTF-8 with or without a byte order mark, or UTF-16 as written by Excel's "Unicode text".

use std::path::Path;

use crate::data::DataError;

/// Reads a whole text file.
pub(crate) fn read(path: &Path) -> Result<String, DataError> {
    let bytes = std::fs::read(path).map_err(DataError::io("cannot read the file", path))?;
    decode(&bytes).ok_or_else(|| {
        DataError::content("the text is neither UTF-8 nor UTF-16: save it as UTF-8 (in Excel: CSV UTF-8)", path)
    })
}

/// Decodes text and drops its byte order mark; `None` if it is in another encoding.
fn decode(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        [first, 0, ..] if *first != 0 => utf_16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf_16(bytes, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let text: Result<String, _> = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    text.ok().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_saved_by_excel_is_read() {
        let want = "ä;1\r\n";
        let wide = |bytes: fn(u16) -> [u8; 2]| want.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
        let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
        assert_eq!(decode(want.as_bytes()).as_deref(), Some(want));
        assert_eq!(decode(&[b"\xef\xbb\xbf", want.as_bytes()].concat()).as_deref(), Some(want));
        assert_eq!(decode(&[b"\xff\xfe", &little[..]].concat()).as_deref(), Some(want));
        assert_eq!(decode(&[b"\xfe\xff", &big[..]].concat()).as_deref(), Some(want));
        assert_eq!(
            decode("a,b\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().as_slice()).as_deref(),
            Some("a,b\n")
        );
        assert_eq!(decode(b"\xe4;1"), None, "Latin-1 is not guessed at");
    }
}
