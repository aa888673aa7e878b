//! What the features share. Cheap to clone.
use crate::{
    audit,
    auth::{self, Asker, Auth, Authenticator},
    backup,
    conversation::{Board, transcript::Links},
    erasure, file, jobs, latency, oidc, realtime, routing, surge,
};
use std::{path::PathBuf, sync::Arc};
use yingda_base::{
    Context, Db, Millis, Result,
    blob::Blobs,
    bus::{Bus, Event},
    http::{Actor, Gate, Limits},
    key::{Keyring, MacKey},
    setting::{self, Settings},
    supervisor::Supervisor,
};

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
    /// Seals what must not be readable from a stolen database.
    pub keyring: Keyring,
    /// Passwords, signatures, revoked devices.
    pub auth: Arc<Auth>,
    /// The operator's own provider of sign-in, if there is one.
    pub oidc: Option<Arc<oidc::Provider>>,
    /// Anchors of the audit chain, and what was noticed about it.
    pub audit: Arc<audit::State>,
    /// Contents of files.
    pub blobs: Blobs,
    /// What was erased, outside the database.
    pub ledger: Arc<erasure::Ledger>,
    /// Where backups go.
    pub backups: Arc<backup::Shelf>,
    /// Bounds how many uploads are worked on.
    pub files: Arc<file::Desk>,
    /// Values an administrator sets while the program runs.
    pub settings: Settings,
    /// How often anybody may do anything.
    pub limits: Arc<Limits>,
    /// Remembers what was said under a client id.
    pub bodies: MacKey,
    /// Recognises the body of a call that is repeated under its key.
    pub repeats: MacKey,
    /// Names the history of the database.
    pub generation: Arc<str>,
    /// Names this run of the program: inbox revisions of another run mean nothing here.
    pub run: Arc<str>,
    /// What is open now.
    pub board: Arc<Board>,
    /// Presence of staff.
    pub roster: Arc<routing::Roster>,
    /// How long things take.
    pub latency: Arc<latency::Meter>,
    /// Connections.
    pub hub: Arc<realtime::Hub>,
    /// How strained this node is.
    pub surge: Arc<surge::Surge>,
    /// Polling sessions.
    pub polls: Arc<realtime::Polls>,
    /// Desks that proved to be alive.
    pub proofs: Arc<realtime::Proofs>,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The open database.
    pub db: Db,
    /// As given to the database.
    pub context: Context,
    /// As given to the database.
    pub bus: Arc<dyn Bus>,
    /// For background tasks.
    pub supervisor: Supervisor,
    /// The keys of this installation.
    pub keyring: Keyring,
    /// See [`App::generation`].
    pub generation: Arc<str>,
    /// Contents of files.
    pub blobs: Blobs,
    /// The operator's own provider of sign-in, if there is one.
    pub oidc: Option<oidc::Provider>,
    /// What was erased, outside the database.
    pub ledger: erasure::Ledger,
    /// Where the anchors of the audit chain are written: [`audit::anchors_beside`] the key file.
    pub anchors: PathBuf,
    /// Who is asked about viruses in uploads, if anybody.
    pub scanner: Option<file::ScannerOptions>,
    /// Where backups go.
    pub backups: backup::Shelf,
}

impl App {
    /// Puts the parts together; nothing runs yet.
    pub fn new(parts: Parts) -> App {
        let Parts { db, context, bus, supervisor, keyring, generation, blobs, oidc, ledger, anchors, scanner, backups } = parts;
        App {
            auth: Arc::new(Auth::new(context.entropy.clone(), &keyring, &generation)),
            audit: Arc::new(audit::State::new(&anchors, &keyring)),
            oidc: oidc.map(Arc::new),
            blobs,
            ledger: Arc::new(ledger),
            backups: Arc::new(backups),
            files: Arc::new(file::Desk::new(scanner)),
            settings: Settings::default(),
            limits: Arc::default(),
            bodies: keyring.mac_key("message.body"),
            repeats: keyring.mac_key("http.repeat"),
            generation,
            run: context.entropy.public_id().into(),
            board: Arc::new(Board::new(context.clock.clone())),
            roster: Arc::default(),
            latency: Arc::new(latency::Meter::new(context.clock.clone())),
            hub: Arc::default(),
            surge: Arc::default(),
            polls: Arc::default(),
            proofs: Arc::default(),
            keyring,
            db,
            context,
            bus,
            supervisor,
        }
    }

    /// Reads what must be known and starts what runs in the background. To be called once, before the first request.
    pub async fn start(&self) -> Result<()> {
        // First of all: what was erased is not shown to anybody, wherever this database comes from.
        erasure::reconcile(&self.db, &self.ledger).await?;
        self.db.write(crate::staff::seed).await?;
        auth::start(self).await?;
        self.keep_settings().await?;
        // Listen first, read after: what changes in between is told.
        realtime::start(self);
        self.board.fill(&self.db).await?;
        self.supervisor.spawn("router", routing::run(self.clone(), self.supervisor.stopping()));
        self.supervisor.spawn("strain", surge::run(self.clone(), self.supervisor.stopping()));
        self.supervisor.spawn("virus scanner", file::watch_scanner(self.clone(), self.supervisor.stopping()));
        self.supervisor.spawn("audit", audit::run(self.clone(), self.supervisor.stopping()));
        backup::measure(&self.db).await?;
        jobs::start(self).await?;
        Ok(())
    }

    async fn keep_settings(&self) -> Result<()> {
        // Listen first, read after: what changes in between is told.
        let wake = self.bus.listen(setting::Changed::TOPIC);
        self.settings.refresh(&self.db).await?;
        self.supervisor.spawn("settings", self.settings.clone().keep(self.db.clone(), wake, self.supervisor.stopping()));
        Ok(())
    }

    /// What stands in front of the routes.
    pub fn gate(&self) -> Gate {
        Gate {
            authenticate: Arc::new(self.authenticator()),
            limits: self.limits.clone(),
            entropy: self.context.entropy.clone(),
            repeats: self.repeats.clone(),
        }
    }

    /// Finds out who is who.
    pub fn authenticator(&self) -> Authenticator {
        Authenticator::new(self.clone())
    }

    /// Makes addresses of files for somebody, valid from now on for a while.
    pub fn links(&self, actor: &Actor) -> FileLinks {
        FileLinks { auth: self.auth.clone(), asker: Asker::of(actor), now: self.context.clock.now() }
    }
}

/// See [`App::links`].
pub struct FileLinks {
    auth: Arc<Auth>,
    asker: Option<Asker>,
    now: Millis,
}

impl Links for FileLinks {
    fn whole(&self, file: &str) -> Option<(String, Millis)> {
        Some(file::Links { signer: &self.auth.links, asker: self.asker?, now: self.now }.whole(file))
    }

    fn thumbnail(&self, file: &str) -> Option<String> {
        Some(file::Links { signer: &self.auth.links, asker: self.asker?, now: self.now }.thumbnail(file))
    }
}
