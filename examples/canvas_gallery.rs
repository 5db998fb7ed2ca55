//! Every state of boxes, pins and wires on one canvas, to look at: `cargo run --example canvas_gallery`.
//!
//! Wires can be drawn, boxes moved and deleted. `--theme light|contrast`, `--zoom 0.5`, `--drag` (holds a wire).

use std::borrow::Cow;

use eframe::egui::{self, Pos2, pos2};
use ksgraph::gui::icons::Icon;
use ksgraph::gui::node_graph::{
    Event, Footer, Health, How, Kind, Model, NodeGraph, NodeId, NodeView, PinAddr, PinView, Place,
    Requests, Route, Settings, Side, Tag, Ticks, Verdict, View, WireEnds, WireId, WireState,
    WireView,
};
use ksgraph::gui::theme::{Theme, ThemeName, Type, kind};

struct Shown {
    place: Place,
    name: &'static str,
    icon: Icon,
    lit: u8,
    health: Health,
    footer: Option<Footer<'static>>,
    pins: [Vec<(&'static str, Kind)>; 2],
    ring: bool,
    inside: bool,
}

struct Line {
    ends: WireEnds,
    view: WireView<'static>,
}

#[derive(Default)]
struct Gallery {
    boxes: Vec<Shown>,
    wires: Vec<Line>,
    gain: f32,
}

fn cost(left: &'static str, share: f32) -> Option<Footer<'static>> {
    Some(Footer::Cost {
        left: left.into(),
        share,
        right: "0 smp".into(),
    })
}

impl Gallery {
    fn add(
        &mut self,
        name: &'static str,
        icon: Icon,
        at: Pos2,
        width: f32,
        pins: [Vec<(&'static str, Kind)>; 2],
    ) -> &mut Shown {
        let id = self.boxes.len() as NodeId + 1;
        let counts = [pins[0].len(), pins[1].len()];
        let place = Place {
            id,
            pos: at,
            width,
            pins: counts,
            joins: [0, 0],
            body: 0.0,
            footer: true,
            selected: false,
        };
        let footer = cost("31 ns", 0.08);
        let health = Health::Fine;
        self.boxes.push(Shown {
            place,
            name,
            icon,
            lit: 3,
            health,
            footer,
            pins,
            ring: false,
            inside: false,
        });
        let last = self.boxes.len() - 1;
        &mut self.boxes[last]
    }

    fn wire(
        &mut self,
        from: NodeId,
        out: usize,
        to: NodeId,
        input: usize,
        view: WireView<'static>,
    ) {
        let id = self.wires.len() as WireId + 1;
        let ends = WireEnds {
            id,
            from: PinAddr::output(from, out),
            to: PinAddr::input(to, input),
            selected: false,
            route: match view.state {
                WireState::HardWired => Route::Square,
                _ if view.feedback => Route::Below,
                _ => Route::Curve,
            },
        };
        self.wires.push(Line { ends, view });
    }

    fn starter(&mut self) {
        let note = || vec![("notes", kind::MIDI)];
        self.add(
            "Computer Keyboard",
            Icon::Keys,
            pos2(16.0, 32.0),
            176.0,
            [vec![], note()],
        )
        .place
        .body = 80.0;
        self.add(
            "MIDI Device In",
            Icon::Capture,
            pos2(16.0, 240.0),
            176.0,
            [vec![], note()],
        )
        .place
        .body = 44.0;
        let inputs = vec![
            ("notes 1", kind::MIDI),
            ("notes 2", kind::MIDI),
            ("notes 3", kind::MIDI),
        ];
        let synth = self.add(
            "Tone Synth",
            Icon::Synth,
            pos2(240.0, 112.0),
            176.0,
            [inputs, vec![("out", kind::AUDIO)]],
        );
        (synth.place.body, synth.place.selected) = (60.0, true);
        synth.footer = cost("5 120 ns", 0.7);
        let audio = || [vec![("in", kind::AUDIO)], vec![("out", kind::AUDIO)]];
        self.add(
            "Gain and Pan",
            Icon::Transform,
            pos2(496.0, 112.0),
            136.0,
            audio(),
        )
        .place
        .body = 60.0;
        self.add("Meter", Icon::Meter, pos2(720.0, 112.0), 96.0, audio())
            .place
            .body = 60.0;
        let out = [vec![("in", kind::AUDIO)], vec![("speakers", kind::BRIDGE)]];
        self.add(
            "Audio Device Out",
            Icon::Render,
            pos2(912.0, 112.0),
            160.0,
            out,
        )
        .place
        .body = 40.0;
        let midi = |from: &str, beads: Vec<f32>| WireView {
            spoken: format!("Wire {from} to Tone Synth notes").into(),
            kind: kind::MIDI,
            requests: Requests::WithData,
            beads,
            tag: Some(Tag {
                long: "MIDI".into(),
                short: ["MIDI".into(), "".into()],
                aside: "".into(),
                ticks: None,
                figures: vec![],
                chief: 0,
            }),
            ..Default::default()
        };
        self.wire(1, 0, 3, 0, midi("Computer Keyboard", vec![0.7]));
        self.wire(2, 0, 3, 1, midi("MIDI Device In", vec![]));
        for (from, to, level) in [(3, 4, 0.9), (4, 5, 0.5), (5, 6, 0.0)] {
            self.wire(
                from,
                0,
                to,
                0,
                audio_wire(
                    2,
                    level,
                    Ticks {
                        waiting: 1 + to as u8 % 3,
                        total: 4,
                    },
                ),
            );
        }
    }

    fn states(&mut self) {
        let audio = || [vec![("in", kind::AUDIO)], vec![("out", kind::AUDIO)]];
        let words = |words: &'static str| Some(Footer::Words(words.into()));
        let mut x = 16.0;
        for (lit, health, footer) in [
            (0, Health::Fine, cost("31 ns", 0.08)),
            (1, Health::Fine, cost("31 ns", 0.08)),
            (2, Health::Fine, cost("31 ns", 0.08)),
            (3, Health::Late, words("late by 96 µs, 3 times")),
            (0, Health::Faulty, words("NaN at out, frame 998 402")),
            (0, Health::Missing, words("not installed, wires kept")),
            (3, Health::Bypassed, words("bypassed, in goes to out")),
            (3, Health::Waiting, words("no answer for 2.4 s")),
        ] {
            let name = if health == Health::Missing {
                "Vintage Chorus"
            } else {
                "Gain and Pan"
            };
            let shown = self.add(name, Icon::Transform, pos2(x, 416.0), 152.0, audio());
            (shown.lit, shown.health, shown.footer, shown.place.body) = (lit, health, footer, 30.0);
            x += 176.0;
        }
        let keys = self.add(
            "Keys",
            Icon::Keys,
            pos2(1168.0, 112.0),
            112.0,
            [vec![], vec![("notes", kind::MIDI)]],
        );
        keys.ring = true;
        let strip = self.add(
            "Voice strip",
            Icon::Group,
            pos2(1168.0, 240.0),
            136.0,
            audio(),
        );
        strip.inside = true;
    }

    fn lines(&mut self) {
        let queue = Ticks {
            waiting: 4,
            total: 4,
        };
        let cases: Vec<(Kind, WireView<'static>)> = vec![
            (
                kind::AUDIO,
                WireView {
                    strands: 1,
                    level: 1.0,
                    ..Default::default()
                },
            ),
            (kind::AUDIO, audio_wire(6, 1.0, queue)),
            (
                kind::AUDIO,
                WireView {
                    strands: 2,
                    level: 0.0,
                    requests: Requests::AgainstData,
                    ..Default::default()
                },
            ),
            (
                kind::MIDI,
                WireView {
                    beads: vec![0.4],
                    ..Default::default()
                },
            ),
            (kind::EVENTS, WireView::default()),
            (kind::CLOCK, WireView::default()),
            (kind::CONTROL, WireView::default()),
            (
                kind::AUDIO,
                WireView {
                    state: WireState::HardWired,
                    strands: 2,
                    level: 1.0,
                    ..Default::default()
                },
            ),
            (
                kind::AUDIO,
                WireView {
                    state: WireState::Refused,
                    ..Default::default()
                },
            ),
            (
                kind::AUDIO,
                WireView {
                    state: WireState::EndMissing,
                    ..Default::default()
                },
            ),
        ];
        for (i, (kind, view)) in cases.into_iter().enumerate() {
            let at = pos2(16.0 + (i % 4) as f32 * 352.0, 576.0 + (i / 4) as f32 * 96.0);
            let from = self
                .add("From", Icon::File, at, 96.0, [vec![], vec![("out", kind)]])
                .place
                .id;
            let to_at = at + egui::vec2(224.0, if i == 7 { 16.0 } else { 0.0 });
            let to = self
                .add(
                    "To",
                    Icon::Render,
                    to_at,
                    96.0,
                    [vec![("in", kind)], vec![]],
                )
                .place
                .id;
            self.wire(from, 0, to, 0, WireView { kind, ..view });
        }
    }
}

fn audio_wire(strands: u16, level: f32, ticks: Ticks) -> WireView<'static> {
    let tag = Tag {
        long: format!("48 000 Hz · {strands} ch · f32").into(),
        short: ["48 kHz".into(), format!("{strands} ch f32").into()],
        aside: "".into(),
        ticks: Some(ticks),
        figures: vec![],
        chief: 0,
    };
    WireView {
        kind: kind::AUDIO,
        strands,
        level,
        requests: Requests::WithData,
        tag: Some(tag),
        ..Default::default()
    }
}

impl Model for Gallery {
    fn nodes(&self) -> Vec<Place> {
        self.boxes.iter().map(|b| b.place).collect()
    }

    fn node(&self, id: NodeId) -> NodeView<'_> {
        let b = self
            .boxes
            .iter()
            .find(|b| b.place.id == id)
            .expect("the canvas shows what it was given");
        let pins = |side: Side| {
            let named = b.pins[side as usize].iter().enumerate();
            named
                .map(|(index, &(name, kind))| {
                    let addr = PinAddr {
                        node: id,
                        side,
                        index,
                    };
                    let word = if side == Side::Input {
                        "input"
                    } else {
                        "output"
                    };
                    PinView {
                        name: name.into(),
                        spoken: format!("{} {id} {word} {name}", b.name).into(),
                        kind,
                        connected: self
                            .wires
                            .iter()
                            .any(|w| w.ends.from == addr || w.ends.to == addr),
                        grows: name == "notes 3",
                    }
                })
                .collect()
        };
        let accent = Theme::named(ThemeName::Dark).accent;
        NodeView {
            name: b.name.into(),
            spoken: format!("Filter {} {id}", b.name).into(),
            state: "".into(),
            mark: Some(b.icon.strokes()),
            lit: b.lit,
            health: b.health,
            inputs: pins(Side::Input),
            outputs: pins(Side::Output),
            footer: b.footer.clone(),
            inside: b.inside.then_some("5 inside".into()),
            ring: b.ring.then_some((accent, "playing".into())),
        }
    }

    fn wires(&self) -> Vec<WireEnds> {
        self.wires.iter().map(|wire| wire.ends).collect()
    }

    fn wire(&self, id: WireId) -> WireView<'_> {
        let wire = self.wires.iter().find(|wire| wire.ends.id == id);
        let mut view = wire.map(|wire| wire.view.clone()).unwrap_or_default();
        if view.spoken.is_empty() {
            view.spoken = Cow::Owned(format!("Wire {id}"));
        }
        view
    }

    fn may_connect(&self, from: PinAddr, to: PinAddr) -> Verdict {
        let kind = |addr: PinAddr| {
            let b = self.boxes.iter().find(|b| b.place.id == addr.node)?;
            b.pins[addr.side as usize].get(addr.index).map(|pin| pin.1)
        };
        if kind(from) == kind(to) && to.node != 6 {
            Verdict::Fits {
                line: "48 000 Hz · 2 ch · f32".to_owned(),
            }
        } else {
            Verdict::Refused {
                line: "out offers 44 100 Hz, in takes 48 000 Hz only".to_owned(),
            }
        }
    }

    fn body_ui(&mut self, ui: &mut egui::Ui, id: NodeId) {
        let text = |words: &str| egui::RichText::new(words).text_style(Type::Canvas.style());
        ui.label(text("Gain"));
        let slider = egui::Slider::new(&mut self.gain, -60.0..=12.0).show_value(false);
        ui.name_inputs(format!("Gain {id}"), |ui| ui.add(slider));
    }
}

struct Window {
    gallery: Gallery,
    canvas: NodeGraph,
    theme: ThemeName,
}

impl eframe::App for Window {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let look = Theme::named(self.theme).canvas_look();
        let output = self.canvas.show(ui, &mut self.gallery, &look);
        for event in output.events {
            self.apply(event);
        }
    }
}

impl Window {
    fn apply(&mut self, event: Event) {
        let gallery = &mut self.gallery;
        match event {
            Event::Select {
                nodes, wires, how, ..
            } => {
                let choose = |was: bool, named: bool| match how {
                    How::Replace => named,
                    How::Add => was || named,
                    How::Toggle => was ^ named,
                };
                for b in &mut gallery.boxes {
                    b.place.selected = choose(b.place.selected, nodes.contains(&b.place.id));
                }
                for wire in &mut gallery.wires {
                    wire.ends.selected = choose(wire.ends.selected, wires.contains(&wire.ends.id));
                }
            }
            Event::Move { nodes, delta, .. } => {
                for b in gallery
                    .boxes
                    .iter_mut()
                    .filter(|b| nodes.contains(&b.place.id))
                {
                    b.place.pos += delta;
                }
            }
            Event::Connect {
                from,
                to,
                replacing,
                ..
            } => {
                gallery.wires.retain(|wire| Some(wire.ends.id) != replacing);
                let id = gallery
                    .wires
                    .iter()
                    .map(|wire| wire.ends.id)
                    .max()
                    .unwrap_or(0)
                    + 1;
                let view = audio_wire(
                    2,
                    0.8,
                    Ticks {
                        waiting: 1,
                        total: 4,
                    },
                );
                gallery.wires.push(Line {
                    ends: WireEnds {
                        id,
                        from,
                        to,
                        selected: false,
                        route: Route::default(),
                    },
                    view,
                });
            }
            Event::Disconnect { wires } => {
                gallery.wires.retain(|wire| !wires.contains(&wire.ends.id))
            }
            Event::Delete { nodes, wires, .. } => {
                gallery.boxes.retain(|b| !nodes.contains(&b.place.id));
                let gone = |pin: PinAddr| nodes.contains(&pin.node);
                gallery.wires.retain(|w| {
                    !wires.contains(&w.ends.id) && !gone(w.ends.from) && !gone(w.ends.to)
                });
            }
            _ => {}
        }
    }
}

fn main() -> eframe::Result {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| {
        arguments
            .iter()
            .skip_while(|a| *a != flag)
            .nth(1)
            .map(String::as_str)
    };
    let theme = match after("--theme") {
        Some("light") => ThemeName::Light,
        Some("contrast") => ThemeName::HighContrast,
        _ => ThemeName::Dark,
    };
    let zoom = after("--zoom")
        .and_then(|zoom| zoom.parse().ok())
        .unwrap_or(1.0);
    let mut gallery = Gallery {
        gain: -8.0,
        ..Default::default()
    };
    gallery.starter();
    gallery.states();
    gallery.lines();
    let mut canvas = NodeGraph::new("gallery");
    canvas.settings = Settings {
        snap: 16.0,
        ..canvas.settings
    };
    canvas.set_view(View {
        zoom,
        ..canvas.view()
    });
    if arguments.iter().any(|a| a == "--drag") {
        canvas.take_wire(PinAddr::output(3, 0));
    }
    let viewport = egui::ViewportBuilder::default()
        .with_inner_size([1440.0, 920.0])
        .with_position([0.0, 0.0]);
    let options = eframe::NativeOptions {
        viewport,
        ..Default::default()
    };
    eframe::run_native(
        "Canvas gallery",
        options,
        Box::new(move |context| {
            Theme::install(&context.egui_ctx, theme);
            Ok(Box::new(Window {
                gallery,
                canvas,
                theme,
            }))
        }),
    )
}
