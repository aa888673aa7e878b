//! `/metrics`, in the format of Prometheus. Every route is counted and timed by its pattern, never by its ids.
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics::{Gauge, counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sha2::{Digest, Sha256};
use std::{net::IpAddr, sync::Arc};
use yingda_base::{Clock, Error, Result, http::Client};
use yingda_service::latency::Meter;

/// Bounds of the latency histogram, in seconds: fine where the goals of docs/benchmarks.md are.
const SECONDS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.015, 0.03, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0];

/// Starts to collect. Called once, before anything is counted.
pub fn start() -> Result<PrometheusHandle> {
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS).map_err(Error::internal)?;
    let handle = builder.install_recorder().map_err(Error::internal)?;
    gauge!("yingda_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// The numbers, and who may see them.
#[derive(Clone)]
pub struct Page {
    /// The numbers.
    pub handle: PrometheusHandle,
    /// Who sends it is answered wherever they are.
    pub token: Option<String>,
}

impl Page {
    /// This machine by its own name, or whoever knows the token. A proxy on this machine passes on the name that its callers used.
    fn is_open_to(&self, client: Client, headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let is_local = client.address.is_loopback() && text(header::HOST).is_some_and(is_own_name);
        let sent = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        // Digests, so that the time to compare tells nothing of the token.
        let is_known = |(sent, token): (&str, &String)| Sha256::digest(sent.trim()) == Sha256::digest(token);
        is_local || sent.zip(self.token.as_ref()).is_some_and(is_known)
    }
}

/// `localhost`, `127.0.0.1:8080`, `[::1]:8080`.
fn is_own_name(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |(name, _)| name);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The page.
pub async fn page(State(page): State<Page>, request: Request) -> Response {
    if !page.is_open_to(Client::of(request.extensions()), request.headers()) {
        return Error::forbidden("metrics.closed").into_response();
    }
    let handle = page.handle;
    if let Some(bytes) = resident_bytes() {
        gauge!("process_resident_memory_bytes").set(bytes);
    }
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render()).into_response()
}

/// Counts and times each request.
pub async fn measure(State((clock, meter)): State<(Clock, Arc<Meter>)>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "unknown".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().as_str().to_owned();
    let begun = clock.elapsed();
    let under_way = UnderWay::begin(gauge!("yingda_http_requests_under_way", "route" => route.clone()));
    let response = next.run(request).await;
    drop(under_way);
    let status = response.status().as_u16().to_string();
    let took = clock.elapsed() - begun;
    histogram!("yingda_http_request_seconds", "method" => method.clone(), "route" => route.clone()).record(took.as_secs_f64());
    meter.note_request(&method, &route, took);
    counter!("yingda_http_requests_total", "method" => method, "route" => route, "status" => status).increment(1);
    response
}

/// A request that is being answered; it ends however the answer ends.
struct UnderWay(Gauge);

impl UnderWay {
    fn begin(gauge: Gauge) -> UnderWay {
        gauge.increment(1.0);
        UnderWay(gauge)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// What the program holds in memory, from the kernel's own account; absent elsewhere than on Linux.
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| kib * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_its_own() {
        for own in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "[::1]"] {
            assert!(is_own_name(own), "{own}");
        }
        for other in ["", "service.example.cn", "localhost.example.cn:80", "203.0.113.9:8080", "127.0.0.1.example.cn", "::"] {
            assert!(!is_own_name(other), "{other}");
        }
    }
}
