//! What the features share. Cheap to clone.
use crate::auth::Auth;
use std::sync::Arc;
use yingda_base::{Context, Db, bus::Bus, supervisor::Supervisor};

/// The running service.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Clock, randomness, ids.
    pub context: Context,
    /// Doorbells.
    pub bus: Arc<dyn Bus>,
    /// Background tasks.
    pub supervisor: Supervisor,
    /// Passwords, signatures, revoked devices.
    pub auth: Arc<Auth>,
}
