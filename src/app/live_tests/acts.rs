//! Every action that changes the document, done, undone and done again under a sounding sine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::settings_tests::Scratch;
use super::{Action, App, Rehearsal, number, pin, selected};
use crate::graph::arrange::{Alignment, Axis};
use crate::graph::{FilterId, FilterPath, NoteId, PinAddress, Position, Size, to_ron};
use crate::ks::Value;

/// Files that are merged and dropped.
struct Files {
    graph: PathBuf,
    wave: PathBuf,
    other_wave: PathBuf,
    _folder: Scratch,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder = Scratch::new(name);
        let path = |name: &str| folder.0.join(name);
        let (graph, wave, other_wave) = (path("a.ron"), path("a.wav"), path("b.wav"));
        let text = "(kind: \"ksgraph\", version: 1, filters: [(id: 1, key: \"tone\", name: \"T\", at: (0, 0))], connections: [])";
        std::fs::write(&graph, text).unwrap();
        for (path, hz) in [(&wave, 441.0), (&other_wave, 220.5)] {
            let spec = hound::WavSpec {
                channels: 2,
                sample_rate: 48_000,
                bits_per_sample: 32,
                sample_format: hound::SampleFormat::Float,
            };
            let mut writer = hound::WavWriter::create(path, spec).unwrap();
            for at in 0..48_000 {
                let turn = std::f32::consts::TAU * hz * at as f32 / 48_000.0;
                for _ in 0..2 {
                    writer.write_sample(turn.sin() * 0.1).unwrap();
                }
            }
            writer.finalize().unwrap();
        }
        Self {
            graph,
            wave,
            other_wave,
            _folder: folder,
        }
    }
}

/// Every action by name, whether one that changes the document or not: a new one is not built before it is listed, nor is
/// the test green before it is tried.
macro_rules! actions {
    (tried: $($tried:ident)*; not: $($other:ident)*;) => {
        const TRIED: &[&str] = &[$(stringify!($tried)),*];

        fn name(action: &Action) -> &'static str {
            match action {
                $(Action::$tried { .. } => stringify!($tried),)*
                $(Action::$other { .. } => stringify!($other),)*
            }
        }
    };
}

actions! {
    tried:
        Undo Redo AddFilter Connect ConnectThrough ConnectVia Disconnect Choose Rewire GoToStep Cut Paste Duplicate Merge DropMedia PlaceMedia DropFiles MapMedia
        SetMaster SetCompensation SetFullQuality Arrange SnapToGrid Align Distribute DisconnectSelection DisconnectAll ConnectToBody InsertOnWire DropOnWire
        AddFilterWired Delete DeleteSelection Move Rename SetProperty SetRate Enter Leave LeaveTo Reveal Group Ungroup
        ShowPin HidePin RenamePin SetBypass SetDisabled AddComment AddFrame EditNote MoveNotes ResizeNote RemoveNotes
        TapTempo RenderPin ConnectFilters
        WearHeadphones MuteInput;
    // Another document, a file, what is selected, the gate, notes, devices, the program itself: what plays goes on, or
    // begins anew.
    not:
        New Open Save SaveAs BeginGesture EndGesture Select SelectAll SetState ToggleRun
        LimitFilters LimitPin Mark Unmark SetClockRate Panic Play SetPlayMode PlayOn
        DismissBanner DismissRefusal Refresh UseDevice LookForDevices UseDefaultDevice FollowDefault SetQuantum
        SetPreferences SaveAsTemplate OpenRecovered DiscardRecovered Report Probe HoldFrames Picture RenderToFile CancelRender FindMedia ChooseDevice ChooseFile
        ExportTimeline RecordTimeline Seek SetLoop SetSpeed Step SetAtEnd
        ChangeScore Learn ForgetControl Audition LookAtBank
        ExportMinutes LoadAgain
        Pack Unpack ReadFilters MeetBudget;
}

