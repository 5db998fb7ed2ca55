//! Service groups: who is called when a device wants attention (SVC-1 to SVC-3).
//!
//! An interrupt only says *now*: [`ServiceGroup::request_service`] may be called from any thread, never waits and never
//! calls anybody. What is to be done is done later, once, by whoever serves the group: each member in the order in which
//! it was added, whatever number of requests came in between.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::ks::{RefTime, Status};

/// No delayed request.
const NONE: i64 = i64::MIN;

/// Somebody to be called.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ServiceSink(pub u32);

/// A list of sinks and the requests for them.
#[derive(Debug)]
pub struct ServiceGroup {
    members: Vec<ServiceSink>,
    is_requested: AtomicBool,
    /// When a delayed request is due.
    due: AtomicI64,
    has_delays: bool,
}

impl Default for ServiceGroup {
    fn default() -> Self {
        Self {
            members: vec![],
            is_requested: AtomicBool::new(false),
            due: AtomicI64::new(NONE),
            has_delays: false,
        }
    }
}

impl ServiceGroup {
    /// Adds a member behind the others; one that is in it already is refused.
    pub fn add(&mut self, sink: ServiceSink) -> Result<(), Status> {
        if self.members.contains(&sink) {
            return Err(Status::InvalidParameter);
        }
        self.members.push(sink);
        Ok(())
    }

    /// Takes a member out.
    pub fn remove(&mut self, sink: ServiceSink) {
        self.members.retain(|it| *it != sink);
    }

    /// Its members in the order they were added.
    pub fn members(&self) -> &[ServiceSink] {
        &self.members
    }

    /// Every member is to be called, once, soon.
    pub fn request_service(&self) {
        self.is_requested.store(true, Ordering::Release);
    }

    /// From here on delayed requests are taken (SVC-2).
    pub fn support_delayed_service(&mut self) {
        self.has_delays = true;
    }

    /// Every member is to be called at a time: a delay of less than 0 counts from `now`, another one is the time itself,
    /// in 100 ns. The latest request stands for all before it.
    pub fn request_delayed_service(&self, now: RefTime, delay: RefTime) -> Result<(), Status> {
        if !self.has_delays {
            return Err(Status::InvalidDeviceRequest);
        }
        let due = match delay < 0 {
            true => now.saturating_add(delay.saturating_neg()),
            false => delay,
        };
        self.due.store(due, Ordering::Release);
        Ok(())
    }

    /// Withdraws a delayed request.
    pub fn cancel_delayed_service(&self) {
        self.due.store(NONE, Ordering::Release);
    }

    /// The deferred call: calls each member if somebody asked, and says whether. What is asked for while they are called
    /// is served the next time.
    pub fn serve(&self, now: RefTime, mut call: impl FnMut(ServiceSink)) -> bool {
        let due = self.due.load(Ordering::Acquire);
        let is_due = due != NONE && due <= now;
        // Another request may have taken its place meanwhile; that one stays.
        let is_due = is_due
            && self
                .due
                .compare_exchange(due, NONE, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok();
        if !self.is_requested.swap(false, Ordering::AcqRel) && !is_due {
            return false;
        }
        for member in &self.members {
            call(*member);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: [u32; 0] = [];

    fn group(members: &[u32]) -> ServiceGroup {
        let mut group = ServiceGroup::default();
        for member in members {
            group.add(ServiceSink(*member)).unwrap();
        }
        group
    }

    fn served(group: &ServiceGroup, now: RefTime) -> Vec<u32> {
        let mut called = vec![];
        group.serve(now, |sink| called.push(sink.0));
        called
    }

    #[test]
    fn svc_1_members_are_called_in_their_order_once_for_all_requests_that_are_pending() {
        let mut group = group(&[3, 1, 2]);
        assert_eq!(served(&group, 0), NOBODY, "nobody asked");
        for _ in 0..5 {
            group.request_service();
        }
        assert_eq!(served(&group, 0), [3, 1, 2]);
        assert_eq!(served(&group, 0), NOBODY);
        assert_eq!(group.add(ServiceSink(1)), Err(Status::InvalidParameter));
        group.remove(ServiceSink(1));
        group.request_service();
        assert_eq!(served(&group, 0), [3, 2]);
        // What is asked for meanwhile is served the next time.
        group.request_service();
        let mut calls = 0;
        group.serve(0, |_| {
            calls += 1;
            group.request_service();
        });
        assert_eq!((calls, served(&group, 0).len()), (2, 2));
    }

    #[test]
    fn svc_2_delayed_requests_are_relative_below_nothing_and_can_be_withdrawn() {
        let mut group = group(&[1]);
        let refused = group.request_delayed_service(0, 100);
        assert_eq!(refused, Err(Status::InvalidDeviceRequest));
        group.support_delayed_service();
        group.request_delayed_service(1_000, -500).unwrap();
        assert_eq!(served(&group, 1_499), NOBODY);
        assert_eq!(served(&group, 1_500), [1]);
        assert_eq!(served(&group, 9_999), NOBODY, "once");
        group.request_delayed_service(5_000, 7_000).unwrap();
        assert_eq!(served(&group, 6_999), NOBODY);
        assert_eq!(served(&group, 7_000), [1]);
        group.request_delayed_service(0, 10).unwrap();
        group.cancel_delayed_service();
        assert_eq!(served(&group, 100), NOBODY);
        group.request_delayed_service(0, 10).unwrap();
        group.request_service();
        assert_eq!(served(&group, 100), [1], "one call for both");
    }
}
