//! What a person reads who has just started the runner: where to look, and what to try first.

use local::template::Template;

pub(crate) fn banner(gateway: &str, template: &Template) -> String {
    let is_there = |route: &str| template.routes.iter().any(|known| known.key == route);
    let mut places = vec![
        ("/", "watch it work, and play a story"),
        ("/demo/recipients", "what every recipient holds"),
    ];
    if is_there("GET /v1/forms/{notice}") {
        places.push(("/v1/forms/bmw-italia-promotional", "the form that visitors tick"));
    }
    let places: String = places
        .iter()
        .map(|(path, what)| format!("  {:<60}{what}\n", format!("{gateway}{path}")))
        .collect();
    format!(
        r#"
Assenso is at {gateway}, on this computer alone; ctrl-c ends it.

{places}
Or enter by the front door, as a back office does:

  A="Authorization: Bearer $(cargo run -q -p local -- token --scope service)"

  curl -H "$A" {gateway}/v1/subjects/customer-4711/consents \
    -H 'Content-Type: application/json' -H 'Idempotency-Key: "form-1"' \
    -d '{{"notice":{{"id":"bmw-italia-promotional","version":1,"language":"it"}},"brand":"bmw","source":"form",
         "controls":["promotional"],"channels":["email","phone"],"evidence":{{"kind":"signed-in"}}}}'

  curl -H "$A" {gateway}/v1/subjects/customer-4711/recipients

README.md goes on from here; --help lists the commands.
"#
    )
}