#[test]
fn every_action_that_changes_the_document_is_tried() {
    let (fresh, files) = (Rehearsal::new(), Files::new("listed"));
    let all = acts(&fresh.app, &files);
    let before = all.iter().flat_map(|(before, _)| before);
    let tried = all.iter().map(|(_, action)| action).chain(before);
    let tried: std::collections::BTreeSet<_> = tried.map(name).collect();
    let missing: Vec<_> = TRIED.iter().filter(|it| !tried.contains(*it)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Every action that changes the document or what plays, with what has to be done before.
fn acts(app: &App, files: &Files) -> Vec<(Vec<Action>, Action)> {
    let at = Position { x: 64.0, y: 64.0 };
    let by = Position { x: 32.0, y: 32.0 };
    let group = FilterPath::of(FilterId(6));
    let in_group = || vec![selected(&[2, 3]), Action::Group];
    let inside = || vec![selected(&[2, 3]), Action::Group, Action::Enter(FilterId(6))];
    let copied = {
        let text = "(kind: \"ksgraph\", version: 1, filters: [(id: 1, key: \"gain\", name: \"G\", at: (0, 0))], connections: [])";
        text.to_owned()
    };
    let text = |key: &str, value: &str| Action::SetProperty {
        filter: FilterId(1),
        key: key.into(),
        value: Some(Value::Text(value.into())),
    };
    let noted = || {
        vec![
            selected(&[1]),
            Action::AddFrame {
                title: "f".into(),
                area: None,
            },
        ]
    };
    let tap = |at_seconds| Action::TapTempo {
        filter: FilterId(6),
        at_seconds,
    };
    let on = |is_on| Action::SetBypass {
        filters: vec![FilterId(2)],
        is_on,
    };
    let off = |id| Action::SetDisabled {
        filters: vec![FilterId(id)],
        is_on: true,
    };
    let microphone = Action::AddFilter {
        key: "audio_device_in".into(),
        at,
    };
    vec![
        (
            vec![microphone],
            Action::WearHeadphones(FilterPath::of(FilterId(6))),
        ),
        (vec![], Action::MuteInput(FilterPath::of(FilterId(1)))),
        (
            vec![],
            Action::AddFilter {
                key: "gain".into(),
                at,
            },
        ),
        (
            vec![Action::Disconnect(vec![3])],
            Action::Connect {
                from: pin(app, 5, "out", 0),
                to: pin(app, 3, "in", 1),
            },
        ),
        (vec![], Action::Disconnect(vec![2])),
        (vec![], Action::Disconnect(vec![3])),
        (vec![], Action::Disconnect(vec![0, 1])),
        (
            vec![],
            Action::Choose {
                connection: 0,
                chosen: crate::graph::Chosen {
                    format: Some(crate::ks::DataFormat::float(2, 44_100)),
                    ..crate::graph::Chosen::default()
                },
            },
        ),
        (
            vec![],
            Action::Rewire {
                connection: 3,
                from: pin(app, 5, "out", 0),
                to: pin(app, 3, "in", 2),
            },
        ),
        (
            vec![Action::Disconnect(vec![0])],
            Action::Rewire {
                connection: 2,
                from: pin(app, 5, "out", 0),
                to: pin(app, 2, "in", 0),
            },
        ),
        (vec![], Action::GoToStep(8)),
        (vec![selected(&[5])], Action::Cut),
        (
            vec![],
            Action::Paste {
                text: copied,
                at: None,
            },
        ),
        (vec![selected(&[1, 2])], Action::Duplicate { by }),
        (
            vec![Action::SelectAll],
            Action::Arrange {
                sizes: BTreeMap::new(),
            },
        ),
        (vec![Action::SelectAll], Action::Align(Alignment::Left)),
        (
            vec![Action::SelectAll],
            Action::Distribute(Axis::Horizontally),
        ),
        (vec![selected(&[2])], Action::DisconnectSelection),
        (vec![], Action::DisconnectAll(FilterId(3))),
        (
            vec![Action::Disconnect(vec![3])],
            Action::ConnectToBody {
                pin: pin(app, 5, "out", 0),
                filter: FilterId(3),
            },
        ),
        (
            vec![],
            Action::InsertOnWire {
                key: "gain".into(),
                at,
                connection: 2,
            },
        ),
        (
            vec![Action::AddFilter {
                key: "meter".into(),
                at,
            }],
            Action::DropOnWire {
                filter: FilterId(6),
                connection: 2,
            },
        ),
        (
            vec![],
            Action::AddFilterWired {
                key: "tone".into(),
                at,
                pin: Some(pin(app, 3, "in", 2)),
            },
        ),
        (vec![], Action::Delete(vec![FilterId(2)])),
        (vec![], Action::Delete(vec![FilterId(3)])),
        (vec![selected(&[1, 5])], Action::DeleteSelection),
        (vec![], Action::Move(vec![(FilterId(1), at)])),
        (vec![], Action::Rename(FilterId(1), "Siren".into())),
        (vec![], number(2, "level", -12.0)),
        (vec![], number(1, "frequency", 220.0)),
        (vec![], number(1, "channels", 1.0)),
        (vec![], text("rate", "48000")),
        (vec![], Action::SetRate(44_100)),
        (vec![], Action::SetMaster(crate::graph::Master::System)),
        (vec![], Action::SetCompensation(true)),
        (vec![], Action::SetFullQuality(true)),
        (vec![selected(&[2, 3])], Action::Group),
        (vec![selected(&[3, 4])], Action::Group),
        (in_group(), Action::Group),
        (in_group(), Action::Ungroup),
        (inside(), Action::Delete(vec![FilterId(2)])),
        (
            inside(),
            Action::InsertOnWire {
                key: "gain".into(),
                at,
                connection: 0,
            },
        ),
        (inside(), Action::Leave),
        (in_group(), Action::Delete(vec![FilterId(6)])),
        (
            inside(),
            Action::ShowPin(PinAddress {
                filter: group.child(FilterId(3)),
                pin: "in".into(),
                instance: 5,
            }),
        ),
        (
            in_group(),
            Action::HidePin {
                group: group.clone(),
                pin: "out".into(),
            },
        ),
        (
            in_group(),
            Action::RenamePin {
                group,
                pin: "out".into(),
                name: "sound".into(),
            },
        ),
        (vec![], on(true)),
        (vec![on(true)], on(false)),
        (
            vec![],
            Action::SetBypass {
                filters: vec![FilterId(3)],
                is_on: true,
            },
        ),
        (
            vec![
                Action::AddFilter {
                    key: "metronome".into(),
                    at,
                },
                tap(1.0),
            ],
            tap(1.5),
        ),
        (vec![], off(1)),
        (vec![], off(2)),
        (vec![], off(3)),
        (vec![], off(4)),
        (
            vec![],
            Action::AddComment {
                at,
                text: "a".into(),
            },
        ),
        (
            vec![selected(&[1])],
            Action::AddFrame {
                title: "f".into(),
                area: None,
            },
        ),
        (noted(), Action::MoveNotes(vec![(NoteId(6), at)])),
        (
            noted(),
            Action::EditNote {
                note: NoteId(6),
                text: Some("b".into()),
                colour: None,
            },
        ),
        (
            noted(),
            Action::ResizeNote {
                note: NoteId(6),
                position: by,
                size: Size {
                    width: 320.0,
                    height: 160.0,
                },
            },
        ),
        (noted(), Action::RemoveNotes(vec![NoteId(6)])),
        (
            vec![
                Action::SelectAll,
                Action::Move(vec![(FilterId(2), Position { x: 3.0, y: 5.0 })]),
            ],
            Action::SnapToGrid,
        ),
        // The input is taken: a mixer goes in.
        (
            vec![Action::Disconnect(vec![3])],
            Action::ConnectVia {
                from: pin(app, 5, "out", 0),
                to: pin(app, 2, "in", 0),
                cure: 0,
            },
        ),
        (
            vec![Action::Disconnect(vec![3])],
            Action::ConnectThrough {
                from: pin(app, 5, "out", 0),
                to: pin(app, 2, "in", 0),
            },
        ),
        (
            vec![Action::Disconnect(vec![3])],
            Action::RenderPin(pin(app, 5, "out", 0)),
        ),
        (
            vec![Action::Disconnect(vec![3])],
            Action::ConnectFilters(vec![FilterId(3), FilterId(5)]),
        ),
        (vec![], Action::Merge(files.graph.clone())),
        (
            vec![],
            Action::DropMedia {
                path: files.wave.clone(),
                at,
                onto: None,
            },
        ),
        (
            vec![],
            Action::PlaceMedia {
                path: files.wave.clone(),
                at,
            },
        ),
        (
            vec![],
            Action::DropFiles {
                files: vec![(files.wave.clone(), at), (files.other_wave.clone(), at)],
                is_wired: true,
            },
        ),
        (
            vec![Action::DropMedia {
                path: files.wave.clone(),
                at,
                onto: None,
            }],
            Action::MapMedia {
                from: files.wave.clone(),
                to: files.other_wave.clone(),
            },
        ),
        (vec![number(2, "level", -6.0)], Action::Undo),
        (vec![number(2, "level", -6.0), Action::Undo], Action::Redo),
        (inside(), Action::LeaveTo(0)),
        (
            in_group(),
            Action::Reveal(FilterPath::of(FilterId(6)).child(FilterId(2))),
        ),
    ]
}

#[test]
fn no_action_nor_its_undo_makes_a_jump() {
    let fresh = Rehearsal::new();
    let files = Files::new("acted");
    for (before, action) in acts(&fresh.app, &files) {
        // Within the fades of the one before, and after them.
        for pause in [100, 1700] {
            let mut it = Rehearsal::new();
            for action in &before {
                it.act(action.clone(), 2500);
            }
            it.settle();
            let document = to_ron(it.app.view().document_graph());
            let selection = it.app.view().selection.clone();
            let place = it.app.view().place();
            it.act(action.clone(), pause);
            let after = to_ron(it.app.view().document_graph());
            let is_edit = after != document;
            let leads = it.app.view().place() != place || *it.app.view().selection != selection;
            assert!(is_edit || leads, "{action:?} did nothing");
            if is_edit {
                it.act(Action::Undo, pause);
                if !matches!(action, Action::GoToStep(_) | Action::Undo | Action::Redo) {
                    assert_eq!(
                        to_ron(it.app.view().document_graph()),
                        document,
                        "{action:?}"
                    );
                }
                it.act(Action::Redo, pause);
                it.act(Action::Undo, 3000);
            }
            assert!(it.audible > 0);
        }
    }
}
