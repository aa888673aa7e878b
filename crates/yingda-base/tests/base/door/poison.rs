//! A failed statement undoes its unit, whatever the unit answers, and nobody else's.
use super::{Number, SCHEMA, add_note, as_one_batch, codes, notes};
use futures_util::future::FutureExt;
use yingda_base::{Error, both, sql};

both! { an_ignored_failure_is_answered_as_error_and_nothing_is_kept, |db| async {
    db.script(SCHEMA).await;
    db.write(|tx| add_note(tx, 1)).await.unwrap();
    let careless = db.write(|tx| {
        add_note(tx, 2)?;
        let _ = add_note(tx, 1);
        let _ = add_note(tx, 3);
        Ok(())
    });
    assert!(careless.await.is_err());
    assert_eq!(notes(&db).await, [1]);
}}

both! { neighbours_in_the_batch_are_unharmed, |db| async {
    db.script(SCHEMA).await;
    let good = |id| db.write(move |tx| add_note(tx, id)).boxed();
    let careless = db.write(|tx| { add_note(tx, 20)?; let _ = add_note(tx, 20); Ok(()) }).boxed();
    let refusing = db.write(|tx| { add_note(tx, 30)?; Err(Error::invalid("note.refused")) }).boxed();
    let ends = as_one_batch(&db, vec![good(1), careless, good(2), refusing, good(3)]).await;
    assert_eq!(codes(&ends), ["ok", "internal", "ok", "note.refused", "ok"]);
    assert_eq!(notes(&db).await, [1, 2, 3]);
}}

both! { an_expected_conflict_is_no_failure, |db| async {
    db.script(SCHEMA).await;
    let again = || db.write(|tx| tx.run(sql!("INSERT INTO note (id) VALUES ($1) ON CONFLICT (id) DO NOTHING", 1_i64)));
    assert_eq!((again().await.unwrap(), again().await.unwrap()), (1, 0));
}}

both! { a_value_of_the_wrong_type_is_our_fault_and_no_lost_connection, |db| async {
    db.script(SCHEMA).await;
    db.write(|tx| tx.run(sql!("INSERT INTO note (id, name) VALUES (1, 'text')"))).await.unwrap();
    let wrong = db.read(|tx| tx.all::<Number>(sql!("SELECT name AS n FROM note"))).await;
    assert_eq!(wrong.err().map(|error| error.code()), Some("internal"));
    let missing = db.read(|tx| tx.all::<Number>(sql!("SELECT id FROM note"))).await;
    assert_eq!(missing.err().map(|error| error.code()), Some("internal"), "no such column in the row");
    let param = db.write(|tx| tx.run(sql!("UPDATE note SET name = $1 WHERE id = $2", 7_i64, 1_i64))).await;
    if db.kind() == yingda_base::testkit::Kind::Postgres {
        assert_eq!(param.err().map(|error| error.code()), Some("internal"), "a number is no TEXT, and says so at once");
    }
}}
