//! Boxes in layers from left to right, so that wires run forward and cross little.
//!
//! ```text
//! loops opened ─▶ layers (longest way) ─▶ order in each layer (barycentres) ─▶ heights (even, apart) ─▶ parts below each other
//! ```
//! No recursion and no hashing: any graph ends, and the same graph always stands the same way, wherever it stood before.

use std::collections::{BTreeMap, BTreeSet};

use super::{Area, GRID, snapped};
use crate::graph::model::{FilterId, Position};

/// From the right edge of a column to the next.
const COLUMNS: f32 = 80.0;
/// From the lower edge of a box to the next.
const ROWS: f32 = 24.0;
/// Between wires that pass a layer.
const LANES: f32 = 8.0;
/// Between parts that no wire joins.
const PARTS: f32 = 48.0;
/// Boxes without any wire stand in rows of about this width.
const SHELF: f32 = 1200.0;
/// Times the layers are gone through to find a better order.
const SWEEPS: usize = 12;
/// Wires that pass layers are led through them only up to so many places in all.
const MOST_LANES: usize = 20_000;

/// A wire as the layout sees it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Link {
    /// The box it begins at.
    pub from: FilterId,
    /// Which of its outputs, counted from the top.
    pub output: u32,
    /// The box it ends at.
    pub to: FilterId,
    /// Which of its inputs.
    pub input: u32,
}

/// Where boxes stand in layers. The upper left corner of all of them stays where it is.
pub fn layered(boxes: &[(FilterId, Area)], links: &[Link]) -> Vec<(FilterId, Position)> {
    let mut boxes: Vec<(FilterId, Area)> = boxes.to_vec();
    boxes.sort_by_key(|(id, _)| *id);
    boxes.dedup_by_key(|(id, _)| *id);
    let places: BTreeMap<FilterId, usize> = boxes
        .iter()
        .enumerate()
        .map(|(place, (id, _))| (*id, place))
        .collect();
    let mut wires: Vec<Wire> = links
        .iter()
        .filter_map(|link| {
            let ends = (*places.get(&link.from)?, *places.get(&link.to)?);
            (ends.0 != ends.1).then_some(Wire {
                from: ends.0,
                to: ends.1,
                output: port(link.output),
                input: port(link.input),
            })
        })
        .collect();
    wires.sort_by_key(|wire| (wire.from, wire.to));
    let corner = snapped(Area::around(boxes.iter().map(|(_, area)| *area)).at);
    let sizes: Vec<(f32, f32)> = boxes.iter().map(|(_, area)| area.size).collect();
    let (mut x, mut y) = (0.0_f32, 0.0_f32);
    let mut found: Vec<(usize, Position)> = vec![];
    let (joined, alone): (Vec<Vec<usize>>, Vec<Vec<usize>>) = parts(boxes.len(), &wires)
        .into_iter()
        .partition(|part| part.len() > 1);
    for part in joined {
        let placed = lay_out(&part, &wires, &sizes);
        let height = placed
            .iter()
            .map(|(it, at)| at.y + sizes[*it].1)
            .fold(0.0, f32::max);
        found.extend(placed.into_iter().map(|(it, at)| {
            let at = Position {
                x: at.x,
                y: at.y + y,
            };
            (it, at)
        }));
        y = up_to_grid(y + height + PARTS);
    }
    let mut tallest = 0.0_f32;
    for it in alone.into_iter().flatten() {
        if x > 0.0 && x + sizes[it].0 > SHELF {
            (x, y) = (0.0, up_to_grid(y + tallest + ROWS));
            tallest = 0.0;
        }
        found.push((it, Position { x, y }));
        x = up_to_grid(x + sizes[it].0 + COLUMNS);
        tallest = tallest.max(sizes[it].1);
    }
    let placed = found.into_iter().map(|(it, at)| {
        let at = Position {
            x: corner.x + at.x,
            y: corner.y + at.y,
        };
        (boxes[it].0, at)
    });
    placed.collect()
}

/// A wire between two places, with where it touches them, as a share of the height.
#[derive(Clone, Copy)]
struct Wire {
    from: usize,
    to: usize,
    output: f32,
    input: f32,
}

/// Pins stand one below the other; how many there are is not known here.
fn port(number: u32) -> f32 {
    let number = number.min(1000) as f32;
    (number + 1.0) / (number + 2.0) - 0.5
}

fn up_to_grid(length: f32) -> f32 {
    (length / GRID).ceil() * GRID
}

