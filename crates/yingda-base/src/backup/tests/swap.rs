//! Killed anywhere in the last step.
use super::*;
use crate::backup::restore::kill_after;

/// Whatever was done before it was killed: the data is the old, or the new, or marked as neither; and another restore mends it.
#[tokio::test(flavor = "multi_thread")]
async fn killed_after_any_step_it_is_the_old_or_marked() {
    for kind in kinds() {
        let old = House::new(kind);
        old.say("backed up");
        old.back_up("b").unwrap();
        let (mut steps, mut is_done) = (0, false);
        while !is_done {
            let here = House::new(kind);
            here.say("was here");
            let data = here.data();
            is_done = kill_after(&here.plan(&old.file("b"), &old.keyring, true, &data), steps);
            match unfinished(&data).unwrap() {
                Some(_) => assert!(steps > 0, "marked before anything was done"),
                None if is_done => assert!(here.hears("backed up") && !here.hears("was here")),
                None => assert!(here.hears("was here") && !here.hears("backed up"), "{kind:?}, {steps} steps"),
            }
            // The way out.
            restored_once_free(&here, &old);
            assert!(here.hears("backed up") && !here.hears("was here"), "{kind:?}, {steps} steps");
            assert_eq!(unfinished(&data).unwrap(), None);
            steps += 1;
        }
        assert!(steps > 4, "{steps}");
    }
}

/// Restores as soon as the database server has noticed that the one before is gone.
fn restored_once_free(here: &House, old: &House) {
    const TRIES: usize = 1000;
    for left in (0..TRIES).rev() {
        match here.restore(&old.file("b"), &old.keyring, true) {
            Ok(_) => return,
            Err(error) => assert!(error.code() == "data.in_use" && left > 0, "{error}"),
        }
    }
}
