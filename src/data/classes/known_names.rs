//! How files of published datasets are named.

/// Whether a file is named by a Polish map sheet, such as `N-34-106-A-b-3-4.tif`, or is a patch of one (`…_12.jpg`).
pub(super) fn is_sheet(file: &str) -> bool {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let sheet = stem.split_once('_').map_or(stem, |(sheet, _)| sheet);
    let parts: Vec<&str> = sheet.split('-').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = |part: &str| part.len() == 1 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let kinds: [&dyn Fn(&str) -> bool; 7] =
        [&is_letter, &is_number, &is_number, &is_letter, &is_letter, &is_number, &is_number];
    parts.len() == kinds.len() && parts.iter().zip(kinds).all(|(part, is_kind)| is_kind(part))
}

/// Whether a path in lower case ends as those of Dubai do: `tile 3/images/image_part_004.jpg`.
pub(super) fn is_part_of_tile(path: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbered =
        |name: Option<&str>, before: &str| name.and_then(|name| name.strip_prefix(before)).is_some_and(is_number);
    let mut parts = path.rsplit('/');
    let stem = parts.next().and_then(|file| file.rsplit_once('.')).map(|(stem, _)| stem);
    numbered(stem, "image_part_") && parts.next() == Some("images") && numbered(parts.next(), "tile ")
}
