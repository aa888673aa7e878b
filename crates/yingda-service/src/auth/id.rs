//! Ids of accounts and what belongs to them, and how a session came to be. In JSON they are strings.
use yingda_base::{id, text_enum};

id! {
    /// A member of staff.
    pub struct StaffId;
    /// A login of a member of staff.
    pub struct SessionId;
    /// A skill group.
    pub struct GroupId;
    /// A branch of the operator.
    pub struct BranchId;
    /// A role.
    pub struct RoleId;
}

text_enum! {
    /// How a session came to be.
    pub enum SessionKind {
        /// A browser.
        Cookie = "cookie",
        /// A program that logged in.
        Bearer = "bearer",
        /// Made on the command line: all rights, no limits.
        Bench = "bench",
    }
}

text_enum! {
    /// By what a session was begun.
    pub enum Method {
        /// A password alone.
        Password = "password",
        /// A password and the code of an authenticator.
        Code = "code",
        /// A password and a recovery code.
        RecoveryCode = "recovery_code",
        /// The operator's own provider vouched for it.
        Oidc = "oidc",
        /// Somebody with access to the data, on the command line.
        Command = "command",
    }
}

text_enum! {
    /// With what somebody proves that it is them.
    pub enum Means {
        /// The password.
        Password = "password",
        /// A code of the authenticator, or a recovery code.
        Code = "code",
        /// Signing in anew at the operator's own provider.
        Provider = "provider",
    }
}

text_enum! {
    /// What a revocation names.
    pub enum RevokedKind {
        /// One session: it is over.
        Session = "session",
        /// A member of staff: whatever is known about them must be read anew (rights, scope, whether they may log in at all).
        Staff = "staff",
        /// A visitor's device: its tokens no longer count.
        Device = "device",
    }
}
