//! Stories of what an audio thread might say.

use super::*;
use crate::app::Options;
use crate::engine::{Moment, Span};
use crate::graph::{FilterId, from_ron};

/// Keyboard and MIDI in, tone synth, gain, meter, audio out.
fn app() -> App {
    let mut app = App::new(Options::nominal(64));
    let text = include_bytes!("../../../graphs/first_sound.ron");
    let graph = from_ron(text, "first_sound.ron").unwrap().graph;
    app.open_document(graph, None);
    app
}

fn paths(app: &App) -> Vec<FilterPath> {
    app.wiring.filters.keys().cloned().collect()
}

/// A cycle of 1 000 ns in which filters took so long, one after the other.
fn story(number: u64, position: u64, takes: &[u32], blamed: Blamed) -> Story {
    let mut at = 0;
    let spans = takes.iter().enumerate().map(|(entry, takes)| {
        at += takes;
        Span {
            entry: entry as u32,
            begin_nanos: at - takes,
            end_nanos: at,
        }
    });
    let spans = spans.collect();
    Story {
        moment: Moment {
            number,
            position,
            len: 64,
            filters: takes.len() as u32,
            took_nanos: u64::from(at),
            lasts_nanos: 1_000,
            ..Moment::default()
        },
        spans,
        blamed,
        xruns: None,
    }
}

fn by(entry: u32, took_nanos: u32) -> Blamed {
    Blamed::Filter {
        entry,
        took_nanos,
        usual_nanos: 100,
    }
}

fn heard(app: &mut App, story: &Story) {
    let names = (0..).zip(paths(app)).collect();
    app.hear_story(story, &names);
}

fn last(app: &App) -> Dropout {
    app.dropouts().back().unwrap().clone()
}

fn missed(mut story: Story, device: u32, count: u32) -> Story {
    story.xruns = Some((device, count));
    story
}

#[test]
fn a_late_cycle_is_told_with_who_by_how_much_where_and_who_waited() {
    let mut app = app();
    let late = story(7, 448, &[10, 10, 1_500, 50, 20, 30], by(2, 1_500));
    heard(&mut app, &late);
    let told = last(&app);
    assert_eq!(told.culprit, "DLS Synth");
    assert_eq!((told.cycle, told.position, told.late_nanos), (7, 448, 620));
    assert_eq!(
        (told.mishap, told.title()),
        (Mishap::Late, "Late, not heard")
    );
    assert_eq!(told.charge(), "DLS Synth late by 620\u{a0}ns");
    let names: Vec<&str> = told.bars.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names[2..4], ["DLS Synth", "Gain and Pan"]);
    assert_eq!(told.bars[2].nanos, (20, 1_520));
    assert_eq!(told.waited, ["Gain and Pan", "Meter", "Audio Device Out"]);
    let details = told.details();
    assert!(
        details.contains("cycle 7 · sample 448 · woken in time"),
        "{details}"
    );
    assert!(
        details.contains("took 1\u{a0}500\u{a0}ns, usually 100\u{a0}ns"),
        "{details}"
    );
    let line = app.log.last().unwrap();
    assert_eq!(line.filter, told.filter, "the line leads there");
    assert_eq!(line.source, "DLS Synth");
    assert!(line.text.contains("620\u{a0}ns late"), "{}", line.text);
}

#[test]
fn a_device_that_had_nothing_to_play_is_put_down_to_the_cycle_before_it() {
    let mut app = app();
    let device = paths(&app)[5].clone();
    heard(&mut app, &story(7, 448, &[10, 10, 1_500], by(2, 1_500)));
    // Two later ones were late as well, but it is the first that the device waited for.
    heard(&mut app, &story(8, 512, &[1_100], by(0, 1_100)));
    let cause = story(7, 448, &[10, 10, 1_500], by(2, 1_500));
    heard(&mut app, &missed(cause.clone(), 5, 1));
    heard(&mut app, &missed(cause, 5, 1));
    assert_eq!(app.dropouts().len(), 2);
    app.blame.dropouts.swap(0, 1);
    let told = last(&app);
    assert_eq!(told.mishap, Mishap::Dropout);
    assert_eq!(told.device, Some((device.clone(), 2)));
    let words = "DLS Synth made the cycle 520\u{a0}ns late, so Audio Device Out had nothing to play 2 times";
    assert_eq!(told.sentence, words);
    assert_eq!(app.charged(&device), "DLS Synth");
    // Soon after it the device waited for nobody: then it is another story, however near.
    heard(
        &mut app,
        &missed(story(9, 576, &[10, 10, 100], Blamed::Nobody), 5, 1),
    );
    assert_eq!(app.dropouts().len(), 3);
    let told = last(&app);
    assert!(
        told.sentence
            .starts_with("Audio Device Out had nothing to play, though no filter was late")
    );
    assert_eq!(app.charged(&device), "Audio Device Out");
}

#[test]
fn a_wake_up_that_was_late_is_told_as_that() {
    let mut app = app();
    let mut woken = missed(story(9, 576, &[10, 10, 100], Blamed::Nobody), 5, 1);
    woken.moment.woke_late_nanos = 2_100_000;
    heard(&mut app, &woken);
    let told = last(&app);
    assert!(
        told.sentence
            .starts_with("The audio thread was woken 2\u{a0}100\u{a0}µs late"),
        "{}",
        told.sentence
    );
    assert!(told.details().contains("woken 2\u{a0}100\u{a0}µs late"));
}

#[test]
fn what_lies_between_two_filters_is_not_put_down_to_either() {
    let mut app = app();
    let blamed = Blamed::Between {
        before: Some(2),
        after: Some(3),
        took_nanos: 900,
    };
    heard(&mut app, &story(9, 576, &[10, 10, 1_100], blamed));
    let told = last(&app);
    assert_eq!(told.filter, None);
    assert_eq!(told.culprit, "Something between DLS Synth and Gain and Pan");
}

#[test]
fn a_story_says_what_was_changed_before_it_and_a_storm_does_not_fill_the_log() {
    let mut app = app();
    app.poll();
    app.perform(crate::app::Action::Delete(vec![FilterId(4)]));
    app.poll();
    let lines = app.log.len();
    for number in 0..1_000 {
        heard(
            &mut app,
            &story(number, number * 64, &[1_500], by(0, 1_500)),
        );
    }
    let (name, ago) = last(&app).changed.unwrap();
    assert_eq!(name, app.history.undo_name().unwrap());
    assert!(ago < CHANGED_SECONDS);
    assert_eq!(app.dropouts().len(), KEPT);
    assert_eq!(app.blame.count, 1_000);
    assert!(app.log.len() - lines <= 5, "{}", app.log.len() - lines);
}
