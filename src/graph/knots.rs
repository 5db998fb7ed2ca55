//! Knots of a directed graph: nodes of which each can be reached from each other (strongly connected components, by
//! Tarjan's walk). Knows nothing of filters.

/// For each of `count` nodes the number of its knot. A node in no loop is a knot of its own.
pub(super) fn knots(
    count: usize,
    edges: impl Iterator<Item = (usize, usize)> + Clone,
) -> Vec<usize> {
    // Edges by their source, one row behind the other.
    let mut row = vec![0; count + 1];
    for (from, _) in edges.clone() {
        row[from + 1] += 1;
    }
    for node in 0..count {
        row[node + 1] += row[node];
    }
    let mut targets = vec![0; row[count]];
    let mut next = row.clone();
    for (from, to) in edges {
        targets[next[from]] = to;
        next[from] += 1;
    }
    next.copy_from_slice(&row);

    const UNSEEN: usize = usize::MAX;
    let mut number = vec![UNSEEN; count];
    let mut lowest = vec![0; count];
    let mut knot = vec![UNSEEN; count];
    let (mut open, mut walk) = (vec![], vec![]);
    let (mut numbers, mut found) = (0, 0);
    for root in 0..count {
        if number[root] == UNSEEN {
            walk.push(root);
        }
        while let Some(&node) = walk.last() {
            if number[node] == UNSEEN {
                (number[node], lowest[node]) = (numbers, numbers);
                numbers += 1;
                open.push(node);
            }
            if next[node] < row[node + 1] {
                let to = targets[next[node]];
                next[node] += 1;
                if number[to] == UNSEEN {
                    walk.push(to);
                } else if knot[to] == UNSEEN {
                    lowest[node] = lowest[node].min(number[to]);
                }
                continue;
            }
            walk.pop();
            if let Some(&above) = walk.last() {
                lowest[above] = lowest[above].min(lowest[node]);
            }
            if lowest[node] == number[node] {
                while let Some(member) = open.pop() {
                    knot[member] = found;
                    if member == node {
                        break;
                    }
                }
                found += 1;
            }
        }
    }
    knot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_share_a_knot_when_each_can_reach_the_other() {
        // Two loops that share a node, a way out of them, and a loop of one.
        let edges = [
            (0, 1),
            (1, 2),
            (2, 0),
            (2, 3),
            (3, 2),
            (3, 4),
            (4, 5),
            (6, 6),
            (5, 4),
        ];
        let knots = knots(8, edges.iter().copied());
        let reaches = |from: usize, to: usize| {
            let mut seen = vec![from];
            let mut at = 0;
            while at < seen.len() {
                let out = edges
                    .iter()
                    .filter(|edge| edge.0 == seen[at])
                    .map(|edge| edge.1);
                let new: Vec<usize> = out.filter(|node| !seen.contains(node)).collect();
                seen.extend(new);
                at += 1;
            }
            seen.contains(&to)
        };
        for a in 0..8 {
            for b in 0..8 {
                let together = reaches(a, b) && reaches(b, a);
                assert_eq!(knots[a] == knots[b], together, "{a} and {b} in {knots:?}");
            }
        }
    }

    #[test]
    fn a_long_way_needs_no_deep_stack() {
        let count = 200_000;
        let ring = (0..count).map(|node| (node, (node + 1) % count));
        assert!(knots(count, ring).iter().all(|&knot| knot == 0));
    }
}
