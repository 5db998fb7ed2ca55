//! What may take for ever, done once and waited for a while: to open a file on a disk that does not answer.
//!
//! An errand runs on a thread of its own. Who waits in vain goes on without it; the thread ends when the disk answers, and
//! what it brings then is dropped. One that is out keeps others from the same place: there is one such thread for a place,
//! and few of them altogether. Errands that come back in time leave nothing behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, mpsc};
use std::time::Duration;

use thiserror::Error;

/// How long a file may take to open while something plays, or is to.
const LIVE: Duration = Duration::from_secs(2);
/// How long it may take where nobody listens: a disk that has to wake up.
const OFFLINE: Duration = Duration::from_secs(30);
/// The same where something of the same folder is out already.
const BESIDE: Duration = Duration::from_millis(100);
/// The most that may be out.
const MOST_OUT: usize = 32;

/// Places whose errands were waited for in vain.
static OUT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// An errand that was waited for in vain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "the disk has not answered for {} s: the file is left out, and used once it can be read",
    .0.as_secs_f32()
)]
pub struct Late(pub Duration);

/// How long an errand may take, for what is heard while it is made and for what is not.
pub const fn patience(live: bool) -> Duration {
    if live { LIVE } else { OFFLINE }
}

/// Does something with the file at `place`, and waits for it at most so long.
///
/// # Errors
/// [`Late`] when it has not come back by then, or when another one there has not.
pub fn in_time<T: Send + 'static>(
    place: &Path,
    patience: Duration,
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Late> {
    in_time_of(place, patience, || 0, act)
}

/// The same; it is waited for as long as `reached` is another each time that so long has gone by.
///
/// # Errors
/// [`Late`] as [`in_time`], when it does not go on any more.
pub fn in_time_of<T: Send + 'static>(
    place: &Path,
    patience: Duration,
    reached: impl Fn() -> u64,
    act: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Late> {
    let patience = {
        let out = out();
        if out.contains(place) || out.len() >= MOST_OUT {
            return Err(Late(patience));
        }
        let is_beside = |it: &PathBuf| it.parent() == place.parent();
        match out.iter().any(is_beside) {
            true => patience.min(BESIDE),
            false => patience,
        }
    };
    let (bring, brought) = mpsc::channel();
    let own = place.to_owned();
    let run = move || {
        let it = act();
        let mut out = out();
        out.remove(&own);
        // Nobody waits any more: then it is dropped here, where that may take its time as well.
        let unwanted = bring.send(it);
        drop(out);
        drop(unwanted);
    };
    let thread = std::thread::Builder::new().name("errand".into());
    if thread.spawn(run).is_err() {
        return Err(Late(patience));
    }
    let mut last = reached();
    loop {
        if let Ok(it) = brought.recv_timeout(patience) {
            return Ok(it);
        }
        let now = reached();
        if std::mem::replace(&mut last, now) == now {
            break;
        }
    }
    let mut out = out();
    // It may have come back while the lock was waited for; and one that panicked does not come at all.
    match brought.try_recv() {
        Ok(it) => Ok(it),
        Err(mpsc::TryRecvError::Empty) => {
            out.insert(place.to_owned());
            Err(Late(patience))
        }
        Err(mpsc::TryRecvError::Disconnected) => Err(Late(patience)),
    }
}

/// Whether an errand there was waited for in vain and has not come back.
pub fn is_out(place: &Path) -> bool {
    out().contains(place)
}

fn out() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    OUT.lock().unwrap_or_else(|lock| lock.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(1);

    #[test]
    fn what_comes_back_in_time_is_given_and_leaves_nothing_behind() {
        let place = Path::new("/errand/prompt");
        assert_eq!(in_time(place, LONG, || 7), Ok(7));
        assert!(!is_out(place));
    }

    #[test]
    fn what_goes_on_is_waited_for_however_long_it_takes() {
        let place = Path::new("/errand/long");
        let looks = std::cell::Cell::new(0);
        let (let_go, wait) = mpsc::channel::<()>();
        // It goes on for a hundred looks, and then it is done.
        let reached = || {
            looks.set(looks.get() + 1);
            if looks.get() == 100 {
                let_go.send(()).unwrap();
            }
            looks.get()
        };
        assert!(in_time_of(place, SHORT, reached, move || wait.recv().is_ok()) == Ok(true));
        assert!(looks.get() >= 100 && !is_out(place));
    }

    #[test]
    fn what_does_not_come_back_is_left_alone_until_it_does() {
        let place = Path::new("/errand/slow/one");
        let (let_go, wait) = mpsc::channel::<()>();
        let stuck = in_time(place, SHORT, move || wait.recv().is_ok());
        assert_eq!(stuck, Err(Late(SHORT)));
        assert!(is_out(place));
        // Nobody else is sent there meanwhile.
        assert_eq!(in_time(place, LONG, || true), Err(Late(LONG)));
        // What lies beside it is tried, with less patience.
        let (_hold, wait) = mpsc::channel::<()>();
        let beside = in_time(Path::new("/errand/slow/two"), LONG, move || {
            wait.recv().is_ok()
        });
        assert_eq!(beside, Err(Late(BESIDE)));
        let_go.send(()).unwrap();
        while is_out(place) {
            std::thread::yield_now();
        }
        assert_eq!(in_time(place, LONG, || true), Ok(true));
    }
}
