// The person's part without a browser: keeps cookies, follows redirects on the provider's host, fills in its forms.

export class Person {
  #cookies = new Map();

  /** `sms` is where the stand-in of the gateway shows what came to the person's phone. */
  constructor({ login, password, passcode, phone }, sms) {
    Object.assign(this, { login, password, passcode, phone, sms });
  }

  /**
   * Goes where a relying party sends its visitor, and says what the provider asks for on the way.
   *
   * `given` is what the person agrees to tell, `surely` signs in by passcode and code (level 2) instead of by password.
   * Returns the address at which the relying party gets its visitor back; an Error with the page's text where none does.
   */
  async visit(address, { given = [], answer = "yes", surely = false } = {}) {
    this.asked = [];
    let page = await this.#open(new URL(address), {});
    for (let step = 0; step < 9 && !page.away; step += 1) {
      const [name, form] = found(page.html) ?? [];
      if (!name) throw new Error(`${page.status} at ${page.url.pathname}: ${plain(page.html)}`);
      this.asked.push(name);
      if (name === "password" && surely) {
        const onward = form.fields.find((field) => field.name === "next").value;
        page = await this.#open(new URL(`/identity/sign-in/passcode/?${new URLSearchParams({ next: onward })}`, page.url), {});
        continue;
      }
      page = await this.#send(page, form, await this.#says(name, { given, answer }));
    }
    if (!page.away) throw new Error(`asked without end: ${this.asked}`);
    return page.away;
  }

  async #says(name, { given, answer }) {
    switch (name) {
      case "password":
        return [["login", this.login], ["password", this.password]];
      case "passcode":
        this.before = (await this.#messages()).length;
        return [["login", this.login], ["passcode", this.passcode]];
      case "code":
        return [["code", await this.#code()]];
      case "consent":
        return [...given.map((claim) => ["given", claim]), ["answer", answer]];
      default:
        return [];
    }
  }

  async #messages() {
    return (await fetch(`${this.sms}?to=${this.phone}`)).json();
  }

  async #code() {
    for (let tries = 0; tries < 100; tries += 1) {
      const messages = await this.#messages();
      if (messages.length > this.before) return messages[0].text.match(/\d{6}/)[0];
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error("no code came to the phone");
  }

  async #send(page, form, values) {
    const hidden = form.fields.filter((field) => field.type === "hidden").map(({ name, value }) => [name, value ?? ""]);
    const told = new URLSearchParams([...hidden.filter(([name]) => !values.some(([one]) => one === name)), ...values]);
    return this.#open(new URL(form.action || page.url, page.url), { method: "POST", body: told });
  }

  async #open(url, options) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { "Accept-Language": "en", ...(cookie && { cookie }) };
    const response = await fetch(url, { ...options, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (value === "" || value === '""' || /max-age=0/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const html = await response.text();
    const onward = response.headers.get("location") ?? plainText(html.match(/http-equiv="refresh" content="0;url=([^"]*)"/)?.[1]);
    if (!onward) return { url, html, status: response.status };
    const next = new URL(onward, url);
    return next.origin === url.origin ? this.#open(next, {}) : { away: next };
  }
}

const QUESTIONS = { password: "password", passcode: "passcode", code: "code", answer: "consent", leave: "leave" };

/** Which of the provider's questions the page asks, and its form. */
function found(html) {
  for (const [, head, body] of html.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)) {
    const fields = [...body.matchAll(/<(?:input|button)([^>]*)>/g)].map(([, told]) => attributes(told));
    const form = { action: attributes(head).action ?? "", fields };
    const marks = [...fields.map((field) => field.name), form.action.split("/").pop()];
    const mark = marks.find((one) => one in QUESTIONS && one !== "");
    if (mark && !("hidden" in attributes(head))) return [QUESTIONS[mark], form];
  }
}

function attributes(told) {
  const pairs = [...told.matchAll(/([\w-]+)(?:="([^"]*)")?/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, plainText(value ?? "")]));
}

function plainText(html) {
  const signs = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };
  return html?.replace(/&(?:amp|lt|gt|quot|#x27);/g, (sign) => signs[sign]);
}

function plain(html) {
  return plainText(html.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ").trim().slice(0, 600);
}
