//! What the kernel tells of a process and of the machine. Linux only; elsewhere there is simply nothing to tell.

use std::{collections::HashSet, fs, time::Duration};

/// A process by its number.
#[derive(Debug, Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// The judge itself.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// Memory it holds now, in bytes.
    pub fn resident(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    }

    /// Processor time it has used since its start, by all its threads.
    pub fn used(self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name in parentheses may hold anything; what follows the last one is fields 3 and on.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        let per_second = rustix::param::clock_ticks_per_second();
        Some(Duration::from_secs_f64(ticks as f64 / per_second as f64))
    }
}

/// The remote ports of those whom this machine's `port` still holds a connection with, over IPv4.
pub fn peers_of(port: u16) -> Option<HashSet<u16>> {
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let port_of = |address: &str| u16::from_str_radix(address.rsplit_once(':')?.1, 16).ok();
    let peer = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().take(4).collect();
        let [_, local, remote, state] = fields[..] else { return None };
        // 01: established; a side that has closed is in another state until the other one has read what is left.
        (state == "01" && port_of(local) == Some(port)).then(|| port_of(remote)).flatten()
    };
    Some(table.lines().skip(1).filter_map(peer).collect())
}

/// Processor time that the whole machine has used, whoever used it.
pub fn machine_used() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let fields: Vec<u64> = stat.lines().next()?.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal.
    let busy: u64 = fields.iter().take(8).enumerate().filter(|(n, _)| *n != 3 && *n != 4).map(|(_, ticks)| ticks).sum();
    Some(Duration::from_secs_f64(busy as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// The load average of the last minute.
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// Lets this process, and those it starts, open `wanted` files and sockets if the system allows as many; how many it may now.
pub fn allow_files(wanted: u64) -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX);
    let now = limit.current.unwrap_or(u64::MAX);
    if now >= wanted {
        return now;
    }
    let raised = wanted.min(most);
    match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }) {
        Ok(()) => raised,
        Err(_) => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells_of_ourselves_and_of_nobody_else() {
        let own = Process::own();
        assert!(own.resident().expect("memory") > 100_000);
        let before = own.used().expect("time");
        let mut sum = 0_u64;
        while own.used().expect("time") < before + Duration::from_millis(30) {
            sum = sum.wrapping_mul(31).wrapping_add(1);
        }
        assert!(machine_used().expect("time") >= own.used().expect("time"), "{sum}");
        assert!(load_average().expect("load") >= 0.0);
        assert!(Process(u32::MAX).used().is_none() && Process(u32::MAX).resident().is_none());
    }

    #[test]
    fn the_limit_of_files_is_only_raised() {
        let now = allow_files(64);
        assert!(now >= 64 && allow_files(16) == now);
    }
}
