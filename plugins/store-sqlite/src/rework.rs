//! What a migration does beside its script, where SQL alone cannot say it.

use std::collections::BTreeMap;

use rusqlite::Connection;
use throng_proto::model::Emoji;

/// What is done after the script of a version.
type Rework = fn(&Connection) -> rusqlite::Result<()>;

/// By version, in order.
pub(crate) const REWORKS: &[(usize, Rework)] = &[(4, complete_emoji)];

/// Writes the emoji of reactions as they are asked for today, with their selectors (U+FE0F): under
/// another name nobody could take them away. Who had reacted with both forms has one of them left.
fn complete_emoji(db: &Connection) -> rusqlite::Result<()> {
    let mut forms = BTreeMap::new();
    let mut statement = db.prepare("SELECT DISTINCT emoji FROM reactions")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // What is no text stays as it is.
        let Ok(old) = row.get_ref(0)?.as_str() else { continue };
        let new = Emoji::unicode(old).map(|emoji| emoji.key());
        if let Some(new) = new.filter(|new| new != old) {
            forms.insert(old.to_owned(), new);
        }
    }
    if forms.is_empty() {
        return Ok(());
    }
    let forms = throng_proto::json::text(&forms);
    db.execute(
        "UPDATE OR IGNORE reactions \
         SET emoji = (SELECT value FROM json_each(?1) WHERE key = reactions.emoji) \
         WHERE emoji IN (SELECT key FROM json_each(?1))",
        [&forms],
    )?;
    let sql = "DELETE FROM reactions WHERE emoji IN (SELECT key FROM json_each(?1))";
    db.execute(sql, [&forms]).map(drop)
}