/// The parts of a graph that no wire joins, each in order, the one with the lowest member first.
fn parts(count: usize, wires: &[Wire]) -> Vec<Vec<usize>> {
    let mut near: Vec<Vec<usize>> = vec![vec![]; count];
    for wire in wires {
        near[wire.from].push(wire.to);
        near[wire.to].push(wire.from);
    }
    let mut is_seen = vec![false; count];
    let mut parts = vec![];
    for start in 0..count {
        if is_seen[start] {
            continue;
        }
        is_seen[start] = true;
        let mut part = vec![start];
        let mut at = 0;
        while at < part.len() {
            for &next in &near[part[at]] {
                if !std::mem::replace(&mut is_seen[next], true) {
                    part.push(next);
                }
            }
            at += 1;
        }
        part.sort_unstable();
        parts.push(part);
    }
    parts
}

/// A box, or a wire that passes a layer.
struct Seat {
    /// Height; 0 for a wire.
    height: f32,
    /// Seats in the layer before, and in the one behind, with where the wire touches this one and the other.
    before: Vec<(usize, f32, f32)>,
    behind: Vec<(usize, f32, f32)>,
}

/// One part: places from its own upper left corner.
fn lay_out(part: &[usize], wires: &[Wire], sizes: &[(f32, f32)]) -> Vec<(usize, Position)> {
    let local: BTreeMap<usize, usize> = part.iter().enumerate().map(|(at, it)| (*it, at)).collect();
    let inner = wires.iter().filter_map(|wire| {
        let (from, to) = (*local.get(&wire.from)?, *local.get(&wire.to)?);
        Some(Wire { from, to, ..*wire })
    });
    let wires = forward(part.len(), inner.collect());
    let layer_of = layers(part.len(), &wires);
    let depth = layer_of.iter().max().map_or(0, |last| last + 1);

    let mut seats: Vec<Seat> = part
        .iter()
        .map(|it| Seat {
            height: sizes[*it].1,
            before: vec![],
            behind: vec![],
        })
        .collect();
    let mut rows: Vec<Vec<usize>> = vec![vec![]; depth];
    for at in first_order(part.len(), &wires) {
        rows[layer_of[at]].push(at);
    }
    let spans = wires
        .iter()
        .map(|it| layer_of[it.to] - layer_of[it.from] - 1);
    let has_lanes = spans.sum::<usize>() <= MOST_LANES;
    for wire in &wires {
        let (first, last) = (layer_of[wire.from], layer_of[wire.to]);
        let mut at = (wire.from, wire.output * seats[wire.from].height);
        if has_lanes {
            for row in &mut rows[first + 1..last] {
                let lane = seats.len();
                seats.push(Seat {
                    height: 0.0,
                    before: vec![],
                    behind: vec![],
                });
                row.push(lane);
                join(&mut seats, at, (lane, 0.0));
                at = (lane, 0.0);
            }
        } else if last > first + 1 {
            continue;
        }
        let end = (wire.to, wire.input * seats[wire.to].height);
        join(&mut seats, at, end);
    }
    order(&mut rows, &seats);
    let heights = heights(&rows, &seats, part.len());

    let mut places = vec![];
    let mut x = 0.0_f32;
    for row in &rows {
        let mut widest = 0.0_f32;
        for &seat in row.iter().filter(|&&seat| seat < part.len()) {
            let y = heights[seat];
            places.push((part[seat], Position { x, y }));
            widest = widest.max(sizes[part[seat]].0);
        }
        x = up_to_grid(x + widest + COLUMNS);
    }
    let top = places
        .iter()
        .map(|(_, at)| at.y)
        .fold(f32::INFINITY, f32::min);
    for (_, at) in &mut places {
        at.y -= top;
    }
    places
}

fn join(seats: &mut [Seat], from: (usize, f32), to: (usize, f32)) {
    seats[from.0].behind.push((to.0, from.1, to.1));
    seats[to.0].before.push((from.0, to.1, from.1));
}

/// Leaves out the wires that close loops, as a walk from the first box on meets them.
fn forward(count: usize, wires: Vec<Wire>) -> Vec<Wire> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut out: Vec<Vec<usize>> = vec![vec![]; count];
    let mut has_input = vec![false; count];
    for (index, wire) in wires.iter().enumerate() {
        out[wire.from].push(index);
        has_input[wire.to] = true;
    }
    let mut marks = vec![Mark::New; count];
    let mut is_back = vec![false; wires.len()];
    // Sources first: a loop is then opened where it is entered.
    let sources = (0..count).filter(|&at| !has_input[at]);
    for start in sources.chain(0..count) {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        let mut way = vec![(start, 0)];
        while let Some((at, next)) = way.last_mut() {
            let Some(&index) = out[*at].get(*next) else {
                marks[*at] = Mark::Done;
                way.pop();
                continue;
            };
            *next += 1;
            let to = wires[index].to;
            match marks[to] {
                Mark::Open => is_back[index] = true,
                Mark::Done => {}
                Mark::New => {
                    marks[to] = Mark::Open;
                    way.push((to, 0));
                }
            }
        }
    }
    let kept = wires.into_iter().zip(is_back);
    kept.filter(|(_, is_back)| !is_back)
        .map(|(wire, _)| wire)
        .collect()
}

