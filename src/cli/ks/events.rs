//! Events through the sequencer that stands in front of every MIDI device, and bytes that such a device hears.
//!
//! Lives here: what requests say of events, the time that jumps from one happening to the next. Does not live here: any rule of
//! order; that is the port's sequencer, and the bytes are the MPU-401's and its capture sink's.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::calls::StateWord;
use super::outcome;
use super::words::Bytes;
use crate::ks::{INLINE_BYTES, KernelEvent, State, Status, event_flag};
use crate::portcls::mpu401::{Assembler, Mpu401, Way};
use crate::portcls::sequencer::{Arrived, Sequencer};

/// Most events, elements of packages and changes of state in one request.
pub(super) const MOST: usize = 1 << 16;
/// Units of 100 ns are the samples of this stream, so that nothing is rounded.
const UNITS_HZ: u32 = 10_000_000;

/// An event, a package of events, or a list of them.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct EventWords {
    /// The stamp; of an element without one, that of its package.
    time: Option<u64>,
    /// When it is put in.
    at: Option<u64>,
    group: Option<u16>,
    flags: Option<Flags>,
    bytes: Option<Bytes>,
    /// What a package holds (EVN-2).
    elements: Option<Vec<EventWords>>,
    /// What one call brings; an empty one is a notice and nothing else (EVN-5).
    list: Option<Vec<EventWords>>,
}

/// As a number, or by name.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Flags {
    Number(u16),
    Names(Vec<FlagWord>),
}

#[derive(Deserialize, Clone, Copy, Debug)]
#[serde(rename_all = "UPPERCASE")]
enum FlagWord {
    Complete,
    Incomplete,
    Package,
}

impl Flags {
    fn bits(&self) -> u16 {
        match self {
            Self::Number(bits) => *bits,
            Self::Names(names) => names.iter().fold(0, |bits, name| bits | name.bit()),
        }
    }
}

impl FlagWord {
    fn bit(self) -> u16 {
        match self {
            Self::Complete => event_flag::COMPLETE,
            Self::Incomplete => event_flag::INCOMPLETE,
            Self::Package => event_flag::PACKAGE,
        }
    }
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct StateAt {
    at: u64,
    to: StateWord,
}

/// Bytes that a port hears.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct HeardWords {
    #[serde(default)]
    at: u64,
    bytes: Bytes,
}

/// One message, or a part of one.
struct Single {
    time: i64,
    group: u16,
    is_incomplete: bool,
    bytes: Vec<u8>,
}

impl Single {
    fn read(words: &EventWords, time: Option<i64>, group: Option<u16>) -> Result<Self, String> {
        let bits = words.flags.as_ref().map_or(0, Flags::bits);
        let bytes = words.bytes.as_ref().map_or(&[][..], |it| &it.0);
        if words.list.is_some() || words.elements.is_some() || bits & event_flag::PACKAGE != 0 {
            return Err("packages and lists hold events, not packages or lists".into());
        }
        if bits & !event_flag::INCOMPLETE != 0 {
            return Err(format!("{bits} are no flags of an event"));
        }
        if bytes.is_empty() || u16::try_from(bytes.len()).is_err() {
            return Err("an event has 1 to 65535 bytes".into());
        }
        Ok(Self {
            time: match words.time {
                Some(time) => unsigned(time)?,
                None => time.ok_or("an event has a `time`")?,
            },
            group: words.group.or(group).unwrap_or(1),
            is_incomplete: bits & event_flag::INCOMPLETE != 0,
            bytes: bytes.to_vec(),
        })
    }

    /// As it travels (EVN-1): in pieces where it is long.
    fn pieces(&self) -> impl Iterator<Item = KernelEvent> {
        KernelEvent::whole(self.time, &self.bytes).map(|mut piece| {
            piece.channel_group = self.group;
            match self.is_incomplete {
                true => piece.incomplete(),
                false => piece,
            }
        })
    }

    fn piece_count(&self) -> usize {
        self.bytes.len().div_ceil(INLINE_BYTES)
    }

    /// The event that came out in those pieces, which are taken off `pieces`.
    fn answer(&self, pieces: &mut impl Iterator<Item = KernelEvent>) -> Json {
        let pieces: Vec<KernelEvent> = pieces.take(self.piece_count()).collect();
        let first = pieces.first();
        let bytes: Vec<u8> = pieces.iter().flat_map(|it| it.bytes().to_vec()).collect();
        json!({
            "stamp": first.map(|it| it.time),
            "group": first.map(|it| it.channel_group),
            "flags": u16::from(self.is_incomplete),
            "inline": bytes.len() <= INLINE_BYTES,
            "bytes": Bytes::text(&bytes),
        })
    }
}

