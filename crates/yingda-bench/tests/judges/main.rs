//! The judges judged: they must pass a faultless program and catch each kind of faulty one.
//!
//! This one executable plays all parts, because the judges start and kill programs: without arguments it runs the scenarios,
//! with `judge …` it is the judge, and with `serve …` or `admin token …` it is the small program under test (`program`).

mod program;
mod socket;
mod world;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context as _, ensure};
use clap::Parser as _;
use serde_json::Value;

use self::world::Fault;

/// What the `yingda` binary does with `yingda bench …`.
#[derive(Debug, clap::Parser)]
struct Judge {
    #[command(subcommand)]
    command: yingda_bench::Command,
}

/// One run of a judge over one program.
struct Trial {
    succeeded: bool,
    report: Value,
    remarks: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--list") {
        return Ok(list(arguments.iter().any(|argument| argument == "--ignored")));
    }
    match arguments.get(1).map(String::as_str) {
        Some("judge") => judge_here(&arguments[1..]).await,
        // As `yingda bench …`: a judge starts its relay in this way.
        Some("bench") => judge_here(&arguments[1..]).await,
        Some("serve") => program::serve(&arguments).await,
        Some("admin") => program::write_admin_token(&arguments),
        _ => scenarios(),
    }
}

/// For runners that ask which tests there are: one, and none that is left out.
#[expect(clippy::print_stdout, reason = "the answer goes there")]
fn list(is_ignored: bool) -> ExitCode {
    if !is_ignored {
        println!("judges: test");
    }
    ExitCode::SUCCESS
}

async fn judge_here(arguments: &[String]) -> anyhow::Result<ExitCode> {
    yingda_bench::run(Judge::parse_from(arguments).command, std::env::current_exe()?).await
}

fn scenarios() -> anyhow::Result<ExitCode> {
    a_faultless_program_survives_the_storm(Fault::None)?;
    a_faultless_program_survives_the_storm(Fault::Bus)?;
    a_program_that_answers_before_it_commits_is_caught()?;
    a_program_that_forgets_what_it_took_is_caught()?;
    dialogues_are_replayed_over_a_faulty_bus()?;
    a_program_that_trims_is_caught()?;
    chat_is_measured_beside_the_relay(&[])?;
    if let Some(url) = postgres()? {
        chat_is_measured_beside_the_relay(&["--database", &url])?;
    }
    everybody_comes_back_after_the_storm()?;
    chat_with_a_program_that_shows_nothing_brings_no_figures()?;
    Ok(ExitCode::SUCCESS)
}

/// Also when doorbells get lost: clients heal, and nothing is wrong.
fn a_faultless_program_survives_the_storm(fault: Fault) -> anyhow::Result<()> {
    let trial = storm(fault)?;
    ensure!(trial.succeeded, "{}", trial.remarks);
    ensure!(trial.report["kills"] == 4 && count(&trial, "acked") > 800, "{}", trial.report);
    ensure!(count(&trial, "acked_per_kill_min") >= 200 && count(&trial, "in_flight_per_kill_min") >= 1, "{}", trial.report);
    for broken in ["lost", "duplicated", "out_of_order", "foreign"] {
        ensure!(trial.report[broken] == 0, "{broken}: {}", trial.remarks);
    }
    Ok(())
}

fn a_program_that_answers_before_it_commits_is_caught() -> anyhow::Result<()> {
    let trial = storm(Fault::AnswerEarly)?;
    ensure!(!trial.succeeded && count(&trial, "lost") > 0, "{} {}", trial.report, trial.remarks);
    Ok(())
}

fn a_program_that_forgets_what_it_took_is_caught() -> anyhow::Result<()> {
    let trial = storm(Fault::Forget)?;
    ensure!(!trial.succeeded && count(&trial, "duplicated") > 0, "{} {}", trial.report, trial.remarks);
    Ok(())
}

fn dialogues_are_replayed_over_a_faulty_bus() -> anyhow::Result<()> {
    let trial = replay(Fault::Bus)?;
    ensure!(trial.succeeded, "{}", trial.remarks);
    ensure!(trial.report["dialogues"] == 20 && trial.report["entries"] == 120, "{}", trial.report);
    ensure!(trial.report["mismatches"] == 0 && trial.report["refused"] == 40, "{}", trial.report);
    Ok(())
}

fn a_program_that_trims_is_caught() -> anyhow::Result<()> {
    let trial = replay(Fault::Trim)?;
    ensure!(!trial.succeeded && count(&trial, "mismatches") >= 20, "{} {}", trial.report, trial.remarks);
    Ok(())
}

