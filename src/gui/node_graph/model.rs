//! What the canvas asks of its caller: the [`Model`] trait and the plain values it answers with.

use std::borrow::Cow;

use egui::{Color32, Pos2, Rect, Ui, Vec2, pos2, vec2};

use super::look::{Kind, Mark};
use super::view::Detail;

/// The caller's name of a box. Stable while the box lives.
pub type NodeId = u64;
/// The caller's name of a wire. Stable while the wire lives.
pub type WireId = u64;
/// The caller's name of a note. Stable while the note lives.
pub type NoteId = u64;

/// Where a pin sits; also the direction of its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Left: takes data.
    Input,
    /// Right: gives data.
    Output,
}

/// A pin: the `index`-th from above on one side of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PinAddr {
    /// The box.
    pub node: NodeId,
    /// Its side.
    pub side: Side,
    /// Row, from 0.
    pub index: usize,
}

impl PinAddr {
    /// An input.
    pub fn input(node: NodeId, index: usize) -> Self {
        Self {
            node,
            side: Side::Input,
            index,
        }
    }

    /// An output.
    pub fn output(node: NodeId, index: usize) -> Self {
        Self {
            node,
            side: Side::Output,
            index,
        }
    }
}

/// Anything on the canvas that can be pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// A box.
    Node(NodeId),
    /// A pin.
    Pin(PinAddr),
    /// A wire.
    Wire(WireId),
    /// Something written on the canvas.
    Note(NoteId),
}

/// What can be known of a box without looking into it: enough to skip it when it is out of sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Which box.
    pub id: NodeId,
    /// Its upper left corner.
    pub pos: Pos2,
    /// Its width: 96 to 320; [`Place::width_for`] helps.
    pub width: f32,
    /// How many inputs and outputs.
    pub pins: [usize; 2],
    /// A bit for each of the first 64 of them that is one more instance of the pin above it: far out they are one.
    pub joins: [u64; 2],
    /// Height of its body, 0 for none.
    pub body: f32,
    /// Whether it has a footer.
    pub footer: bool,
    /// Whether it is selected.
    pub selected: bool,
}

impl Place {
    /// Height of the title bar.
    pub const TITLE: f32 = 28.0;
    /// Height of a row of pins.
    pub const ROW: f32 = 20.0;
    /// From the title to the first row.
    pub const ABOVE_PINS: f32 = 6.0;
    /// Space left and right of the body, and below it.
    pub const PAD: f32 = 10.0;
    /// Height of the footer.
    pub const FOOTER: f32 = 18.0;

    /// The width of a box whose name takes `name` points: in steps of 8, between 96 and 320.
    pub fn width_for(name: f32) -> f32 {
        (((name + 30.0 + 26.0) / 8.0).ceil() * 8.0).clamp(96.0, 320.0)
    }

    fn below_pins(&self) -> f32 {
        Self::TITLE + Self::ABOVE_PINS + self.pins[0].max(self.pins[1]) as f32 * Self::ROW
    }

    /// Size in graph points.
    pub fn size(&self) -> Vec2 {
        let body = if self.body > 0.0 {
            self.body + Self::PAD
        } else {
            4.0
        };
        let footer = if self.footer { Self::FOOTER } else { 0.0 };
        vec2(self.width, self.below_pins() + body + footer)
    }

    /// Where it lies in the graph.
    pub fn rect(&self) -> Rect {
        Rect::from_min_size(self.pos, self.size())
    }

    /// Where its body lies in the graph.
    pub fn body_rect(&self) -> Rect {
        Rect::from_min_size(
            pos2(self.pos.x + Self::PAD, self.pos.y + self.below_pins()),
            vec2(self.width - 2.0 * Self::PAD, self.body),
        )
    }

    /// The middle of a pin in the graph.
    pub fn pin(&self, side: Side, index: usize) -> Pos2 {
        let x = match side {
            Side::Input => self.pos.x,
            Side::Output => self.pos.x + self.width,
        };
        pos2(
            x,
            self.pos.y + Self::TITLE + Self::ABOVE_PINS + (index as f32 + 0.5) * Self::ROW,
        )
    }

