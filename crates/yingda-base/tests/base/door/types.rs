//! What is written is what is read, on both databases.
use super::{Number, SCHEMA};
use yingda_base::{Millis, both, id, row, sql, text_enum};

id! {
    /// A note.
    struct NoteId;
}
text_enum! {
    /// How loud.
    enum Tone { Soft = "soft", Loud = "loud" }
}
row! {
    #[derive(Debug, PartialEq)]
    struct Note { id: NoteId, name: Option<Tone>, body: Option<Vec<u8>>, score: Option<f64>, pinned: Option<bool>, amount: Option<Millis> }
    struct Loud { name: Tone }
    struct Sum { n: Option<i64> }
}

fn insert(note: &Note) -> yingda_base::db::Query {
    let (id, name, body) = (note.id, note.name, note.body.clone());
    sql!(
        "INSERT INTO note (id, name, body, score, pinned, amount) VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        name,
        body,
        note.score,
        note.pinned,
        note.amount
    )
}

both! { rows_come_back_as_they_were, |db| async {
    db.script(SCHEMA).await;
    let full = || Note {
        id: NoteId(i64::MAX), name: Some(Tone::Loud), body: Some(vec![0, 255, 10]), score: Some(-0.1), pinned: Some(false), amount: Some(Millis(-1)),
    };
    let empty = || Note { id: NoteId(1), name: None, body: None, score: None, pinned: None, amount: None };
    db.write(move |tx| { tx.run(insert(&full()))?; tx.run(insert(&empty())) }).await.unwrap();
    let read = db.read(|tx| tx.all::<Note>(sql!("SELECT id, name, body, score, pinned, amount FROM note ORDER BY id"))).await.unwrap();
    assert_eq!(read, [empty(), full()]);
}}

both! { a_null_keeps_its_type, |db| async {
    db.script(SCHEMA).await;
    // Without a type PostgreSQL could not tell which comparison is meant.
    let count = db.read(|tx| tx.get::<Number>("count", sql!(
        "SELECT COUNT(*) AS n FROM note WHERE (CAST($1 AS BIGINT) IS NULL OR id = $1) AND (CAST($2 AS TEXT) IS NULL OR name = $2)",
        None::<i64>, None::<String>
    ))).await.unwrap();
    assert_eq!(count.n, 0);
    let nulls = || sql!("INSERT INTO note (id, name, body, score, pinned, amount) VALUES (1, $1, $2, $3, $4, $5)",
        None::<&str>, None::<Vec<u8>>, None::<f64>, None::<bool>, None::<i64>);
    db.write(move |tx| tx.run(nulls())).await.unwrap();
}}

both! { an_unknown_text_and_an_unexpected_null_are_errors, |db| async {
    db.script(SCHEMA).await;
    db.write(|tx| tx.run(sql!("INSERT INTO note (id, name) VALUES (1, 'shrill'), (2, NULL)"))).await.unwrap();
    for id in [1_i64, 2] {
        let read = db.read(move |tx| tx.all::<Loud>(sql!("SELECT name FROM note WHERE id = $1", id))).await;
        assert_eq!(read.err().map(|error| error.code()), Some("internal"), "row {id}");
    }
    db.write(|tx| tx.run(sql!("UPDATE note SET name = $1 WHERE id = 1", Tone::Soft))).await.unwrap();
    let read = db.read(|tx| tx.get::<Loud>("note", sql!("SELECT name FROM note WHERE id = 1"))).await.unwrap();
    assert_eq!(read.name, Tone::Soft);
}}

both! { sums_are_cast, |db| async {
    db.script(SCHEMA).await;
    let sum = || db.read(|tx| tx.get::<Sum>("sum", sql!("SELECT CAST(SUM(amount) AS BIGINT) AS n FROM note")));
    assert_eq!(sum().await.unwrap().n, None);
    db.write(|tx| tx.run(sql!("INSERT INTO note (id, amount) VALUES (1, $1), (2, 5)", 1_i64 << 40))).await.unwrap();
    assert_eq!(sum().await.unwrap().n, Some((1 << 40) + 5));
}}

both! { sortable_text_sorts_alike, |db| async {
    db.script(SCHEMA).await;
    for (id, name) in ["b", "A", "a", "中", "B", "é", "一"].into_iter().enumerate() {
        db.write(move |tx| tx.run(sql!("INSERT INTO note (id, name) VALUES ($1, $2)", id as i64, name))).await.unwrap();
    }
    let sorted = db.read(|tx| tx.all::<Number>(sql!("SELECT id AS n FROM note ORDER BY name"))).await.unwrap();
    assert_eq!(sorted.iter().map(|row| row.n).collect::<Vec<_>>(), [1, 4, 2, 0, 5, 6, 3]);
}}
