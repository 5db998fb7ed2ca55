//! The stopwatch on a clock that is moved by hand, and the ring of cycles read while it is written.

use std::cell::Cell;
use std::sync::Arc;

use super::cycles::{CycleLog, Moment, Span};
use super::stopwatch::{Blamed, Stopwatch, Telling, Wakes};
use crate::engine::link::Cells;

struct Bench {
    cells: Arc<Cells>,
    watch: Box<Stopwatch>,
    stories: rtrb::Consumer<Telling>,
    now: Cell<u64>,
}

impl Bench {
    fn new() -> Self {
        let cells = Cells::new();
        cells.ledger.make_room(1_000);
        let _ = cells.log.set(CycleLog::new());
        let (watch, stories) = Stopwatch::new(Arc::clone(&cells));
        Self {
            cells,
            watch,
            stories,
            now: Cell::new(1_000_000),
        }
    }

    /// A cycle that lasts so long, of filters that take so long.
    fn cycle(&mut self, lasts: u64, takes: &[u64]) -> Vec<bool> {
        let Self { watch, now, .. } = self;
        watch.begin(Moment {
            began_nanos: now.get(),
            lasts_nanos: lasts,
            ..Moment::default()
        });
        let timer = || now.get();
        let lates = takes.iter().enumerate().map(|(entry, takes)| {
            let began = watch.before(Some(&timer));
            now.set(now.get() + takes);
            watch.after(began, Some(&timer), (entry as u32, 1)).0
        });
        let lates = lates.collect();
        watch.end(now.get());
        now.set(now.get() + lasts);
        lates
    }
}

#[test]
fn who_takes_longer_than_usual_is_blamed_and_not_who_takes_most() {
    let mut bench = Bench::new();
    for _ in 0..20 {
        bench.cycle(1_000, &[600, 20, 30]);
    }
    assert!(bench.stories.pop().is_err(), "all in time");
    let lates = bench.cycle(1_000, &[600, 500, 30]);
    assert_eq!(lates, [false, true, true], "what stands behind it waited");
    let story = bench.stories.pop().unwrap().story();
    let blamed = Blamed::Filter {
        entry: 1,
        took_nanos: 500,
        usual_nanos: 20,
    };
    assert_eq!(story.blamed, blamed);
    assert_eq!((story.moment.number, story.moment.late_nanos()), (20, 130));
    assert_eq!(story.spans.len(), 3);
    assert_eq!((bench.cells.blamed(1), bench.cells.blamed(0)), (1, 0));
    assert_eq!(bench.cells.highest_nanos(1), 500);
}

#[test]
fn what_is_late_every_time_stays_blamed() {
    let mut bench = Bench::new();
    bench.cycle(1_000, &[10, 20, 30]);
    for _ in 0..100 {
        bench.cycle(1_000, &[10, 3_000, 30]);
    }
    assert_eq!(bench.cells.blamed(1), 100);
    let mut told = 0;
    while bench.stories.pop().is_ok() {
        told += 1;
    }
    assert_eq!(told, 64, "what had no room is counted and not told");
}

#[test]
fn in_a_large_graph_each_filter_is_timed_in_turn_and_what_stays_late_is_found() {
    let mut bench = Bench::new();
    let quiet = [10_u64; 1000];
    for _ in 0..40 {
        bench.cycle(20_000, &quiet);
    }
    assert!((0..1000).all(|it| bench.cells.cost_nanos(it) == 10));
    let longest = bench.cells.cycles_since(0).map(|it| it.spans.len()).max();
    assert!(longest.unwrap() <= 128, "{longest:?}");
    let mut loud = quiet;
    loud[777] = 90_000;
    for _ in 0..3 {
        bench.cycle(20_000, &loud);
    }
    let mut blamed = vec![];
    while let Ok(telling) = bench.stories.pop() {
        blamed.push(telling.story().blamed);
    }
    let is_there = |it: &Blamed| match *it {
        Blamed::Filter { entry, .. } => entry == 777,
        Blamed::Between { before, after, .. } => {
            before.unwrap() < 777 && after.unwrap() > 777 && after.unwrap() - before.unwrap() < 20
        }
        Blamed::Nobody => false,
    };
    assert_eq!(blamed.len(), 3);
    assert!(blamed.iter().all(is_there), "{blamed:?}");
    assert!(matches!(blamed[1], Blamed::Filter { entry: 777, .. }));
}

