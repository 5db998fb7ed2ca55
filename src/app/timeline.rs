//! The timeline: which filter ran when in every cycle, kept while it is recorded, and written as a trace of events that
//! a browser's tracing viewer reads (one event a line, JSON, times in microseconds).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::path::Path;

use super::{App, Urgency};
use crate::engine::{CycleRecord, Moment};
use crate::graph::FilterPath;

/// Parts of cycles that are kept: about half an hour of a small graph, a minute of a large one.
const KEPT: usize = 1 << 20;

/// What a filter had of a cycle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// Index among [`Timeline::lanes`].
    pub lane: u32,
    /// Nanoseconds from the beginning of the cycle till it was called, and till it came back.
    pub nanos: (u32, u32),
}

/// A cycle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// The cycle as a whole.
    pub moment: Moment,
    /// Who ran when, in order.
    pub parts: Vec<Part>,
}

/// A filter's lane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lane {
    /// The filter.
    pub filter: FilterPath,
    /// Its name.
    pub name: String,
    /// Its parts that are kept.
    parts: usize,
}

/// What was recorded.
#[derive(Default)]
pub struct Timeline {
    columns: VecDeque<Column>,
    lanes: Vec<Lane>,
    by_path: BTreeMap<FilterPath, u32>,
    parts: usize,
    /// The next cycle that is to be taken in.
    next: u64,
    /// Whether cycles are taken in as they come.
    pub(super) is_recording: bool,
}

impl Timeline {
    /// Cycles, the oldest first.
    pub fn columns(&self) -> &VecDeque<Column> {
        &self.columns
    }

    /// Whether cycles are taken in as they come.
    pub fn is_recording(&self) -> bool {
        self.is_recording
    }

    /// Filters that had a part in them, in the order in which they came up.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    fn lane(&mut self, filter: &FilterPath, name: impl FnOnce() -> String) -> u32 {
        if let Some(lane) = self.by_path.get(filter) {
            return *lane;
        }
        let lane = self.lanes.len() as u32;
        self.lanes.push(Lane {
            filter: filter.clone(),
            name: name(),
            parts: 0,
        });
        self.by_path.insert(filter.clone(), lane);
        lane
    }

    fn take(&mut self, record: &CycleRecord, lanes: &BTreeMap<u32, u32>) {
        let parts = record.spans.iter().filter_map(|span| {
            Some(Part {
                lane: *lanes.get(&span.entry)?,
                nanos: (span.begin_nanos, span.end_nanos),
            })
        });
        let parts: Vec<Part> = parts.collect();
        for part in &parts {
            self.lanes[part.lane as usize].parts += 1;
        }
        self.parts += parts.len() + 1;
        self.columns.push_back(Column {
            moment: record.moment,
            parts,
        });
        while self.parts > KEPT
            && let Some(oldest) = self.columns.pop_front()
        {
            self.parts -= oldest.parts.len() + 1;
            for part in oldest.parts {
                self.lanes[part.lane as usize].parts -= 1;
            }
        }
        self.next = record.moment.number + 1;
    }

    /// Lets lanes go of filters that are gone and of which nothing is kept any more.
    fn let_lanes_go(&mut self, is_open: impl Fn(&FilterPath) -> bool) {
        let stays = |lane: &Lane| lane.parts > 0 || is_open(&lane.filter);
        if self.lanes.iter().all(stays) {
            return;
        }
        let mut next = 0;
        let places: Vec<u32> = self
            .lanes
            .iter()
            .map(|lane| {
                next += u32::from(stays(lane));
                next.saturating_sub(1)
            })
            .collect();
        for column in &mut self.columns {
            for part in &mut column.parts {
                part.lane = places[part.lane as usize];
            }
        }
        self.lanes.retain(stays);
        let lanes = self.lanes.iter().zip(0..);
        self.by_path = lanes.map(|(lane, at)| (lane.filter.clone(), at)).collect();
    }

    /// Writes what there is as a trace.
    pub fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[")?;
        let named = |lane: usize, name: &str| {
            let name = serde_json::Value::from(name);
            format!(
                "{{\"ph\":\"M\",\"pid\":1,\"tid\":{lane},\"name\":\"thread_name\",\"args\":{{\"name\":{name}}}}},\n\
                 {{\"ph\":\"M\",\"pid\":1,\"tid\":{lane},\"name\":\"thread_sort_index\",\"args\":{{\"sort_index\":{lane}}}}}"
            )
        };
        write!(
            out,
            "{{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{{\"name\":\"KSGraph\"}}}},\n{}",
            named(0, "Cycles")
        )?;
        for (at, lane) in self.lanes.iter().enumerate() {
            write!(out, ",\n{}", named(at + 1, &lane.name))?;
        }
        let names: Vec<String> = self
            .lanes
            .iter()
            .map(|lane| serde_json::Value::from(lane.name.as_str()).to_string())
            .collect();
        let begin = self.columns.front().map_or(0, |it| it.moment.began_nanos);
        for Column { moment, parts } in &self.columns {
            let at = |nanos: u64| (moment.began_nanos - begin + nanos) as f64 / 1000.0;
            let took = moment.took_nanos as f64 / 1000.0;
            write!(
                out,
                ",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":0,\"ts\":{:.3},\"dur\":{took:.3},\"name\":\"cycle\",\"cat\":\"cycle\",\
                 \"args\":{{\"cycle\":{},\"sample\":{},\"samples\":{},\"filters\":{},\"due_us\":{:.3},\"woken_late_us\":{:.3}}}}}",
                at(0),
                moment.number,
                moment.position,
                moment.len,
                moment.filters,
                moment.lasts_nanos as f64 / 1000.0,
                moment.woke_late_nanos as f64 / 1000.0,
            )?;
            if moment.late_nanos() > 0 {
                write!(
                    out,
                    ",\n{{\"ph\":\"i\",\"pid\":1,\"tid\":0,\"ts\":{:.3},\"s\":\"p\",\"name\":\"late\",\"cat\":\"late\",\
                     \"args\":{{\"cycle\":{},\"late_us\":{:.3}}}}}",
                    at(moment.lasts_nanos),
                    moment.number,
                    moment.late_nanos() as f64 / 1000.0,
                )?;
            }
            for part in parts {
                let (from, to) = part.nanos;
                write!(
                    out,
                    ",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":{},\"ts\":{:.3},\"dur\":{:.3},\"name\":{},\"cat\":\"filter\",\
                     \"args\":{{\"cycle\":{}}}}}",
                    part.lane + 1,
                    at(from.into()),
                    f64::from(to.saturating_sub(from)) / 1000.0,
                    names[part.lane as usize],
                    moment.number,
                )?;
            }
        }
        writeln!(out, "\n]}}")
    }
}

