//! The stream class driver: filters whose work may block. Their authors write a minidriver; queues, threads and
//! cancellation live here.
