//! Every kind of request there is, in one table: what it asks, by which lane it goes, what it is answered with.
//!
//! An [`Ask`] is a question; an [`Srb`] is the same question on its way to a minidriver, with the duty to answer it.

use std::sync::Arc;

use super::done::{Done, Patience, accept, duty};
use super::frame::Frame;
use super::port::Port;
use crate::ks::ids::Guid;
use crate::ks::{ClassItem, Clock, DataFormat, DataRange, PinFactory, State, Status};

/// Names one request, in calls like cancel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SrbId(pub u64);

/// Names one stream of a minidriver: the place of its pin in `Opening::pins`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId(pub usize);

/// The ways requests go, each independent of the others (SRB-8).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Lane {
    /// What concerns the device as a whole.
    Device,
    /// What one stream is to do.
    Control(StreamId),
    /// What one stream carries.
    Data(StreamId),
}

impl Lane {
    /// The stream it belongs to.
    pub const fn stream(self) -> Option<StreamId> {
        match self {
            Self::Device => None,
            Self::Control(stream) | Self::Data(stream) => Some(stream),
        }
    }
}

/// The clock that a graph keeps time by; `None`: it runs free (SRB-7).
#[derive(Clone, Default)]
pub struct MasterClock(pub Option<Arc<dyn Clock>>);

impl std::fmt::Debug for MasterClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() {
            "a clock"
        } else {
            "no clock"
        })
    }
}

/// How much power a device has, from all to none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Power {
    /// It works.
    #[default]
    D0,
    /// It dozes.
    D1,
    /// It sleeps.
    D2,
    /// It is off.
    D3,
}

/// A kind of stream that a minidriver says it has (SRB-2): it becomes a pin factory of its filter, as it is.
#[derive(Clone, PartialEq, Debug)]
pub struct StreamInfo {
    /// The factory: which way data flow, the ranges, mediums and interfaces, how many instances there may be.
    pub pin: PinFactory,
    /// Properties of an open stream that the minidriver answers itself.
    pub properties: Vec<ClassItem>,
}

impl From<PinFactory> for StreamInfo {
    fn from(pin: PinFactory) -> Self {
        Self {
            pin,
            properties: vec![],
        }
    }
}

/// What a minidriver says of itself when it is asked GET_STREAM_INFO (SRB-2).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DeviceInfo {
    /// Its streams; their places are the numbers of the pin factories.
    pub streams: Vec<StreamInfo>,
    /// Properties of the device that the minidriver answers itself.
    pub properties: Vec<ClassItem>,
}

impl DeviceInfo {
    /// Streams of these pins, with no property of its own.
    pub fn of(pins: impl IntoIterator<Item = PinFactory>) -> Self {
        Self {
            streams: pins.into_iter().map(StreamInfo::from).collect(),
            properties: vec![],
        }
    }
}

/// An item of a property or method set, with what goes into the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// The set.
    pub set: Guid,
    /// Its number there.
    pub id: u32,
    /// What stands behind the head of the request.
    pub instance: Vec<u8>,
    /// What is set, or what a question needs to know.
    pub data: Vec<u8>,
    /// Room for the answer in bytes; 0 asks how much is needed.
    pub room: usize,
}

/// What a request was answered with.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was done.
    Nothing,
    /// A frame, filled or emptied.
    Frame(Box<Frame>),
    /// The value of a property.
    Bytes(Vec<u8>),
    /// The state of a stream.
    State(State),
    /// A format.
    Format(Box<DataFormat>),
    /// The streams there are, and what can be asked of them.
    Streams(Box<DeviceInfo>),
}

/// What a `Done` may be answered with.
pub(super) trait Carried: Sized + Send + 'static {
    /// The answer of whoever has nothing to say, where that is one.
    const NOTHING: Option<Self>;

    fn wrap(self) -> Outcome;
}

macro_rules! carried {
    ($($type:ty, $nothing:expr, $value:pat => $wrapped:expr;)*) => {
        $(impl Carried for $type {
            const NOTHING: Option<Self> = $nothing;

            fn wrap(self) -> Outcome {
                let $value = self;
                $wrapped
            }
        })*
    };
}

carried! {
    (), Some(()), () => Outcome::Nothing;
    Frame, None, frame => Outcome::Frame(Box::new(frame));
    Vec<u8>, None, bytes => Outcome::Bytes(bytes);
    State, None, state => Outcome::State(state);
    DataFormat, None, format => Outcome::Format(Box::new(format));
    DeviceInfo, None, info => Outcome::Streams(Box::new(info));
}

