// Controls that change something, and why the site refused.

import { h } from './dom.js';

// Why the last attempt at `place` came to nothing, said beside it.
export function refusal(context, place) {
  const reason = context.refusals.get(place);
  return reason && h('p', { class: 'refusal', key: 'refusal', role: 'alert' }, reason);
}

// A button in a place of its own, in which a refusal is shown.
export function actionButton(context, place, label, action, title) {
  const isBusy = context.busy.has(place);
  return h(
    'span', { class: 'action', 'aria-busy': isBusy && 'true' },
    h('button', { type: 'button', class: 'small plain', disabled: isBusy, title, 'aria-label': title, onclick: action }, label),
    refusal(context, place));
}

// A button for the next rows of a list.
export function moreButton(context, place, next) {
  const isBusy = context.busy.has(place);
  return h(
    'p', { class: 'action more', key: place, 'aria-busy': isBusy && 'true' },
    h('button', { type: 'button', class: 'quiet', disabled: isBusy, onclick: () => context.attempt(place, next) }, 'Show more'),
    refusal(context, place));
}
