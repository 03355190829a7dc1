//! How large a guild may be that is made from one body: no larger than the public API lets it grow.

use throng_proto::refusal::{FieldError, Refusal};

use super::{Blueprint, ChannelPlan};
use crate::fault::Fault;

const CHANNELS_MAX: usize = 500;
/// Roles, @everyone among them.
const ROLES_MAX: usize = 250;
const OVERWRITES_MAX: usize = 100;
const DESCRIPTION_MAX: usize = 300;
const TOPIC_MAX: usize = 1_024;
const NICK_MAX: usize = 32;
const COLOR_MAX: u32 = 0xff_ffff;
/// Faults that one answer names.
const FAULTS_MAX: usize = 100;

/// Makes sure that nothing is larger or longer than the public API takes.
///
/// # Errors
///
/// Names each fault with its place, the first hundred.
pub(super) fn check(blueprint: &Blueprint) -> Result<(), Fault> {
    let mut faults = Faults(Vec::new());
    faults.long("description", blueprint.description.as_deref(), DESCRIPTION_MAX);
    let roles = blueprint.roles.as_deref().unwrap_or_default();
    let named = roles.iter().filter(|role| role.name != super::EVERYONE).count();
    faults.many("roles", named + 1, ROLES_MAX);
    for (index, role) in roles.iter().enumerate() {
        if role.color > COLOR_MAX {
            let message = format!("int value should be less than or equal to {COLOR_MAX}.");
            faults.add(format!("roles.{index}.color"), "NUMBER_TYPE_MAX", message);
        }
    }
    let channels = blueprint.channels.as_deref().unwrap_or_default();
    faults.many("channels", channels.len(), CHANNELS_MAX);
    for (index, channel) in channels.iter().enumerate() {
        check_channel(&mut faults, index, channel);
    }
    for (index, member) in blueprint.members.iter().flatten().enumerate() {
        faults.long(&format!("members.{index}.nick"), member.nick.as_deref(), NICK_MAX);
        let place = format!("members.{index}.roles");
        faults.many(&place, member.roles.len(), ROLES_MAX);
    }
    if faults.0.is_empty() { Ok(()) } else { Err(Refusal::InvalidForm(faults.0).into()) }
}

fn check_channel(faults: &mut Faults, index: usize, channel: &ChannelPlan) {
    faults.long(&format!("channels.{index}.topic"), channel.topic.as_deref(), TOPIC_MAX);
    let place = format!("channels.{index}.permission_overwrites");
    faults.many(&place, channel.permission_overwrites.len(), OVERWRITES_MAX);
}

struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, field: String, code: &'static str, message: String) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(FieldError { field, code, message });
        }
    }

    fn many(&mut self, field: &str, count: usize, max: usize) {
        if count > max {
            let message = format!("Must be {max} or fewer in length.");
            self.add(field.to_owned(), "BASE_TYPE_MAX_LENGTH", message);
        }
    }

    fn long(&mut self, field: &str, text: Option<&str>, max: usize) {
        self.many(field, text.map_or(0, |text| text.chars().count()), max);
    }
}