#[test]
fn pieces_of_a_cycle_are_added_up() {
    let mut bench = Bench::new();
    let timer = || bench.now.get();
    bench.watch.begin(Moment {
        began_nanos: bench.now.get(),
        lasts_nanos: 1_000,
        ..Moment::default()
    });
    for _ in 0..4 {
        let began = bench.watch.before(Some(&timer));
        bench.now.set(bench.now.get() + 25);
        bench.watch.after(began, Some(&timer), (7, 1));
    }
    bench.watch.end(bench.now.get());
    assert_eq!(bench.cells.cost_nanos(7), 100);
    bench.watch.forget(7);
    assert_eq!(bench.cells.cost_nanos(7), 0, "another filter came there");
}

#[test]
fn a_wake_up_is_late_by_what_is_due_beyond_the_usual() {
    let mut wakes = Wakes::default();
    assert_eq!(wakes.look(256), 0, "nothing is known yet");
    for _ in 0..10 {
        assert_eq!(wakes.look(256), 0);
    }
    assert_eq!(wakes.look(768), 512);
    assert!(wakes.look(256) < 32);
}

#[test]
fn cycles_are_read_whole_or_not_at_all_while_they_are_written() {
    let log = CycleLog::new();
    let write = |number: u64| {
        let moment = Moment {
            number,
            position: number * 64,
            len: number as u32,
            took_nanos: number * 3,
            ..Moment::default()
        };
        let span = Span {
            entry: number as u32,
            begin_nanos: number as u32,
            end_nanos: number as u32 + 1,
        };
        log.write(&moment, &vec![span; (number % 100) as usize]);
    };
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while log.written() < 60_000 {
                for number in log.oldest()..log.written() {
                    let Some(it) = log.read(number) else { continue };
                    let moment = it.moment;
                    assert_eq!(
                        (moment.position, moment.len, moment.took_nanos),
                        (number * 64, number as u32, number * 3)
                    );
                    assert_eq!(it.spans.len() as u64, number % 100);
                    let own = |it: &Span| (it.entry, it.nanos()) == (number as u32, 1);
                    assert!(it.spans.iter().all(own), "{it:?}");
                    seen += 1;
                }
            }
            seen
        });
        (0..60_000).for_each(write);
        let _ = reader.join().unwrap();
    });
    let kept: Vec<u64> = (log.oldest()..log.written())
        .filter_map(|number| Some(log.read(number)?.moment.number))
        .collect();
    assert!(kept.len() > 1000, "{}", kept.len());
    assert_eq!(*kept.last().unwrap(), 59_999);
    assert!(log.read(0).is_none(), "written over");
}

#[test]
fn a_late_cycle_that_somebody_waited_for_gives_way_to_the_next_and_one_that_nobody_did_to_a_later_one()
 {
    let mut bench = Bench::new();
    bench.cycle(1_000, &[600, 20]);
    let told = |bench: &mut Bench, waits: bool| {
        bench.watch.missed(7, 1, waits);
        let stories = std::iter::from_fn(|| bench.stories.pop().ok());
        let last = stories.last().unwrap().story();
        assert_eq!(last.xruns, Some((7, 1)));
        (last.moment.number, last.moment.late_nanos(), last.blamed)
    };
    bench.cycle(1_000, &[600, 5_000]);
    bench.cycle(1_000, &[600, 900]);
    // The second was late as well, but by less.
    let (number, late, blamed) = told(&mut bench, true);
    assert_eq!((number, late), (1, 4_600));
    assert!(
        matches!(blamed, Blamed::Filter { entry: 1, .. }),
        "{blamed:?}"
    );
    // It has been charged: the next that is late is another story.
    bench.cycle(1_000, &[900, 200]);
    assert_eq!(told(&mut bench, true).0, 3);
    // Who waits for none is told with the last cycle, and that nobody was late in it.
    bench.cycle(1_000, &[600, 20]);
    assert_eq!(told(&mut bench, false), (4, 0, Blamed::Nobody));
    bench.watch.forget_cause();
    assert_eq!(told(&mut bench, true), (4, 0, Blamed::Nobody));
}
