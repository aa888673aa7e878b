//! Cards: something structured to look at or choose from. Their one definition is docs/card.schema.json; clients render from it too.
use jsonschema::Validator;
use serde_json::Value;
use std::sync::LazyLock;
use yingda_base::{Error, Result};

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(include_str!("../../../../docs/card.schema.json")).expect("a test parses the schema");
    jsonschema::validator_for(&schema).expect("a test compiles the schema")
});

/// Refuses what is no card of the schema.
pub(super) fn check(card: &Value) -> Result<()> {
    if SCHEMA.is_valid(card) { Ok(()) } else { Err(Error::invalid("body_invalid").with("field", "card")) }
}

/// The words for those who cannot show the card: its title, or whatever comes closest.
pub(super) fn fallback(card: &Value) -> String {
    let words = ["title", "prompt", "name"].iter().find_map(|field| card[*field].as_str());
    words.map_or_else(|| format!("[{}]", card["type"].as_str().unwrap_or("card")), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_schema_lets_cards_in_and_nothing_else() {
        let choice = json!({"type": "choice", "prompt": "您想问哪一种？", "options": [{"label": "国际漫游"}]});
        assert!(check(&choice).is_ok());
        assert_eq!(fallback(&choice), "您想问哪一种？");
        let link = json!({"type": "article", "title": "a", "summary": "b", "url": "javascript:alert(1)"});
        for bad in
            [json!({}), json!(null), json!({"type": "html", "title": "<b>"}), link, json!({"type": "choice", "prompt": "", "options": []})]
        {
            assert_eq!(check(&bad).unwrap_err().code(), "body_invalid", "{bad}");
        }
        assert_eq!(fallback(&json!({"type": "queue", "ahead": 3})), "[queue]");
    }
}