    /// The pins that are one with this one as it is seen: instances of a factory, unless one is near.
    pub(super) fn run(
        &self,
        side: Side,
        index: usize,
        detail: Detail,
    ) -> std::ops::RangeInclusive<usize> {
        if detail == Detail::Near {
            return index..=index;
        }
        let joins = |index: usize| index < 64 && self.joins[side as usize] >> index & 1 == 1;
        let (mut first, mut last) = (index, index);
        while first > 0 && joins(first) {
            first -= 1;
        }
        while last + 1 < self.pins[side as usize] && joins(last + 1) {
            last += 1;
        }
        first..=last
    }

    /// The middle of a pin in the graph as it is seen.
    pub(super) fn pin_seen(&self, side: Side, index: usize, detail: Detail) -> Pos2 {
        self.pin(side, *self.run(side, index, detail).start())
    }

    /// Every pin of it.
    pub(super) fn addresses(&self) -> impl Iterator<Item = PinAddr> + use<> {
        let (id, [inputs, outputs]) = (self.id, self.pins);
        (0..inputs)
            .map(move |i| PinAddr::input(id, i))
            .chain((0..outputs).map(move |i| PinAddr::output(id, i)))
    }
}

/// How a box fares. Its edge, its badge and its footer say so together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// Nothing to say.
    #[default]
    Fine,
    /// Works, but not in time.
    Late,
    /// Failed and silenced.
    Faulty,
    /// Not installed; only its place and its wires are known.
    Missing,
    /// Lets data through unchanged.
    Bypassed,
    /// Switched off.
    Disabled,
    /// Does not answer.
    Waiting,
}

/// The last line of a box.
#[derive(Clone, Debug, PartialEq)]
pub enum Footer<'a> {
    /// What a cycle costs: a figure, a bar from 0 to 1, a figure.
    Cost {
        /// For instance "31 ns".
        left: Cow<'a, str>,
        /// Length of the bar, 0 to 1.
        share: f32,
        /// For instance "0 smp".
        right: Cow<'a, str>,
    },
    /// A sentence instead, in the colour of the health.
    Words(Cow<'a, str>),
}

/// One box, in full. Asked for boxes in sight only.
#[derive(Clone, Debug, Default)]
pub struct NodeView<'a> {
    /// In the title bar.
    pub name: Cow<'a, str>,
    /// For screen readers and tests, for instance "Filter Gain".
    pub spoken: Cow<'a, str>,
    /// Said after the name, for instance "running".
    pub state: Cow<'a, str>,
    /// Left of the name.
    pub mark: Option<Mark>,
    /// How many of the three pips are lit.
    pub lit: u8,
    /// How it fares.
    pub health: Health,
    /// Inputs from above.
    pub inputs: Vec<PinView<'a>>,
    /// Outputs from above.
    pub outputs: Vec<PinView<'a>>,
    /// The last line, if [`Place::footer`].
    pub footer: Option<Footer<'a>>,
    /// A group: a second edge peeps out above, with this text ("5 inside").
    pub inside: Option<Cow<'a, str>>,
    /// A ring round the box with a word or number at its corner: its body plays ("playing"), or a hint points at it.
    pub ring: Option<(Color32, Cow<'a, str>)>,
}

/// One pin.
#[derive(Clone, Debug, PartialEq)]
pub struct PinView<'a> {
    /// Beside the pin.
    pub name: Cow<'a, str>,
    /// For screen readers and tests, for instance "Gain input in (audio)".
    pub spoken: Cow<'a, str>,
    /// Shape and hue.
    pub kind: Kind,
    /// Whether a wire ends here.
    pub connected: bool,
    /// An instance that may still be made.
    pub grows: bool,
}

