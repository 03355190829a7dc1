//! A client's copy of member lists: it does what it is told, and notices what cannot be done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::oracle::Row;

/// Rows of a block.
const BLOCK: u64 = 100;

/// What a session knows of the lists of one guild, by their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists(BTreeMap<String, Copy>);

/// One list, as far as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copy {
    /// Blocks that it watches.
    pub(crate) blocks: BTreeSet<u64>,
    /// Rows by their places.
    pub(crate) rows: BTreeMap<u64, Row>,
}

impl Lists {
    /// Lists what it watches.
    pub(crate) fn watched(&self) -> BTreeMap<&str, &Copy> {
        let all = self.0.iter().filter(|(_, copy)| !copy.blocks.is_empty());
        all.map(|(name, copy)| (name.as_str(), copy)).collect()
    }

    /// Follows an update.
    ///
    /// # Errors
    ///
    /// It names a row that is not watched (M3), or is not there (M1).
    pub(crate) fn follow(&mut self, text: &str) -> Result<(), String> {
        let whole: Value =
            serde_json::from_str(&format!("{{{text}")).map_err(|error| error.to_string())?;
        let update = &whole["d"];
        let name = update["id"].as_str().unwrap_or_default();
        let copy = self.0.entry(name.to_owned()).or_default();
        for op in update["ops"].as_array().into_iter().flatten() {
            copy.apply(op).map_err(|what| format!("{what}: list {name} is told {op}"))?;
        }
        Ok(())
    }
}

impl Copy {
    fn apply(&mut self, op: &Value) -> Result<(), String> {
        let index = op["index"].as_u64();
        match (op["op"].as_str().unwrap_or_default(), index) {
            ("SYNC", _) => self.synced(op),
            ("INVALIDATE", _) => {
                let [first, last] = range_of(op)?;
                self.blocks.retain(|block| !(first..=last).contains(&(block * BLOCK)));
                self.rows.retain(|at, _| !(first..=last).contains(at));
                Ok(())
            }
            (_, Some(index)) if !self.blocks.contains(&(index / BLOCK)) => {
                Err("M3: a row that is not watched".to_owned())
            }
            ("INSERT", Some(index)) => {
                let later = self.rows.split_off(&index);
                self.rows.insert(index, row_of(op)?);
                self.rows.extend(later.into_iter().map(|(at, row)| (at + 1, row)));
                Ok(())
            }
            ("UPDATE", Some(index)) => {
                let (old, row) = (self.rows.get(&index), row_of(op)?);
                if old.is_none_or(|old| old.id != row.id) {
                    return Err("M1: another row is updated".to_owned());
                }
                self.rows.insert(index, row);
                Ok(())
            }
            ("DELETE", Some(index)) => {
                let later = self.rows.split_off(&index);
                if !later.contains_key(&index) {
                    return Err("M1: no row is deleted".to_owned());
                }
                self.rows.extend(later.into_iter().skip(1).map(|(at, row)| (at - 1, row)));
                Ok(())
            }
            _ => Err("no operation".to_owned()),
        }
    }

    fn synced(&mut self, op: &Value) -> Result<(), String> {
        let [first, last] = range_of(op)?;
        self.rows.retain(|at, _| !(first..=last).contains(at));
        self.blocks.insert(first / BLOCK);
        let items = op["items"].as_array().ok_or("no items")?;
        for (at, item) in (first..).zip(items) {
            self.rows.insert(at, Row::read(item).ok_or("no row")?);
        }
        Ok(())
    }
}

fn range_of(op: &Value) -> Result<[u64; 2], String> {
    let ends = [&op["range"][0], &op["range"][1]].map(Value::as_u64);
    let [Some(first), Some(last)] = ends else { return Err("no range".to_owned()) };
    Ok([first, last])
}

fn row_of(op: &Value) -> Result<Row, String> {
    Row::read(&op["item"]).ok_or_else(|| "no row".to_owned())
}