fn chat_is_measured_beside_the_relay(database: &[&str]) -> anyhow::Result<()> {
    let arguments = ["chat", "--pairs", "4", "--rounds", "3", "--seconds", "0.3", "--rate", "100"];
    let trial = judge(Fault::None, &[&arguments, database].concat())?;
    ensure!(trial.succeeded, "{}", trial.remarks);
    let keys: Vec<&str> = trial.report.as_object().context("an object")?.keys().map(String::as_str).collect();
    let promised = ["entries_per_s", "floor_entries_per_s", "ratio", "p50_ms", "p99_ms", "floor_p99_ms", "rss_mb", "seconds", "load_avg"];
    ensure!(keys.len() == promised.len() && promised.iter().all(|key| keys.contains(key)), "{}", trial.report);
    ensure!(promised.iter().all(|key| trial.report[key].as_f64().is_some_and(|figure| figure >= 0.0)), "{}", trial.report);
    let of = |key: &str| trial.report[key].as_f64().unwrap_or_default();
    ensure!((of("ratio") - of("entries_per_s") / of("floor_entries_per_s")).abs() < 0.001, "{}", trial.report);
    ensure!(of("p99_ms") >= of("p50_ms") && of("p50_ms") > 0.0 && of("floor_p99_ms") > 0.0, "{}", trial.report);
    ensure!((0.9..2.0).contains(&of("seconds")), "{}", trial.report);
    Ok(())
}

fn everybody_comes_back_after_the_storm() -> anyhow::Result<()> {
    let trial = judge(Fault::None, &["storm", "--sockets", "60", "--spoken-to", "10"])?;
    ensure!(trial.succeeded && trial.report["sockets"] == 60 && trial.report["lost"] == 0, "{} {}", trial.report, trial.remarks);
    ensure!(trial.report["all_back_s"].as_f64().is_some_and(|time| (0.1..20.0).contains(&time)), "{}", trial.report);
    ensure!(trial.report["kib_per_socket"].is_number() && trial.report["refused"] == 0, "{}", trial.report);
    Ok(())
}

/// Its bus loses doorbells, and a judge of speed that waited for healing would measure timers.
fn chat_with_a_program_that_shows_nothing_brings_no_figures() -> anyhow::Result<()> {
    let failed = judge(Fault::Bus, &["chat", "--pairs", "2", "--rounds", "1", "--seconds", "0.3"]);
    let why = failed.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(why.contains("no result"), "{why}");
    Ok(())
}

/// The database that `./test` has started for us; without one its absence must be allowed.
fn postgres() -> anyhow::Result<Option<String>> {
    let allowed = std::env::var("YINGDA_ALLOW_MISSING").unwrap_or_default();
    match std::env::var("YINGDA_TEST_POSTGRES") {
        Ok(url) => Ok(Some(url)),
        Err(_) if allowed.split(',').any(|name| name == "postgresql") => Ok(None),
        Err(_) => anyhow::bail!("YINGDA_TEST_POSTGRES is not set, and YINGDA_ALLOW_MISSING does not name postgresql"),
    }
}

fn storm(fault: Fault) -> anyhow::Result<Trial> {
    judge(fault, &["killstorm", "--kills", "4", "--pairs", "6", "--seed", "7"])
}

/// Twenty dialogues that begin with either side, with words of one side in a row, space to be kept, and two texts that no
/// program may take.
fn replay(fault: Fault) -> anyhow::Result<Trial> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("dialogues.jsonl");
    let mut lines = String::new();
    let long = "中".repeat(20_000);
    for n in 0..20 {
        let (first, second) = if n % 2 == 0 { ("usr", "sys") } else { ("agent", "customer") };
        let turns = [
            (first, "您好"),
            (second, " 在的\t\n"),
            (second, "请讲"),
            (first, "a\rb"),
            (second, long.as_str()),
            (first, "宽带"),
            (second, "好"),
            (first, "谢谢"),
        ];
        let turns: Vec<Value> = turns.iter().map(|(role, text)| serde_json::json!({"role": role, "text": text})).collect();
        lines += &format!("{}\n", serde_json::json!({"id": n.to_string(), "turns": turns}));
    }
    std::fs::write(&file, lines)?;
    judge(fault, &["replay", "--pairs", "8", &file.display().to_string()])
}

/// Runs a judge as a process of its own; the program it starts inherits the fault.
fn judge(fault: Fault, arguments: &[&str]) -> anyhow::Result<Trial> {
    let myself: PathBuf = std::env::current_exe()?;
    // What a judge keeps of a faulty program is not kept here.
    let directory = tempfile::tempdir()?;
    let mut command = Command::new(myself);
    command.arg("judge").args(arguments).args(["--format", "json"]);
    command.env(world::FAULT, fault.name()).env("TMPDIR", directory.path());
    let output = command.output()?;
    let remarks = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8(output.stdout)?;
    let last = text.lines().last().with_context(|| format!("{fault:?}: no result: {remarks}"))?;
    Ok(Trial { succeeded: output.status.success(), report: serde_json::from_str(last)?, remarks })
}

fn count(trial: &Trial, name: &str) -> u64 {
    trial.report[name].as_u64().unwrap_or(0)
}
