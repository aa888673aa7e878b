//! HTTP calls of the product: JSON in and out, problem documents as errors, repeated calls under one idempotency key.

use std::{fmt, time::Duration};

use rand::RngExt as _;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::time::{Instant, sleep};

/// Between attempts of a call that found no program.
const PAUSE: Duration = Duration::from_millis(50);

/// Where the program answers.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    http: reqwest::Client,
}

/// One call, built up and then answered.
#[derive(Debug)]
pub struct Call(reqwest::RequestBuilder);

/// Why a call brought no result.
#[derive(Debug)]
pub enum CallError {
    /// The program answered with a problem document (RFC 9457).
    Problem(Problem),
    /// Nothing answered, or not to the end.
    Unreachable(reqwest::Error),
    /// The answer is not what the contract says.
    Malformed(String),
}

/// A refusal by the program.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// HTTP status; filled from the response, not from the document.
    pub status: u16,
    pub code: String,
    pub detail: String,
}

impl Api {
    /// `url` without a path, such as `http://127.0.0.1:8080`.
    pub fn new(url: &str) -> anyhow::Result<Self> {
        anyhow::ensure!(url.starts_with("http://"), "{url}: only plain http:// can be reached");
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).timeout(Duration::from_secs(30)).build()?;
        Ok(Self { base: url.trim_end_matches('/').to_owned(), http })
    }

    /// The address of the socket.
    pub fn socket_url(&self) -> String {
        format!("{}/api/v1/socket", self.base.replacen("http", "ws", 1))
    }

    /// Whether the program says that it may get traffic.
    pub async fn is_ready(&self) -> bool {
        let answer = self.http.get(format!("{}/readyz", self.base)).timeout(Duration::from_secs(2)).send().await;
        answer.is_ok_and(|response| response.status().is_success())
    }

    /// The value of a metric without labels, if the program shows it.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let page = self.http.get(format!("{}/metrics", self.base)).send().await.ok()?.error_for_status().ok()?.text().await.ok()?;
        page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
    }

    pub fn get(&self, path: &str) -> Call {
        Call(self.http.get(format!("{}{path}", self.base)))
    }

    /// A POST under a fresh idempotency key; repeating it is safe.
    pub fn post(&self, path: &str, body: &impl Serialize) -> Call {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        Call(request.header("Idempotency-Key", random_name("bench")).header("X-Yingda-Client", "bench"))
    }
}

impl Call {
    pub fn bearer(self, token: &str) -> Self {
        Self(self.0.bearer_auth(token))
    }

    /// Marks the call as one of a bench run, for which the program lifts its rate limits.
    pub fn bench(self, admin_token: &str) -> Self {
        Self(self.0.header("X-Yingda-Bench", admin_token))
    }

    pub async fn answer<T: DeserializeOwned>(self) -> Result<T, CallError> {
        let response = self.0.send().await.map_err(CallError::Unreachable)?;
        let status = response.status();
        let text = response.text().await.map_err(CallError::Unreachable)?;
        if status.is_success() {
            let json = if text.is_empty() { "null" } else { &text };
            return serde_json::from_str(json).map_err(|error| CallError::Malformed(format!("{error}: {text}")));
        }
        let problem = serde_json::from_str(&text).unwrap_or(Problem { detail: text, ..Problem::default() });
        Err(CallError::Problem(Problem { status: status.as_u16(), ..problem }))
    }

    /// Asks again, under the same key, until something final answers: a result or a refusal that repeating cannot change.
    pub async fn answer_within<T: DeserializeOwned>(self, patience: Duration) -> Result<T, CallError> {
        let end = Instant::now() + patience;
        loop {
            let again = Call(self.0.try_clone().expect("bodies are bytes, never streams"));
            match again.answer().await {
                Err(error) if error.is_passing() && Instant::now() < end => sleep(PAUSE).await,
                answer => return answer,
            }
        }
    }
}

impl CallError {
    /// Whether the same call may succeed later.
    fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Malformed(_) => false,
            Self::Problem(problem) => problem.status == 429 || problem.status >= 500,
        }
    }

    /// Whether the program refused with one of these statuses.
    pub fn is_refusal(&self, statuses: &[u16]) -> bool {
        matches!(self, Self::Problem(problem) if statuses.contains(&problem.status))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(problem) => write!(out, "refused: {} {} {}", problem.status, problem.code, problem.detail),
            Self::Unreachable(error) => write!(out, "no answer: {error:?}"),
            Self::Malformed(text) => write!(out, "not the answer expected: {text}"),
        }
    }
}

impl std::error::Error for CallError {}

/// A name that no other run uses: `prefix-` and 16 hexadecimal digits.
pub fn random_name(prefix: &str) -> String {
    format!("{prefix}-{:016x}", rand::rng().random::<u64>())
}