/// Something written on the canvas, below the boxes.
#[derive(Clone, Debug, PartialEq)]
pub struct NoteView<'a> {
    /// Which note.
    pub id: NoteId,
    /// The part of the graph it takes.
    pub rect: Rect,
    /// A comment's words or a frame's title.
    pub text: Cow<'a, str>,
    /// A frame behind boxes; else a comment.
    pub frame: bool,
    /// A hue of the user's own.
    pub hue: Option<Color32>,
    /// Whether it is selected.
    pub selected: bool,
}

/// Which way a wire goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// A curve from pin to pin.
    #[default]
    Curve,
    /// In right angles: what is joined in hardware.
    Square,
    /// Back below its boxes, where it leads back: what closes a loop.
    Below,
}

/// A wire by its ends: enough to skip it when it is out of sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WireEnds {
    /// Which wire.
    pub id: WireId,
    /// The output it comes from.
    pub from: PinAddr,
    /// The input it goes to.
    pub to: PinAddr,
    /// Whether it is selected.
    pub selected: bool,
    /// Which way it goes.
    pub route: Route,
}

/// Which end of a wire asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requests {
    /// Not known, or not worth showing.
    #[default]
    Hidden,
    /// The output issues: push.
    WithData,
    /// The input issues: pull.
    AgainstData,
}

/// How a wire stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WireState {
    /// Agreed.
    #[default]
    Agreed,
    /// Agreed, but nothing runs, or the branch is muted: hue at 45 %.
    Resting,
    /// Joined by a medium in hardware: right angles, clamps, a padlock.
    HardWired,
    /// Cannot be: red dashes.
    Refused,
    /// One end is missing: dots and a question mark.
    EndMissing,
}

/// Frames of a wire's pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    /// How many wait.
    pub waiting: u8,
    /// How many there are.
    pub total: u8,
}

/// The text on a wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tag<'a> {
    /// In one line.
    pub long: Cow<'a, str>,
    /// Said behind that where there is room; empty for nothing. The form and the place of the text do not hang on it.
    pub aside: Cow<'a, str>,
    /// In two, for short wires; the second may be empty.
    pub short: [Cow<'a, str>; 2],
    /// Its queue.
    pub ticks: Option<Ticks>,
    /// Figures below that, one line of them on a long wire and a line each on a short one. From afar they stand alone.
    pub figures: Vec<Cow<'a, str>>,
    /// The figure that stays where there is room for one.
    pub chief: usize,
}

/// One wire, in full. Asked for wires in sight only.
#[derive(Clone, Debug, Default)]
pub struct WireView<'a> {
    /// For screen readers and tests, for instance "Wire Gain out to Meter in".
    pub spoken: Cow<'a, str>,
    /// Said after that, for instance its format, or why there is none.
    pub standing: Cow<'a, str>,
    /// Hue and line.
    pub kind: Kind,
    /// A hue of the user's own.
    pub hue: Option<Color32>,
    /// Lines in it: 1, 2, or 3 for more.
    pub strands: u16,
    /// How it stands.
    pub state: WireState,
    /// Who asks.
    pub requests: Requests,
    /// How loud, 0 to 1: from 55 % to 100 % of the hue.
    pub level: f32,
    /// Events under way: 0 at the output, 1 at the input.
    pub beads: Vec<f32>,
    /// Its text.
    pub tag: Option<Tag<'a>>,
    /// Part of a loop: one more chevron.
    pub feedback: bool,
    /// It is about to drop what it carries, or has just been late: seen from everywhere.
    pub is_worried: bool,
}

/// What a box is seen by from far away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brief {
    /// How it fares.
    pub health: Health,
    /// How many of the three pips are lit.
    pub lit: u8,
    /// The kind of data of its first pin of each side.
    pub kinds: [Option<Kind>; 2],
}

/// The model's answer to "may this wire be?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may; one line says what would be agreed.
    Fits {
        /// May be empty.
        line: String,
    },
    /// It may not; one line says why.
    Refused {
        /// In words.
        line: String,
    },
}

impl Verdict {
    /// Whether it may.
    pub fn fits(&self) -> bool {
        matches!(self, Self::Fits { .. })
    }

