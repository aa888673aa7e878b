//! Names for those who have none yet.
use yingda_base::locale::Language;

/// `访客 7F3A`: four signs from the public id, so that two visitors can be told apart and nothing is told about them.
pub fn name_of(public_id: &str, language: Language) -> String {
    // FNV-1a: any spreading of the id over 16 bits will do.
    let hash = public_id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let sign = (hash >> 16) ^ (hash & 0xffff);
    match language {
        Language::Chinese => format!("访客 {sign:04X}"),
        Language::English => format!("Visitor {sign:04X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_keeps_their_four_signs_in_both_languages() {
        let (zh, en) = (name_of("uJ3k", Language::Chinese), name_of("uJ3k", Language::English));
        assert_eq!(zh.strip_prefix("访客 ").unwrap(), en.strip_prefix("Visitor ").unwrap());
        assert_eq!(zh.chars().count(), 7);
        assert_ne!(zh, name_of("uJ3l", Language::Chinese));
    }
}
