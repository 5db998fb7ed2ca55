//! Sound over a JACK server: its two devices, and a stream to one and from the other.
//!
//! Lives here: the ports of a stream, and what JACK calls in each period. Does not live here: how its client is opened, closed and
//! seen to live (`jack_server.rs`). The rate and the period are the server's. Ports are connected to those of the card where
//! the server has one, and may be led elsewhere by whoever likes.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, mpsc};

use jack::{
    AsyncClient, AudioIn, AudioOut, Client, Control, Frames, LatencyType, NotificationHandler,
    Port, PortFlags, PortSpec, ProcessHandler, ProcessScope,
};
use rtrb::{Consumer, RingBuffer};

use super::stream::MOST_LATENCY_SECONDS;
use super::{Begun, Held, Order, Refused, Sounding, shown};
use crate::device::jack_server::{self, Member, Unopened};
use crate::device::ports::CLIENT;
use crate::ks::{AudioDevice, AudioFormat, DataFormat, DataRange, Granted, Waker};
use crate::portcls::DeviceError;
use crate::portcls::intake::IntakeEnd;
use crate::portcls::ring::{CardEnd, Cursor};
use crate::portcls::wavert::MOST_CHANNELS;

/// What the devices are called, behind the name of their host.
pub(super) const OUTPUT: &str = "output";
pub(super) const INPUT: &str = "input";
const HOST: &str = "jack";
/// What JACK calls its sound.
const SOUND: &str = "32 bit float mono audio";
/// Ports of one stream: what an interface of JACK's largest kind has.
const MOST_PORTS: usize = 64;

/// The devices of a server.
pub(in crate::device) fn devices(rate_hz: u32) -> Vec<AudioDevice> {
    let most = MOST_PORTS.min(MOST_CHANNELS) as u32;
    let range = DataRange::float(rate_hz, rate_hz).at_most_channels(most);
    let device = |name: &str| AudioDevice {
        host: HOST.into(),
        name: name.into(),
        render: vec![],
        capture: vec![],
        rate_hz,
        is_default: false,
        is_default_input: false,
    };
    vec![
        AudioDevice {
            render: vec![range.clone()],
            is_default: true,
            ..device(OUTPUT)
        },
        AudioDevice {
            capture: vec![range],
            is_default_input: true,
            ..device(INPUT)
        },
    ]
}

/// Builds a stream with JACK where it is named, and where no other host has what is wanted.
pub(super) fn or_system<E>(
    order: &Order,
    own: &str,
    end: &mut Option<E>,
    system: impl FnOnce(&mut Option<E>) -> Result<Begun, Refused>,
    jack: impl FnOnce(&mut Option<E>) -> Result<Begun, Refused>,
) -> Result<Begun, Refused> {
    let is_named = order.name.split_once(':').is_some_and(|it| it.0 == HOST);
    if is_named {
        let name = &order.name[HOST.len() + 1..];
        if !name.is_empty() && name != own {
            return Err(DeviceError::NotFound(order.name.clone()).into());
        }
        return jack(end);
    }
    let refused = match system(end) {
        Err(refused) if matches!(refused.error, DeviceError::NotFound(_)) => refused,
        done => return done,
    };
    if !order.name.is_empty() && order.name != own {
        return Err(refused);
    }
    jack(end).map_err(|_| refused)
}

/// Plays to the server.
pub(super) fn play(
    order: &Order,
    cursor: &Arc<Cursor>,
    card: &mut Option<CardEnd>,
) -> Result<Begun, Refused> {
    begin::<AudioOut, _>(order, (OUTPUT, "out", PortFlags::IS_INPUT), cursor, card)
}

/// Hears from the server.
pub(super) fn hear(
    order: &Order,
    cursor: &Arc<Cursor>,
    end: &mut Option<IntakeEnd>,
) -> Result<Begun, Refused> {
    begin::<AudioIn, _>(order, (INPUT, "in", PortFlags::IS_OUTPUT), cursor, end)
}

