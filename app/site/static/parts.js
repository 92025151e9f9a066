// What the pages are made of: cards, tables, people, chips. Each takes a piece of an answer and gives an element.

import { h, icon } from './dom.js';
import { UNKNOWN, ago, date, moment, words } from './format.js';

const TONES = {
  OPEN: 'blue', DOING: 'amber', DONE: 'green', ON_HOLD: 'amber', CLOSED: 'grey',
  DRAFT: 'grey', SENT: 'blue', PAID: 'green', VOID: 'grey',
  GOOD: 'green', WATCH: 'amber', AT_RISK: 'red',
  LEAD: 'blue', REVIEWER: 'amber', OWNER: 'blue', ADMIN: 'green', GUEST: 'grey',
};
export const URGENCY = ['', 'Urgent', 'High', 'Normal', 'Low'];

export function chip(name, title) {
  if (name === null) return h('span', { class: 'muted', title: 'The old API does not say' }, UNKNOWN);
  return h('span', { class: `chip ${TONES[name] ?? ''}`, title }, words(name));
}

// A tag in its own colour. The colour goes into a custom property, where nothing but a colour has an effect.
export function tag({ name, color }) {
  return h('span', { class: 'tag', '--tag': color }, name);
}

export function priority(value, isOpen = true) {
  return h('span', { class: isOpen ? `priority p${value}` : 'priority', title: `Priority ${value}` }, URGENCY[value] ?? value);
}

export function avatar(user) {
  if (user.avatarUrl?.startsWith('/')) {
    return h('img', { class: 'avatar', src: user.avatarUrl, alt: '', loading: 'lazy', title: user.name });
  }
  const letters = user.name.split(/\s+/).map((word) => word[0]);
  const initials = [letters[0], letters.length > 1 && letters.at(-1)];
  return h('span', { class: 'avatar', title: user.name, 'aria-hidden': 'true' }, h('span', {}, initials));
}

export function person(user, note) {
  if (!user) return h('span', { class: 'muted' }, 'Nobody');
  return h('span', { class: 'person' }, avatar(user), h('span', {}, user.name, note && h('small', {}, note)));
}

export function time(value, show = ago) {
  return h('time', { datetime: value, title: moment(value) }, show(value));
}

// A day without a time of day.
export const day = (value) => h('time', { datetime: value }, date(value));

// When something is due, in red once that has passed and it is still to do.
export function due(value, isOpen = true) {
  if (!value) return h('span', { class: 'muted' }, 'No date');
  const isLate = isOpen && new Date(value) < new Date();
  const when = value.includes('T') ? time(value, date) : day(value);
  return h('span', { class: isLate && 'late' }, when, isLate && h('span', { class: 'unseen' }, ' (overdue)'));
}

export function heading({ above, title, chips, below, beside }) {
  return h(
    'header', { class: 'heading', mark: true },
    above && h('p', { class: 'above' }, above),
    h('div', { class: 'headline' }, h('h1', {}, title, chips), beside),
    below && h('p', { class: 'below' }, below),
  );
}

export function card(title, { note, flush, id } = {}, ...children) {
  const heading = title && h('header', {}, h('h2', {}, title), note && h('span', { class: 'muted' }, note));
  return h('section', { class: `card ${flush ? 'flush' : ''}`, id }, heading, children);
}

export function stats(...items) {
  return h('dl', { class: 'stats' }, items.filter(Boolean).map(([label, value, note, tone]) =>
    h('div', { class: tone, key: label, mark: true }, h('dt', {}, label), h('dd', {}, value, note && h('small', {}, note)))));
}

// Columns are `[title, cell(row), class]`: `num` is aligned to the right, `minor` is left out on narrow screens. Rows
// past `most` are there and hidden until asked for.
export function table(rows, columns, { empty = 'Nothing here yet.', most = Infinity, row: attributes } = {}) {
  if (rows.length === 0) return nothing(empty);
  const head = h('thead', {}, h('tr', {}, columns.map(([title, , kind]) => h('th', { scope: 'col', class: kind }, title))));
  const line = (row, index) => h(
    'tr', { key: row.id, mark: true, class: index >= most && 'further', ...attributes?.(row) },
    columns.map(([, cell, kind]) => h('td', { class: kind }, cell(row))));
  return h(
    'div', { class: 'scroll' },
    h('table', {}, head, h('tbody', {}, rows.map(line))),
    rows.length > most && h('button', {
      type: 'button', class: 'quiet more', onclick: ({ currentTarget }) => { currentTarget.parentElement.dataset.whole = ''; },
    }, `Show ${rows.length - most} more`));
}

export function nothing(text) {
  return h('p', { class: 'nothing' }, text);
}

export const matterLink = (matter) => matter && h('a', { href: `/matters/${matter.id}` }, matter.title ?? UNKNOWN);
export const clientLink = (client) => client && h('a', { href: `/clients/${client.id}` }, client.name);
export const documentLink = (document) => h('a', { href: `/documents/${document.id}`, class: 'with-icon' }, icon('document'), document.title);

export const websiteLink = (address) => address && h('a', { href: address, rel: 'noreferrer' }, address.replace(/^https?:\/\//, ''));

export function contacts(list) {
  if (list.length === 0) return nothing('Nobody yet.');
  return h('ul', { class: 'contacts' }, list.map(({ name, email, phone }) => h(
    'li', { mark: true },
    h('span', {}, name),
    h('small', {}, h('a', { href: `mailto:${email}` }, email)),
    phone && h('small', {}, h('a', { href: `tel:${phone.replaceAll(' ', '')}` }, phone)),
  )));
}

// The API's errors, each with its code and where in the answer it is.
export function errors(list, title = 'The answer has errors') {
  return list.length > 0 && h(
    'div', { class: 'notice bad', role: 'alert' },
    h('b', {}, title),
    h('ul', {}, list.map((error) => h(
      'li', {},
      error.extensions?.code && h('code', {}, error.extensions.code), ' ', error.message,
      error.path && h('span', { class: 'muted' }, ` at ${error.path.join('.')}`),
    ))),
  );
}

// The shell was sent to somebody who was signed in; that may have ended since.
export function signedOut() {
  const next = encodeURIComponent(location.pathname + location.search);
  return [heading({ title: 'You are signed out' }), h('p', {}, h('a', { href: `/sign-in?next=${next}` }, 'Sign in again'))];
}
