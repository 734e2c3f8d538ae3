// <assenso-consent notice="..." brand="...">: the form of a notice, inside another website.
//
// It takes the form from the page that works without a script, so there is one form and one set of words,
// and sends what was ticked to the public route. Attributes: notice; version, brand and language if wished.
// Events: "assenso-stored", whose detail is the answer.

const home = new URL(document.currentScript.src).origin;

class AssensoConsent extends HTMLElement {
  #shadow = this.attachShadow({ mode: "open" });
  #sent = { body: "", key: "" };

  async connectedCallback() {
    try {
      const [page, style] = await Promise.all([this.#get(this.#page()), this.#get("/v1/assets/pages.css")]);
      const consent = new DOMParser().parseFromString(page, "text/html").querySelector("#consent");
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(style);
      this.#shadow.adoptedStyleSheets = [sheet];
      this.#shadow.replaceChildren(document.adoptNode(consent));
      for (const link of this.#all("a[href^='/']")) link.href = home + link.getAttribute("href");
      this.#one("form").addEventListener("submit", (event) => this.#submit(event));
    } catch {
      // What stands inside the element is a link to the page: it is shown instead.
      this.#shadow.replaceChildren(document.createElement("slot"));
    }
  }

  #one = (selector) => this.#shadow.querySelector(selector);
  #all = (selector) => this.#shadow.querySelectorAll(selector);

  #page() {
    const query = new URLSearchParams();
    for (const name of ["version", "brand"]) {
      if (this.hasAttribute(name)) query.set(name, this.getAttribute(name));
    }
    query.set("language", this.getAttribute("language") || document.documentElement.lang || navigator.language);
    return `/v1/forms/${encodeURIComponent(this.getAttribute("notice"))}?${query}`;
  }

  async #get(path) {
    const answer = await fetch(home + path, { credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }

  async #submit(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const contact = { email: form.get("email").trim() };
    if (form.get("name").trim()) contact.name = form.get("name").trim();
    const body = JSON.stringify({
      version: Number(form.get("version")),
      language: form.get("language"),
      brand: form.get("brand"),
      controls: form.getAll("control"),
      channels: form.getAll("channel"),
      contact,
    });
    // The same answers sent again are the same consent; other answers are another one.
    if (body !== this.#sent.body) this.#sent = { body, key: crypto.randomUUID() };

    const button = this.#one("button[type=submit]");
    button.disabled = true;
    try {
      const answer = await fetch(`${home}/v1/forms/${encodeURIComponent(this.getAttribute("notice"))}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": `"${this.#sent.key}"` },
        body,
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
      const told = await answer.json();
      if (answer.ok) this.#stored(told);
      else this.#wrong(told.field);
    } catch {
      this.#wrong();
    }
    button.disabled = false;
  }

  #stored(told) {
    const stored = this.#one("#stored");
    const kept = new Set(told.facets);
    for (const item of stored.querySelectorAll("[data-facet]")) item.hidden = !kept.has(item.dataset.facet);
    const until = stored.querySelector("[data-until]");
    const day = new Date(told.confirm_until).toLocaleDateString(this.#one("#consent").lang, { dateStyle: "long" });
    until.textContent = until.dataset.until.replace("{}", day);
    until.hidden = !told.confirm_until;
    stored.querySelector("[data-preferences]").href = home + told.preferences;
    for (const part of this.#one("#consent").children) part.hidden = part !== stored;
    stored.focus();
    this.dispatchEvent(new CustomEvent("assenso-stored", { detail: told }));
  }

  #wrong(field = "") {
    const texts = this.#one("#stored").dataset;
    const words = {
      "/contact/email": texts.wrongContactEmail,
      "/contact/name": texts.wrongContactName,
      "/controls": texts.wrongControls,
      "/channels": texts.wrongChannels,
    };
    for (const [name, at] of [["email", "/contact/email"], ["name", "/contact/name"]]) {
      this.#one(`[name=${name}]`).toggleAttribute("aria-invalid", false);
      if (field === at) this.#one(`[name=${name}]`).setAttribute("aria-invalid", "true");
    }
    const wrong = this.#one("#wrong");
    wrong.querySelector("span").textContent = words[field] || texts.wrong;
    wrong.hidden = false;
    wrong.focus();
  }
}

customElements.define("assenso-consent", AssensoConsent);