/// Opens a stream: the device's name, what its ports are called, and the side of the card's that they are connected to.
fn begin<S, E>(
    order: &Order,
    (device, prefix, side): (&str, &'static str, PortFlags),
    cursor: &Arc<Cursor>,
    end: &mut Option<E>,
) -> Result<Begun, Refused>
where
    S: PortSpec + Default + Send + 'static,
    E: Send + 'static,
    Strip<S, E>: ProcessHandler,
{
    let (hand, handed) = RingBuffer::new(1);
    let channels = order.audio.channels as usize;
    let (audio, shared) = (order.audio, Shared::new(order, cursor));
    let is_begun = Arc::new(AtomicBool::new(false));
    let begun = is_begun.clone();
    let member = jack_server::open(CLIENT, move |client, beats| {
        check_rate(&client, audio)?;
        let ports = register(channels, |n| {
            client.register_port(&format!("{prefix}_{n}"), S::default())
        })?;
        let names: Vec<String> = ports.iter().filter_map(|it| it.name().ok()).collect();
        let strip = Strip {
            mixed: vec![0.0; channels * client.buffer_size() as usize],
            ports,
            end: None,
            handed,
            beats,
            shared: shared.clone(),
        };
        let xruns = Xruns { shared, is_begun };
        let client = client
            .activate_async(xruns, strip)
            .map_err(|it| it.to_string())?;
        connect(&client, &names, side);
        Ok(client)
    });
    finish(order, device, cursor, member, &begun, (hand, end))
}

fn check_rate(client: &Client, audio: AudioFormat) -> Result<(), String> {
    match client.sample_rate() == audio.rate_hz {
        true => Ok(()),
        false => Err(format!(
            "none of its formats can carry {}",
            DataFormat::float(audio.channels, audio.rate_hz)
        )),
    }
}

/// Ports from 1 on.
fn register<S>(
    channels: usize,
    port: impl Fn(usize) -> Result<Port<S>, jack::Error>,
) -> Result<Vec<Port<S>>, String> {
    if channels > MOST_PORTS {
        return Err(format!("a stream has at most {MOST_PORTS} ports"));
    }
    let ports = (1..=channels).map(port);
    ports.collect::<Result<_, _>>().map_err(|it| it.to_string())
}

/// Connects ports to those of the card, one to one; a single one is heard on both sides.
fn connect<N, P>(client: &AsyncClient<N, P>, own: &[String], side: PortFlags) {
    let client = client.as_client();
    let physical = client.ports(None, Some(SOUND), side | PortFlags::IS_PHYSICAL);
    let is_output = side == PortFlags::IS_INPUT;
    let sides = if is_output && own.len() == 1 { 2 } else { 1 };
    let own = own.iter().flat_map(|name| std::iter::repeat_n(name, sides));
    for (own, card) in own.zip(&physical) {
        let connected = match is_output {
            true => client.connect_ports_by_name(own, card),
            false => client.connect_ports_by_name(card, own),
        };
        if let Err(error) = connected {
            log::warn!("{own}: {error}");
        }
    }
}

/// What stands of an open stream.
fn finish<P: Send + 'static, E>(
    order: &Order,
    name: &str,
    cursor: &Arc<Cursor>,
    member: Result<Member<Xruns, P>, Unopened<String>>,
    is_begun: &AtomicBool,
    (mut hand, end): (rtrb::Producer<E>, &mut Option<E>),
) -> Result<Begun, Refused> {
    let unavailable = |reason: String| DeviceError::Unavailable {
        device: shown(&order.name),
        reason,
    };
    let member = member.map_err(|error| match error {
        Unopened::Absent => DeviceError::NotFound(order.name.clone()),
        Unopened::Silent => unavailable("the JACK server does not answer".into()),
        Unopened::Refused(reason) => unavailable(reason),
    })?;
    let period = member.touch(Client::buffer_size).unwrap_or(0) as usize;
    if period > 0 {
        cursor.set_period(period);
    }
    if let Some(end) = end.take() {
        // There is one place, and nothing in it.
        let _ = hand.push(end);
    }
    is_begun.store(true, Ordering::Release);
    Ok(Begun {
        stream: Held::new(Box::new(member), HOST),
        cursor: cursor.clone(),
        granted: Granted {
            host: HOST.into(),
            name: name.into(),
            rate_hz: order.audio.rate_hz,
            channels: order.audio.channels,
            samples: cpal::SampleFormat::F32.to_string(),
            period,
        },
        // JACK says nothing but that it is gone.
        heard: mpsc::channel().1,
    })
}

impl<P: Send + 'static> Sounding for Member<Xruns, P> {
    fn is_alive(&mut self) -> bool {
        Member::is_alive(self)
    }
}

/// What both directions tell.
#[derive(Clone)]
struct Shared {
    cursor: Arc<Cursor>,
    waker: Waker,
    most_latency: usize,
}

impl Shared {
    fn new(order: &Order, cursor: &Arc<Cursor>) -> Self {
        Self {
            cursor: cursor.clone(),
            waker: order.waker.clone(),
            most_latency: (MOST_LATENCY_SECONDS * f64::from(order.audio.rate_hz)) as usize,
        }
    }

