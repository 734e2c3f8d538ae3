//! What a person reads who has just started the runner: where to look, and what to try first.

use local::live::places;
use local::template::Template;

/// With a token of a back office, for the command that can be pasted.
pub(crate) fn banner(gateway: &str, template: &Template, token: &str) -> String {
    let live = [("/", "watch it work, and play a story")];
    let places: String = live
        .into_iter()
        .chain(places(template))
        .map(|(path, what)| format!("  {:<60}{what}\n", format!("{gateway}{path}")))
        .collect();
    format!(
        r#"
Assenso is at {gateway}, on this computer alone; ctrl-c ends it.

{places}
Or enter by the front door, as a back office does; its token is good for twelve hours, and `token` prints others:

  A="Authorization: Bearer {token}"

  curl -H "$A" {gateway}/v1/subjects/customer-4711/consents \
    -H 'Content-Type: application/json' -H 'Idempotency-Key: "form-1"' \
    -d '{{"notice":{{"id":"bmw-italia-promotional","version":1,"language":"it"}},"brand":"bmw","source":"form",
         "controls":["promotional"],"channels":["email","phone"],"evidence":{{"kind":"signed-in"}}}}'

  curl -H "$A" {gateway}/v1/subjects/customer-4711/recipients

README.md goes on from here; --help lists the commands.
"#
    )
}
