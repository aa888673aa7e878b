//! The demonstration's accounts: random passwords, kept in a file that only its owner can read.
use std::{
    fmt::Write as _,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use yingda_base::{Error, Result, random::Entropy};
use yingda_service::auth;

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub login: String,
    pub password: String,
}

/// The content of the file.
pub(super) struct Accounts {
    pub all: Vec<Account>,
    /// The file was just made: accounts that are there already have other passwords.
    pub are_new: bool,
}

/// Login, name, part in the demonstration, built-in roles, skill groups.
pub(super) struct Person {
    pub login: &'static str,
    pub name: &'static str,
    pub part: &'static str,
    pub roles: &'static [&'static str],
    pub groups: &'static [&'static str],
    /// Sees every conversation.
    pub sees_all: bool,
}

const fn agent(login: &'static str, name: &'static str, groups: &'static [&'static str]) -> Person {
    Person { login, name, part: "坐席", roles: &["agent"], groups, sees_all: false }
}

const fn other(login: &'static str, name: &'static str, part: &'static str, roles: &'static [&'static str], sees_all: bool) -> Person {
    Person { login, name, part, roles, groups: &[], sees_all }
}

/// Everybody who works at 星桥通信.
pub(super) const PEOPLE: &[Person] = &[
    agent("lin.xiao", "林晓", &["在线综合", "账单资费"]),
    agent("zhou.zihan", "周子涵", &["宽带故障"]),
    agent("chen.jiayi", "陈嘉怡", &["账单资费", "在线综合"]),
    agent("wang.zhiyuan", "王志远", &["宽带故障", "在线综合"]),
    agent("zhao.min", "赵敏", &["携号转网", "账单资费"]),
    agent("sun.yutong", "孙雨桐", &["投诉", "在线综合"]),
    other("he.jing", "何静", "班长", &["supervisor"], true),
    other("li.wenbo", "李文博", "客户经理", &["customer_manager"], true),
    other("wu.hao", "吴昊", "系统管理员", &["system_admin"], false),
    other("zheng.jie", "郑洁", "安全管理员", &["security_admin"], false),
    other("shen.lan", "沈岚", "审计管理员", &["audit_admin"], false),
];

/// Reads the file, or makes it with new passwords before any account has them.
pub(super) fn load(file: &Path, entropy: &Entropy) -> Result<Accounts> {
    let unwritable = |cause: io::Error| Error::unavailable("file.unwritable").with("file", file.display().to_string()).caused_by(cause);
    match fs::read_to_string(file) {
        Ok(text) => return Ok(Accounts { all: parse(&text), are_new: false }),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(error)),
        Err(_) => {}
    }
    let all: Vec<Account> =
        PEOPLE.iter().map(|person| Account { login: person.login.to_owned(), password: auth::one_time_password(entropy) }).collect();
    write(file, &format(&all)).map_err(unwritable)?;
    Ok(Accounts { all, are_new: true })
}

/// The file as people read it.
pub(super) fn shown(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(Error::internal)
}

fn format(accounts: &[Account]) -> String {
    let lines = accounts.iter().zip(PEOPLE);
    lines.fold(String::new(), |mut text, (account, person)| {
        writeln!(text, "{:<14}{}  {} {}", account.login, account.password, person.name, person.part)
            .expect("writing to a string never fails");
        text
    })
}

fn parse(text: &str) -> Vec<Account> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        Some(Account { login: words.next()?.to_owned(), password: words.next()?.to_owned() })
    };
    text.lines().filter_map(line).collect()
}

/// Whole or not at all: half a file would be taken for all accounts.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let part = PathBuf::from(format!("{}.part", file.display()));
    let mut out: File = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&part)?;
    out.write_all(text.as_bytes())?;
    out.sync_all()?;
    fs::rename(part, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("demo-accounts.txt");
        let (entropy, other) = (Entropy::seeded(1), Entropy::seeded(2));
        let made = load(&file, &entropy).unwrap();
        assert!(made.are_new && made.all.len() == PEOPLE.len());
        let again = load(&file, &other).unwrap();
        assert!(!again.are_new && again.all == made.all, "passwords are not made anew");
        assert!(shown(&file).unwrap().contains("林晓 坐席"));
    }
}
