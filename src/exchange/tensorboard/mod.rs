//! Event files, as TensorBoard reads them: records of protobuf messages, appended one by one.

mod proto;
mod record;

use prost::Message as _;

use proto::{Event, SessionLog, Summary, Value};

/// Text in the name of every event file.
pub const MARK: &str = "tfevents";

/// The name of a file whose first event was at this time, in seconds since 1970. Those of one folder are read in the order of their names.
pub fn file_name(began_secs: u64) -> String {
    format!("events.out.{MARK}.{began_secs:010}.pointillist")
}

/// The records that a file begins with. What earlier files of the folder say of `first_step` and later steps counts no more.
pub fn beginning(secs: f64, first_step: u64) -> Vec<u8> {
    /// `SessionStatus.START`
    const START: i32 = 1;
    let version = Event { wall_time: secs, file_version: Some("brain.Event:2".to_owned()), ..Event::default() };
    let start = SessionLog { status: START };
    let start = Event { session_log: Some(start), ..at(secs, first_step) };
    [version, start].iter().flat_map(framed).collect()
}

/// The record of values at a step, each with its name. Values that are no finite numbers are left out: they were not measured. Empty if
/// there are no others.
pub fn scalars(secs: f64, step: u64, values: &[(String, f64)]) -> Vec<u8> {
    let value = |(tag, value): &(String, f64)| Value { tag: tag.clone(), simple_value: Some(*value as f32) };
    let value: Vec<Value> = values.iter().filter(|(_, value)| value.is_finite()).map(value).collect();
    if value.is_empty() {
        return Vec::new();
    }
    framed(&Event { summary: Some(Summary { value }), ..at(secs, step) })
}

fn at(secs: f64, step: u64) -> Event {
    Event { wall_time: secs, step: i64::try_from(step).unwrap_or(i64::MAX), ..Event::default() }
}

fn framed(event: &Event) -> Vec<u8> {
    record::framed(&event.encode_to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of a file.
    fn read(bytes: &[u8]) -> Vec<Event> {
        record::tests::unframed(bytes).iter().map(|data| Event::decode(data.as_slice()).unwrap()).collect()
    }

    #[test]
    fn a_file_has_its_version_first_and_tells_where_it_takes_over() {
        let events = read(&beginning(7.5, 101));
        assert_eq!(events[0].file_version.as_deref(), Some("brain.Event:2"));
        assert_eq!((events[1].step, events[1].session_log.as_ref().map(|log| log.status)), (101, Some(1)));
        assert!(events.iter().all(|event| (event.wall_time - 7.5).abs() < f64::EPSILON) && events.len() == 2);
        assert!(file_name(1_795_301_416) > file_name(999_999_999), "in order");
    }

    #[test]
    fn values_are_written_with_step_and_time_and_what_was_not_measured_is_not() {
        let named = |name: &str, value| (name.to_owned(), value);
        let values = [named("iou/water", f64::NAN), named("miou/val", 0.0), named("lr", 0.25)];
        let events = read(&scalars(1.25, 40, &values));
        let summary = events[0].summary.as_ref().unwrap();
        let got: Vec<(&str, Option<f32>)> =
            summary.value.iter().map(|value| (value.tag.as_str(), value.simple_value)).collect();
        assert_eq!(got, [("miou/val", Some(0.0)), ("lr", Some(0.25))], "0 is a value, too");
        assert_eq!((events.len(), events[0].step), (1, 40));
        assert!(scalars(1.25, 40, &values[..1]).is_empty());
    }
}