/// The boxes so that every wire goes forward; ties in their own order.
fn sorted(count: usize, wires: &[Wire]) -> Vec<usize> {
    let mut waits = vec![0_usize; count];
    let mut out: Vec<Vec<usize>> = vec![vec![]; count];
    for wire in wires {
        waits[wire.to] += 1;
        out[wire.from].push(wire.to);
    }
    let mut ready: BTreeSet<usize> = (0..count).filter(|&at| waits[at] == 0).collect();
    let mut sorted = vec![];
    while let Some(at) = ready.pop_first() {
        sorted.push(at);
        for &to in &out[at] {
            waits[to] -= 1;
            if waits[to] == 0 {
                ready.insert(to);
            }
        }
    }
    sorted
}

/// The layer of each box: as far left as its wires allow, and what only gives stands right before what takes it.
fn layers(count: usize, wires: &[Wire]) -> Vec<usize> {
    let sorted = sorted(count, wires);
    let mut layer = vec![0_usize; count];
    let mut out: Vec<Vec<usize>> = vec![vec![]; count];
    let mut inputs = vec![0_usize; count];
    for wire in wires {
        out[wire.from].push(wire.to);
        inputs[wire.to] += 1;
    }
    for &at in &sorted {
        for &to in &out[at] {
            layer[to] = layer[to].max(layer[at] + 1);
        }
    }
    for &at in sorted.iter().rev() {
        let nearest = out[at].iter().map(|&to| layer[to]).min();
        if let Some(nearest) = nearest.filter(|_| inputs[at] < out[at].len()) {
            layer[at] = layer[at].max(nearest - 1);
        }
    }
    layer
}

/// The order in which a walk from the sources meets the boxes: neighbours come near each other from the start.
fn first_order(count: usize, wires: &[Wire]) -> Vec<usize> {
    let mut near: Vec<Vec<usize>> = vec![vec![]; count];
    for wire in wires {
        near[wire.from].push(wire.to);
        near[wire.to].push(wire.from);
    }
    let mut is_seen = vec![false; count];
    let mut order = vec![];
    for start in 0..count {
        let mut waiting = vec![start];
        while let Some(at) = waiting.pop() {
            if !std::mem::replace(&mut is_seen[at], true) {
                order.push(at);
                waiting.extend(near[at].iter().rev());
            }
        }
    }
    order
}

/// Finds an order in each layer with few crossings: each seat goes to the mean of its neighbours, forwards and backwards
/// in turn; the best order that was met is kept.
fn order(rows: &mut [Vec<usize>], seats: &[Seat]) {
    let mut best = rows.to_vec();
    let mut fewest = crossings(&best, seats);
    let mut current = best.clone();
    let mut rank = vec![0.0_f32; seats.len()];
    for sweep in 0..SWEEPS {
        if fewest == 0 {
            break;
        }
        let is_forward = sweep % 2 == 0;
        let count = current.len();
        note_ranks(&current, &mut rank);
        for step in 0..count {
            let row = &mut current[if is_forward { step } else { count - 1 - step }];
            let mean = |seat: usize| {
                let near = match is_forward {
                    true => &seats[seat].before,
                    false => &seats[seat].behind,
                };
                let places = near.iter().map(|(other, _, theirs)| {
                    // Where on the other box it ends orders wires of the same box.
                    rank[*other] + (theirs / seats[*other].height.max(1.0)).clamp(-0.49, 0.49)
                });
                match near.len() {
                    0 => rank[seat],
                    len => places.sum::<f32>() / len as f32,
                }
            };
            let mut keyed: Vec<(f32, usize)> = row.iter().map(|&it| (mean(it), it)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0)); // Stable: ties stay as they are.
            *row = keyed.into_iter().map(|(_, it)| it).collect();
            for (at, &seat) in row.iter().enumerate() {
                rank[seat] = at as f32;
            }
        }
        let found = crossings(&current, seats);
        if found < fewest {
            fewest = found;
            best.clone_from(&current);
        }
    }
    rows.clone_from_slice(&best);
}

fn note_ranks(rows: &[Vec<usize>], rank: &mut [f32]) {
    for row in rows {
        for (at, &seat) in row.iter().enumerate() {
            rank[seat] = at as f32;
        }
    }
}

