//! The demonstration operator's knowledge, plans and golden questions: whole, and of one piece.
use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    fs,
    path::PathBuf,
};

const ENTRIES: &[&str] = &["mobile", "billing", "broadband", "devices", "accounts", "porting", "roaming", "complaints"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    question: String,
    similar: Vec<String>,
    answer: String,
    category: String,
    tags: Vec<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
    source: String,
}

#[derive(Deserialize)]
struct Plan {
    id: String,
    name: String,
    price_fen: i64,
    aliases: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    query: String,
    kb_id: Option<String>,
    r#type: String,
    not_kb_id: Option<String>,
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> Vec<T> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/demo/knowledge/{name}.jsonl"));
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .enumerate()
        .map(|(n, line)| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name} {}: {error}", n + 1)))
        .collect()
}

fn entries() -> Vec<Entry> {
    ENTRIES.iter().flat_map(|name| read(name)).collect()
}

/// Two questions are the same if they differ in punctuation and spaces only.
fn bare(question: &str) -> String {
    question.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[test]
fn every_entry_is_whole_and_every_question_has_one_answer() {
    let entries = entries();
    assert!(entries.len() >= 300, "{}", entries.len());
    let (mut ids, mut questions) = (HashSet::new(), HashMap::new());
    for entry in &entries {
        assert!(ids.insert(&entry.id), "{} stands twice", entry.id);
        assert!(entry.similar.len() >= 5, "{} has few similar questions", entry.id);
        assert!((40..=600).contains(&entry.answer.chars().count()), "{}", entry.id);
        assert!(entry.category.split('/').count() == 2 && !entry.tags.is_empty() && !entry.source.is_empty(), "{}", entry.id);
        assert!(entry.valid_from.is_none() && entry.valid_until.is_none(), "{}: what is shown must not run out", entry.id);
        assert!(!entry.answer.contains(['<', '\r']) && !entry.answer.contains("http"), "{}", entry.id);
        for question in std::iter::once(&entry.question).chain(&entry.similar) {
            let known = questions.insert(bare(question), &entry.id);
            assert_eq!(known, None, "{question} stands in {} too", entry.id);
        }
    }
}

#[test]
fn plans_have_one_name_each_and_a_price() {
    let plans: Vec<Plan> = read("plans");
    assert_eq!(plans.len(), 40);
    let mut names = HashSet::new();
    for plan in &plans {
        assert!(plan.price_fen >= 0 && names.insert(plan.id.clone()), "{}", plan.id);
        for name in std::iter::once(&plan.name).chain(&plan.aliases) {
            assert!(names.insert(bare(name)), "{name} stands twice");
        }
    }
}

#[test]
fn golden_questions_point_at_entries_and_repeat_none() {
    let (entries, golden) = (entries(), read::<Golden>("golden"));
    let ids: HashSet<&str> = entries.iter().map(|entry| &*entry.id).collect();
    let mut taken: HashSet<String> =
        entries.iter().flat_map(|entry| std::iter::once(&entry.question).chain(&entry.similar)).map(|q| bare(q)).collect();
    let mut kinds: HashMap<&str, usize> = HashMap::new();
    for one in &golden {
        assert!(taken.insert(bare(&one.query)), "{} is known already", one.query);
        *kinds.entry(&one.r#type).or_default() += 1;
        let (right, wrong) = (one.kb_id.as_deref(), one.not_kb_id.as_deref());
        assert!(right.iter().chain(&wrong).all(|id| ids.contains(id)), "{}", one.query);
        assert_eq!((right.is_some(), wrong.is_some()), (one.r#type == "answerable", one.r#type == "near_miss"), "{}", one.query);
    }
    assert_eq!(golden.len(), 200);
    let expected = [("answerable", 130), ("near_miss", 25), ("no_answer_in_domain", 25), ("no_answer_ood", 20)];
    for (kind, least) in expected {
        assert!(kinds.get(kind).is_some_and(|count| *count + 10 >= least), "{kind}: {kinds:?}");
    }
}
