//! sRGB colours as `#RRGGBB`.

/// Formats a colour as `#RRGGBB`.
pub(crate) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02X}{g:02X}{b:02X}")
}

/// Parses `#RRGGBB`; the `#` is optional.
pub(crate) fn parse_hex(text: &str) -> Result<[u8; 3], String> {
    let digits = text.trim().trim_start_matches('#');
    let bits = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6);
    let bits = bits.ok_or_else(|| format!("'{text}' is not a colour: write it as \"#RRGGBB\""))?;
    Ok([(bits >> 16) as u8, (bits >> 8) as u8, bits as u8])
}