impl App {
    /// What was recorded of the last cycles.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Takes cycles in as they come, or no longer.
    pub fn record_timeline(&mut self, is_on: bool) {
        if is_on && !std::mem::replace(&mut self.timeline.is_recording, true) {
            self.follow_cycles();
        }
        self.timeline.is_recording = is_on;
    }

    /// Takes in the cycles that came since the last time.
    pub(super) fn follow_cycles(&mut self) {
        let Some(playing) = &self.playing else {
            return;
        };
        let wiring = &self.wiring;
        let timeline = &mut self.timeline;
        let mut lanes = BTreeMap::new();
        for (entry, path) in playing.entries() {
            let name = || {
                let filter = wiring.filters.get(path);
                filter.map_or_else(|| path.to_string(), |it| it.name.clone())
            };
            lanes.insert(entry, timeline.lane(path, name));
        }
        // Another engine counts anew.
        if playing.cells().next_cycle() < timeline.next {
            timeline.next = 0;
        }
        for record in playing.cells().cycles_since(timeline.next) {
            timeline.take(&record, &lanes);
        }
        let open: BTreeSet<&FilterPath> = playing.entries().map(|(_, path)| path).collect();
        timeline.let_lanes_go(|path| open.contains(path));
    }

    /// Writes the last cycles into a file: what was recorded, else what the audio thread still knows of.
    pub fn write_timeline(&mut self, path: &Path) -> std::io::Result<()> {
        self.follow_cycles();
        let mut text = vec![];
        self.timeline.write(&mut text)?;
        std::fs::write(path, text)
    }

    pub(super) fn export_timeline(&mut self, path: &Path) {
        match self.write_timeline(path) {
            Ok(()) => {
                let count = crate::ks::grouped(self.timeline.columns.len() as u32);
                let text = format!("{count} cycles written to {}", path.display());
                self.say(Urgency::News, "Timeline", None, text);
            }
            Err(error) => {
                let text = format!(
                    "The timeline was not written to {}: {error}. Choose another folder",
                    path.display()
                );
                self.tell(text);
            }
        }
    }