    fn set_latency(&self, samples: Frames) {
        self.cursor
            .set_latency((samples as usize).min(self.most_latency));
    }
}

/// Counts the periods that the server did not keep.
pub(super) struct Xruns {
    shared: Shared,
    is_begun: Arc<AtomicBool>,
}

impl NotificationHandler for Xruns {
    fn xrun(&mut self, _: &Client) -> Control {
        if self.is_begun.load(Ordering::Acquire) {
            self.shared.cursor.count_xrun();
        }
        Control::Continue
    }
}

/// The most of what JACK knows to lie between ports and the card.
fn latency<S>(ports: &[Port<S>], way: LatencyType) -> Frames {
    let all = ports.iter().map(|port| port.get_latency_range(way).1);
    all.max().unwrap_or(0)
}

/// The ports of a stream, and what JACK calls in each period.
struct Strip<S, E> {
    ports: Vec<Port<S>>,
    /// The other end. Comes after the stream stands, so that one that fails does not take it along.
    end: Option<E>,
    handed: Consumer<E>,
    /// A period, channel beside channel.
    mixed: Vec<f32>,
    beats: Arc<AtomicU32>,
    shared: Shared,
}

impl<S, E> Strip<S, E> {
    /// A period begins.
    fn period_begins(&mut self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
        if self.end.is_none() {
            self.end = self.handed.pop().ok();
        }
    }

    /// A period is over: what is made or heard lies so many samples from the card.
    fn period_ends(&self, latency: Frames) {
        self.shared.set_latency(latency);
        self.shared.waker.wake();
    }

    fn set_period(&mut self, size: Frames) -> Control {
        self.mixed.resize(self.ports.len() * size as usize, 0.0);
        self.shared.cursor.set_period(size as usize);
        Control::Continue
    }
}

impl ProcessHandler for Strip<AudioOut, CardEnd> {
    fn process(&mut self, client: &Client, scope: &ProcessScope) -> Control {
        self.period_begins();
        let (len, channels) = (scope.n_frames(), self.ports.len());
        let mixed = self.mixed.get_mut(..len as usize * channels);
        let mixed = mixed.unwrap_or_default();
        match &mut self.end {
            Some(card) => {
                card.interleave(mixed, channels, |sample| sample);
            }
            None => mixed.fill(0.0),
        }
        for (channel, port) in self.ports.iter_mut().enumerate() {
            let out = port.as_mut_slice(scope);
            // What JACK hands out holds anything.
            out.fill(0.0);
            let samples = mixed.iter().skip(channel).step_by(channels);
            for (place, sample) in out.iter_mut().zip(samples) {
                *place = *sample;
            }
        }
        // Where the server says nothing of a way, it plays a period in the next one.
        let way = match latency(&self.ports, LatencyType::Playback) {
            0 => len,
            way => way,
        };
        self.period_ends(way.saturating_add_signed(-jack_server::into_period(client, scope)));
        Control::Continue
    }

    fn buffer_size(&mut self, _: &Client, size: Frames) -> Control {
        self.set_period(size)
    }
}

impl ProcessHandler for Strip<AudioIn, IntakeEnd> {
    fn process(&mut self, client: &Client, scope: &ProcessScope) -> Control {
        self.period_begins();
        let channels = self.ports.len();
        let mixed = self.mixed.get_mut(..scope.n_frames() as usize * channels);
        let mixed = mixed.unwrap_or_default();
        for (channel, port) in self.ports.iter().enumerate() {
            let places = mixed.iter_mut().skip(channel).step_by(channels);
            for (place, sample) in places.zip(port.as_slice(scope)) {
                *place = *sample;
            }
        }
        if let Some(end) = &mut self.end {
            end.take_in(mixed, channels, |sample| sample);
        }
        let way = latency(&self.ports, LatencyType::Capture);
        self.period_ends(way.saturating_add_signed(jack_server::into_period(client, scope)));
        Control::Continue
    }

    fn buffer_size(&mut self, _: &Client, size: Frames) -> Control {
        self.set_period(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_an_output_and_an_input_at_its_own_rate() {
        let list = devices(44_100);
        let of = |it: &AudioDevice| (it.name.clone(), it.render.len(), it.capture.len());
        let all: Vec<_> = list.iter().map(of).collect();
        assert_eq!(all, [(OUTPUT.into(), 1, 0), (INPUT.into(), 0, 1)]);
        assert!(
            list.iter()
                .all(|it| it.rate_hz == 44_100 && it.host == "jack")
        );
        assert!(list[0].is_default && list[1].is_default_input);
    }
}