/// What keeps together.
enum Unit {
    Event(Single),
    /// Its own stamp, which is when the whole is due, and its elements with theirs.
    Package(i64, Vec<Single>),
}

impl Unit {
    fn read(words: &EventWords) -> Result<Self, String> {
        let bits = words.flags.as_ref().map_or(0, Flags::bits);
        let Some(elements) = &words.elements else {
            if bits & event_flag::PACKAGE != 0 {
                return Err("a package has `elements`".into());
            }
            return Single::read(words, None, None).map(Self::Event);
        };
        if words.bytes.is_some() || words.list.is_some() {
            return Err("a package has `elements` and no bytes of its own".into());
        }
        if bits & !event_flag::PACKAGE != 0 {
            return Err(format!("{bits} are no flags of a package"));
        }
        let time = words.time.map(unsigned).transpose()?;
        let read = |it| Single::read(it, time, words.group);
        let elements: Result<Vec<Single>, String> = elements.iter().map(read).collect();
        let elements = elements?;
        let first = elements
            .first()
            .ok_or("a package has one element at least")?;
        Ok(Self::Package(time.unwrap_or(first.time), elements))
    }

    /// When it is due, where that is not the stamp of what it begins with.
    fn due(&self) -> Option<i64> {
        match self {
            Self::Event(_) => None,
            Self::Package(time, _) => Some(*time),
        }
    }

    fn singles(&self) -> &[Single] {
        match self {
            Self::Event(it) => std::slice::from_ref(it),
            Self::Package(_, elements) => elements,
        }
    }

    /// All pieces in order, joined as they are to stay.
    fn pieces(&self) -> Vec<KernelEvent> {
        let mut pieces: Vec<KernelEvent> = self.singles().iter().flat_map(Single::pieces).collect();
        if matches!(self, Self::Package(..)) {
            let count = pieces.len();
            for (index, piece) in pieces.iter_mut().enumerate() {
                *piece = piece.packaged(index + 1 == count);
            }
        }
        pieces
    }

    /// What came out of it at `now`.
    fn answer(&self, now: u64, pieces: Vec<KernelEvent>) -> Json {
        let mut pieces = pieces.into_iter();
        let mut document = match self {
            Self::Event(it) => it.answer(&mut pieces),
            Self::Package(stamp, elements) => {
                let answers = elements.iter().map(|it| it.answer(&mut pieces));
                let answers: Vec<Json> = answers.collect();
                json!({ "stamp": stamp, "flags": event_flag::PACKAGE, "elements": answers })
            }
        };
        document["time"] = json!(now);
        document
    }
}

/// Something that happens to the sequencer.
enum Happening {
    /// Units that one call brings.
    Put(std::ops::Range<usize>),
    State(State),
}

/// All that is put in, in order of the request, and when.
#[derive(Default)]
struct Script {
    units: Vec<Unit>,
    happenings: Vec<(u64, Happening)>,
}

impl Script {
    fn read(events: &[EventWords], states: &[StateAt]) -> Result<Self, String> {
        let mut script = Self::default();
        for change in states {
            let happening = Happening::State(change.to.state());
            script.happenings.push((change.at, happening));
        }
        for event in events {
            let first = script.units.len();
            match &event.list {
                Some(list) => {
                    let is_bare = event.time.is_none() && event.bytes.is_none();
                    if !is_bare || event.elements.is_some() || event.flags.is_some() {
                        return Err("a list has nothing but `at`".into());
                    }
                    if list.iter().any(|it| it.at.is_some()) {
                        return Err("what is in one list is put in at one time".into());
                    }
                    for it in list {
                        script.units.push(Unit::read(it)?);
                    }
                }
                None => script.units.push(Unit::read(event)?),
            }
            let put = Happening::Put(first..script.units.len());
            script.happenings.push((event.at.unwrap_or(0), put));
        }
        let elements: usize = script.units.iter().map(|it| it.singles().len()).sum();
        if elements + states.len() > MOST {
            return Err(format!("more than {MOST} events and states"));
        }
        if let Some((at, _)) = script.happenings.iter().max_by_key(|(at, _)| *at) {
            unsigned(*at)?;
        }
        // At the same time a change of state goes first.
        script.happenings.sort_by_key(|(at, _)| *at);
        Ok(script)
    }
}

/// A time as the port counts it.
fn unsigned(time: u64) -> Result<i64, String> {
    i64::try_from(time).map_err(|_| "a time is too large".into())
}