macro_rules! requests {
    ($(
        $(#[$doc:meta])*
        $name:ident, $label:literal, $lane:expr, {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        } -> $answer:ty;
    )*) => {
        /// A request, with the duty to answer it. What a minidriver does not know it hands to [`Srb::refuse`].
        #[derive(Debug)]
        #[non_exhaustive]
        pub enum Srb {
            $($(#[$doc])* $name {
                $($(#[$field_doc])* $field: $type,)*
                /// The duty to answer.
                done: Done<$answer>,
            },)*
        }

        /// What can be asked of a minidriver: a request that is not yet on its way.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum Ask {
            $($(#[$doc])* $name {
                $($(#[$field_doc])* $field: $type,)*
            },)*
        }

        /// The kinds of requests.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name users and logs see.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }

        impl Ask {
            /// What kind it is.
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$name { .. } => Kind::$name,)* }
            }

            /// By which lane it goes.
            #[expect(unused_variables, reason = "each lane uses the fields it needs")]
            pub const fn lane(&self) -> Lane {
                match self { $(Self::$name { $($field,)* } => $lane,)* }
            }

            /// Sends it on its way.
            pub(super) fn into_srb(self, id: SrbId, patience: Arc<Patience>, port: Port) -> Srb {
                match self {
                    $(Self::$name { $($field,)* } => Srb::$name {
                        $($field,)*
                        done: duty(id, patience, port),
                    },)*
                }
            }
        }

        impl Srb {
            /// What kind it is.
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$name { .. } => Kind::$name,)* }
            }

            /// By which lane it came.
            #[expect(unused_variables, reason = "each lane uses the fields it needs")]
            pub const fn lane(&self) -> Lane {
                match self { $(Self::$name { $($field,)* .. } => $lane,)* }
            }

            /// Its id.
            pub const fn id(&self) -> SrbId {
                match self { $(Self::$name { done, .. } => done.id(),)* }
            }

            /// What whoever has nothing to say to it answers: SUCCESS to what may be let pass, NOT_IMPLEMENTED to what
            /// asks for something (SRB-6), NOT_SUPPORTED to another format (SRB-5).
            pub fn accept(self) {
                if let Some(status) = self.kind().unmet() {
                    return self.refuse(status);
                }
                match self { $(Self::$name { done, .. } => accept(done),)* }
            }

            /// Answers with a status other than SUCCESS.
            pub fn refuse(self, status: Status) {
                match self { $(Self::$name { done, .. } => done.fail(status),)* }
            }
        }
    };
}

impl Kind {
    /// What is answered where a minidriver only lets it pass, though that would be a promise not kept.
    const fn unmet(self) -> Option<Status> {
        match self {
            Self::ProposeFormat | Self::SetFormat => Some(Status::NotSupported),
            Self::SetDeviceProperty
            | Self::SetStreamProperty
            | Self::ProposeRate
            | Self::SetRate
            | Self::SetPosition
            | Self::OpenMasterClock => Some(Status::NotImplemented),
            _ => None,
        }
    }
}

impl Srb {
    /// Its name in messages.
    pub const fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// The stream it is about.
    pub const fn stream(&self) -> Option<StreamId> {
        self.lane().stream()
    }
}

