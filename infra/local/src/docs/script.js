// Draws the contract. Whatever it says becomes text, never markup.

const api = await (await fetch("/openapi.json")).json();
const main = document.getElementById("main");
const contents = document.getElementById("contents");

/** An element: h("a.link", {href}, "text", child). */
function h(kind, ...inside) {
  const [name, ...classes] = kind.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const part of inside.flat(Infinity)) {
    if (part?.constructor === Object) {
      for (const [key, value] of Object.entries(part)) element.setAttribute(key, value);
    } else if (part !== null && part !== undefined && part !== false) {
      element.append(part);
    }
  }
  return element;
}

const follow = (value) =>
  value?.$ref ? value.$ref.slice(2).split("/").reduce((at, name) => at[name.replaceAll("~1", "/").replaceAll("~0", "~")], api) : value;
const nameOf = (schema) => schema?.$ref?.split("/").at(-1);
const entries = (object) => Object.entries(object ?? {});

// ---- words: the little of CommonMark that the contract uses

const inline = (text) =>
  text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)/).map((part) =>
    part.startsWith("`") ? h("code", part.slice(1, -1))
      : part.startsWith("**") ? h("strong", part.slice(2, -2))
        : part.startsWith("*") && part.length > 2 ? h("em", part.slice(1, -1)) : part);

function words(text = "") {
  return text.trim().split(/\n\s*\n/).filter(Boolean).map((block) => {
    if (!block.startsWith("|")) return h("p", inline(block));
    const cells = (line) => line.replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
    const [head, , ...rows] = block.split("\n");
    return table(cells(head), rows.map((row) => cells(row).map(inline)));
  });
}

const table = (head, rows) =>
  h("div.table", h("table",
    h("thead", h("tr", head.map((cell) => h("th", { scope: "col" }, inline(cell))))),
    h("tbody", rows.map((row) => h("tr", row.map((cell) => h("td", cell)))))));

// ---- schemas

/** What a value is, in a few words. */
function kind(schema) {
  const known = follow(schema);
  const options = known.oneOf ?? (known.properties ? undefined : known.anyOf);
  if ("const" in known) return JSON.stringify(known.const);
  if (known.enum) return known.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (known.type === "array") return `list of ${kind(known.items)}`;
  if (options?.some((option) => option.type === "null")) return options.map(kind).join(" | ");
  if (nameOf(schema)) return nameOf(schema);
  if (options && !known.type) return options.map(kind).join(" | ");
  return [known.type ?? "anything"].flat().join(" | ");
}

/** What must hold of a value, beyond its type. */
function rules(known) {
  const said = [
    known.minItems > 1 || known.maxItems ? `${known.minItems ?? 0} to ${known.maxItems ?? "any number"} of them` : "",
    known.maxLength ? `at most ${known.maxLength} letters` : "",
    known.examples?.length ? `such as ${known.examples.join(", ")}` : "",
  ];
  return said.filter(Boolean).join("; ");
}

/** The schema to look into below a value: its own fields, or those of what it is a list or a choice of. */
function below(schema) {
  const known = follow(schema);
  if (known.properties || typeof known.additionalProperties === "object") return [schema];
  if (known.items) return below(known.items);
  return (known.oneOf ?? known.anyOf ?? []).flatMap(below);
}

function fields(schema, above = []) {
  const known = follow(schema);
  const needed = new Set(known.required);
  const rows = entries(known.properties).map(([name, field]) => row(name, field, needed.has(name), above));
  if (typeof known.additionalProperties === "object") {
    rows.push(row(`{${nameOf(known.propertyNames) ?? "name"}}`, known.additionalProperties, false, above));
  }
  return h("ul.fields", rows);
}

function row(name, field, isNeeded, above) {
  const known = follow(field);
  const said = field.description ?? known.description;
  const item = h("li", h("code", name), h("span.type", kind(field)), isNeeded && h("span.needed", "required"),
    said && h("span.says", words(said)));
  const rule = rules(known);
  if (rule) item.append(h("span.rule", rule));
  for (const inner of below(field)) {
    if (above.includes(nameOf(inner) ?? inner)) continue;
    item.append(later(`Fields of ${nameOf(inner) ?? "it"}`, () => fields(inner, [...above, nameOf(inner) ?? inner])));
  }
  return item;
}

/** Drawn when it is opened. */
function later(title, draw) {
  const closed = h("details", h("summary", title));
  closed.addEventListener("toggle", () => closed.append(draw()), { once: true });
  return closed;
}

function body(content) {
  return entries(content).flatMap(([media, { schema, examples }]) => {
    const tops = below(schema);
    const shown = entries(examples).map(([, example]) => follow(example));
    return [
      h("p", "As ", h("code", media), tops.length ? "." : ` – ${kind(schema)}.`),
      ...tops.map((top) => fields(top, [nameOf(top) ?? top])),
      ...shown.map((example, at) => {
        const text = h("pre", { tabindex: 0 }, h("code", JSON.stringify(example.value, null, 2)));
        const title = example.summary ? `Example: ${example.summary}` : "Example";
        return at === 0 ? h("div", h("p", title), text) : h("details", h("summary", title), text);
      }),
    ];
  });
}

// ---- operations

function parameters(all) {
  const rows = all.map(follow).map((parameter) => [
    [h("code", parameter.name), parameter.required && h("span.needed", "required")],
    parameter.in,
    [inline(parameter.description ?? follow(parameter.schema).description ?? ""), h("span.rule", rules(follow(parameter.schema)) || kind(parameter.schema))],
  ]);
  return rows.length ? [h("h4", "Parameters"), table(["Name", "In", "What it is"], rows)] : [];
}

