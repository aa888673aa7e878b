//! For tests only: databases that are made and dropped, and the two of them as one test.
//!
//! ```ignore
//! yingda_base::both! { a_note_is_kept, |db| async {
//!     db.script("CREATE TABLE note (id BIGINT PRIMARY KEY)").await;
//!     …
//! }}
//! ```
pub mod database;
mod server;

pub use database::{Kind, TestDb};

/// Runs one asynchronous test body on both databases, as the tests `NAME::sqlite` and `NAME::postgres`. The body gets a [`TestDb`] by
/// value. Without PostgreSQL the test fails, unless `YINGDA_ALLOW_MISSING` names `postgresql`.
#[macro_export]
macro_rules! both {
    ($name:ident, |$db:ident| async $body:block) => {
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "a test may need nothing of its module")]
            use super::*;
            async fn case($db: $crate::testkit::TestDb) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                case($crate::testkit::TestDb::sqlite()).await
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(db) = $crate::testkit::TestDb::postgres_if_there() {
                    case(db).await
                }
            }
        }
    };
}