requests! {
    /// The first: get the device ready.
    InitialiseDevice, "INITIALIZE_DEVICE", Lane::Device, {} -> ();
    /// Which streams there are: they become the pins of a filter whose descriptor lists none. Not to know leaves it to the
    /// descriptor.
    GetStreamInfo, "GET_STREAM_INFO", Lane::Device, {} -> DeviceInfo;
    /// All is known; streams may be opened.
    InitialisationComplete, "INITIALIZATION_COMPLETE", Lane::Device, {} -> ();
    /// Which format of a pin's range fits one that was proposed. Not to know leaves it to the default.
    GetDataIntersection, "GET_DATA_INTERSECTION", Lane::Device, {
        /// Number of the pin factory.
        pin: usize,
        /// What is proposed.
        range: DataRange,
    } -> DataFormat;
    /// A stream begins, in Stop, with its agreed format.
    OpenStream, "OPEN_STREAM", Lane::Device, {
        /// Which.
        stream: StreamId,
        /// Number of its pin factory.
        pin: usize,
        /// What was agreed.
        format: DataFormat,
    } -> ();
    /// A stream ends, in whatever state it is; nothing of it is outstanding any more (SRB-3).
    CloseStream, "CLOSE_STREAM", Lane::Device, {
        /// Which.
        stream: StreamId,
    } -> ();
    /// A filter is opened on the device.
    OpenDeviceInstance, "OPEN_DEVICE_INSTANCE", Lane::Device, {} -> ();
    /// And closed.
    CloseDeviceInstance, "CLOSE_DEVICE_INSTANCE", Lane::Device, {} -> ();
    /// The value of a property of the device.
    GetDeviceProperty, "GET_DEVICE_PROPERTY", Lane::Device, {
        /// Which.
        item: Item,
    } -> Vec<u8>;
    /// A property of the device is set.
    SetDeviceProperty, "SET_DEVICE_PROPERTY", Lane::Device, {
        /// Which, and to what.
        item: Item,
    } -> ();
    /// A method of the device is called.
    DeviceMethod, "DEVICE_METHOD", Lane::Device, {
        /// Which, and with what.
        item: Item,
    } -> Vec<u8>;
    /// The device gets more power or less.
    ChangePowerState, "CHANGE_POWER_STATE", Lane::Device, {
        /// How much from now on.
        power: Power,
    } -> ();
    /// The driver's code is about to be put aside: hold on to nothing that needs it.
    PagingOutDriver, "PAGING_OUT_DRIVER", Lane::Device, {} -> ();
    /// The device was pulled out.
    SurpriseRemoval, "SURPRISE_REMOVAL", Lane::Device, {} -> ();
    /// Whether any stream is open.
    NotifyIdleState, "NOTIFY_IDLE_STATE", Lane::Device, {
        /// No stream is.
        is_idle: bool,
    } -> ();
    /// Something of the device that has no name here.
    UnknownDevice, "UNKNOWN_DEVICE_COMMAND", Lane::Device, {
        /// Its number.
        code: u32,
    } -> Vec<u8>;
    /// The last: let go of the device.
    UninitialiseDevice, "UNINITIALIZE_DEVICE", Lane::Device, {} -> ();

    /// A stream takes the next state, one step at a time.
    SetState, "SET_STREAM_STATE", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
        /// The state it shall have.
        state: State,
    } -> ();
    /// The state a stream is in. Not to know leaves it to the class driver.
    GetState, "GET_STREAM_STATE", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
    } -> State;
    /// The value of a property of a stream.
    GetStreamProperty, "GET_STREAM_PROPERTY", Lane::Control(*stream), {
        /// Of which stream.
        stream: StreamId,
        /// Which.
        item: Item,
    } -> Vec<u8>;
    /// A property of a stream is set.
    SetStreamProperty, "SET_STREAM_PROPERTY", Lane::Control(*stream), {
        /// Of which stream.
        stream: StreamId,
        /// Which, and to what.
        item: Item,
    } -> ();
    /// A method of a stream is called.
    StreamMethod, "STREAM_METHOD", Lane::Control(*stream), {
        /// Of which stream.
        stream: StreamId,
        /// Which, and with what.
        item: Item,
    } -> Vec<u8>;
    /// A stream is to provide the clock of the graph (SRB-7).
    OpenMasterClock, "OPEN_MASTER_CLOCK", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
    } -> ();
    /// And no longer.
    CloseMasterClock, "CLOSE_MASTER_CLOCK", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
    } -> ();
    /// The clock that the graph keeps time by, told to every stream (SRB-7).
    IndicateMasterClock, "INDICATE_MASTER_CLOCK", Lane::Control(*stream), {
        /// Which is told.
        stream: StreamId,
        /// The clock.
        clock: MasterClock,
    } -> ();
    /// Whether a stream could play at another rate.
    ProposeRate, "PROPOSE_STREAM_RATE", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
        /// The rate, 1000 being as recorded.
        rate_permille: u32,
    } -> ();
    /// A stream plays at another rate.
    SetRate, "SET_STREAM_RATE", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
        /// The rate, 1000 being as recorded.
        rate_permille: u32,
    } -> ();
    /// A reading stream goes on from another place: what was read ahead is thrown away, and the next frame begins there;
    /// behind its end it ends at once. Comes while nothing of the stream is outstanding, in any state. Who does not know it
    /// goes on from where it is.
    SetPosition, "SET_STREAM_POSITION", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
        /// The sample, at the stream's own rate, that comes next.
        sample: u64,
    } -> ();
    /// Whether a stream could have another format (SRB-5).
    ProposeFormat, "PROPOSE_DATA_FORMAT", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
        /// The format.
        format: DataFormat,
    } -> ();
    /// A stream gets another format (SRB-5).
    SetFormat, "SET_DATA_FORMAT", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
        /// The format.
        format: DataFormat,
    } -> ();
    /// The format a stream has. Not to know leaves it to the class driver.
    GetFormat, "GET_DATA_FORMAT", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
    } -> DataFormat;
    /// What is under way is to be thrown away.
    BeginFlush, "BEGIN_FLUSH", Lane::Control(*stream), {
        /// Of which stream.
        stream: StreamId,
    } -> ();
    /// It was; a new beginning.
    EndFlush, "END_FLUSH", Lane::Control(*stream), {
        /// Of which stream.
        stream: StreamId,
    } -> ();
    /// Something of a stream that has no name here.
    UnknownStream, "UNKNOWN_STREAM_COMMAND", Lane::Control(*stream), {
        /// Which.
        stream: StreamId,
        /// Its number.
        code: u32,
    } -> Vec<u8>;

    /// Fill an empty frame: set its length, its samples, and what of its header is known.
    Read, "READ_DATA", Lane::Data(*stream), {
        /// Of which stream.
        stream: StreamId,
        /// The empty frame.
        frame: Frame,
    } -> Frame;
    /// Take the samples out of a full frame.
    Write, "WRITE_DATA", Lane::Data(*stream), {
        /// Of which stream.
        stream: StreamId,
        /// The full frame.
        frame: Frame,
    } -> Frame;
}