function answers(responses) {
  const answer = ([status, response]) => {
    const problems = response.content?.["application/problem+json"];
    const slugs = problems ? Object.keys(problems.examples) : [];
    const [firstLine, ...rest] = response.description.split("\n");
    const first = slugs.length ? slugs.map((slug) => [h("code", slug), " "]).flat() : inline(firstLine);
    const { "application/problem+json": _, ...content } = response.content ?? {};
    const isGateway = Object.values(content).some((media) => nameOf(media.schema) === "GatewayMessage");
    const draw = () => h("div", slugs.length ? problemTable(slugs) : words(rest.join("\n")),
      isGateway ? h("p", "Also from the gateway itself, as ", h("code", "application/json"), " with a ", h("code", "message"), ".") : body(content),
      headers(response.headers));
    const closed = later([h("b", status), first], draw);
    closed.className = "answer";
    return closed;
  };
  return [h("h4", "Answers"), h("div.answers", entries(responses).sort(byStatus).map(answer))];
}

const byStatus = ([one], [other]) => (one < other ? -1 : 1);

const headers = (all) =>
  entries(all).length
    ? h("ul.fields", entries(all).map(([name, header]) => h("li", h("code", name), h("span.says", follow(header).description ?? ""))))
    : null;

const problemTable = (slugs) =>
  table(["Problem", "It means"], slugs.map((slug) => [h("code", slug), api["x-problems"][slug].meaning]));

/** The first example as a command to paste. */
function command(method, path, operation, shared) {
  const all = [...shared, ...(operation.parameters ?? [])].map(follow).filter((one) => one.required);
  let address = path;
  const query = [], lines = [];
  for (const { name, in: place, example } of all) {
    if (place === "path") address = address.replace(`{${name}}`, example ?? name.toUpperCase());
    if (place === "query") query.push(`${name}=${example}`);
    if (place === "header") lines.push(`-H '${name}: ${example}'`);
  }
  if (operation.security.length) lines.push("-H \"Authorization: Bearer $TOKEN\"");
  for (const [media, { examples }] of entries(follow(operation.requestBody)?.content)) {
    lines.push(`-H 'Content-Type: ${media}'`);
    // A browser's form is described without an example.
    if (examples) lines.push(`-d '${JSON.stringify(follow(Object.values(examples)[0]).value)}'`);
    break;
  }
  const url = `"$G${address}${query.length ? `?${query.join("&")}` : ""}"`;
  return [`curl${method === "get" ? "" : ` -X ${method.toUpperCase()}`} ${url}`, ...lines].join(" \\\n  ");
}

function article(id, method, path, operation, shared, isCall) {
  const scopes = operation.security.flatMap((one) => one.token ?? []);
  const request = follow(operation.requestBody);
  return h("article", { id },
    h("h3", operation.summary),
    h("div.address", h(`span.method.${method}`, method.toUpperCase()), h("code", path),
      isCall && h("span.scopes", scopes.length ? `with a token of ${scopes.join(", ")}` : "public")),
    words(operation.description),
    isCall && h("pre", { tabindex: 0 }, h("code", command(method, path, operation, shared))),
    parameters([...shared, ...(operation.parameters ?? [])]),
    request ? [h("h4", "Body", request.required ? "" : " (optional)"), body(request.content)] : [],
    answers(operation.responses));
}

// ---- the page

const calls = entries(api.paths).flatMap(([path, { parameters: shared = [], ...methods }]) =>
  entries(methods).map(([method, operation]) => ({ method, path, operation, shared, isCall: true })));
const sent = entries(api.webhooks).flatMap(([path, methods]) =>
  entries(methods).map(([method, operation]) => ({ method, path, operation, shared: [], isCall: false })));

main.append(h("h1", api.info.title), h("p.lead", api.info.summary), ...words(api.info.description),
  h("p", "In the commands below, ", h("code", "G"), " is where this page comes from, and ", h("code", "TOKEN"),
    " a token with one of the scopes:"),
  h("pre", { tabindex: 0 }, h("code", `G=${location.origin}\nTOKEN=$(cargo run -q -p local -- token --scope service)`)),
  h("p", "The whole of it for programs: ", h("a", { href: "/openapi.json" }, "openapi.json"), "."));

for (const tag of api.tags) {
  const id = tag.name.toLowerCase();
  const its = [...calls, ...sent].filter(({ operation }) => operation.tags.includes(tag.name));
  main.append(h("section", { id }, h("h2", tag.name), words(tag.description),
    its.map((one) => article(one.operation.operationId, one.method, one.path, one.operation, one.shared, one.isCall))));
  contents.append(h("h2", h("a", { href: `#${id}` }, tag.name)),
    h("ul", its.map(({ method, operation }) => h("li", h("a", { href: `#${operation.operationId}` },
      h(`span.method.${method}`, method.toUpperCase()), operation.summary)))));
}
main.append(h("section", { id: "tokens" }, h("h2", "Tokens"), words(api.components.securitySchemes.token.description.replaceAll("\n", "\n\n"))),
  h("section", { id: "problems" }, h("h2", "Problems"), table(["Problem", "Status", "It means"],
    entries(api["x-problems"]).map(([slug, problem]) => [h("code", slug), problem.status.join(", "), problem.meaning]))));
contents.append(h("h2", h("a", { href: "#tokens" }, "Tokens")), h("h2", h("a", { href: "#problems" }, "Problems")));

// Open beside the text, folded away above it.
const wide = matchMedia("(min-width: 60rem)");
const fold = () => { contents.open = wide.matches; };
wide.addEventListener("change", fold);
fold();
contents.addEventListener("click", (event) => {
  if (event.target.closest("a") && !wide.matches) contents.open = false;
});
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
