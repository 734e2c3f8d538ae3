// Who holds what of one data subject: a row for each category, a column for each recipient.

import { short } from './words.js';

const LETTING_GO_MS = 4000;

export class Matrix {
  #root;
  #select;
  #cells = new Map();
  #subject;
  #titles = new Map();
  #draw = () => {};

  constructor(root, select) {
    [this.#root, this.#select] = [root, select];
    select.addEventListener('change', () => {
      this.#subject = select.value;
      this.#cells.clear();
      this.#draw();
    });
  }

  /** From now on, look at this one, who is known by this name. */
  look(subject, title) {
    if (title) this.#titles.set(subject, title);
    if (subject === this.#subject) return;
    this.#subject = subject;
    this.#cells.clear();
    this.#draw();
  }

  draw(setting, recipients) {
    this.#draw = () => this.draw(setting, recipients);
    const subjects = [...new Set(recipients.flatMap(({ subjects }) => Object.keys(subjects)))];
    this.#offer(subjects);

    const held = recipients.map(({ name, subjects }) => ({ name, about: subjects[this.#subject] }));
    const table = element('table');
    const caption = element('caption', 'What each recipient may hold of this data subject, as it was last told');
    caption.className = 'unseen';
    const head = element('tr');
    head.append(element('td'), ...recipients.map(({ name }) => header('col', ...breakable(name))));
    table.append(caption, element('thead', head), this.#categories(setting, held), contacts(setting, held));
    this.#root.replaceChildren(table, legend());
  }

  #offer(subjects) {
    if (!subjects.includes(this.#subject)) this.#subject ??= subjects.at(-1);
    const label = (subject) => [this.#titles.get(subject), short(subject)].filter(Boolean).join(', ');
    const offered = subjects.map((subject) => new Option(label(subject), subject, false, subject === this.#subject));
    const text = offered.map(({ text }) => text).join();
    if (subjects.length > 0 && (this.#select.dataset.offers !== text || this.#select.value !== this.#subject)) {
      this.#select.replaceChildren(...offered);
      this.#select.dataset.offers = text;
    }
  }

  #categories(setting, held) {
    const rows = setting.categories.map(({ code, number, title, has_content: hasContent }) => {
      const row = element('tr');
      const name = header('row', title);
      name.prepend(element('small', number));
      row.append(name);
      for (const { name: recipient, about } of held) {
        const may = about?.holds.categories?.includes(code) ?? false;
        const filled = may && (!hasContent || about.filled.includes(code));
        row.append(this.#cell(`${recipient} ${code}`, filled ? 'holds' : may ? 'may' : 'none'));
      }
      return row;
    });
    return element('tbody', ...rows);
  }

  /** What has just been let go of is shown as such for a while. */
  #cell(key, state) {
    const known = this.#cells.get(key);
    const wasHeld = known && ['holds', 'may'].includes(known.state);
    const lost = wasHeld && state === 'none' ? performance.now() : (state === 'none' && known?.lost) || 0;
    this.#cells.set(key, { state, lost });
    const isLost = lost > 0 && performance.now() - lost < LETTING_GO_MS;
    const shown = isLost ? 'lost' : state;
    const cell = element('td', element('span', WORDS[shown]));
    cell.dataset.state = shown;
    if (known && known.state !== state && state !== 'none') cell.classList.add('is-new');
    if (isLost) setTimeout(() => cell.dataset.state === 'lost' && cell.isConnected && this.#draw(), LETTING_GO_MS);
    return cell;
  }
}

const WORDS = { holds: 'holds data', may: 'may hold, has none', none: 'nothing', lost: 'let go of just now' };

/** By which channels the recipient may make contact, for any purpose. */
function contacts(setting, held) {
  const row = element('tr');
  row.append(header('row', 'may write or call by'));
  for (const { about } of held) {
    const facets = about?.holds.facets ?? [];
    const channels = setting.channels.filter(({ code }) => facets.some((facet) => facet.endsWith(`/${code}`)));
    const cell = element('td', channels.map(({ title }) => title.toLowerCase()).join(', ') || '–');
    cell.className = 'channels';
    row.append(cell);
  }
  return element('tfoot', row);
}

function legend() {
  const list = element('ul');
  list.className = 'legend';
  for (const state of ['holds', 'may', 'lost']) {
    const sign = element('i');
    sign.className = 'sign';
    sign.dataset.state = state;
    const entry = element('li');
    entry.append(sign, ` ${WORDS[state]}`);
    list.append(entry);
  }
  return list;
}

/** A long name may be broken after a hyphen. */
function breakable(name) {
  return name.split(/(?<=-)/).flatMap((part) => [part, element('wbr')]);
}

function header(scope, ...inside) {
  const cell = element('th', ...inside);
  cell.scope = scope;
  return cell;
}

export function element(name, ...inside) {
  const made = document.createElement(name);
  made.append(...inside);
  return made;
}
