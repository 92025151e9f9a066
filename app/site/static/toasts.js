// Short news in a corner, which leave by themselves unless somebody is at them.

import { draw, h, icon } from './dom.js';

const STAY = 8_000;

const host = document.getElementById('toasts');
const news = [];
let number = 0;

// `{ words, href, label, face, key }`; nothing is said of nothing, and nothing anew while what has its key is there.
export function toast(said) {
  if (!said || news.some((it) => it.key === said.key)) return;
  const it = { key: number += 1, ...said };
  news.push(it);
  show();
  leaveLater(it);
}

function leaveLater(it) {
  setTimeout(() => {
    const element = document.getElementById(`toast-${it.key}`);
    if (element?.matches(':hover, :focus-within')) leaveLater(it);
    else leave(it);
  }, STAY);
}

function follow(it) {
  it.onfollow?.();
  leave(it);
}

function leave(it) {
  const index = news.indexOf(it);
  if (index >= 0) news.splice(index, 1);
  show();
}

function show() {
  draw(host, news.map((it) => h(
    'li', { key: it.key, id: `toast-${it.key}`, class: 'toast' },
    it.face,
    h('div', { class: 'grow' }, h('span', {}, it.words), it.href && h('a', { href: it.href, onclick: () => follow(it) }, it.label)),
    h('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss', onclick: () => leave(it) }, icon('close')),
  )));
}
