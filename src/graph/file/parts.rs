//! The small parts of a graph's text: pins, values, places, and what a group shows outside.

use super::FileError;
use super::cursor::Cursor;
use crate::graph::model::{FilterId, GroupPin, GroupProperty, PinRef, Position};
use crate::graph::wiring::FilterPath;
use crate::ks::Value;

pub(super) const PIN: &str =
    "the id of a filter, a dot and a pin in quotes: \"3.in\" or \"3.in[1]\"";

pub(super) fn group_pin(cursor: &mut Cursor<'_>) -> Result<GroupPin, FileError> {
    let here = cursor.clone();
    let (mut name, mut inner) = (None, None);
    cursor.fields("a group's pin", |field, cursor| {
        let before = cursor.clone();
        match field {
            "name" => name = Some(cursor.parse("name", "a name in quotes")?),
            "inner" => {
                inner = Some(pin(cursor.value()).ok_or_else(|| before.wrong("inner", PIN))?);
            }
            _ => _ = cursor.value(),
        }
        Ok(())
    })?;
    match (name, inner) {
        (Some(name), Some(inner)) => Ok(GroupPin { name, inner }),
        _ => Err(here.wrong("a group's pin", "(name: \"in\", inner: \"1.in\")")),
    }
}

pub(super) fn group_property(cursor: &mut Cursor<'_>) -> Result<GroupProperty, FileError> {
    const INNER: &str = "the ids of boxes inside in quotes: \"3\" or \"3/7\"";
    let here = cursor.clone();
    let (mut key, mut title, mut inner, mut property) = (None, None, None, None);
    cursor.fields("a group's property", |field, cursor| {
        let before = cursor.clone();
        match field {
            "key" => key = Some(cursor.parse("key", "a key in quotes")?),
            "title" => title = Some(cursor.parse("title", "a title in quotes")?),
            "inner" => {
                let text: String = cursor.parse("inner", INNER)?;
                inner = Some(path_of(&text).ok_or_else(|| before.wrong("inner", INNER))?);
            }
            "property" => property = Some(cursor.parse("property", "a key in quotes")?),
            _ => _ = cursor.value(),
        }
        Ok(())
    })?;
    match (key, title, inner, property) {
        (Some(key), title, Some(inner), Some(property)) => {
            let title = title.unwrap_or_else(|| String::clone(&key));
            Ok(GroupProperty {
                key,
                title,
                inner,
                property,
            })
        }
        _ => {
            let wanted = "(key: \"tone\", title: \"Tone\", inner: \"3\", property: \"level\")";
            Err(here.wrong("a group's property", wanted))
        }
    }
}

/// `3/7`.
pub(super) fn path_of(text: &str) -> Option<FilterPath> {
    let ids = text.split('/').map(|id| id.parse().map(FilterId));
    let ids: Result<Vec<FilterId>, _> = ids.collect();
    ids.ok().map(FilterPath::from)
}

pub(super) fn place(cursor: &mut Cursor<'_>) -> Result<Position, FileError> {
    let here = cursor.clone();
    let mut figures: Vec<f32> = vec![];
    cursor.items("at", (b'(', b')'), |cursor| {
        figures.push(cursor.parse("at", "a number")?);
        Ok(())
    })?;
    match figures[..] {
        [x, y] if x.is_finite() && y.is_finite() => Ok(Position { x, y }),
        _ => Err(here.wrong("at", "two finite numbers (x, y)")),
    }
}

/// A value of a kind that properties have; `None` for anything else, infinity included.
pub(super) fn value(text: &str) -> Option<Value> {
    if let Ok(flag) = ron::from_str::<bool>(text) {
        return Some(Value::Flag(flag));
    }
    if text.starts_with(['"', 'r']) {
        return ron::from_str::<String>(text).ok().map(Value::Text);
    }
    let number = ron::from_str::<f64>(text).ok()?;
    number.is_finite().then_some(Value::Number(number))
}

/// `"3.in"` or `"3.in[1]"`.
pub(super) fn pin(text: &str) -> Option<PinRef> {
    let text: String = ron::from_str(text).ok()?;
    let (filter, pin) = text.split_once('.')?;
    let filter = FilterId(filter.parse().ok()?);
    let instance = pin
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('['))
        .and_then(|(name, number)| Some((name, number.parse::<u32>().ok()?)));
    let (pin, instance) = instance.unwrap_or((pin, 0));
    (!pin.is_empty()).then(|| PinRef {
        filter,
        pin: pin.to_owned(),
        instance,
    })
}