    /// The line.
    pub fn line(&self) -> &str {
        match self {
            Self::Fits { line } | Self::Refused { line } => line,
        }
    }
}

/// What the canvas shows. Ids come from the caller; the order of `nodes` is bottom first.
///
/// ```
/// use ksgraph::gui::node_graph::{
///     Model, NodeGraph, NodeId, NodeView, PinAddr, Place, Verdict, WireEnds, WireId, WireView,
/// };
/// use ksgraph::gui::theme::{Theme, ThemeName};
///
/// struct One;
///
/// impl Model for One {
///     fn nodes(&self) -> Vec<Place> {
///         let pos = egui::pos2(32.0, 32.0);
///         vec![Place { id: 1, pos, width: 96.0, pins: [0, 0], joins: [0, 0], body: 0.0, footer: false, selected: false }]
///     }
///     fn node(&self, _: NodeId) -> NodeView<'_> {
///         NodeView { name: "Gain".into(), spoken: "Filter Gain".into(), ..Default::default() }
///     }
///     fn wires(&self) -> Vec<WireEnds> {
///         Vec::new()
///     }
///     fn wire(&self, _: WireId) -> WireView<'_> {
///         WireView::default()
///     }
///     fn may_connect(&self, _: PinAddr, _: PinAddr) -> Verdict {
///         Verdict::Fits { line: String::new() }
///     }
/// }
///
/// let mut canvas = NodeGraph::new("canvas");
/// let look = Theme::named(ThemeName::Dark).canvas_look();
/// let ctx = egui::Context::default();
/// Theme::install(&ctx, ThemeName::Dark);
/// let mut seen = 0;
/// let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
///     seen = canvas.show(ui, &mut One, &look).geometry.nodes.len();
/// });
/// output.textures_delta.clear(); // a window would upload them
/// assert_eq!(seen, 1);
/// ```
pub trait Model {
    /// All boxes, bottom first. Asked once a frame, or once a [`Model::revision`].
    fn nodes(&self) -> Vec<Place>;

    /// One box in full. Asked for boxes in sight only.
    fn node(&self, id: NodeId) -> NodeView<'_>;

    /// All wires. Asked once a frame, or once a [`Model::revision`].
    fn wires(&self) -> Vec<WireEnds>;

    /// One wire in full. Asked for wires in sight only.
    fn wire(&self, id: WireId) -> WireView<'_>;

    /// All comments and frames. Asked once a frame; keep it cheap.
    fn notes(&self) -> Vec<NoteView<'_>> {
        Vec::new()
    }

    /// A number that stays the same while [`Model::nodes`] and [`Model::wires`] would give the same; `None` has them
    /// asked for in every frame.
    fn revision(&self) -> Option<u64> {
        None
    }

    /// One box as seen from far away. Asked for many boxes at once; keep it cheap.
    fn brief(&self, id: NodeId) -> Brief {
        let node = self.node(id);
        let first = |pins: &[PinView<'_>]| pins.first().map(|pin| pin.kind);
        Brief {
            health: node.health,
            lit: node.lit,
            kinds: [first(&node.inputs), first(&node.outputs)],
        }
    }

    /// May data go from this output to this input? Asked at most once per pin while a wire is in hand.
    fn may_connect(&self, from: PinAddr, to: PinAddr) -> Verdict;

    /// The inline widgets of a box, into a `ui` as wide as the body, with all sizes of its style scaled to the zoom.
    /// Called only for boxes in sight, near enough, and with a body.
    fn body_ui(&mut self, ui: &mut Ui, id: NodeId) {
        let _ = (ui, id);
    }

    /// What a screen reader says of a connected pin after its name: what its wire carries, or why it carries nothing.
    fn pin_standing(&self, pin: PinAddr) -> String {
        let _ = pin;
        String::new()
    }

    /// What the tooltip of a pin says: kind, ranges, medium and the rest, one fact a line.
    fn pin_tip(&self, pin: PinAddr) -> String {
        let _ = pin;
        String::new()
    }
}
