//! Sample data from the tests beside the journeys: a test is played, and what went out in it is looked at.

use anyhow::bail;
use engine::preview::Preview;
use graph::{Name, Project, Value, test::Test};

/// A call or a message that went out in a test.
pub(crate) struct Rehearsed<'t> {
    /// The test.
    pub(crate) test: &'t Test,
    /// The request, and what it was made of.
    pub(crate) preview: Preview,
}

/// The first time that an action or message goes out in the named test, or in any; none where it never does, or does not
/// exist.
///
/// # Errors
/// When the named test does not exist, or it does not go out in it.
pub(crate) fn find<'t>(
    project: &Project,
    tests: &'t [Test],
    name: &str,
    only: Option<&str>,
) -> anyhow::Result<Option<Rehearsed<'t>>> {
    let wanted = |test: &&Test| only.is_none_or(|only| *test.name == *only);
    let found = tests.iter().filter(wanted).find_map(|test| {
        let sent = rehearse::play(project, test).into_iter().flat_map(|played| played.sent);
        let sent = sent.into_iter().find(|sent| *sent.name == *name)?;
        let action = match project.messages.get(name) {
            Some(message) => message.action.clone(),
            None => project.actions.get(name)?.clone(),
        };
        let carried = action.params.iter().filter_map(|(name, _)| {
            let value: Value = sent.carried.get(name)?.clone();
            Some((name.clone(), value))
        });
        let carried: Vec<(Name, Value)> = carried.collect();
        Some(Rehearsed { test, preview: Preview { carried, request: sent.request, action } })
    });
    match (only, &found) {
        (Some(only), None) if !tests.iter().any(|test| *test.name == *only) => {
            bail!("there is no test \"{only}\"")
        }
        (Some(only), None) => bail!("`{name}` does not go out in the test \"{only}\""),
        _ => Ok(found),
    }
}
