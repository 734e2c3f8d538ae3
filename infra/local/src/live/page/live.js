// The page: it follows the happenings of the runner, and its buttons set some in motion.

import { Diagram } from './diagram.js';
import { Matrix, element } from './matrix.js';
import { distance, sentence, timeOfDay } from './words.js';

const at = (id) => document.getElementById(id);
const diagram = new Diagram(at('diagram'));
const matrix = new Matrix(at('matrix'), at('subject'));

const LOG_MAX = 60;
/** So often at the most, the words about what moves change. */
const WORDS_MS = 900;

let setting;
let picture;
/** The runner's clock less the browser's. */
let offsetMs = 0;

// ---- what comes in

const source = new EventSource('/demo/happenings');
let wasCutOff = false;

source.addEventListener('setting', ({ data }) => {
  setting = JSON.parse(data);
  offerStories();
  offerPlaces();
  if (wasCutOff) problem('');
});
source.addEventListener('picture', ({ data }) => {
  const told = JSON.parse(data);
  offsetMs = Date.parse(told.at) - Date.now();
  picture = told.picture;
  showState();
});
source.addEventListener('recent', ({ data }) => {
  at('log').replaceChildren();
  for (const told of JSON.parse(data)) {
    log(told);
    if (told.kind === 'said') showSaid(told);
    else at('moved').textContent = sentence(told);
  }
});
source.addEventListener('happening', ({ data }) => {
  const told = JSON.parse(data);
  offsetMs = Date.parse(told.at) - Date.now();
  log(told);
  diagram.show(told);
  if (told.kind === 'said') showSaid(told);
  else inWords(sentence(told));
});
source.addEventListener('error', () => {
  wasCutOff = true;
  problem('The runner does not answer. This page goes on by itself as soon as it does.');
});

// ---- what is shown

function showState() {
  if (!setting) return;
  diagram.draw(setting, picture.recipients);
  diagram.state(picture, switchRecipient);
  showDead(picture.letters);
  showTime();
  for (const button of at('stories').querySelectorAll('button')) {
    const isPlaying = picture.playing === button.dataset.story;
    button.setAttribute('aria-disabled', String(picture.playing !== null));
    button.closest('li').classList.toggle('is-playing', isPlaying);
  }
  showHoldings();
}

/** No recipient is shown to hold what is still on its way to it. */
let waiting;
function showHoldings() {
  clearTimeout(waiting);
  const now = picture;
  waiting = setTimeout(() => matrix.draw(setting, now.recipients), diagram.restsAt - performance.now());
}

function showSaid({ story, text, part, subject }) {
  at('said').textContent = text;
  Object.assign(at('said').dataset, { story, part });
  if (subject) matrix.look(subject, setting?.stories.find(({ name }) => name === story)?.who);
}

function showDead(letters) {
  const rows = letters.map(({ queue, letter }) => {
    const why = letter.reason ?? `received ${letter.received} times, and never worked off`;
    return element('li', element('b', queue), ` ${why} `, element('small', timeOfDay(letter.sent_at)));
  });
  const none = element('p', 'None. What can never be worked off is put aside here, with its reason, and holds up nobody.');
  at('dead').replaceChildren(rows.length > 0 ? element('ul', ...rows) : none);
  at('forget').hidden = rows.length === 0;
}

function showTime() {
  const now = new Date(Date.now() + offsetMs).toISOString();
  at('time').dateTime = now;
  at('time').textContent = `${now.slice(0, 10)} ${timeOfDay(now)} UTC`;
  if (picture) at('ahead').textContent = distance(picture.ahead_s);
}
setInterval(showTime, 1000);

/** A call and its end are one line. */
function log(told) {
  const text = sentence(told);
  const called = told.kind === 'ended' && at('log').querySelector(`[data-called="${told.function}"]`);
  if (called) {
    called.append(` ${text}`);
    delete called.dataset.called;
    if (told.outcome === 'failed') called.classList.add('is-failure');
    return;
  }
  const entry = element('li', element('time', timeOfDay(told.at)), element('span', ` ${text}`));
  entry.dataset.kind = told.kind;
  if (told.kind === 'called') entry.dataset.called = told.function;
  if (['failed', 'unanswered', 'turned-away'].includes(told.outcome)) entry.classList.add('is-failure');
  at('log').prepend(entry);
  while (at('log').childElementCount > LOG_MAX) at('log').lastElementChild.remove();
}

/** In words for those who hear the page: the latest, and not faster than one can listen. */
let latest;
let speaking;
function inWords(text) {
  latest = text;
  speaking ??= setTimeout(() => {
    at('moved').textContent = latest;
    speaking = undefined;
  }, WORDS_MS);
}

function problem(text) {
  at('problem').textContent = text;
  at('problem').hidden = text === '';
}

// ---- what the buttons do

async function send(path, body) {
  try {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    problem(answer.ok ? '' : (await answer.json()).problem);
  } catch {
    problem('The runner does not answer. Is it still running?');
  }
}

function offerStories() {
  const stories = setting.stories.map(({ name, title, about }) => {
    const button = element('button', title);
    button.type = 'button';
    button.dataset.story = name;
    button.addEventListener('click', () => send(`/demo/stories/${name}`, { pace_ms: Number(at('pace').value) }));
    return element('li', button, element('p', about));
  });
  at('stories').replaceChildren(...stories);
}

function offerPlaces() {
  const links = setting.places.map(({ path, what }) => {
    const link = element('a', what);
    link.href = path;
    return link;
  });
  at('places').replaceChildren(...links);
}

function switchRecipient(name, down) {
  send(`/demo/recipients/${name}`, { down });
}

for (const button of document.querySelectorAll('[data-minutes]')) {
  button.addEventListener('click', () => send('/demo/clock', { minutes: Number(button.dataset.minutes) }));
}
at('poison').addEventListener('click', () => send('/demo/poison', {}));
at('forget').addEventListener('click', () => send('/demo/letters', {}));
