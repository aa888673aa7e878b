//! Rows for every table, whatever tables there are: random ones are offered until the schema's own rules have let enough of them in.
use crate::backup::catalog::{self, Kind, Table};
use rusqlite::{Connection, types::Value};
use std::collections::BTreeMap;

/// Rows wanted of each table.
const ROWS: usize = 4;
const OFFERS: usize = 60_000;

/// What people write, and what they should not.
const TEXTS: [&str; 9] = [
    "",
    "你好，宽带断了 𠮷野家",
    "👨‍👩‍👧‍👦 e\u{301} é \u{202e}txt.exe",
    "\u{feff}\u{fffd}\u{10ffff}\u{1}\u{7f}",
    "'; DROP TABLE entry; -- \\ \" % _",
    "line\nbreak\ttab\r\n",
    "a",
    "A",
    "ä",
];
const NUMBERS: [i64; 9] = [i64::MIN, i64::MIN + 1, -1, 0, 1, 7, 1023, i64::MAX - 1, i64::MAX];

/// A small generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }
    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Fills every table that has no rows yet. Panics, with its name, for one whose rules no row obeyed.
pub(super) fn fill(connection: &Connection) {
    connection.execute_batch("PRAGMA foreign_keys = ON; BEGIN").unwrap();
    let (mut dice, mut left) = (Dice(42), catalog::tables(connection).unwrap());
    left.retain(|table| table.name != "schema_migration");
    let names: Vec<String> = left.iter().map(|table| table.name.clone()).collect();
    // Tables whose parents have rows come first; what remains at the end names itself.
    while !left.is_empty() {
        let ready = left.iter().position(|table| {
            let parents = parents(connection, &table.name);
            parents.values().all(|(parent, _)| *parent == table.name || left.iter().all(|other| other.name != *parent))
        });
        let table = left.remove(ready.unwrap_or(0));
        offer(connection, &table, &mut dice);
    }
    connection.execute_batch("COMMIT").unwrap();
    for name in names {
        assert!(count(connection, &name) > 0, "no row could be made for the table {name}");
    }
}

fn count(connection: &Connection, table: &str) -> usize {
    connection.query_row(&format!("SELECT COUNT(*) FROM \"{table}\""), [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
}

/// By column: the table and column it names.
fn parents(connection: &Connection, table: &str) -> BTreeMap<String, (String, String)> {
    let mut statement = connection.prepare("SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list(?1)").unwrap();
    let rows = statement.query_map([table], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).unwrap();
    rows.map(Result::unwrap).collect()
}

fn offer(connection: &Connection, table: &Table, dice: &mut Dice) {
    let sql: String = connection.query_row("SELECT sql FROM sqlite_master WHERE name = ?1", [&table.name], |row| row.get(0)).unwrap();
    // What the rules of the table name: states, kinds.
    let words: Vec<String> = sql.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    let parents = parents(connection, &table.name);
    let nullable: Vec<bool> = {
        let mut statement = connection.prepare("SELECT \"notnull\" = 0 AND pk = 0 FROM pragma_table_info(?1) ORDER BY cid").unwrap();
        statement.query_map([&table.name], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let places: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
    let insert = format!("INSERT OR IGNORE INTO \"{}\" ({}) VALUES ({})", table.name, table.list(), places.join(", "));
    let mut insert = connection.prepare(&insert).unwrap();
    let mut made = count(connection, &table.name);
    for _ in 0..OFFERS {
        if made >= ROWS {
            return;
        }
        let row: Vec<Value> = table
            .columns
            .iter()
            .zip(&nullable)
            .map(|(column, is_nullable)| {
                if *is_nullable && dice.below(2) == 0 {
                    return Value::Null;
                }
                if let Some((parent, of)) = parents.get(&column.name) {
                    return any_of(connection, parent, of, dice);
                }
                value(column.kind, &words, dice)
            })
            .collect();
        made += insert.execute(rusqlite::params_from_iter(row)).unwrap_or(0);
    }
}

fn any_of(connection: &Connection, table: &str, column: &str, dice: &mut Dice) -> Value {
    let rows = count(connection, table);
    let query = format!("SELECT \"{column}\" FROM \"{table}\" LIMIT 1 OFFSET {}", dice.below(rows));
    connection.query_row(&query, [], |row| row.get(0)).unwrap_or(Value::Null)
}

fn value(kind: Kind, words: &[String], dice: &mut Dice) -> Value {
    match kind {
        Kind::Int => Value::Integer(*dice.of(&NUMBERS)),
        Kind::Bool => Value::Integer(i64::try_from(dice.below(2)).unwrap()),
        Kind::Real => Value::Real(*dice.of(&[0.0, -1.5, f64::MIN_POSITIVE, f64::MAX, 1.0 / 3.0])),
        Kind::Text if !words.is_empty() && dice.below(3) > 0 => Value::Text(dice.of(words).clone()),
        Kind::Text => Value::Text(format!("{}{}", dice.of(&TEXTS), ["", "1", "2"][dice.below(3)])),
        Kind::Bytes => Value::Blob((0..dice.below(300)).map(|n| u8::try_from((n * 7) % 256).unwrap()).collect()),
    }
}
