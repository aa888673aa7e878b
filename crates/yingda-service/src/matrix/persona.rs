//! Those who try: one of each kind of person, with an account and a session of their own.
use crate::{
    auth::{self, BranchId, GroupId, SessionId, SessionKind, StaffId},
    staff::{self, NewStaff, ScopeItem},
};
use yingda_base::{Result, Tx};

/// What everybody's password is.
pub(super) const PASSWORD: &str = "the matrix knows it";

/// Who tries. The order is that of the columns in docs/matrix.tsv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Persona {
    Anonymous,
    VisitorA,
    VisitorB,
    Owner,
    Inside,
    Outside,
    Supervisor,
    CustomerManager,
    KnowledgeEditor,
    SystemAdmin,
    SecurityAdmin,
    AuditAdmin,
    Revoked,
    Pending,
}

use Persona::*;

impl Persona {
    /// All of them, with the names of their columns.
    pub(super) const ALL: [(Persona, &str); 14] = [
        (Anonymous, "anonymous"),
        (VisitorA, "visitor_a"),
        (VisitorB, "visitor_b"),
        (Owner, "owner"),
        (Inside, "inside"),
        (Outside, "outside"),
        (Supervisor, "supervisor"),
        (CustomerManager, "customer_manager"),
        (KnowledgeEditor, "knowledge_editor"),
        (SystemAdmin, "system_admin"),
        (SecurityAdmin, "security_admin"),
        (AuditAdmin, "audit_admin"),
        (Revoked, "revoked"),
        (Pending, "pending"),
    ];

    /// The built-in role, of staff.
    fn role(self) -> Option<&'static str> {
        match self {
            Anonymous | VisitorA | VisitorB => None,
            Owner | Inside | Outside | Revoked | Pending => Some("agent"),
            Supervisor => Some("supervisor"),
            CustomerManager => Some("customer_manager"),
            KnowledgeEditor => Some("knowledge_editor"),
            SystemAdmin => Some("system_admin"),
            SecurityAdmin => Some("security_admin"),
            AuditAdmin => Some("audit_admin"),
        }
    }
}

/// Where they belong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub group: GroupId,
    pub other_group: GroupId,
    /// Above the branch of [`Places::group`].
    pub branch: BranchId,
}

/// An account with a session.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub id: StaffId,
    pub login: String,
    pub session: SessionId,
    pub token: String,
}

/// Makes the account of a persona; nothing for those who are no staff.
pub(super) fn member(tx: &mut Tx, places: Places, hash: &str, persona: Persona) -> Result<Option<Member>> {
    let Some(role) = persona.role() else { return Ok(None) };
    let login = format!("p{}", tx.next_id());
    let new = NewStaff {
        login: login.clone(),
        name: login.clone(),
        roles: vec![role.to_owned()],
        groups: groups(places, persona),
        // A customer manager looks after a branch: what belongs to its descendants is theirs to see, without being in the group.
        scopes: if persona == CustomerManager { vec![ScopeItem::Branch(places.branch)] } else { Vec::new() },
        ..NewStaff::default()
    };
    let id = staff::create_unasked(tx, &new, hash, persona == Pending)?.id;
    let opening = auth::Opening {
        staff: id,
        kind: SessionKind::Bearer,
        method: auth::Method::Command,
        address: "127.0.0.1",
        client: "matrix",
        must_enrol: false,
    };
    let (token, actor) = auth::open_session(tx, opening)?;
    let session = SessionId(actor.session);
    if persona == Revoked {
        auth::end_session(tx, session)?;
    }
    Ok(Some(Member { id, login, session, token }))
}

fn groups(places: Places, persona: Persona) -> Vec<GroupId> {
    match persona {
        Owner | Inside | Supervisor | Revoked | Pending => vec![places.group],
        Outside => vec![places.other_group],
        Anonymous | VisitorA | VisitorB | CustomerManager | KnowledgeEditor | SystemAdmin | SecurityAdmin | AuditAdmin => Vec::new(),
    }
}