/// How many wires cross, all layers together.
fn crossings(rows: &[Vec<usize>], seats: &[Seat]) -> usize {
    let mut rank = vec![0.0_f32; seats.len()];
    note_ranks(rows, &mut rank);
    let mut total = 0;
    for row in rows {
        let mut ends: Vec<(f32, f32)> = row
            .iter()
            .flat_map(|&seat| {
                let rank = &rank;
                let wires = seats[seat].behind.iter();
                wires.map(move |(other, mine, theirs)| {
                    let share = |seat: usize, at: f32| {
                        rank[seat] + (at / seats[seat].height.max(1.0)).clamp(-0.49, 0.49)
                    };
                    (share(seat, *mine), share(*other, *theirs))
                })
            })
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        total += inversions(ends.into_iter().map(|(_, to)| to).collect());
    }
    total
}

/// Pairs that stand the wrong way round, by merging ever longer runs.
fn inversions(mut list: Vec<f32>) -> usize {
    let mut count = 0;
    let mut merged = list.clone();
    let mut run = 1;
    while run < list.len() {
        for start in (0..list.len()).step_by(2 * run) {
            let middle = (start + run).min(list.len());
            let end = (start + 2 * run).min(list.len());
            let (mut left, mut right) = (start, middle);
            for slot in &mut merged[start..end] {
                let takes_left = right >= end || left < middle && list[left] <= list[right];
                *slot = if takes_left {
                    left += 1;
                    list[left - 1]
                } else {
                    count += middle - left;
                    right += 1;
                    list[right - 1]
                };
            }
        }
        std::mem::swap(&mut list, &mut merged);
        run *= 2;
    }
    count
}

/// The upper edge of every seat: wires as level as their layers' order and the room between boxes allow.
fn heights(rows: &[Vec<usize>], seats: &[Seat], boxes: usize) -> Vec<f32> {
    let gap = |above: usize, below: usize| match above < boxes && below < boxes {
        true => ROWS,
        false => LANES,
    };
    let mut top = vec![0.0_f32; seats.len()];
    for row in rows {
        let mut y = 0.0;
        for (at, &seat) in row.iter().enumerate() {
            if at > 0 {
                y += gap(row[at - 1], seat);
            }
            top[seat] = y;
            y += seats[seat].height;
        }
    }
    for sweep in 0..SWEEPS {
        let is_forward = sweep % 2 == 0;
        for step in 0..rows.len() {
            let row = &rows[if is_forward {
                step
            } else {
                rows.len() - 1 - step
            }];
            let wanted: Vec<f32> = row
                .iter()
                .map(|&seat| {
                    let near = match (is_forward, sweep + 2 >= SWEEPS) {
                        // At last both sides count.
                        (_, true) => [&seats[seat].before[..], &seats[seat].behind[..]].concat(),
                        (true, _) => seats[seat].before.clone(),
                        (false, _) => seats[seat].behind.clone(),
                    };
                    // Ports are given from the middle of their box.
                    let middle = seats[seat].height * 0.5;
                    let lines = near.iter().map(|(other, mine, theirs)| {
                        top[*other] + seats[*other].height * 0.5 + theirs - mine - middle
                    });
                    match near.len() {
                        0 => top[seat],
                        len => lines.sum::<f32>() / len as f32,
                    }
                })
                .collect();
            for (&seat, y) in row.iter().zip(settled(row, &wanted, seats, &gap)) {
                top[seat] = y;
            }
        }
    }
    // On the grid, and no nearer for it.
    for row in rows {
        let mut free = f32::NEG_INFINITY;
        for &seat in row.iter().filter(|&&seat| seat < boxes) {
            let y = ((top[seat] / GRID).round() * GRID).max(up_to_grid(free));
            top[seat] = y;
            free = y + seats[seat].height + ROWS;
        }
    }
    top
}

/// Places as near to the wanted ones as the order and the gaps allow: neighbours that would overlap share what they miss.
fn settled(
    row: &[usize],
    wanted: &[f32],
    seats: &[Seat],
    gap: &dyn Fn(usize, usize) -> f32,
) -> Vec<f32> {
    // Each measured from where it would stand if all were pushed together at 0.
    let mut offset = 0.0_f32;
    let mut offsets = vec![];
    // Runs that stand together: the sum of what they want, and how many they are.
    let mut runs: Vec<(f32, usize)> = vec![];
    for (at, &seat) in row.iter().enumerate() {
        if at > 0 {
            offset += seats[row[at - 1]].height + gap(row[at - 1], seat);
        }
        offsets.push(offset);
        runs.push((wanted[at] - offset, 1));
        while let [.., before, last] = runs.as_mut_slice()
            && before.0 / before.1 as f32 >= last.0 / last.1 as f32
        {
            *before = (before.0 + last.0, before.1 + last.1);
            runs.pop();
        }
    }
    let runs = runs.into_iter();
    let bases = runs.flat_map(|(sum, len)| std::iter::repeat_n(sum / len as f32, len));
    bases
        .zip(offsets)
        .map(|(base, offset)| base + offset)
        .collect()
}
