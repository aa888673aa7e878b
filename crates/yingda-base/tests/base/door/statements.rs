//! Every registered statement is prepared on both databases, and its types are looked at.
use super::{Number, SCHEMA, add_note};
use yingda_base::{
    both,
    db::{Param, chunks},
    sql, sql_template,
    testkit::Kind,
};

sql_template!(static LIST =
    "SELECT id AS n FROM note WHERE id > ?";
    ["AND name = ?", "AND amount < ?", "AND pinned = ?"];
    "ORDER BY id LIMIT ?");

both! { all_registered_statements_prepare, |db| async {
    for schema in [SCHEMA, crate::feed::SCHEMA] {
        db.script(schema).await;
    }
    assert_eq!(db.check_statements(), Vec::<String>::new());
}}

both! { the_check_sees_a_missing_table, |db| async {
    assert!(db.check_statements().iter().any(|fault| fault.contains("door/")), "{:?}", db.check_statements());
}}

both! { the_check_sees_columns_that_would_not_read_as_i64, |db| async {
    db.script(crate::feed::SCHEMA).await;
    for wrong in ["INTEGER", "NUMERIC"] {
        db.script(&SCHEMA.replace("n BIGINT", &format!("n {wrong}"))).await;
        let faults = db.check_statements();
        // SQLite has no such columns: an INTEGER of any size is an i64 there.
        assert_eq!(faults.is_empty(), db.kind() == Kind::Sqlite, "{wrong}: {faults:?}");
        db.script("DROP TABLE child; DROP TABLE note; DROP TABLE counter; DROP TABLE sent").await;
    }
}}

both! { every_combination_of_filters_selects_what_it_says, |db| async {
    db.script(SCHEMA).await;
    db.write(|tx| {
        for id in 1..=8_i64 {
            let (name, pinned) = (if id % 2 == 0 { "even" } else { "odd" }, id > 4);
            tx.run(sql!("INSERT INTO note (id, name, amount, pinned) VALUES ($1, $2, $3, $4)", id, name, id * 10, pinned))?;
        }
        Ok(())
    }).await.unwrap();
    for mask in 0..8_u32 {
        let on = move |bit: u32| mask & 1 << bit != 0;
        let expected: Vec<i64> = (2..=8).filter(|id| (!on(0) || id % 2 == 0) && (!on(1) || id * 10 < 70) && (!on(2) || *id > 4)).take(3).collect();
        let found = db.read(move |tx| {
            let filter = LIST.start(vec![Param::from(1_i64)])
                .when_some(0, on(0).then_some("even"))
                .when_some(1, on(1).then_some(70_i64));
            let filter = if on(2) { filter.when(2, vec![Param::from(true)]) } else { filter };
            tx.all::<Number>(filter.finish(vec![Param::from(3_i64)]))
        }).await.unwrap();
        assert_eq!(found.iter().map(|row| row.n).collect::<Vec<_>>(), expected, "combination {mask}");
    }
}}

both! { lists_of_ids_come_in_chunks, |db| async {
    db.script(SCHEMA).await;
    db.write(|tx| (1..=100_i64).try_for_each(|id| add_note(tx, id))).await.unwrap();
    for count in [0, 1, 31, 32, 33, 100] {
        let wanted: Vec<i64> = (1..=count).collect();
        let ids = wanted.clone();
        let found = db.read(move |tx| {
            let mut all = Vec::new();
            for chunk in chunks(&ids) {
                all.extend(tx.all::<Number>(sql!("SELECT id AS n FROM note WHERE id IN ({{ids}}) AND id < $33 ORDER BY id", 1000_i64).with_ids(&chunk))?);
            }
            Ok(all.into_iter().map(|row| row.n).collect::<Vec<_>>())
        }).await.unwrap();
        assert_eq!(found, wanted, "{count} ids: each once");
    }
}}
