//! Prepares every registered statement, so that one test finds a text that a database would not take.
use super::{ALL_MANY, ALL_STATEMENTS, ALL_TEMPLATES, Many, statement::for_sqlite};
use postgres::{Client, types::Type};

/// What is wrong on SQLite, as `file:line: why`.
pub fn check_sqlite(connection: &rusqlite::Connection) -> Vec<String> {
    let statements = ALL_STATEMENTS.iter().map(|statement| (statement.at, statement.lite().to_owned()));
    let many = ALL_MANY.iter().map(|many| (many.at, many.lite().to_owned()));
    let all = statements.chain(many).chain(combinations().map(|(at, sql)| (at, for_sqlite(&sql))));
    all.filter_map(|(at, sql)| connection.prepare(&sql).err().map(|error| format!("{at}: {error}"))).collect()
}

/// What is wrong on PostgreSQL. It looks at the types too: INT4 or NUMERIC would not read as `i64`, but only once there is a row.
pub fn check_postgres(client: &mut Client) -> Vec<String> {
    let good = [Type::INT8, Type::BOOL, Type::FLOAT8, Type::TEXT, Type::BYTEA];
    let mut faults = Vec::new();
    let many = ALL_MANY.iter().flat_map(|many| Many::shapes().map(|shape| (many.at, many.text(shape))));
    for (at, sql) in ALL_STATEMENTS.iter().map(|statement| (statement.at, statement.pg().to_owned())).chain(many).chain(combinations()) {
        match client.prepare(&sql) {
            Err(error) => {
                let why = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
                faults.push(format!("{at}: {why}"));
            }
            Ok(prepared) => {
                let columns = prepared.columns().iter().map(|column| (column.name(), column.type_()));
                let all = columns.chain(prepared.params().iter().map(|param| ("a parameter", param)));
                faults.extend(all.filter(|(_, kind)| !good.contains(kind)).map(|(what, kind)| format!("{at}: {what} is {kind}")));
            }
        }
    }
    faults
}

/// All shapes of all templates.
fn combinations() -> impl Iterator<Item = (&'static str, String)> {
    ALL_TEMPLATES.iter().flat_map(|template| (0..1 << template.filters.len()).map(|mask| (template.at, template.text(mask))))
}