    /// The document is another one.
    pub(super) fn forget_timeline(&mut self) {
        let next = self.cells().map_or(0, crate::engine::Cells::next_cycle);
        let is_recording = self.timeline.is_recording;
        self.timeline = Timeline {
            next,
            is_recording,
            ..Timeline::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Span;
    use crate::graph::FilterId;

    fn recorded(cycles: u64) -> Timeline {
        let mut timeline = Timeline::default();
        let path = |id| FilterPath::from(vec![FilterId(id)]);
        timeline.lane(&path(3), || "Tone".into());
        timeline.lane(&path(4), || "Say \"hi\"\\".into());
        let lanes = [(7, 0), (9, 1)].into();
        for number in 0..cycles {
            let span = |entry, begin_nanos, end_nanos| Span {
                entry,
                begin_nanos,
                end_nanos,
            };
            let record = CycleRecord {
                moment: Moment {
                    number,
                    position: number * 64,
                    len: 64,
                    filters: 2,
                    began_nanos: 5_000 + number * 1_000_000,
                    took_nanos: 2_500,
                    lasts_nanos: if number == 1 { 2_000 } else { 1_000_000 },
                    woke_late_nanos: 0,
                },
                spans: vec![span(7, 100, 1_100), span(9, 1_200, 2_400), span(8, 0, 1)],
            };
            timeline.take(&record, &lanes);
        }
        timeline
    }

    #[test]
    fn a_trace_is_json_whose_events_lie_where_filters_ran() {
        let mut text = vec![];
        recorded(3).write(&mut text).unwrap();
        let trace: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let of = |ph: &'static str| events.iter().filter(move |it| it["ph"] == ph);
        let names: Vec<&str> = of("M")
            .filter(|it| it["name"] == "thread_name")
            .map(|it| it["args"]["name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Cycles", "Tone", "Say \"hi\"\\"]);
        let spans: Vec<_> = of("X").filter(|it| it["cat"] == "filter").collect();
        assert_eq!(spans.len(), 6, "of a filter that is gone there is no lane");
        let last = spans[5];
        assert_eq!((&last["tid"], &last["name"]), (&2.into(), &names[2].into()));
        assert_eq!(last["ts"].as_f64().unwrap(), 2_001.2);
        assert_eq!(last["dur"].as_f64().unwrap(), 1.2);
        let cycles: Vec<_> = of("X").filter(|it| it["cat"] == "cycle").collect();
        assert_eq!(cycles[1]["args"]["sample"], 64);
        let late: Vec<_> = of("i").collect();
        assert_eq!(late.len(), 1);
        assert_eq!(late[0]["args"]["late_us"].as_f64().unwrap(), 0.5);
        assert_eq!(late[0]["ts"].as_f64().unwrap(), 1_002.0);
    }

    #[test]
    fn the_lane_of_a_filter_that_is_gone_goes_with_its_last_part() {
        let mut timeline = recorded(3);
        let path = |id| FilterPath::from(vec![FilterId(id)]);
        timeline.let_lanes_go(|_| false);
        assert_eq!(timeline.lanes().len(), 2, "their parts are kept");
        timeline.lane(&path(5), || "Meter".into());
        timeline.let_lanes_go(|_| false);
        assert_eq!(timeline.lanes().len(), 2, "it never ran");
        // From here on there is one other filter, until nothing of the first two is kept.
        let lane = timeline.lane(&path(6), || "Gain".into());
        let lanes = [(7, lane)].into();
        let span = Span {
            entry: 7,
            ..Span::default()
        };
        for number in 3..KEPT as u64 {
            let moment = Moment {
                number,
                ..Moment::default()
            };
            let spans = vec![span];
            timeline.take(&CycleRecord { moment, spans }, &lanes);
        }
        timeline.let_lanes_go(|it| *it == path(6));
        let names: Vec<&str> = timeline.lanes().iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["Gain"]);
        let parts = timeline.columns().iter().flat_map(|it| &it.parts);
        assert!(parts.map(|it| it.lane).all(|lane| lane == 0));
        assert_eq!(timeline.lane(&path(6), String::new), 0);
    }

    #[test]
    fn an_empty_trace_is_json_too_and_a_long_one_loses_its_beginning() {
        let mut text = vec![];
        Timeline::default().write(&mut text).unwrap();
        serde_json::from_slice::<serde_json::Value>(&text).unwrap();
        let many = (KEPT / 3 + 100) as u64;
        let timeline = recorded(many);
        assert_eq!(timeline.columns.len(), KEPT / 3);
        assert_eq!(timeline.columns.back().unwrap().moment.number, many - 1);
    }
}
