//! Reading around both ends of a loop before it is played, so that its seam is known. What becomes of that is `stream/seam`.

use super::{Client, DATA_PATIENCE, PATIENCE, Worker};
use crate::stream::lane::Direction;
use crate::stream::request::Ask;
use crate::stream::seam::{Errand, Seam, Survey};

impl Worker {
    /// Sees to it that the seam of a loop is known before a stream reads on. Nothing where there is none to be known.
    pub(super) fn survey(&mut self, index: usize) -> Option<bool> {
        let looped = self.parts.shared.looped(index);
        let range = looped.map(|it| (it.begin, it.end));
        let it = &mut self.parts.streams[index];
        if it.direction != Direction::Read {
            return None;
        }
        if it.survey.is_none() {
            let first_end = looped.map_or(0, |looped| looped.end_of(it.round));
            let range = range.filter(|_| it.position < first_end)?;
            let is_known = it.seam.as_ref().is_some_and(|seam| seam.range == range);
            if is_known || it.has_unanswered() {
                return None;
            }
            it.survey = Some(Survey::new(range, &it.format, it.position));
        }
        let begin = it.survey.as_ref().map_or(0, |survey| survey.range().0);
        if it.has_unanswered() {
            return Some(false);
        }
        let stream = it.id;
        match it.survey.as_mut()?.next() {
            Errand::Go(sample) => {
                it.is_changing = true;
                let sample = match it.survey.as_ref().map(Survey::is_back) {
                    Some(false) => it.recorded(begin, sample),
                    _ => it.recorded(it.origin, sample),
                };
                let ask = Ask::SetPosition { stream, sample };
                self.desk.submit(ask, Client::Survey(index), PATIENCE);
            }
            Errand::Read => {
                let frame = it.next_frame()?;
                let ask = Ask::Read { stream, frame };
                let id = self.desk.submit(ask, Client::Data(index), DATA_PATIENCE);
                it.in_flight.push_back((id, None));
            }
            Errand::Done => it.seam = it.survey.take().map(Survey::seam),
        }
        Some(true)
    }

    /// It is where it was sent to, or it cannot go anywhere.
    pub(super) fn survey_arrived(&mut self, index: usize, is_there: bool) {
        let it = &mut self.parts.streams[index];
        it.is_changing = false;
        if !is_there {
            it.seam = it.survey.take().map(|it| Seam::bare(it.range()));
        }
    }
}
