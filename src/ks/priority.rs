//! How a thread that must not be late is preferred to others: the audio thread, a sound server's callback whose host
//! leaves it among the ordinary ones, and who sends notes outside.
//!
//! Lives here: what is asked for, in which order. Does not live here: whoever keeps what was granted.

/// How the system prefers a thread to others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Priority {
    /// Like any thread.
    Ordinary,
    /// Before ordinary threads, but in their queue.
    Preferred,
    /// Before everything ordinary.
    RealTime,
}

/// Wanted real-time priority of who makes sound, below that of a sound server's own threads.
const AUDIO: u8 = 60;
/// And of who sends notes, which can wait for a cycle.
const MIDI: u8 = 55;
/// Wanted preference where real time is refused, 0 to 99 for nice 19 to -20: about nice -11.
const PREFERENCE: u8 = 77;

/// Asks for real-time priority: FIFO directly, then through the system's broker; then to be preferred among ordinary
/// threads. For the calling thread, once, before it has anything to play: the broker is asked over a socket.
pub(crate) fn raise_priority(quantum: usize) -> Priority {
    raise(AUDIO, quantum)
}

/// The same for a thread that sends notes outside: an ordinary one comes late by milliseconds where all processors work.
pub(crate) fn raise_midi_priority(quantum: usize) -> Priority {
    raise(MIDI, quantum)
}

fn raise(priority: u8, quantum: usize) -> Priority {
    use thread_priority::{
        NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadPriority,
        ThreadPriorityValue, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let set = |priority: u8, policy| {
        let wanted = ThreadPriorityValue::try_from(priority).map(ThreadPriority::Crossplatform);
        let ask = |it| set_thread_priority_and_policy(thread_native_id(), it, policy);
        wanted.is_ok_and(|priority| ask(priority).is_ok())
    };
    first_granted([
        (Priority::RealTime, &mut || {
            let fifo = RealtimeThreadSchedulePolicy::Fifo;
            set(priority, ThreadSchedulePolicy::Realtime(fifo))
        }),
        (Priority::RealTime, &mut || raise_by_broker(quantum)),
        (Priority::Preferred, &mut || {
            let other = NormalThreadSchedulePolicy::Other;
            set(PREFERENCE, ThreadSchedulePolicy::Normal(other))
        }),
    ])
}

/// What can be asked for, and the asking.
type Asking<'a> = (Priority, &'a mut dyn FnMut() -> bool);

/// The first that is granted; nothing after it is asked for.
fn first_granted<const N: usize>(wishes: [Asking<'_>; N]) -> Priority {
    for (priority, ask) in wishes {
        if ask() {
            return priority;
        }
    }
    Priority::Ordinary
}

#[cfg(feature = "rtkit")]
fn raise_by_broker(quantum: usize) -> bool {
    let rate_hz = super::DEFAULT_RATE_HZ;
    audio_thread_priority::promote_current_thread_to_real_time(quantum as u32, rate_hz).is_ok()
}

#[cfg(not(feature = "rtkit"))]
fn raise_by_broker(_quantum: usize) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_preference_is_asked_for_last_and_nothing_after_what_is_granted() {
        let granted = |fifo: bool, broker: bool, nice: bool| {
            let mut asked = vec![];
            let log = std::cell::RefCell::new(&mut asked);
            let ask = |name: &'static str, answer: bool| {
                let log = &log;
                move || {
                    log.borrow_mut().push(name);
                    answer
                }
            };
            let priority = first_granted([
                (Priority::RealTime, &mut ask("fifo", fifo)),
                (Priority::RealTime, &mut ask("broker", broker)),
                (Priority::Preferred, &mut ask("nice", nice)),
            ]);
            (priority, asked)
        };
        let all = vec!["fifo", "broker", "nice"];
        assert_eq!(
            granted(true, true, true),
            (Priority::RealTime, vec!["fifo"])
        );
        assert_eq!(granted(false, true, true).0, Priority::RealTime);
        assert_eq!(granted(false, false, true), (Priority::Preferred, all));
        assert_eq!(granted(false, false, false).0, Priority::Ordinary);
    }
}
