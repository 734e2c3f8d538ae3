// The picture: a box for every part, a wire for every way between two, and dots that travel.
//
// The boxes are a list that anybody can read; the wires and dots lie beneath and are drawn from where the
// boxes happen to be, so the same picture stands on a desk and on a phone.

const HOP_MS = 650;
const FLASH_MS = 1100;
// A picture that lags further behind than this catches up at once.
const LAG_MS_MAX = 6000;
const SVG = 'http://www.w3.org/2000/svg';
const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems', 'BatchWriteItem'];
const READS = ['GetItem', 'BatchGetItem', 'Query', 'Scan'];
const still = matchMedia('(prefers-reduced-motion: reduce)');

export class Diagram {
  #root;
  #wires = new Map();
  #boxes = new Map();
  #dots = new Set();
  /** When the last dot on its way to a box arrives there: what it causes starts from there no earlier. */
  #due = new Map();
  #shape = '';
  #setting;
  #svg;

  constructor(root) {
    this.#root = root;
    new ResizeObserver(() => this.#lay()).observe(root);
  }

  /** When everything that is on its way has arrived. */
  get restsAt() {
    return Math.max(performance.now(), ...this.#due.values());
  }

  /** Draw the parts, unless they are drawn. */
  draw(setting, recipients) {
    const shape = JSON.stringify([setting, recipients.map(({ name }) => name)]);
    if (shape === this.#shape) return;
    [this.#shape, this.#setting] = [shape, setting];
    this.#boxes.clear();
    this.#svg = document.createElementNS(SVG, 'svg');
    this.#svg.setAttribute('aria-hidden', 'true');
    this.#root.replaceChildren(this.#svg, ...places(setting, recipients).map((place) => this.#place(place)));
    this.#lay();
  }

  /** What stands in the boxes all the time: how much waits, who is down. */
  state({ waiting, letters, recipients }, onSwitch) {
    for (const [queue, count] of Object.entries(waiting)) {
      this.#note(`queue:${queue}`, count === 0 ? 'empty' : `${count} waiting`);
    }
    this.#note('dead', letters.length === 0 ? 'none' : `${letters.length} given up`);
    this.#boxes.get('dead')?.classList.toggle('is-dead', letters.length > 0);
    for (const { name, down, missed, kind } of recipients) {
      const box = this.#boxes.get(`recipient:${name}`);
      if (!box) continue;
      box.classList.toggle('is-down', down);
      const missing = missed > 0 ? `, missed ${missed}` : '';
      this.#note(`recipient:${name}`, `${down ? 'down' : kind.replace('-', ' ')}${missing}`);
      const button = box.querySelector('button');
      button.setAttribute('aria-pressed', String(down));
      button.onclick = () => onSwitch(name, button.getAttribute('aria-pressed') !== 'true');
    }
  }

  /** Show what happened. */
  show(told) {
    for (const [boxes, tone, note] of this.#ways(told)) this.#go(boxes, tone, note);
  }

  /** The ways that it takes through the boxes: which, as what, and what the last of them says then. */
  #ways(told) {
    const box = `function:${told.function}`;
    const queue = (name) => `queue:${this.#setting.consumers.find((known) => known.function === name)?.queue}`;
    const errands = `queue:${this.#setting.consumers[0]?.queue}`;
    const did = (calls) => calls.some((call) => call in (told.calls ?? {}));
    switch (`${told.kind}/${told.by ?? ''}`) {
      case 'called/front-door':
        return [[['door', box], 'read', told.what.replace(/ .*/, '')]];
      case 'called/stream':
        return [[['table', box], 'act', told.what]];
      case 'called/queue':
        return [[[queue(told.function), box], 'errand', told.what]];
      case 'called/schedule':
        return [[[box], 'read', 'looks at what is due']];
      case 'ended/front-door':
        if (told.outcome !== 'done') return [[[box, 'door'], 'failed', `answers ${told.status}`]];
        if (did(WRITES)) return [[[box, 'table'], 'act', 'one write']];
        return did(READS) ? [[[box, 'table'], 'read', 'read']] : [];
      case 'ended/stream':
      case 'ended/schedule':
        return did(['SendMessageBatch']) ? [[[box, errands], 'errand']] : [];
      case 'ended/queue':
        return [
          ...(did(['SendMessage']) ? [[[box, 'dead'], 'failed']] : []),
          ...(did(WRITES) ? [[[box, 'table'], 'act', 'the ledger is kept']] : []),
        ];
      case 'arrived/':
        return [
          [
            ['function:partner-sync', `recipient:${told.recipient}`],
            told.outcome === 'taken' ? 'told' : 'failed',
          ],
        ];
      default:
        return [];
    }
  }

  #go(boxes, tone, note) {
    const now = performance.now();
    const earliest = this.#due.get(boxes[0]) ?? now;
    const start = earliest - now > LAG_MS_MAX ? now : Math.max(now, earliest);
    const hop = still.matches ? 0 : HOP_MS;
    boxes.forEach((box, place) => {
      const at = start + place * hop;
      if (place > 0) {
        this.#due.set(box, Math.max(at, this.#due.get(box) ?? 0));
        const wire = this.#wires.get(`${boxes[place - 1]} ${box}`) ?? this.#wires.get(`${box} ${boxes[place - 1]}`);
        if (wire && hop > 0) setTimeout(() => this.#travel(wire, boxes[place - 1], tone), at - hop - now);
      }
      const isLast = place === boxes.length - 1;
      setTimeout(() => this.#flash(box, tone, isLast ? note : undefined), at - now);
    });
  }

  #flash(id, tone, note) {
    const box = this.#boxes.get(id);
    if (!box) return;
    if (note) this.#note(id, note);
    box.dataset.tone = tone;
    clearTimeout(box.fading);
    box.fading = setTimeout(() => delete box.dataset.tone, FLASH_MS);
  }

  #note(id, text) {
    const small = this.#boxes.get(id)?.querySelector('small');
    if (small && small.textContent !== text) small.textContent = text;
  }

  #travel({ path, from }, start, tone) {
    const dot = document.createElementNS(SVG, 'circle');
    dot.setAttribute('r', 6);
    dot.dataset.tone = tone;
    dot.classList.add('dot');
    this.#svg.append(dot);
    this.#dots.add({ dot, path, backwards: from !== start, since: performance.now(), length: path.getTotalLength() });
    if (this.#dots.size === 1) requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    const now = performance.now();
    for (const travelling of this.#dots) {
      const { dot, path, backwards, since, length } = travelling;
      const done = Math.min(1, (now - since) / HOP_MS);
      const eased = done < 0.5 ? 2 * done * done : 1 - (-2 * done + 2) ** 2 / 2;
      const { x, y } = path.getPointAtLength(length * (backwards ? 1 - eased : eased));
      dot.setAttribute('cx', x);
      dot.setAttribute('cy', y);
      if (done === 1) {
        dot.remove();
        this.#dots.delete(travelling);
      }
    }
    if (this.#dots.size > 0) requestAnimationFrame(() => this.#frame());
  }

  #place({ name, title, boxes }) {
    const place = document.createElement('div');
    place.className = 'place';
    place.dataset.place = name;
    const heading = document.createElement('h3');
    heading.textContent = title;
    const list = document.createElement('ul');
    list.append(...boxes.map((box) => this.#box(box)));
    place.append(heading, list);
    return place;
  }

  #box({ id, label, note, canSwitch }) {
    const box = document.createElement('li');
    box.className = 'box';
    const [name, small] = [document.createElement('b'), document.createElement('small')];
    name.textContent = label;
    small.textContent = note;
    box.append(name, small);
    if (canSwitch) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = 'down';
      button.setAttribute('aria-label', `${label} is down`);
      box.append(button);
    }
    this.#boxes.set(id, box);
    return box;
  }

  /** Lay the wires anew, from where the boxes are now. */
  #lay() {
    if (!this.#svg) return;
    const frame = this.#root.getBoundingClientRect();
    this.#svg.setAttribute('viewBox', `0 0 ${frame.width} ${frame.height}`);
    for (const { path } of this.#wires.values()) path.remove();
    this.#wires.clear();
    for (const [from, to] of wires(this.#setting, [...this.#boxes.keys()])) {
      const [a, b] = [this.#boxes.get(from), this.#boxes.get(to)];
      if (!a || !b) continue;
      const path = document.createElementNS(SVG, 'path');
      path.setAttribute('d', curve(inside(frame, a), inside(frame, b), frame));
      this.#svg.prepend(path);
      this.#wires.set(`${from} ${to}`, { path, from });
    }
  }
}

function places(setting, recipients) {
  const functions = (names, note) => names.map((name) => ({ id: `function:${name}`, label: name, note }));
  const queues = setting.consumers.map(({ queue }) => ({ id: `queue:${queue}`, label: queue, note: 'empty' }));
  return [
    { name: 'door', title: 'Front door', boxes: [{ id: 'door', label: 'API Gateway', note: 'for sites, dealers, offices' }] },
    { name: 'front', title: 'Functions', boxes: functions(setting.front, 'waits') },
    { name: 'table', title: 'State', boxes: [{ id: 'table', label: 'DynamoDB', note: 'one table: acts, profiles, the ledger' }] },
    {
      name: 'follow',
      title: 'What follows',
      boxes: [...functions(setting.streams, 'follows the stream'), ...functions(setting.schedules, 'each minute')],
    },
    { name: 'queues', title: 'Queues', boxes: [...queues, { id: 'dead', label: 'Dead letters', note: 'none' }] },
    { name: 'workers', title: 'Workers', boxes: functions(setting.consumers.map((known) => known.function), 'waits') },
    {
      name: 'recipients',
      title: 'Recipients',
      boxes: recipients.map(({ name }) => ({ id: `recipient:${name}`, label: name, note: '', canSwitch: true })),
    },
  ];
}

/** From which box to which there is a way. */
function wires(setting, boxes) {
  const of = (kind) => boxes.filter((id) => id.startsWith(`${kind}:`));
  const errands = setting.consumers[0]?.queue;
  return [
    ...setting.front.flatMap((name) => [
      ['door', `function:${name}`],
      [`function:${name}`, 'table'],
    ]),
    ...setting.streams.map((name) => ['table', `function:${name}`]),
    ...setting.schedules.map((name) => ['table', `function:${name}`]),
    ...[...setting.streams, ...setting.schedules].map((name) => [`function:${name}`, `queue:${errands}`]),
    ...setting.consumers.flatMap(({ queue, function: name }) => [
      [`queue:${queue}`, `function:${name}`],
      [`function:${name}`, 'dead'],
      [`function:${name}`, 'table'],
    ]),
    ...of('recipient').map((id) => ['function:partner-sync', id]),
  ];
}

function inside(frame, box) {
  const { left, right, top, bottom } = box.getBoundingClientRect();
  return {
    left: left - frame.left,
    right: right - frame.left,
    top: top - frame.top,
    bottom: bottom - frame.top,
    x: (left + right) / 2 - frame.left,
    y: (top + bottom) / 2 - frame.top,
  };
}

/** From box to box: sideways where they stand side by side, else downwards; the way back goes around. */
function curve(a, b, frame) {
  if (b.left >= a.right) {
    const middle = (a.right + b.left) / 2;
    return `M${a.right} ${a.y}C${middle} ${a.y} ${middle} ${b.y} ${b.left} ${b.y}`;
  }
  if (b.right < a.left && a.left - b.right > frame.width / 4) {
    const below = frame.height - 6;
    return `M${a.x} ${a.bottom}C${a.x} ${below + 24} ${b.x} ${below + 24} ${b.x} ${b.bottom}`;
  }
  if (b.right < a.left) {
    const middle = (a.left + b.right) / 2;
    return `M${a.left} ${a.y}C${middle} ${a.y} ${middle} ${b.y} ${b.right} ${b.y}`;
  }
  const [start, end] = a.y < b.y ? [a.bottom, b.top] : [a.top, b.bottom];
  const middle = (start + end) / 2;
  return `M${a.x} ${start}C${a.x} ${middle} ${b.x} ${middle} ${b.x} ${end}`;
}