/// Plays events through the sequencer (DMU-2, DMU-3, DMU-7, EVN-1 to EVN-3, EVN-5).
pub(super) fn sequenced(
    events: &[EventWords],
    prefetch: u64,
    states: &[StateAt],
) -> Result<Json, String> {
    let Script { units, happenings } = Script::read(events, states)?;
    let pieces: usize = (units.iter().flat_map(Unit::singles))
        .map(Single::piece_count)
        .sum();
    // Notes find room where other messages still do, as in a port.
    let prefetch = i64::try_from(prefetch).unwrap_or(i64::MAX);
    let mut sequencer = Sequencer::with_room(2 * pieces + 16).prefetch(prefetch);
    let mut state = match states {
        [] => State::Run,
        _ => State::Stop,
    };
    let mut played: Vec<Json> = vec![];
    let mut now = 0_u64;
    let mut next = happenings.into_iter().peekable();
    loop {
        // What is due before the next happening goes out.
        let until = next.peek().map(|(at, _)| *at);
        while let Some(stamp) = sequencer.next_time().filter(|_| state == State::Run) {
            let due = (stamp.saturating_sub(prefetch).max(0) as u64).max(now);
            if until.is_some_and(|until| due >= until) {
                break;
            }
            now = due;
            let Some((Arrived { event, wire }, _)) = sequencer.release(now, 1, UNITS_HZ) else {
                return Err("the sequencer holds what is due".into());
            };
            let mut whole = vec![event];
            while whole.last().is_some_and(KernelEvent::is_joined) {
                match sequencer.release(now, 1, UNITS_HZ) {
                    Some((more, _)) if more.wire == wire => whole.push(more.event),
                    _ => return Err("the sequencer parted what belongs together".into()),
                }
            }
            played.push(units[wire as usize].answer(now, whole));
        }
        let Some((at, happening)) = next.next() else {
            break;
        };
        now = now.max(at);
        match happening {
            Happening::State(to) => {
                state = to;
                // Never played: they go back to where they came from.
                if to == State::Stop {
                    sequencer.clear();
                }
            }
            // Each unit as if by a wire of its own, so that what comes out names it.
            Happening::Put(range) => {
                for index in range {
                    let wire = index as u64;
                    let mut due = units[index].due();
                    for event in units[index].pieces() {
                        sequencer.put_due(Arrived { event, wire }, due.take());
                    }
                }
            }
        }
    }
    let mut document = outcome(Status::Success);
    document["played"] = json!(played);
    document["late"] = json!(sequencer.late());
    document["waiting"] = json!(sequencer.len());
    Ok(document)
}

/// Bytes into the capture stream of an MPU-401 and its sink: the events that its FIFO gives (UAR-3), and the messages
/// they are (MXF-3).
pub(super) fn heard(heard: &[HeardWords], states: &[StateAt]) -> Result<Json, String> {
    if heard.len() + states.len() > MOST {
        return Err(format!("more than {MOST} pieces and states"));
    }
    enum Happening<'a> {
        Bytes(&'a [u8]),
        State(State),
    }
    let changes = states
        .iter()
        .map(|it| (it.at, Happening::State(it.to.state())));
    let bytes = heard
        .iter()
        .map(|it| (it.at, Happening::Bytes(&it.bytes.0)));
    let mut happenings: Vec<(u64, Happening<'_>)> = changes.chain(bytes).collect();
    happenings.sort_by_key(|(at, _)| *at);
    let told = |status: Status| format!("the port says {}", status.name());
    let mut port = Mpu401::default();
    port.initialise();
    let stream = port.new_stream(Way::Capture).map_err(told)?;
    if states.is_empty() {
        port.set_state(stream, State::Run).map_err(told)?;
    }
    let mut sink = Assembler::growing(MOST);
    let (mut events, mut messages) = (vec![], vec![]);
    for (at, happening) in happenings {
        match happening {
            Happening::State(to) => {
                port.set_state(stream, to).map_err(told)?;
                if to == State::Stop {
                    sink.clear();
                }
            }
            Happening::Bytes(bytes) => {
                bytes.iter().for_each(|byte| port.receive(*byte));
                let now = unsigned(at)?;
                port.fetch(now, |event| {
                    events.push(json!({
                        "stamp": event.time,
                        "group": event.channel_group,
                        "flags": event.flags(),
                        "bytes": Bytes::text(event.bytes()),
                    }));
                    sink.put(event.bytes(), |message| {
                        messages.push(json!({ "stamp": now, "bytes": Bytes::text(message) }));
                    });
                });
            }
        }
    }
    let mut document = outcome(Status::Success);
    document["events"] = json!(events);
    document["messages"] = json!(messages);
    document["overflows"] = json!(port.overflows());
    Ok(document)
}
