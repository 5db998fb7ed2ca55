//! Colours, faces and marks that the caller hands in, and the vocabulary of shapes.

use egui::{Color32, FontFamily, Pos2, Shadow};

/// A mark: polylines on a grid of 16; closed ones end where they began.
pub type Mark = &'static [Vec<Pos2>];

/// A kind of data: an index into [`Look::kinds`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub u8);

/// The shape of a pin. Never is colour the only sign of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    Circle,
    /// A square.
    Square,
    /// A square on its corner.
    Diamond,
    /// A triangle that points with the data.
    Triangle,
    /// An upright capsule.
    Capsule,
    /// A ring with a dot; takes no wire.
    Jack,
}

/// The line of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// One line per channel.
    Strands,
    /// Small squares on a line.
    Beads,
    /// Small diamonds on a line.
    Diamonds,
    /// Ticks across a line.
    Ticks,
    /// Dots.
    Dots,
    /// None: such pins are never wired.
    None,
}

/// How one kind of data looks.
#[derive(Clone, Debug, PartialEq)]
pub struct KindLook {
    /// In the legend.
    pub name: String,
    /// Its hue.
    pub hue: Color32,
    /// Its pins.
    pub shape: Shape,
    /// Its wires.
    pub line: Line,
}

/// How a pin is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinFill {
    /// Nothing connected.
    Free,
    /// A wire ends here.
    Connected,
    /// Takes the wire in hand: filled, with a ring round it.
    Fits,
    /// Does not take it: grey, with a slash.
    Refused,
    /// Could still be made: a small ring with a plus.
    Grows,
    /// Its box is not installed.
    Ghost,
}

/// Marks of states and buttons.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// Late, or the last free frame is taken.
    pub late: Mark,
    /// Failed, refused.
    pub faulty: Mark,
    /// Not installed.
    pub missing: Mark,
    /// Lets data through.
    pub bypassed: Mark,
    /// Does not answer.
    pub waiting: Mark,
    /// Hard-wired.
    pub lock: Mark,
    /// Zoom in.
    pub plus: Mark,
    /// Zoom out.
    pub minus: Mark,
    /// Fit all.
    pub fit: Mark,
}

/// Everything the canvas needs to know of the look of the program.
#[derive(Clone, Debug)]
pub struct Look {
    /// The ground; also bites, casings and tags.
    pub canvas: Color32,
    /// Small grid.
    pub dot: Color32,
    /// Large grid.
    pub cross: Color32,
    /// Cards and clusters.
    pub panel: Color32,
    /// Box body.
    pub raised: Color32,
    /// Box title.
    pub title: Color32,
    /// Title under the pointer.
    pub hover: Color32,
    /// Inner rules.
    pub line_soft: Color32,
    /// Borders.
    pub line: Color32,
    /// Empty pips, ghost pins, edge under the pointer.
    pub line_strong: Color32,
    /// Names, values.
    pub strong: Color32,
    /// Text.
    pub text: Color32,
    /// Labels.
    pub dim: Color32,
    /// Refused only.
    pub faint: Color32,
    /// Alive.
    pub accent: Color32,
    /// Text on the former.
    pub accent_ink: Color32,
    /// Ring of the keyboard focus.
    pub focus: Color32,
    /// Failed, refused.
    pub error: Color32,
    /// Late.
    pub warn: Color32,
    /// Title of a failed box.
    pub error_bg: Color32,
    /// Under boxes.
    pub shadow: Shadow,
    /// Under cards.
    pub card_shadow: Shadow,
    /// Edge of a selected box.
    pub selected_width: f32,
    /// Opacity of a box of which no pin takes the wire in hand.
    pub dimmed: f32,
    /// How long fitting the view takes, in seconds; 0 with reduced motion.
    pub fit_seconds: f32,
    /// How long a box takes to where another hand has put it, in seconds; 0 with reduced motion.
    pub move_seconds: f32,
    /// Regular face.
    pub ui: FontFamily,
    /// Medium face.
    pub ui_medium: FontFamily,
    /// Strong face.
    pub ui_strong: FontFamily,
    /// The kinds of data, by [`Kind`].
    pub kinds: Vec<KindLook>,
    /// Marks.
    pub marks: Marks,
}

impl Look {
    /// How a kind looks; the last one for a kind not listed.
    ///
    /// # Panics
    /// When there are no kinds at all.
    pub fn kind(&self, kind: Kind) -> &KindLook {
        self.kinds
            .get(usize::from(kind.0))
            .or(self.kinds.last())
            .expect("a look lists at least one kind")
    }
}
