// Controls that change something: busy while the site works, and saying why when it refuses.

import { Refused } from './graphql.js';
import { h } from './dom.js';

// Run `action` for the control in `host`, which takes no input meanwhile. What the site refuses is said in `host`.
export async function attempt(host, action) {
  host.querySelector(':scope > .refusal')?.remove();
  host.setAttribute('aria-busy', 'true');
  host.inert = true;
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    host.append(h('p', { class: 'refusal', role: 'alert' }, error.message));
  } finally {
    host.inert = false;
    host.removeAttribute('aria-busy');
  }
}

// A button in a place of its own, in which a refusal is shown.
export function actionButton(label, action) {
  const place = h('span', { class: 'action' });
  const button = h('button', { type: 'button', class: 'small plain', onclick: () => attempt(place, action) }, label);
  place.append(button);
  return place;
}

// A button for the next rows of a list: `next` appends them and tells whether there are more.
export function moreButton(label, next) {
  const place = h('p', { class: 'action more' });
  const button = h('button', { type: 'button', class: 'quiet' }, label);
  button.addEventListener('click', () => attempt(place, async () => {
    if (!await next()) place.remove();
  }));
  place.append(button);
  return place;
}
