//! Builds that break a promise on purpose, so that a judge can be seen to notice. Never a release.

#[cfg(all(not(debug_assertions), any(feature = "fault-ack-before-commit", feature = "fault-no-dedup", feature = "fault-bus")))]
compile_error!("the fault-* features break the product's promises on purpose; a build without debug assertions refuses them");

/// The faults built into this program.
pub const FAULTS: &[&str] = &[
    #[cfg(feature = "fault-ack-before-commit")]
    "fault-ack-before-commit",
    #[cfg(feature = "fault-no-dedup")]
    "fault-no-dedup",
    #[cfg(feature = "fault-bus")]
    "fault-bus",
];

/// Says so, loudly, at each start.
pub fn warn() {
    for fault in FAULTS {
        tracing::error!(
            fault,
            "THIS BUILD IS FAULTY ON PURPOSE: it loses, doubles or delays what people write. Never let customers near it."
        );
    }
}
