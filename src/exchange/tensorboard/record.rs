//! The framing of records (`TFRecord`): length, its checksum, data, their checksum, all little-endian. Checksums are CRC-32C (Castagnoli)
//! and masked, because a checksum of data that hold checksums says little.

/// CRC-32C of each byte alone.
const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    /// The polynomial of Castagnoli, lowest bit first.
    const POLYNOMIAL: u32 = 0x82F6_3B78;
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)])
}

fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// A record of these data.
pub(super) fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let checksum = |bytes: &[u8]| masked(crc(bytes)).to_le_bytes();
    [&length[..], &checksum(&length), data, &checksum(data)].concat()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The data of records, which are checked.
    pub(in crate::exchange::tensorboard) fn unframed(mut bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut data = Vec::new();
        while !bytes.is_empty() {
            let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            assert_eq!(
                (number(8), number(12 + length)),
                (masked(crc(&bytes[..8])), masked(crc(&bytes[12..12 + length])))
            );
            data.push(bytes[12..12 + length].to_vec());
            bytes = &bytes[16 + length..];
        }
        data
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, B.4, and the check value of CRC-32C.
        assert_eq!(crc(b"123456789"), 0xE306_9283);
        assert_eq!(crc(&[0; 32]), 0x8A91_36AA);
        assert_eq!(crc(&[0xFF; 32]), 0x62A8_AB43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc(&ascending), 0x46DD_794E);
        assert_eq!(masked(0), 0xA282_EAD8);
    }

    #[test]
    fn records_follow_each_other() {
        let records = [framed(b"one"), framed(b""), framed(&[7; 300])].concat();
        assert_eq!(unframed(&records), [b"one".to_vec(), Vec::new(), vec![7; 300]]);
    }
}
