// Whatever happens, in words.

/** One sentence for one happening. */
export function sentence(told) {
  switch (told.kind) {
    case 'called':
      return called(told);
    case 'ended':
      return ended(told);
    case 'arrived':
      return `${told.recipient} ${ARRIVED[told.outcome]}.`;
    case 'changed':
      return told.what;
    default:
      return told.text;
  }
}

const ARRIVED = {
  taken: 'checked the signature, took it, and confirmed',
  unanswered: 'did not answer',
  'turned-away': 'turned it away',
};

function called({ function: name, by, what }) {
  switch (by) {
    case 'front-door':
      return `${what} reaches ${name}.`;
    case 'stream':
      return `The stream tells ${name}: ${what}.`;
    case 'queue':
      return `The queue hands ${name} an errand: ${what}.`;
    default:
      return `The schedule asks ${name} to ${what}.`;
  }
}

function ended({ function: name, by, outcome, status, calls }) {
  const after = Object.entries(calls).map(([call, times]) => (times > 1 ? `${times} × ${call}` : call));
  const using = after.length > 0 ? `, after ${after.join(', ')}` : '';
  if (by === 'front-door') return `${name} answers ${status ?? 'nothing'}${using}.`;
  if (outcome === 'failed') return `${name} failed${using}. What failed comes again.`;
  return `${name} is done${using}.`;
}

/** A pseudonym, cut to what tells two apart. */
export function short(subject) {
  return subject.length > 12 ? `${subject.slice(0, 10)}…` : subject;
}

/** The time of day by the runner's clock. */
export function timeOfDay(at) {
  return at.slice(11, 19);
}

/** How far the clock has been moved. */
export function distance(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 1) return 'by the runner’s clock';
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  const parts = [
    days && `${days} ${days === 1 ? 'day' : 'days'}`,
    hours && `${hours} h`,
    minutes % 60 && `${minutes % 60} min`,
  ].filter(Boolean);
  return `the clock was moved on by ${parts.join(' ')}`;
}
