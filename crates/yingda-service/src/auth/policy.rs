//! What a password must be. Pure; settings say how strict.
use super::settings;
use yingda_base::{Error, Result, setting::Settings};

/// More would only cost the hasher time.
const LONGEST: usize = 128;

/// The rule for new passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Least number of characters.
    pub least: usize,
}

impl Default for Policy {
    /// As long as nobody set anything.
    fn default() -> Policy {
        Policy { least: 10 }
    }
}

impl Policy {
    /// As set now.
    pub fn of(settings: &Settings) -> Policy {
        Policy { least: usize::try_from(settings.global(&settings::PASSWORD_LEAST)).unwrap_or_default() }
    }

    /// Whether this may be the password of this login.
    ///
    /// Codes: `password.too_short`, `password.too_long`, `password.is_login`, `password.has_login`, `password.common`.
    pub fn check(self, login: &str, password: &str) -> Result<()> {
        let length = password.chars().count();
        if length < self.least {
            return Err(Error::invalid("password.too_short").with("least", self.least));
        }
        if length > LONGEST {
            return Err(Error::invalid("password.too_long").with("most", LONGEST));
        }
        let (folded, login) = (password.trim().to_lowercase(), login.to_lowercase());
        if folded == login {
            return Err(Error::invalid("password.is_login"));
        }
        // Of a login of two letters nearly every sentence has some.
        if login.chars().count() > 2 && folded.contains(&login) {
            return Err(Error::invalid("password.has_login"));
        }
        if is_common(&folded) { Err(Error::invalid("password.common")) } else { Ok(()) }
    }
}

/// Whether guessers try it early: a favourite word dressed up with digits, a run along keyboard or alphabet, something repeated, a number.
fn is_common(folded: &str) -> bool {
    let dressing = |c: char| !c.is_alphabetic();
    let plain: String = folded.trim_matches(dressing).chars().map(undressed).collect();
    let word = plain.trim_matches(dressing);
    let is_number = folded.len() <= 11 && folded.bytes().all(|byte| byte.is_ascii_digit());
    WORDS.split_whitespace().any(|known| known == word) || is_number || is_repeated(folded) || RUNS.iter().any(|run| is_run(folded, run))
}

/// The letter a digit or sign stands for in `p@ssw0rd`.
fn undressed(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '5' | '$' => 's',
        other => other,
    }
}

/// `aaaaaaaaaa`, `abcabcabcabc`: a piece of up to four characters over and over.
fn is_repeated(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    (1..=4).any(|period| letters.len() > 2 * period && letters.iter().zip(&letters[period..]).all(|(a, b)| a == b))
}

fn is_run(text: &str, run: &str) -> bool {
    let endless = run.repeat(2 + text.len() / run.len());
    let backwards: String = endless.chars().rev().collect();
    endless.contains(text) || backwards.contains(text)
}

const RUNS: &[&str] = &[
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertyuiopasdfghjklzxcvbnm",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "a1b2c3d4e5f6g7h8i9j0",
    "qazwsxedcrfvtgbyhnujm",
    "147258369",
    "5201314",
];

/// Favourites here and elsewhere, without the digits around them.
const WORDS: &str = "
    password passwort passwd passcode admin administrator adminadmin root rootroot welcome login letmein changeme default
    master superman batman monkey dragon sunshine princess football baseball iloveyou iloveu trustno whatever freedom shadow
    michael jordan secret mypassword newpassword testtest test guest user hello helloworld computer internet server system
    manager service customer operator telecom mobile unicom chinamobile chinaunicom chinatelecom chinanet china beijing
    shanghai guangzhou shenzhen zhongguo zhongguoren woaini woaiwo woaizhongguo wangwei wangjing zhangwei zhangjing liwei
    lijing mima wodemima guanliyuan yonghu kefu yingda huanying nihao asdasd qweasd qweasdzxc qwerty qwert asdf abcd abc aaa
    a qq zaq summer winter spring autumn january monday office company
";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(login: &str, password: &str) -> std::result::Result<(), &'static str> {
        Policy::default().check(login, password).map_err(|error| error.code())
    }

    #[test]
    fn the_policy_names_what_is_wrong() {
        assert_eq!(code("linxiao", "short"), Err("password.too_short"));
        assert_eq!(code("linxiao", "这个密码有十个汉字呢"), Ok(()));
        assert_eq!(code("linxiao", &"x".repeat(129)), Err("password.too_long"));
        assert_eq!(code("lin.xiao.2026", " Lin.Xiao.2026"), Err("password.is_login"));
        assert_eq!(code("linxiao", "my-LinXiao-key"), Err("password.has_login"));
        assert_eq!(code("li", "delightful days"), Ok(()), "too short a login to look for");
        assert_eq!(Policy { least: 14 }.check("linxiao", "thirteen char").unwrap_err().details()["least"], 14);
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        let common = [
            "password123",
            "P@ssw0rd2026",
            "1234567890",
            "0987654321",
            "qwertyuiop",
            "1qaz2wsx3edc",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "13800138000",
            "woaini1314520",
            "Admin@123456",
            "!!welcome!!",
            "abcdefghijkl",
            "5201314520",
            "Yingda@2026",
        ];
        for password in common {
            assert_eq!(code("linxiao", password), Err("password.common"), "{password}");
        }
        for password in ["correct horse battery", "my own password", "874-119-306-25", "茶马古道二零二六年春", "zebra-lamp-orchid"]
        {
            assert_eq!(code("linxiao", password), Ok(()), "{password}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_judged(login in ".{0,12}", password in ".{0,140}") {
            let _ = Policy::default().check(&login, &password);
        }
    }
}
